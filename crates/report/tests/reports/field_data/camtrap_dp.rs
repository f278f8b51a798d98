//! Camtrap DP packages, as R, pandas, Agouti, TRAPPER and GBIF write them.

use std::collections::BTreeMap;

use detections::{ObservationType, ReadOptions, Review};
use jiff::tz::TimeZone;
use report::ReportData;
use tempfile::TempDir;

use super::{events, folder, has_note, open, problems_of, report_on, table};

const DEPLOYMENTS: &str =
    "deploymentID,locationID,locationName,latitude,longitude,deploymentStart,deploymentEnd,timestampIssues";
const MEDIA: &str = "mediaID,deploymentID,timestamp,filePath,filePublic,fileMediatype";
const OBSERVATIONS: &str = "observationID,deploymentID,mediaID,eventID,eventStart,eventEnd,observationLevel,\
                            observationType,scientificName,count,classificationMethod,classificationProbability";
const DESCRIPTOR: &str = r#"{"profile": "https://raw.githubusercontent.com/tdwg/camtrap-dp/1.0.2/camtrap-dp-profile.json",
 "resources": [{"name": "deployments", "path": "deployments.csv"}, {"name": "media", "path": "media.csv"},
               {"name": "observations", "path": "observations.csv"}]}"#;

fn package(deployments: &[&str], media: &[&str], observations: &[impl AsRef<str>]) -> TempDir {
    folder(&[
        ("datapackage.json", DESCRIPTOR.into()),
        ("deployments.csv", table(DEPLOYMENTS, deployments)),
        ("media.csv", table(MEDIA, media)),
        ("observations.csv", table(OBSERVATIONS, observations)),
    ])
}

/// A camera of ten days in May 2023, two hours ahead of UTC.
const OAK: &str = "d1,L1,Oak,51.0,4.0,2023-05-01T00:00:00+02:00,2023-05-11T00:00:00+02:00,false";
const POND: &str = "d2,L2,Pond,51.1,4.1,2023-05-01T00:00:00+02:00,2023-05-11T00:00:00+02:00,false";

fn may(folder: &TempDir) -> ReportData {
    report_on(&open(folder, &ReadOptions::default()), "2023-05-01", "2023-05-11")
}

#[test]
fn missing_values_of_pandas_are_nothing_and_cost_no_row() {
    let folder = package(
        &[
            "d1,NaN,Oak,51.0,4.0,2023-05-01T00:00:00+02:00,2023-05-11T00:00:00+02:00,NaN",
            "d2,nan,Pond,51.1,4.1,2023-05-01T00:00:00+02:00,2023-05-11T00:00:00+02:00,",
        ],
        &[
            "m1,d1,2023-05-02T06:00:00+02:00,m1.jpg,false,image/jpeg",
            "m2,d2,2023-05-03T06:00:00+02:00,m2.jpg,,",
        ],
        &[
            "o1,d1,m1,NaN,2023-05-02T06:00:00+02:00,NaN,media,animal,Vulpes vulpes,2.0,human,NaN",
            "o2,d2,m2,,2023-05-03T06:00:00+02:00,,media,animal,Vulpes vulpes,nan,human,0.9",
            "o3,d2,m2,,2023-05-03T06:00:00+02:00,,media,blank,NaN,NaN,human,NaN",
        ],
    );
    let data = open(&folder, &ReadOptions::default());
    let numbers = report_on(&data, "2023-05-01", "2023-05-11");
    assert_eq!((numbers.events, numbers.individuals, numbers.locations_surveyed), (2, 3, 2));
    assert_eq!((numbers.excluded.blank, data.problems.list().len()), (1, 0));
}

