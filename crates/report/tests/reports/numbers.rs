//! The numbers of both examples, compared with an independent calculation: a script that goes
//! through the CSV files with dictionaries and loops, whose results were compared row by row
//! and stand here.

use std::collections::BTreeMap;

use detections::{Keep, ReadOptions};
use report::{DataNote, GroupBy, ReportData, Request};

use testkit::{CameraExif, Package, assert_contains, write_exif};

use crate::field_data::all_rows;
use crate::tools::{compute, example, json, read, seasonal};

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 5e-4, "{found}, not {expected}");
}

/// Class, events, individuals, records, locations and RAI of each class.
type Rows<'a> = [(&'a str, usize, u64, usize, usize, f64)];

fn assert_classes(numbers: &ReportData, expected: &Rows<'_>) {
    assert_eq!(numbers.classes.len(), expected.len());
    for (row, (class, events, individuals, records, locations, rai)) in numbers.classes.iter().zip(expected) {
        assert_eq!(
            (row.classification.as_str(), row.events, row.individuals, row.records, row.locations),
            (*class, *events, *individuals, *records, *locations)
        );
        close(row.rai.unwrap(), *rai);
        close(row.naive_occupancy.unwrap(), *locations as f64 / numbers.locations_surveyed as f64);
        assert!(row.rai_low <= row.rai && row.rai <= row.rai_high, "{class}");
    }
}

fn assert_buckets(numbers: &ReportData, expected: &[(&str, f64, usize)]) {
    assert_eq!(numbers.buckets.len(), expected.len());
    for (bucket, (label, effort, events)) in numbers.buckets.iter().zip(expected) {
        assert_eq!((bucket.label.as_str(), bucket.events.values().sum::<usize>()), (*label, *events));
        assert!((bucket.effort_days - effort).abs() < 0.006, "{label}: {}", bucket.effort_days);
    }
}

#[test]
fn a_year_of_algar() {
    let numbers = compute(&example("algar.zip"), &seasonal("2018-05-01", "2019-04-30"));
    close(numbers.effort_days, 12_199.5);
    assert_eq!((numbers.deployments_active, numbers.locations_surveyed), (109, 38));
    assert_eq!((numbers.events, numbers.individuals), (961, 1236));
    assert_classes(
        &numbers,
        &[
            ("Odocoileus virginianus", 257, 335, 2405, 21, 2.1064),
            ("Lepus americanus", 147, 150, 455, 16, 1.2048),
            ("Grus canadensis", 140, 240, 739, 19, 1.1474),
            ("Ursus americanus", 110, 113, 576, 21, 0.9016),
            ("Alces alces", 103, 139, 1271, 26, 0.8442),
            ("Canis lupus", 61, 90, 251, 12, 0.5),
            ("Rangifer tarandus", 53, 75, 278, 19, 0.4344),
            ("Lynx canadensis", 31, 32, 86, 13, 0.2541),
            ("Martes americana", 17, 17, 29, 10, 0.1393),
            ("Tamiasciurus hudsonicus", 12, 12, 15, 4, 0.0984),
            ("Vulpes vulpes", 9, 9, 37, 5, 0.0738),
            ("Canis latrans", 8, 8, 21, 3, 0.0656),
            ("Canachites canadensis", 4, 7, 14, 4, 0.0328),
            ("Corvus corax", 3, 3, 7, 2, 0.0246),
            ("Perisoreus canadensis", 2, 2, 3, 2, 0.0164),
            ("Weasel spp.", 2, 2, 3, 2, 0.0164),
            ("Cervus canadensis", 1, 1, 6, 1, 0.0082),
            ("Tympanuchus phasianellus", 1, 1, 1, 1, 0.0082),
        ],
    );
    assert_buckets(
        &numbers,
        &[
            ("May 2018", 1004.0, 144),
            ("Jun 2018", 900.0, 123),
            ("Jul 2018", 908.5, 122),
            ("Aug 2018", 899.0, 78),
            ("Sep 2018", 870.0, 69),
            ("Oct 2018", 899.0, 37),
            ("Nov 2018", 1008.5, 81),
            ("Dec 2018", 1178.0, 61),
            ("Jan 2019", 1178.0, 42),
            ("Feb 2019", 1064.0, 30),
            ("Mar 2019", 1178.0, 84),
            ("Apr 2019", 1112.5, 90),
        ],
    );
    let left_out = &numbers.excluded;
    assert_eq!((left_out.blank, left_out.human, left_out.unknown), (1959, 102, 212));
    assert_eq!((left_out.outside_deployment, left_out.outside_period), (0, 6820));
    let locations: BTreeMap<&str, (f64, usize)> =
        numbers.locations.iter().map(|row| (row.location.as_str(), (row.effort_days, row.events))).collect();
    for (location, expected) in [("ALG027", (337.5, 62)), ("ALG055", (365.0, 70)), ("ALG064", (365.0, 2))] {
        assert_eq!(locations[location], expected, "{location}");
    }
    assert_eq!(locations.values().map(|(_, events)| events).sum::<usize>(), 961);
}

