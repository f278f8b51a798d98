//! Which classes of a data set are males, females and young.

use detections::{ClassGroups, Dataset, Group, Keep, ReadOptions, StatedGroups};
use testkit::Package;

fn open(options: &ReadOptions) -> Dataset {
    let mut package = Package::new();
    for (id, class) in [("1", "Doe"), ("2", "young"), ("3", "Cervus elaphus")] {
        package.sighting(id, "dep1", "2023-10-01T06:00:00Z", class, 1);
    }
    detections::open(package.write().path(), options).unwrap()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn only_words_that_mean_the_same_everywhere_are_in_a_group_by_themselves() {
    for keep in [Keep::All, Keep::Numbers] {
        let groups = open(&ReadOptions { keep, ..ReadOptions::default() }).groups;
        let of_classes = ["Doe", "young", "Cervus elaphus"].map(|name| groups.group_of(name));
        assert_eq!(of_classes, [Some(Group::Female), None, None]);
    }
}

#[test]
fn groups_are_those_that_the_user_gives() {
    let stated = StatedGroups::new(Some(names(&["stag"])), None, Some(names(&["YOUNG"]))).unwrap();
    let data = open(&ReadOptions { groups: stated, ..ReadOptions::default() });
    let expected = ClassGroups {
        males: vec!["stag".into()],
        females: vec!["doe".into()],
        juveniles: vec!["YOUNG".into()],
    };
    assert_eq!(data.groups, expected);
    assert_eq!(data.groups.group_of("young"), Some(Group::Juvenile));
}