#[test]
fn what_a_person_reviewed_as_blank_stays_blank() {
    let folder = package(
        &[OAK, POND],
        &["m1,d1,2023-05-02T06:00:00+02:00,a,,", "m2,d2,2023-05-03T06:00:00+02:00,b,,"],
        &[
            "e1,d1,,v1,2023-05-02T06:00:00+02:00,2023-05-02T06:01:00+02:00,event,animal,Vulpes vulpes,1,human,",
            "e2,d2,,v2,2023-05-03T06:00:00+02:00,2023-05-03T06:01:00+02:00,event,blank,,,human,",
            "o2,d2,m2,v2,2023-05-03T06:00:00+02:00,,media,animal,Vulpes vulpes,1,machine,0.4",
        ],
    );
    let numbers = may(&folder);
    assert_eq!(events(&numbers), BTreeMap::from([("Vulpes vulpes", 1)]));
    assert_eq!(numbers.classes[0].naive_occupancy, Some(0.5));
    // Events that were not reviewed say nothing: the files count.
    let unreviewed = package(
        &[OAK],
        &["m1,d1,2023-05-02T06:00:00+02:00,a,,"],
        &[
            "e1,d1,,v1,2023-05-02T06:00:00+02:00,,event,unclassified,,,,",
            "o1,d1,m1,v1,2023-05-02T06:00:00+02:00,,media,animal,Vulpes vulpes,1,machine,0.9",
        ],
    );
    assert_eq!(may(&unreviewed).events, 1);
}

#[test]
fn a_person_stands_before_a_model_on_the_same_file() {
    let folder = package(
        &[OAK],
        &["m1,d1,2023-05-02T06:00:00+02:00,a,,", "m2,d1,2023-05-05T06:00:00+02:00,b,,"],
        &[
            "o1,d1,m1,,2023-05-02T06:00:00+02:00,,media,animal,Vulpes vulpes,1,machine,0.9",
            "o2,d1,m1,,2023-05-02T06:00:00+02:00,,media,animal,Meles meles,1,human,",
            "o3,d1,m2,,2023-05-05T06:00:00+02:00,,media,animal,Vulpes vulpes,1,machine,0.9",
        ],
    );
    let data = open(&folder, &ReadOptions::default());
    let numbers = report_on(&data, "2023-05-01", "2023-05-11");
    assert_eq!(events(&numbers), BTreeMap::from([("Meles meles", 1), ("Vulpes vulpes", 1)]));
    assert_eq!(numbers.excluded.replaced_by_person, 1);
    assert_eq!(data.observations.get(0).review, Review::Replaced);
}

#[test]
fn rows_of_one_visit_without_an_id_are_one_event() {
    let visit = |id: &str, count: &str| {
        format!(
            "{id},d1,,,2023-05-02T06:00:00+02:00,2023-05-02T06:05:00+02:00,event,animal,Capreolus capreolus,{count},,"
        )
    };
    let numbers = may(&package(&[OAK], &[], &[visit("o1", "1"), visit("o2", "2")]));
    assert_eq!((numbers.events, numbers.individuals, numbers.classes[0].records), (1, 3, 1));
}

#[test]
fn the_minutes_between_visits_run_from_the_end_of_one_to_the_start_of_the_next() {
    let folder = package(
        &[OAK],
        &[],
        &[
            "o1,d1,,v1,2023-05-02T06:00:00+02:00,2023-05-02T06:50:00+02:00,event,animal,Sus scrofa,5,,",
            "o2,d1,,v2,2023-05-02T07:10:00+02:00,2023-05-02T07:11:00+02:00,event,animal,Sus scrofa,5,,",
        ],
    );
    assert_eq!(may(&folder).events, 1);
}

#[test]
fn deployments_without_a_location_are_at_the_place_of_their_coordinates() {
    let deployment = |id: &str, latitude: &str, from: &str, to: &str| {
        format!("{id},,,{latitude},4.0,2023-05-{from}T00:00:00+02:00,2023-05-{to}T00:00:00+02:00,")
    };
    let folder = package(
        &[
            &deployment("a1", "51.0", "01", "03"),
            &deployment("a2", "51.0", "03", "11"),
            &deployment("b1", "51.0002", "01", "11"),
        ],
        &[],
        &[
            "o1,a1,,v1,2023-05-02T23:50:00+02:00,2023-05-02T23:50:00+02:00,event,animal,Vulpes vulpes,1,,",
            "o2,a2,,v2,2023-05-03T00:05:00+02:00,2023-05-03T00:05:00+02:00,event,animal,Vulpes vulpes,1,,",
        ],
    );
    let numbers = may(&folder);
    assert_eq!((numbers.locations_surveyed, numbers.events), (2, 1));
    let joined = ReadOptions { join_locations: 30.0, ..ReadOptions::default() };
    assert_eq!(report_on(&open(&folder, &joined), "2023-05-01", "2023-05-11").locations_surveyed, 1);
}