#[test]
fn algar_s_dirt_shows_in_the_data_notes_and_breaks_nothing() {
    let numbers = compute(&example("algar.zip"), &seasonal("2018-01-01", "2019-12-31"));
    close(numbers.effort_days, 20_343.5);
    assert_eq!((numbers.deployments_active, numbers.events, numbers.individuals), (113, 1978, 2576));
    // Animals on the camera whose clock was wrong by thirty days.
    assert_eq!(numbers.excluded.outside_deployment, 31);
    let parts = [
        "31 observations of the data set lie before the start or after the end of the deployment",
        "31 of them show animals in this period and are left out: ALG029_2019-04-02 (31).",
        "neither an end nor records, and so no effort: ALG027_2019-04-03.",
        "recorded nothing for more than 21 days at a stretch",
        "ALG069_2018-04-07",
    ];
    assert_contains(&numbers.data_notes.join("\n"), &parts);
    assert_eq!(numbers.data_note_ids["no_end_no_records"], ["ALG027_2019-04-03"]);
    assert_eq!(numbers.notes.len(), numbers.data_notes.len());
    for expected in
        [DataNote::OutsideDeployment { observations: 31, in_period: 31 }, DataNote::NoEndNoRecords(1)]
    {
        assert!(numbers.notes.contains(&expected), "{expected:?} is not in {:?}", numbers.notes);
    }
    let facts = &numbers.method_facts;
    assert_eq!((facts.event_level_deployments, facts.media_level_deployments), (0, 113));
}

#[test]
fn a_year_of_the_camtrap_dp_example() {
    let numbers = compute(&example("camtrap-dp"), &seasonal("2020-05-01", "2021-04-30"));
    close(numbers.effort_days, 73.3716);
    assert_eq!((numbers.deployments_active, numbers.locations_surveyed), (4, 4));
    assert_eq!((numbers.events, numbers.individuals), (26, 56));
    assert_classes(
        &numbers,
        &[
            ("Anas platyrhynchos", 12, 40, 12, 2, 16.3551),
            ("Mustela putorius", 3, 3, 3, 1, 4.0888),
            ("Anas strepera", 2, 4, 2, 1, 2.7259),
            ("Ardea", 2, 2, 2, 1, 2.7259),
            ("Aves", 2, 2, 2, 2, 2.7259),
            ("Rattus norvegicus", 2, 2, 2, 1, 2.7259),
            ("Ardea cinerea", 1, 1, 1, 1, 1.3629),
            ("Martes foina", 1, 1, 1, 1, 1.3629),
            ("Vulpes vulpes", 1, 1, 1, 1, 1.3629),
        ],
    );
    assert!(numbers.classes.iter().all(|row| row.level == "event"), "no animal is counted on both levels");
    assert_buckets(
        &numbers,
        &[
            ("May 2020", 1.79, 3),
            ("Jun 2020", 39.11, 11),
            ("Jul 2020", 3.17, 4),
            ("Aug 2020", 7.26, 5),
            ("Sep 2020", 0.0, 0),
            ("Oct 2020", 0.0, 0),
            ("Nov 2020", 0.0, 0),
            ("Dec 2020", 0.0, 0),
            ("Jan 2021", 0.0, 0),
            ("Feb 2021", 0.0, 0),
            ("Mar 2021", 4.10, 1),
            ("Apr 2021", 17.93, 2),
        ],
    );
    let left_out = &numbers.excluded;
    assert_eq!((left_out.blank, left_out.vehicle, left_out.unknown, left_out.camera_setup), (3, 1, 2, 1));
    assert_eq!(left_out.other_level, 513);
    let location = numbers.locations.iter().find(|row| row.location == "B_HS_val 2_processiepark").unwrap();
    close(location.effort_days, 32.2806);
    assert_eq!(location.events, 9);
    // Twelve mallards between 4 and 8 in the morning of the cameras' clocks; in UTC it was 2 to 6.
    let mallard = &numbers.activity[0];
    assert_eq!((mallard.classification.as_str(), mallard.records), ("Anas platyrhynchos", 12));
    assert!((5.5..8.0).contains(&mallard.peak_hour), "{}", mallard.peak_hour);
    assert!(numbers.data_notes.iter().any(|note| note.contains("several offsets from UTC")));
}

