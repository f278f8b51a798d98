//! Classes that say whether an animal is a male, a female or young.
//!
//! Some platforms use such classes (`buck`, `doe`, `fawn`) instead of species. Their meaning differs between
//! platforms, so users can set it.

use std::fmt;

use crate::vocabulary::fold;

/// A group of classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Adult males.
    Male,
    /// Adult females.
    Female,
    /// Young animals of either sex.
    Juvenile,
}

/// The names of the classes in each group.
///
/// Names are compared without regard to case and accents. A name that no class of a data set has is allowed,
/// since a server may have several data sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassGroups {
    /// Classes of males.
    pub males: Vec<String>,
    /// Classes of females.
    pub females: Vec<String>,
    /// Classes of young animals.
    pub juveniles: Vec<String>,
}

/// The names that a user sets for each group. Other groups keep the usual names of their source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatedGroups {
    males: Option<Vec<String>>,
    females: Option<Vec<String>>,
    juveniles: Option<Vec<String>>,
}

/// A class that was put into two groups.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the class “{name}” is among the {first} and among the {second}; a class is in one group, so take it out of \
     one of the two"
)]
pub struct ClassInTwoGroupsError {
    /// The name of the class.
    pub name: String,
    /// The first of its groups.
    pub first: Group,
    /// The second.
    pub second: Group,
}

impl fmt::Display for Group {
    /// In the plural: `males`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Male => "males",
            Self::Female => "females",
            Self::Juvenile => "juveniles",
        })
    }
}

impl ClassGroups {
    /// The group of a class by its name.
    pub fn group_of(&self, name: &str) -> Option<Group> {
        let folded = fold(name);
        let has = |names: &[String]| names.iter().any(|known| fold(known) == folded);
        [(&self.males, Group::Male), (&self.females, Group::Female), (&self.juveniles, Group::Juvenile)]
            .into_iter()
            .find(|(names, _)| has(names))
            .map(|(_, group)| group)
    }

    /// The words that mean the same in any source.
    pub(crate) fn common() -> Self {
        Self { males: texts(&["buck"]), females: texts(&["doe"]), juveniles: texts(&["fawn"]) }
    }

    /// The words of the platform that the default [`Mapping`](crate::Mapping) describes, which sorts bucks by
    /// age.
    pub(crate) fn platform() -> Self {
        Self { males: texts(&["buck", "mature", "mid", "young"]), ..Self::common() }
    }

    /// Removes names from all groups.
    fn without_names(mut self, names: &[String]) -> Self {
        let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
        for group in [&mut self.males, &mut self.females, &mut self.juveniles] {
            group.retain(|name| !folded.contains(&fold(name)));
        }
        self
    }
}

impl StatedGroups {
    /// The names that a user sets; `None` for groups that the user does not set.
    pub fn new(
        males: Option<Vec<String>>,
        females: Option<Vec<String>>,
        juveniles: Option<Vec<String>>,
    ) -> Result<Self, ClassInTwoGroupsError> {
        let [males, females, juveniles] = [males, females, juveniles].map(|names| names.map(clean));
        let groups = [(&males, Group::Male), (&females, Group::Female), (&juveniles, Group::Juvenile)];
        let mut known: Vec<(String, Group)> = Vec::new();
        for (names, group) in groups {
            for name in names.iter().flatten() {
                let folded = fold(name);
                if let Some((_, first)) = known.iter().find(|(other, of)| *other == folded && *of != group) {
                    return Err(ClassInTwoGroupsError { name: name.clone(), first: *first, second: group });
                }
                known.push((folded, group));
            }
        }
        Ok(Self { males, females, juveniles })
    }

    /// The groups of a data set whose source has the `usual` ones. A name that the user puts into one group
    /// is removed from the others.
    pub(crate) fn apply_to(&self, usual: ClassGroups) -> ClassGroups {
        let stated = [&self.males, &self.females, &self.juveniles];
        let names: Vec<String> = stated.into_iter().flatten().flatten().cloned().collect();
        let usual = usual.without_names(&names);
        ClassGroups {
            males: self.males.clone().unwrap_or(usual.males),
            females: self.females.clone().unwrap_or(usual.females),
            juveniles: self.juveniles.clone().unwrap_or(usual.juveniles),
        }
    }
}

/// Trims names and removes empty ones.
fn clean(names: Vec<String>) -> Vec<String> {
    names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_groups(
        males: &str,
        females: &str,
        juveniles: &str,
    ) -> Result<StatedGroups, ClassInTwoGroupsError> {
        let names = |list: &str| (list != "-").then(|| list.split(',').map(str::to_owned).collect());
        StatedGroups::new(names(males), names(females), names(juveniles))
    }

    #[test]
    fn a_class_is_in_its_group_in_any_case_of_letters() {
        let groups = ClassGroups::platform();
        assert_eq!(
            ["Buck", "MID", "doe", "Fawn", "raccoon"].map(|name| groups.group_of(name)),
            [Some(Group::Male), Some(Group::Male), Some(Group::Female), Some(Group::Juvenile), None]
        );
        // Words that say nothing of the sex but on one platform.
        assert_eq!(ClassGroups::common().group_of("young"), None);
    }

    #[test]
    fn what_a_user_says_of_a_group_replaces_the_usual_names_of_that_group() {
        let groups = read_groups(" stag , pricket", "-", "").unwrap().apply_to(ClassGroups::platform());
        assert_eq!(groups.males, ["stag", "pricket"]);
        assert_eq!(groups.females, ["doe"]);
        assert!(groups.juveniles.is_empty());
        // On the platform the young are bucks, unless the flags say that they are young.
        let groups = read_groups("-", "-", "Young,fawn").unwrap().apply_to(ClassGroups::platform());
        assert_eq!(groups.males, ["buck", "mature", "mid"]);
        assert_eq!(groups.group_of("young"), Some(Group::Juvenile));
        let usual = StatedGroups::default().apply_to(ClassGroups::common());
        assert_eq!(usual, ClassGroups::common());
    }

    #[test]
    fn a_class_in_two_groups_is_refused() {
        let error = read_groups("stag,Calf", "hind", "calf").unwrap_err();
        assert_eq!((error.first, error.second), (Group::Male, Group::Juvenile));
        assert_eq!(
            error.to_string(),
            "the class “calf” is among the males and among the juveniles; a class is in one group, so take it out of \
             one of the two"
        );
        assert!(read_groups("stag,stag", "-", "-").is_ok(), "twice in one group is the same");
    }
}