#[test]
fn an_end_in_the_future_is_named_and_is_no_end() {
    let folder = package(
        &["d1,L1,Oak,51.0,4.0,2023-05-01T00:00:00+02:00,4999-04-27T00:00:00+02:00,"],
        &[],
        &["o1,d1,,v1,2023-05-06T00:00:00+02:00,2023-05-06T00:00:00+02:00,event,animal,Vulpes vulpes,1,,"],
    );
    let numbers = may(&folder);
    assert!((numbers.effort_days - 5.0).abs() < 1e-9, "{}", numbers.effort_days);
    assert!(has_note(&numbers, &["in the future", "d1 (4999-04-27)"]), "{:?}", numbers.data_notes);
}

#[test]
fn a_clock_that_its_own_data_call_wrong_counts_for_rates_and_not_for_hours() {
    let rows: Vec<String> = (1..10)
        .map(|day| format!("o{day},d1,,v{day},2023-05-0{day}T13:00:00+02:00,,event,animal,Meles meles,1,,"))
        .collect();
    let numbers = may(&package(&[&OAK.replace("false", "TRUE")], &[], &rows));
    assert_eq!((numbers.events, numbers.activity.len()), (9, 0));
    assert!(has_note(&numbers, &["timestamp issues", "d1"]), "{:?}", numbers.data_notes);
    assert_eq!(may(&package(&[OAK], &[], &rows)).activity.len(), 1);
}

#[test]
fn times_that_all_are_in_utc_where_nobody_lives_by_it_are_named() {
    let folder = package(
        &["d1,L1,Ridge,52.0,-117.0,2023-06-01T06:00:00Z,2023-06-30T06:00:00Z,"],
        &[],
        &["o1,d1,,v1,2023-06-10T19:00:00Z,2023-06-10T19:00:00Z,event,animal,Odocoileus hemionus,1,,"],
    );
    let numbers = report_on(&open(&folder, &ReadOptions::default()), "2023-06-01", "2023-06-30");
    assert!(has_note(&numbers, &["UTC-08:00", "--time-zone"]), "{:?}", numbers.data_notes);
    let zone = TimeZone::get("America/Edmonton").unwrap();
    let told = ReadOptions { time_zone: Some(zone), ..ReadOptions::default() };
    let numbers = report_on(&open(&folder, &told), "2023-06-01", "2023-06-30");
    assert!(!has_note(&numbers, &["--time-zone"]), "{:?}", numbers.data_notes);
}

#[test]
fn a_visit_over_the_change_of_summer_time_is_one_visit() {
    // Twenty minutes each, over the change in spring and that in autumn.
    let rows = [
        "o1,d1,,v1,2023-03-26T01:50:00+01:00,2023-03-26T01:50:00+01:00,event,animal,Vulpes vulpes,1,,",
        "o2,d1,,v2,2023-03-26T03:10:00+02:00,2023-03-26T03:10:00+02:00,event,animal,Vulpes vulpes,1,,",
        "o3,d1,,v3,2023-10-29T02:50:00+02:00,2023-10-29T02:50:00+02:00,event,animal,Vulpes vulpes,1,,",
        "o4,d1,,v4,2023-10-29T02:10:00+01:00,2023-10-29T02:10:00+01:00,event,animal,Vulpes vulpes,1,,",
    ];
    let folder =
        package(&["d1,L1,Oak,51.0,4.0,2023-03-25T00:00:00+01:00,2023-10-31T00:00:00+01:00,"], &[], &rows);
    for zone in [None, Some(TimeZone::get("Europe/Brussels").unwrap())] {
        let options = ReadOptions { time_zone: zone, ..ReadOptions::default() };
        assert_eq!(report_on(&open(&folder, &options), "2023-03-01", "2023-11-30").events, 2);
    }
}

