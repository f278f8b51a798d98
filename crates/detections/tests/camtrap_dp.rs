//! What the columns of a Camtrap DP package become.

use detections::{Dataset, Keep, ObservationType, Overview, ReadOptions, Selection};
use testkit::Package;

const MEDIA: &str = "mediaID,deploymentID,captureMethod,timestamp,filePath,filePublic,fileMediatype";

/// A package as it is read for archives and for reports.
fn open(package: &Package) -> [Dataset; 2] {
    let folder = package.write();
    [Keep::All, Keep::Numbers].map(|keep| {
        let options = ReadOptions { keep, ..ReadOptions::default() };
        detections::open(folder.path(), &options).unwrap()
    })
}

/// A package with a medium for each of these methods, numbered from 1.
fn captured_by(methods: &[&str]) -> Package {
    let mut package = Package::new();
    let rows = (1..).zip(methods).map(|(number, method)| {
        format!("m{number},dep1,{method},2023-10-0{number}T06:00:00Z,{number}.jpg,true,image/jpeg\n")
    });
    package.media = format!("{MEDIA}\n{}", rows.collect::<String>());
    package
}

#[test]
fn what_is_on_a_picture_taken_at_a_set_time_is_known_as_such() {
    let mut package = captured_by(&["timeLapse", "activityDetection", "time-lapse", ""]);
    let observation = |id: &str, medium: &str, level: &str| {
        format!("{id},dep1,{medium},,2023-10-01T06:00:00Z,,{level},animal,Vulpes vulpes,1,,,,,\n")
    };
    for (id, medium, level) in [
        ("o1", "m1", "media"),
        ("o2", "m2", "media"),
        ("o3", "m3", "media"),
        ("o4", "m4", "media"),
        ("o5", "m1", "event"),
        ("o6", "", "event"),
    ] {
        package.observations += &observation(id, medium, level);
    }
    for data in open(&package) {
        let lapses: Vec<bool> = data.observations.iter().map(|o| o.is_time_lapse).collect();
        assert_eq!(lapses, [true, false, true, false, true, false]);
        assert_eq!(data.problems.values_ignored(), 0);
        // The camera worked then.
        assert_eq!(data.media.last_time(0).unwrap().to_string(), "2023-10-04 06:00:00");
    }
}

#[test]
fn a_method_that_is_not_known_costs_the_value_alone() {
    for data in open(&captured_by(&["timeLapse", "by hand"])) {
        assert_eq!((data.media.len(), data.problems.values_ignored()), (2, 1));
        let message = data.problems.list()[0].to_string();
        assert!(message.starts_with("media.csv, line 3, captureMethod: “by hand”; expected"), "{message}");
    }
}

/// A package with observations of these types and classes, each with a type of setup.
fn with_setups(rows: &[(&str, &str)]) -> Package {
    let mut package = Package::new();
    let header = package.observations.trim_end().to_owned();
    let rows = (1..).zip(rows).map(|(number, (kind_and_class, setup))| {
        format!("o{number},dep1,,,2023-10-01T06:00:00Z,,event,{kind_and_class},1,,,,,,{setup}\n")
    });
    package.observations = format!("{header},cameraSetupType\n{}", rows.collect::<String>());
    package
}

#[test]
fn people_at_the_camera_are_nobodys_visit_whatever_they_are_called() {
    let package = with_setups(&[
        ("animal,doe", ""),
        ("animal,doe", "setup"),
        ("human,Homo sapiens", "Calibration"),
        ("blank,", "setup"),
    ]);
    for data in open(&package) {
        let setups: Vec<bool> = data.observations.iter().map(|o| o.is_camera_setup).collect();
        assert_eq!(setups, [false, true, true, true]);
        // Nobody is on a blank picture.
        let people: Vec<bool> = data.observations.iter().map(|o| o.has_people()).collect();
        assert_eq!(people, [false, true, true, false]);
        assert_eq!(data.observations.get(1).kind, ObservationType::Animal, "the kind stays as it is written");
    }
    let [data, _] = open(&package);
    let chosen = |humans| {
        let selection = Selection { humans, without_box: true, ..Selection::default() };
        data.select(&selection).unwrap()
    };
    assert_eq!((chosen(false), chosen(true)), (vec![0], vec![0, 1, 2]));
    let overview = Overview::count(&data);
    assert_eq!((overview.species[0].observations, overview.non_animals.human), (1, 2));
}