#[test]
fn the_json_form_has_the_fields_of_the_contract() {
    let numbers = compute(&example("camtrap-dp"), &seasonal("2020-05-01", "2021-04-30"));
    let json = json(&numbers);
    let has = |row: &serde_json::Value, fields: &str| {
        for field in fields.split_whitespace() {
            assert!(row.get(field).is_some(), "{field} in {row}");
        }
    };
    has(&json, "report_type title period group_by independence_minutes effort_days");
    has(&json, "locations_surveyed events");
    has(&json, "individuals classes buckets locations activity overlaps comparisons insights excluded");
    has(&json, "data_notes methods");
    has(&json["classes"][0], "classification level events individuals rai naive_occupancy mean_confidence");
    has(&json["buckets"][0], "start end effort_days events");
    has(&json["locations"][0], "location effort_days events rai");
    has(&json["activity"][0], "classification records density peak_hour");
    has(&json["excluded"], "blank human unknown no_timestamp outside_deployment outside_period");
    assert_eq!(json["report_type"], "seasonal_activity");
    assert_eq!(json["period"]["start"], "2020-05-01");
    assert_eq!(json["activity"][0]["density"].as_array().unwrap().len(), 24);
}

#[test]
fn classes_and_weeks_are_obeyed() {
    let data = example("algar.zip");
    let bears = Request {
        classifications: vec!["Ursus americanus".into()],
        group_by: GroupBy::Week,
        ..seasonal("2018-05-01", "2018-05-31")
    };
    let numbers = compute(&data, &bears);
    assert_eq!(numbers.classes.len(), 1);
    assert_eq!(numbers.classes[0].events, 25);
    assert_eq!(numbers.buckets.len(), 5);
    assert_eq!(numbers.buckets[1].start.to_string(), "2018-05-07", "weeks start on Monday");
    let unknown = Request { classifications: vec!["Ursus americanos".into()], ..bears };
    let error = report::compute(&data, &unknown).unwrap_err().to_string();
    assert!(error.contains("Ursus americanos") && error.contains("“Ursus americanus”"), "{error}");
}

#[test]
fn no_independence_makes_every_record_an_event() {
    let data = example("algar.zip");
    let every = Request { independence_minutes: 0, ..seasonal("2018-05-01", "2019-04-30") };
    let numbers = compute(&data, &every);
    assert_eq!(numbers.classes[0].events, 2405);
}

#[test]
fn skipped_rows_are_counted_in_the_report() {
    let mut package = Package::new();
    package.sighting("o1", "dep1", "2023-10-01T06:00:00Z", "doe", 2);
    package.sighting("o2", "dep9", "2023-10-01T06:00:00Z", "doe", 1);
    package.sighting("o3", "dep1", "noon", "doe", 1);
    let data = detections::open(package.write().path(), &all_rows()).unwrap();
    let numbers = compute(&data, &seasonal("2023-09-01", "2024-01-31"));
    assert_eq!((numbers.events, numbers.individuals), (1, 2));
    let note = numbers.data_notes.iter().find(|note| note.contains("skipped")).unwrap();
    assert!(note.starts_with("1 row of the tables could not be read") && note.contains("line 3"), "{note}");
    let note = numbers.data_notes.iter().find(|note| note.contains("no period")).unwrap();
    assert!(note.starts_with("1 row has a time that could not be read") && note.contains("line 4"), "{note}");
}