#[test]
fn people_are_no_animals_whatever_their_type_says() {
    let row = |id: &str, name: &str| {
        format!("{id},d1,,{id},2023-05-02T06:00:00+02:00,,event,animal,{name},1,human,")
    };
    let rows =
        [row("o1", "Homo sapiens"), row("o2", "HOMO  SAPIENS SAPIENS"), row("o3", "Bicycle"), row("o4", "")];
    let numbers = may(&package(&[OAK], &[], &rows));
    let excluded = &numbers.excluded;
    assert_eq!((numbers.events, excluded.human, excluded.vehicle, excluded.unknown), (0, 2, 1, 1));
}

#[test]
fn values_of_a_later_version_are_counted_and_cost_no_row() {
    let folder = package(
        &[OAK],
        &["m1,d1,2023-05-02T06:00:00+02:00,a,,"],
        &["o1,d1,m1,,2023-05-02T06:00:00+02:00,,sequence,plant,Vulpes vulpes,1,,"],
    );
    let data = open(&folder, &ReadOptions::default());
    assert_eq!((data.problems.rows_skipped(), data.problems.values_ignored()), (0, 2));
    assert_eq!(report_on(&data, "2023-05-01", "2023-05-11").excluded.unknown, 1);
}

#[test]
fn a_period_without_data_says_so_and_when_there_are_some() {
    let folder = package(&[OAK], &[], &["o1,d1,,v1,2023-05-02T06:00:00+02:00,,event,blank,,,,"]);
    let data = open(&folder, &ReadOptions::default());
    let numbers = report_on(&data, "2024-05-01", "2024-05-11");
    assert!(numbers.insights[0].starts_with("No camera was running"), "{:?}", numbers.insights);
    assert!(has_note(&numbers, &["outside the data", "2 May 2023"]), "{:?}", numbers.data_notes);
    // A camera that worked and recorded nothing is not one that no animal passed.
    let silent = report_on(&data, "2023-05-04", "2023-05-06");
    assert!(silent.insights[0].contains("nothing at all was recorded"), "{:?}", silent.insights);
    let blank = report_on(&data, "2023-05-01", "2023-05-11");
    assert!(blank.insights[0].contains("no animal was recorded"), "{:?}", blank.insights);
    let empty = open(&package(&[OAK], &[], &[""; 0]), &ReadOptions::default());
    let nothing = report_on(&empty, "2023-05-01", "2023-05-11");
    assert!(nothing.insights[0].contains("has no observations"), "{:?}", nothing.insights);
}

#[test]
fn a_person_stands_before_a_model_on_the_same_visit() {
    let folder = package(
        &[OAK],
        &["m1,d1,2023-05-05T06:00:30+02:00,a,,"],
        &[
            "e1,d1,,v1,2023-05-02T06:00:00+02:00,,event,blank,,,human,",
            "e2,d1,,v1,2023-05-02T06:00:00+02:00,,event,animal,Vulpes vulpes,1,machine,0.6",
            "e3,d1,,v2,2023-05-05T06:00:00+02:00,2023-05-05T06:01:00+02:00,event,human,Homo sapiens,1,human,",
            "o1,d1,m1,v2,2023-05-05T06:00:30+02:00,,media,animal,Vulpes vulpes,1,machine,0.6",
        ],
    );
    let data = open(&folder, &ReadOptions::default());
    let numbers = report_on(&data, "2023-05-01", "2023-05-11");
    assert_eq!((numbers.events, numbers.excluded.blank, numbers.excluded.human), (0, 1, 1));
    // Nor is what the model saw on a file of a visit on which a person saw no animal.
    assert_eq!(data.observations.get(3).review, Review::Replaced);
}

#[test]
fn a_record_in_the_future_is_no_end_of_a_deployment() {
    let folder = package(
        &["d1,L1,Oak,51.0,4.0,2023-05-01T00:00:00+02:00,,"],
        &[],
        &[
            "o1,d1,,v1,2023-05-06T00:00:00+02:00,,event,animal,Vulpes vulpes,1,,",
            "o2,d1,,v2,2137-05-06T00:00:00+02:00,,event,animal,Vulpes vulpes,1,,",
        ],
    );
    let numbers = may(&folder);
    assert!((numbers.effort_days - 5.0).abs() < 1e-9, "{}", numbers.effort_days);
}