#[test]
fn a_type_of_setup_that_is_not_known_costs_the_value_alone() {
    for data in open(&with_setups(&[("animal,doe", "pickup")])) {
        assert!(!data.observations.get(0).is_camera_setup);
        assert_eq!((data.observations.len(), data.problems.values_ignored()), (1, 1));
        let message = data.problems.list()[0].to_string();
        assert!(message.contains("cameraSetupType: “pickup”; expected setup or calibration"), "{message}");
    }
}

/// A package with a visit from and until each of these.
fn visits(spans: &[(&str, &str)]) -> Package {
    let mut package = Package::new();
    let rows = (1..).zip(spans).map(|(number, (start, end))| {
        format!("o{number},dep1,,v{number},{start},{end},event,animal,Vulpes vulpes,1,,,,,\n")
    });
    package.observations += &rows.collect::<String>();
    package
}

#[test]
fn an_end_that_is_too_late_to_be_true_is_named_and_the_visit_ends_where_it_began() {
    let package = visits(&[
        ("2023-10-01T06:00:00Z", "2051-10-01T06:01:00Z"),
        ("2023-10-02T06:00:00Z", "2023-10-17T06:00:00Z"),
        // The deployment ends on 31 January at 0:00.
        ("2024-01-30T23:00:00Z", "2024-02-01T00:01:00Z"),
    ]);
    let expected = [
        "line 2, eventEnd: “2051-10-01T06:01:00Z”; expected an end that is not in the future (value ignored)",
        "line 3, eventEnd: “2023-10-17T06:00:00Z”; expected an end at most 24 hours after the start, since no \
         visit lasts longer (value ignored)",
        "line 4, eventEnd: “2024-02-01T00:01:00Z”; expected an end at most a day after the end of the deployment \
         (value ignored)",
    ]
    .map(|problem| format!("observations.csv, {problem}"));
    for data in open(&package) {
        let problems: Vec<String> = data.problems.list().iter().map(ToString::to_string).collect();
        assert_eq!(problems, expected);
        let durations: Vec<u32> = data.observations.iter().map(|o| o.duration).collect();
        assert_eq!((durations, data.problems.rows_skipped()), (vec![0; 3], 0));
    }
}

#[test]
fn a_visit_may_last_a_day_and_end_on_the_day_after_its_deployment() {
    let package = visits(&[
        ("2023-10-01T06:00:00Z", "2023-10-02T06:00:00Z"),
        ("2024-01-30T23:00:00Z", "2024-01-31T20:00:00Z"),
        // The same moment on another clock.
        ("2023-10-03T06:00:00Z", "2023-10-03T08:30:00+02:00"),
    ]);
    for data in open(&package) {
        let durations: Vec<u32> = data.observations.iter().map(|o| o.duration).collect();
        assert_eq!((durations, data.problems.values_ignored()), (vec![86_400, 75_600, 1800], 0));
    }
}

#[test]
fn a_deployment_that_ends_on_a_date_has_all_of_that_day_and_one_more() {
    let mut package = visits(&[
        ("2024-01-31T12:00:00Z", "2024-02-01T11:00:00Z"),
        ("2024-02-01T12:00:00Z", "2024-02-02T00:01:00Z"),
    ]);
    package.deployments = package.deployments.replace("2024-01-31T00:00:00Z", "2024-01-31");
    for data in open(&package) {
        let durations: Vec<u32> = data.observations.iter().map(|o| o.duration).collect();
        assert_eq!((durations, data.problems.values_ignored()), (vec![82_800, 0], 1));
    }
}
