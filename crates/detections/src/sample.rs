//! Limiting the number of detections: the first ones, or a sample that is balanced by class.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::model::Dataset;

/// How many of the selected detections to take, and which. The default takes all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SampleSize {
    /// The maximum in total.
    pub max: Option<usize>,
    /// Take a random sample instead of the first detections.
    pub sample: Option<BalancedSample>,
}

/// A random sample, balanced by species, which is the same for the same seed and data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SampleOf)]
pub struct BalancedSample {
    /// The same seed draws the same sample.
    #[schema(minimum = 0)]
    pub seed: u64,
    /// Maximum number of each species in the sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 1)]
    pub per_class: Option<usize>,
}

impl BalancedSample {
    /// How many detections of a class can be chosen.
    fn limit_class(self, members: usize) -> usize {
        members.min(self.per_class.unwrap_or(usize::MAX))
    }
}

impl SampleSize {
    /// How many detections are chosen, for the number of detections in each class.
    pub fn count_chosen(&self, classes: &[u64]) -> usize {
        let sizes = classes.iter().map(|size| usize::try_from(*size).unwrap_or(usize::MAX));
        let all: usize = match self.sample {
            Some(sample) => sizes.map(|size| sample.limit_class(size)).sum(),
            None => sizes.sum(),
        };
        all.min(self.max.unwrap_or(usize::MAX))
    }

    /// Chooses from `rows`, and keeps their order.
    ///
    /// A sample has the same number of each class, as far as possible: classes with fewer detections
    /// contribute all of them, and the others share the rest. Within a class the order is drawn from the seed
    /// and the id of each detection. So when data are added, the sample keeps its detections unless a new one
    /// is drawn before them.
    pub fn choose(&self, data: &Dataset, mut rows: Vec<u32>) -> Vec<u32> {
        let most = self.max.unwrap_or(usize::MAX);
        let Some(sample) = self.sample else {
            rows.truncate(most);
            return rows;
        };
        let mut classes: BTreeMap<Option<u32>, Vec<u32>> = BTreeMap::new();
        for row in rows {
            classes.entry(data.observations.get(row).class).or_default().push(row);
        }
        let sizes: Vec<usize> = classes.values().map(|members| sample.limit_class(members.len())).collect();
        let mut taken: Vec<u32> = Vec::new();
        for (members, share) in classes.values_mut().zip(divide_evenly(&sizes, most)) {
            members.sort_by_cached_key(|row| draw_place(sample.seed, data.observations.get(*row).id));
            taken.extend(&members[..share]);
        }
        taken.sort_unstable();
        taken
    }
}

/// How many each class contributes so that the total is `most` and no class gets more than another one that
/// has some left. A remainder goes to the first classes.
fn divide_evenly(sizes: &[usize], most: usize) -> Vec<usize> {
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

/// A random place in the order. It is drawn with SHA-256, so that it is the same on every machine and in
/// every version of this program.
fn draw_place(seed: u64, id: &str) -> [u8; 32] {
    Sha256::new().chain_update(seed.to_be_bytes()).chain_update(id).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::divide_evenly;

    #[test]
    fn classes_give_the_same_as_far_as_they_have_it() {
        assert_eq!(divide_evenly(&[100, 3, 50], 30), [14, 3, 13]);
        assert_eq!(divide_evenly(&[100, 100], 3), [2, 1]);
        assert_eq!(divide_evenly(&[5, 0, 7], usize::MAX), [5, 0, 7]);
        assert!(divide_evenly(&[], 3).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn shares_add_up_and_are_fair(sizes in proptest::collection::vec(0_usize..50, 0..12_usize), most in 0_usize..400) {
            let given = divide_evenly(&sizes, most);
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