#[test]
fn observations_without_a_time_are_said_to_have_none() {
    let numbers = may(&package(&[OAK], &[], &["o1,d1,,v1,,,event,animal,Vulpes vulpes,1,,"]));
    assert!(numbers.insights[0].contains("1 observation has no time"), "{:?}", numbers.insights);
    assert!(has_note(&numbers, &["1 observation has no time"]), "{:?}", numbers.data_notes);
}

#[test]
fn words_of_people_and_machines_are_understood_as_types_and_in_any_case() {
    let types = ["Human", "person", "People", "Homo sapiens", "car", "ANIMAL", "Empty"];
    let rows: Vec<String> = (1..)
        .zip(types)
        .map(|(n, kind)| format!("o{n},d1,,v{n},2023-05-0{n}T06:00:00+02:00,,EVENT,{kind},,1,human,"))
        .collect();
    let data = open(&package(&[OAK], &[], &rows), &ReadOptions::default());
    let kinds: Vec<ObservationType> = data.observations.iter().map(|o| o.kind).collect();
    let human = ObservationType::Human;
    let [vehicle, animal, blank] =
        [ObservationType::Vehicle, ObservationType::Animal, ObservationType::Blank];
    let expected = [human, human, human, human, vehicle, animal, blank];
    assert_eq!((kinds.as_slice(), data.problems.list().len()), (&expected[..], 0));
}

#[test]
fn ids_and_species_are_the_same_in_every_form_of_their_accents_and_case() {
    let folder = package(
        &[&OAK.replace("d1", "d\u{e9}")],
        &["m\u{f1},de\u{301},2023-05-02T06:00:00+02:00,a.jpg,,"],
        &[
            "o1,de\u{301},mn\u{303},,2023-05-02T06:00:00+02:00,,media,animal,Vulpes vulpes,1,,",
            "o2,d\u{e9},,v2,2023-05-03T06:00:00+02:00,,event,animal,vulpes  Vulpes,1,,",
        ],
    );
    let data = open(&folder, &ReadOptions::default());
    assert_eq!((data.problems.list().len(), data.observations.get(0).media), (0, Some(0)));
    let names: Vec<&str> = data.classes.iter().map(|class| class.name.as_str()).collect();
    assert_eq!(names, ["Vulpes vulpes"]);
}

#[test]
fn an_end_before_its_start_is_named_and_a_zone_may_be_named_utc() {
    let visit = "o1,d1,,v1,2023-05-02 04:10:00 UTC,2023-05-02T06:00:00+02:00,event,animal,Vulpes vulpes,1,,";
    let data = open(&package(&[OAK], &[], &[visit]), &ReadOptions::default());
    let expected = "observations.csv, line 2, eventEnd: “2023-05-02T06:00:00+02:00”; expected an end after the start \
                    (value ignored)";
    assert_eq!(problems_of(&data), [expected]);
    let first = data.observations.get(0);
    assert_eq!((first.time.unwrap().to_string().as_str(), first.duration), ("2023-05-02 06:10:00", 0));
}

#[test]
fn one_wrong_end_does_not_swallow_the_visits_after_it() {
    let visit = |number: u32, end: &str| {
        format!("o{number},d1,,v{number},2023-05-0{number}T06:00:00+02:00,{end},event,animal,Sus scrofa,1,,")
    };
    let rest = [3, 4, 5].map(|number| visit(number, &format!("2023-05-0{number}T06:05:00+02:00")));
    for wrong in ["2051-05-02T06:05:00+02:00", "2023-05-17T06:05:00+02:00", "2023-05-09T06:05:00+02:00"] {
        let first = visit(2, wrong);
        let numbers = may(&package(&[OAK], &[], &[std::slice::from_ref(&first), &rest].concat()));
        assert_eq!((numbers.events, numbers.individuals), (4, 4), "{wrong}");
        assert!(has_note(&numbers, &["eventEnd", wrong]), "{wrong}: {:?}", numbers.data_notes);
    }
}