#[test]
fn pictures_that_were_not_found_are_counted_in_the_report() {
    let note = |images: &str| {
        let folder = tempfile::tempdir().unwrap();
        let results = format!(r#"{{"detection_categories": {{"1": "animal"}}, "images": [{images}]}}"#);
        std::fs::write(folder.path().join("results.json"), results).unwrap();
        let taken = CameraExif { time: "2023:10:01 06:00:00", ..CameraExif::default() };
        std::fs::write(folder.path().join("a.jpg"), write_exif(taken)).unwrap();
        let data = detections::open(&folder.path().join("results.json"), &ReadOptions::default()).unwrap();
        let numbers = compute(&data, &seasonal("2023-09-01", "2024-01-31"));
        numbers.data_notes.into_iter().find(|note| note.contains("not found")).unwrap_or_default()
    };
    let image =
        |path: &str, time: &str| format!(r#"{{"file": "{path}", "datetime": "{time}", "detections": []}}"#);
    let [found, gone, timed] =
        [image("a.jpg", ""), image("b.jpg", ""), image("c.jpg", "2023-10-02 06:00:00")];
    let only_gone = note(&[found.as_str(), &gone].join(", "));
    assert!(only_gone.starts_with("1 of 2 pictures was not found in /"), "{only_gone}");
    assert!(only_gone.ends_with(", so it has no time and is not counted; say where they are with --images."));
    assert!(note(&[found.as_str(), &gone, &timed].join(", ")).contains("of which 1 has no time"));
    assert!(note(&[found.as_str(), &timed].join(", ")).contains("nothing is missing from the numbers"));
    assert_eq!(note(&found), "");
}

#[test]
fn a_deployment_that_ends_before_it_starts_has_no_effort() {
    let mut package = Package::new();
    package.deployment("dep2", "South gate", "2023-12-01T00:00:00Z", "2023-11-01T00:00:00Z");
    package.sighting("o1", "dep1", "2023-10-01T06:00:00Z", "doe", 1);
    package.sighting("o2", "dep2", "2023-11-15T06:00:00Z", "doe", 1);
    let data = read(&package);
    let numbers = compute(&data, &seasonal("2023-09-01", "2024-01-31"));
    close(numbers.effort_days, 152.0);
    assert_eq!((numbers.locations_surveyed, numbers.events), (1, 1));
    assert_eq!(numbers.excluded.outside_deployment, 1);
    assert_eq!(numbers.data_note_ids["ends_before_start"], ["dep2"]);
}

/// Numbers from a data set of which only what reports need is kept.
fn sparing(path: &std::path::Path, request: &Request) -> ReportData {
    let options = ReadOptions { keep: Keep::Numbers, ..all_rows() };
    compute(&detections::open(path, &options).unwrap(), request)
}

#[test]
fn a_data_set_read_for_its_numbers_alone_gives_the_same_numbers() {
    for (name, from, to) in
        [("algar.zip", "2018-01-01", "2019-12-31"), ("camtrap-dp", "2020-05-01", "2021-04-30")]
    {
        let request = seasonal(from, to);
        let whole = compute(&example(name), &request);
        assert_eq!(whole, sparing(&testkit::examples().join(name), &request), "{name}");
    }
}

#[test]
fn ids_that_stand_twice_are_told_whatever_is_kept() {
    let mut package = Package::new();
    for (id, medium) in [("o1", "m2"), ("o2", "m1"), ("o1", "m1"), ("o3", "m9")] {
        package.detection(id, medium, "doe", [0.1, 0.1, 0.2, 0.2]);
    }
    for (id, hour) in [("m1", "06"), ("m2", "09"), ("m1", "12")] {
        package.medium(id, &format!("2023-10-01T{hour}:00:00Z"), &format!("{id}.jpg"), None);
    }
    package.sighting("late", "dep1", "2123-10-01T06:00:00Z", "doe", 1);
    let folder = package.write();
    let data = detections::open(folder.path(), &all_rows()).unwrap();
    let request = seasonal("2023-09-01", "2024-01-31");
    let whole = compute(&data, &request);
    assert_eq!(whole, sparing(folder.path(), &request));
    let notes = whole.data_notes.join("\n");
    assert!(notes.contains("2 rows of the tables could not be read"), "{notes}");
    assert_eq!(whole.data_note_ids["in_the_future"], ["late"]);
    assert_eq!(whole.events, 2);
}

#[test]
fn solar_time_is_claimed_only_where_the_sun_is_known() {
    let mut package = Package::new();
    package.deployment("dep2", "South gate", "2023-09-01T00:00:00Z", "2024-01-31T00:00:00Z");
    for (number, deployment) in ["dep1", "dep1", "dep2"].into_iter().enumerate() {
        package.sighting(&format!("o{number}"), deployment, "2023-10-01T06:00:00Z", "doe", 1);
    }
    let without = |deployments: &str, ids: &[&str]| -> String {
        let row = |line: &str| {
            let named = ids.iter().any(|id| line.starts_with(id));
            if named { line.replace("33.1,-95.6", ",") } else { line.into() }
        };
        deployments.lines().map(|line| row(line) + "\n").collect()
    };
    let solar = Request { time_of_day: report::TimeOfDay::Solar, ..seasonal("2023-09-01", "2024-01-31") };
    let numbers = |ids: &[&str]| {
        let other = Package { deployments: without(&package.deployments, ids), ..package.clone() };
        compute(&read(&other), &solar)
    };
    let one = numbers(&["dep2"]);
    assert_eq!((one.time_of_day, one.activity[0].records), (report::TimeOfDay::Solar, 2));
    let methods = one.methods.join(" ");
    assert!(methods.contains("solar times of all records, except 1 without a sunrise"), "{methods}");
    let none = numbers(&["dep1", "dep2"]);
    assert_eq!((none.time_of_day, none.activity[0].records), (report::TimeOfDay::Clock, 3));
    let methods = none.methods.join(" ");
    assert_contains(&methods, &["clock times of all records", "Solar time was requested"]);
}
