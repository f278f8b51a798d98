//! Fewer detections than there are: the first of them, or a sample that is balanced by class.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::Dataset;

/// How many detections are taken of those that were selected, and which. The default takes all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Share {
    /// At most so many in all.
    pub max: Option<usize>,
    /// Take a sample, not the first of the table.
    pub sample: Option<Sample>,
}

/// A sample that is the same for the same seed and data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Another seed is another sample.
    pub seed: u64,
    /// At most so many of each class.
    #[serde(default)]
    pub per_class: Option<usize>,
}

impl Sample {
    /// How many of a class there are to choose from.
    fn of_class(self, members: usize) -> usize {
        members.min(self.per_class.unwrap_or(usize::MAX))
    }
}

impl Share {
    /// How many are taken of classes with so many members.
    pub fn number_of(&self, classes: &[u64]) -> usize {
        let sizes = classes.iter().map(|size| usize::try_from(*size).unwrap_or(usize::MAX));
        let all: usize = match self.sample {
            Some(sample) => sizes.map(|size| sample.of_class(size)).sum(),
            None => sizes.sum(),
        };
        all.min(self.max.unwrap_or(usize::MAX))
    }

    /// Those of `rows` that are taken, in the same order.
    ///
    /// A sample has as many of each class as of any other, as far as there are so many: classes
    /// with fewer give all they have, and the others share what is left. Within a class each
    /// detection has a place in line that is drawn from the seed and its id alone. So when data
    /// are added to a survey the sample keeps what it had, but for what is newly drawn.
    pub fn of(&self, data: &Dataset, mut rows: Vec<u32>) -> Vec<u32> {
        let most = self.max.unwrap_or(usize::MAX);
        let Some(sample) = self.sample else {
            rows.truncate(most);
            return rows;
        };
        let mut classes: BTreeMap<Option<u32>, Vec<u32>> = BTreeMap::new();
        for row in rows {
            classes.entry(data.observations.get(row).class).or_default().push(row);
        }
        let sizes: Vec<usize> = classes.values().map(|members| sample.of_class(members.len())).collect();
        let mut taken: Vec<u32> = Vec::new();
        for (members, share) in classes.values_mut().zip(shares(&sizes, most)) {
            members.sort_by_cached_key(|row| place(sample.seed, data.observations.get(*row).id));
            taken.extend(&members[..share]);
        }
        taken.sort_unstable();
        taken
    }
}

/// How many each class gives so that all together are `most`, and no class gives more than
/// another that still has some. What cannot be divided goes to the first.
fn shares(sizes: &[usize], most: usize) -> Vec<usize> {
    let mut shares = vec![0; sizes.len()];
    let mut left = most.min(sizes.iter().sum());
    loop {
        let open: Vec<usize> = (0..sizes.len()).filter(|&class| shares[class] < sizes[class]).collect();
        if left == 0 || open.is_empty() {
            return shares;
        }
        let each = (left / open.len()).max(1);
        for class in open {
            let more = each.min(sizes[class] - shares[class]).min(left);
            shares[class] += more;
            left -= more;
        }
    }
}

/// A place in line. Drawn with SHA-256, so that it is the same on every machine and in every
/// version of this program.
fn place(seed: u64, id: &str) -> [u8; 32] {
    Sha256::new().chain_update(seed.to_be_bytes()).chain_update(id).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::shares;

    #[test]
    fn classes_give_the_same_as_far_as_they_have_it() {
        assert_eq!(shares(&[100, 3, 50], 30), [14, 3, 13]);
        assert_eq!(shares(&[100, 100], 3), [2, 1]);
        assert_eq!(shares(&[5, 0, 7], usize::MAX), [5, 0, 7]);
        assert!(shares(&[], 3).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn shares_add_up_and_are_fair(sizes in proptest::collection::vec(0_usize..50, 0..12_usize), most in 0_usize..400) {
            let given = shares(&sizes, most);
            assert_eq!(given.iter().sum::<usize>(), most.min(sizes.iter().sum()));
            for (share, size) in given.iter().zip(&sizes) {
                assert!(share <= size);
                // One that could have given more gave no less than any other, but for a remainder.
                let largest = given.iter().max().unwrap();
                assert!(share == size || share + 1 >= *largest, "{sizes:?} {most} {given:?}");
            }
        }
    }
}
