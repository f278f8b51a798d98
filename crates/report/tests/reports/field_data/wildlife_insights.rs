//! Exports of Wildlife Insights.

use std::collections::BTreeMap;

use detections::{Keep, ObservationType, ReadOptions};
use report::ReportData;
use tempfile::TempDir;
use testkit::assert_contains;

use super::{all_rows, events, folder, has_note, open, problems_of, report_on, table};

const DEPLOYMENTS: &str = "project_id,deployment_id,placename,longitude,latitude,start_date,end_date";
const IMAGES: &str = "project_id,deployment_id,image_id,filename,location,is_blank,identified_by,class,order,family,\
                      genus,species,common_name,timestamp,number_of_objects,cv_confidence";

/// One camera from 1 to 31 March, and these images of it.
fn march(images: &[impl AsRef<str>]) -> TempDir {
    export(&["1,D1,Creek,-74.2,4.6,2022-03-01,2022-03-31"], images)
}

/// An export of cameras and of images.
fn export(deployments: &[&str], images: &[impl AsRef<str>]) -> TempDir {
    folder(&[("deployments.csv", table(DEPLOYMENTS, deployments)), ("images.csv", table(IMAGES, images))])
}

fn numbers_of_march(images: &[&str]) -> ReportData {
    report_on(&open(&march(images), &ReadOptions::default()), "2022-03-01", "2022-03-31")
}

const PUMA: &str =
    "1,D1,p1,p1.jpg,,0,Ana,Mammalia,Carnivora,Felidae,Puma,concolor,Puma,2022-03-05 21:10:00,1,";

#[test]
fn a_tag_that_stands_in_every_rank_is_no_species() {
    let numbers = numbers_of_march(&[
        PUMA,
        "1,D1,n1,n1.jpg,,0,Computer vision,No CV Result,No CV Result,No CV Result,No CV Result,No CV Result,No CV \
         Result,2022-03-06 10:00:00,1,",
        "1,D1,n2,n2.jpg,,0,Ana,Unknown,Unknown,Unknown,Unknown,unknown,Unknown,2022-03-07 10:00:00,1,",
        "1,D1,n3,n3.jpg,,0,Ana,,,,,,Animal,2022-03-08 10:00:00,1,",
        "1,D1,b1,b1.jpg,,1,Ana,,,,,,Blank,2022-03-09 10:00:00,1,",
    ]);
    assert_eq!(events(&numbers), BTreeMap::from([("Puma concolor", 1)]));
    assert_eq!((numbers.excluded.unknown, numbers.excluded.blank), (3, 1));
    assert!((numbers.effort_days - 30.0).abs() < 1e-9);
}

#[test]
fn people_objects_and_misfires_are_no_animals() {
    let numbers = numbers_of_march(&[
        PUMA,
        "1,D1,h1,,,0,Ana,Mammalia,Primates,Hominidae,Homo,,Homo Species,2022-03-06 10:00:00,1,",
        "1,D1,h2,,,0,Ana,,,,,,Human-Camera Trapper,2022-03-06 11:00:00,1,",
        "1,D1,h3,,,0,Ana,Mammalia,Primates,Hominidae,Homo,Sapiens,,2022-03-06 11:30:00,1,",
        "1,D1,v1,,,0,Ana,,,,,,Vehicle,2022-03-06 12:00:00,1,",
        "1,D1,v2,,,0,Ana,,,,,,Bicycle,2022-03-06 13:00:00,1,",
        "1,D1,m1,,,,Ana,,,,,,Misfire,2022-03-06 14:00:00,1,",
    ]);
    assert_eq!(events(&numbers), BTreeMap::from([("Puma concolor", 1)]));
    let excluded = &numbers.excluded;
    assert_eq!((excluded.human, excluded.vehicle, excluded.blank), (3, 2, 1));
}

#[test]
fn confidences_in_percent_lose_no_animal() {
    let folder = march(&[
        "1,D1,a,,,0,Computer vision,Mammalia,Carnivora,Felidae,Puma,concolor,Puma,2022-03-05 21:10:00,1,92",
        "1,D1,b,,,0,Computer vision,Mammalia,Carnivora,Felidae,Puma,concolor,Puma,2022-03-07 21:10:00,1,88.5",
        "1,D1,c,,,0,Computer vision,Mammalia,Carnivora,Felidae,Puma,concolor,Puma,2022-03-09 21:10:00,1,0.7",
        "1,D1,d,,,0,Ana,Mammalia,Carnivora,Felidae,Puma,concolor,Puma,2022-03-11 21:10:00,1,certain",
    ]);
    let data = open(&folder, &ReadOptions::default());
    let numbers = report_on(&data, "2022-03-01", "2022-03-31");
    assert_eq!(events(&numbers), BTreeMap::from([("Puma concolor", 4)]));
    let confidences: Vec<Option<f32>> = data.observations.iter().map(|o| o.confidence).collect();
    assert_eq!(confidences, [Some(0.92), Some(0.885), Some(0.7 / 100.0), None]);
    assert_eq!((data.problems.rows_skipped(), data.problems.values_ignored()), (0, 1));
}

#[test]
fn a_project_of_sequences_is_read_by_its_sequences() {
    let images = "project_id,deployment_id,image_id,filename,sequence_id,location,class,order,family,genus,species,\
                  common_name,timestamp";
    let sequences = "project_id,deployment_id,sequence_id,is_blank,identified_by,class,order,family,genus,species,\
                     common_name,start_time,end_time,group_size";
    let rows = [
        "7,D1,s1,0,Ana,Mammalia,Carnivora,Felidae,Leopardus,pardalis,Ocelot,2022-03-02 09:00:00,2022-03-02 09:20:00,2",
        "7,D1,s1,0,Ana,Mammalia,Rodentia,,Dasyprocta,leporina,Agouti,2022-03-02 09:00:00,2022-03-02 09:20:00,3",
        // 25 minutes after the end of the first, 45 after its start.
        "7,D1,s2,0,Ana,Mammalia,Carnivora,Felidae,Leopardus,pardalis,Ocelot,2022-03-02 09:45:00,2022-03-02 09:45:00,1",
        "7,D1,s3,1,Ana,,,,,,Blank,2022-03-04 09:00:00,2022-03-04 09:00:00,",
    ];
    let folder = folder(&[
        ("deployments.csv", table(DEPLOYMENTS, &["7,D1,Creek,-74.2,4.6,2022-03-01,2022-03-31"])),
        ("images_7.csv", table(images, &["7,D1,i1,1.jpg,s1,gs://b/1.jpg,,,,,,,2022-03-02 09:00:00"])),
        ("sequences.csv", table(sequences, &rows)),
    ]);
    let numbers = report_on(&open(&folder, &ReadOptions::default()), "2022-03-01", "2022-03-31");
    assert_eq!(events(&numbers), BTreeMap::from([("Dasyprocta leporina", 1), ("Leopardus pardalis", 1)]));
    assert_eq!((numbers.individuals, numbers.excluded.blank, numbers.excluded.other_level), (5, 1, 1));
}

#[test]
fn ids_and_places_are_unique_in_a_project_only() {
    let image = |project: &str, id: &str, species: &str, time: &str| {
        format!("{project},CAM01,{id},{id}.jpg,,0,Ana,,,,Vulpes,{species},,2022-03-{time},1,")
    };
    let rows = [image("1", "a", "vulpes", "02 10:00:00"), image("2", "a", "vulpes", "02 10:10:00")];
    let deployments =
        ["1,CAM01,Hill,7.0,46.0,2022-03-01,2022-03-11", "2,CAM01,Hill,-3.0,40.0,2022-03-01,2022-03-21"];
    let folder = folder(&[
        ("deployments.csv", table(DEPLOYMENTS, &deployments)),
        ("images_1.csv", table(IMAGES, &[&rows[0]])),
        ("images_2.csv", table(IMAGES, &[&rows[1]])),
        ("projects.csv", table("project_id,project_name", &["1,Alps", "2,Dehesa"])),
    ]);
    let data = open(&folder, &ReadOptions::default());
    let numbers = report_on(&data, "2022-03-01", "2022-03-31");
    assert_eq!((numbers.events, numbers.locations_surveyed), (2, 2));
    assert!((numbers.effort_days - 30.0).abs() < 1e-9);
    let names: Vec<&str> = data.locations.iter().map(|location| location.name.as_str()).collect();
    assert_eq!((data.title.as_str(), names), ("Alps, Dehesa", vec!["1/Hill", "2/Hill"]));
    let media: Vec<&str> = (0..2).map(|row| data.media.id(row)).collect();
    assert_eq!(media, ["a", "2/a"]);
}

#[test]
fn a_date_written_with_midnight_is_a_day() {
    let numbers = |midnight: &str| {
        let deployment = format!("1,D1,Creek,7.0,46.0,2021-06-01{midnight},2021-06-11{midnight}");
        let images = ["2021-06-01 06:00", "2021-06-11 18:00:00"]
            .map(|time| format!("1,D1,i{time},,,0,Ana,,,,Vulpes,vulpes,,{time},1,"));
        let data = open(&export(&[&deployment], &images), &ReadOptions::default());
        let half = report_on(&data, "2021-06-01", "2021-06-01").effort_days;
        (report_on(&data, "2021-06-01", "2021-06-11"), half)
    };
    for (numbers, first_day) in [numbers(""), numbers(" 00:00:00")] {
        assert_eq!(events(&numbers), BTreeMap::from([("Vulpes vulpes", 2)]));
        // Noon to noon.
        assert!((numbers.effort_days - 10.0).abs() < 1e-9 && (first_day - 0.5).abs() < 1e-9);
        assert!(!has_note(&numbers, &["clock was probably wrong"]));
    }
}

#[test]
fn a_public_download_is_read_without_names_of_places_and_with_pictures_withheld() {
    let deployments = [
        "3,D1,-5.8,43.1,2023-04-01 00:00:00,2023-04-11 00:00:00",
        "3,D2,-5.8,43.1,2023-04-11 00:00:00,2023-04-21 00:00:00",
    ];
    let images = [
        "3,D1,a,a.jpg,,,Ana,,,,,,Blank,2023-04-02 12:00:00,1,",
        "3,D1,b,b.jpg,,,Ana,Mammalia,Carnivora,Canidae,Vulpes,vulpes,Red Fox,2023-04-11 08:00:00,1,",
        // 20 minutes later by the next deployment at the same spot.
        "3,D2,c,c.jpg,,,Ana,Mammalia,Carnivora,Canidae,Vulpes,vulpes,Red Fox,2023-04-11 08:20:00,1,",
        "3,D1,,,,,Ana,Mammalia,Primates,Hominidae,Homo,sapiens,Human,2023-04-05 08:00:00,1,",
    ];
    let nameless = "project_id,deployment_id,longitude,latitude,start_date,end_date";
    let folder =
        folder(&[("deployments.csv", table(nameless, &deployments)), ("images.csv", table(IMAGES, &images))]);
    let data = open(&folder, &ReadOptions::default());
    let numbers = report_on(&data, "2023-04-01", "2023-04-21");
    assert_eq!(events(&numbers), BTreeMap::from([("Vulpes vulpes", 1)]));
    assert_eq!((numbers.excluded.blank, numbers.excluded.human, numbers.locations_surveyed), (1, 1, 1));
    // Coordinates, which may be those of a rare animal, are never used as a name.
    assert_eq!(data.locations[0].name, "D1");
    assert!(data.observations.iter().any(|o| o.kind == ObservationType::Human && o.media.is_none()));
}

#[test]
fn animals_that_people_keep_are_counted_and_are_a_group_of_their_own() {
    let numbers = numbers_of_march(&[
        PUMA,
        "1,D1,d1,,,0,Ana,Mammalia,Carnivora,Canidae,Canis,familiaris,Domestic Dog,2022-03-06 10:00:00,1,",
        "1,D1,d2,,,0,Ana,,,,,,Domestic Cattle,2022-03-07 10:00:00,1,",
    ]);
    let domestic: Vec<(&str, bool)> =
        numbers.classes.iter().map(|row| (row.classification.as_str(), row.domestic)).collect();
    assert!(domestic.contains(&("Canis familiaris", true)) && domestic.contains(&("Domestic Cattle", true)));
    assert!(domestic.contains(&("Puma concolor", false)), "{domestic:?}");
    assert!(numbers.insights[0].contains("2 events of domestic animals"), "{:?}", numbers.insights);
}

#[test]
fn no_more_locations_are_occupied_than_were_surveyed() {
    let image = |camera: &str, day: &str| {
        format!("1,{camera},{camera},,,0,Ana,,,,Vulpes,vulpes,,2023-05-{day} 06:00:00,1,")
    };
    let rows = [image("A", "02"), image("B", "03"), image("C", "04")];
    let deployments = [
        // Set up and fetched on one day: half a day.
        "1,A,Hill,7.0,46.0,2023-05-02,2023-05-02",
        "1,B,Creek,7.1,46.0,2023-05-01,2023-05-31",
        "1,C,Wood,7.2,46.0,2023-05-04,2023-05-04",
    ];
    let folder = export(&deployments, &rows);
    let numbers = report_on(&open(&folder, &ReadOptions::default()), "2023-05-01", "2023-05-31");
    assert_eq!((numbers.locations_surveyed, numbers.classes[0].naive_occupancy), (3, Some(1.0)));
    assert!((numbers.effort_days - 31.0).abs() < 1e-9, "{}", numbers.effort_days);
}

/// A fox on 5 March, at a time of the day.
fn fox(project: &str, deployment: &str, id: &str, time: &str) -> String {
    format!("{project},{deployment},{id},{id}.jpg,,0,Ana,,,,Vulpes,vulpes,,2022-03-05 {time},1,")
}

#[test]
fn a_row_of_one_project_does_not_go_to_the_camera_of_another() {
    let rows = [
        fox("9001.0", "CAM01", "a", "06:00:00"),
        fox("9002", "CAM01", "b", "12:00:00"),
        fox("", "CAM01", "c", "18:00:00"),
    ];
    let folder = export(&["9001,CAM01,Creek,-74.2,4.6,2022-03-01,2022-03-31"], &rows);
    let data = open(&folder, &all_rows());
    assert_eq!((data.observations.len(), data.problems.rows_skipped()), (2, 1));
    let expected =
        "images.csv, line 3, deployment_id: deployment CAM01 of project 9002 is not in deployments.csv";
    assert!(problems_of(&data)[0].starts_with(expected), "{:?}", problems_of(&data));
}

#[test]
fn a_row_without_its_project_is_lost_where_several_have_its_deployment() {
    let rows = [fox("2.0", "CAM01", "a", "06:00:00"), fox("", "CAM01", "b", "12:00:00")];
    let deployments =
        ["1,CAM01,Hill,7.0,46.0,2022-03-01,2022-03-31", "2,CAM01,Dale,-3.0,40.0,2022-03-01,2022-03-31"];
    let data = open(&export(&deployments, &rows), &all_rows());
    assert_eq!((data.observations.len(), data.observations.get(0).deployment), (1, 1));
    let problems = problems_of(&data);
    assert_contains(&problems[0], &["2 projects have a deployment CAM01, and the row does not say which"]);
}

#[test]
fn a_row_that_overlapping_parts_of_an_export_share_counts_once() {
    let rows =
        [fox("1", "D1", "a", "06:00:00"), fox("1", "D1", "b", "12:00:00"), fox("1", "D1", "c", "18:00:00")];
    let deployments = table(DEPLOYMENTS, &["1,D1,Creek,-74.2,4.6,2022-03-01,2022-03-31"]);
    let folder = folder(&[
        ("deployments.csv", deployments),
        // Two animals on one picture may be two rows that are the same.
        ("images.csv", table(IMAGES, &[&rows[0], &rows[1], &rows[1]])),
        ("images_1.csv", table(IMAGES, &[&rows[1], &rows[2]])),
    ]);
    let data = open(&folder, &all_rows());
    assert_eq!((data.observations.len(), data.problems.rows_skipped()), (4, 1));
    assert!(problems_of(&data)[0].starts_with("images_1.csv, line 2, row: a repeated row"));
}

#[test]
fn a_table_beside_its_compressed_copy_is_read_once() {
    let folder = march(&[PUMA]);
    // No one looks into it.
    std::fs::write(folder.path().join("images.csv.gz"), "not even compressed").unwrap();
    assert_eq!(open(&folder, &ReadOptions::default()).observations.len(), 1);
}

#[test]
fn a_sequence_counts_once_and_does_not_end_before_it_starts() {
    let sequences = "project_id,deployment_id,sequence_id,is_blank,identified_by,genus,species,common_name,start_time,\
                     end_time,group_size";
    let row = |id: &str, end: &str| {
        format!("7,D1,{id},0,Ana,Leopardus,pardalis,Ocelot,2022-03-02 09:00:00,2022-03-02 {end},2")
    };
    let rows = [row("s1", "09:20:00"), row("s1", "09:20:00"), row("s2", "08:00:00")];
    let folder = folder(&[
        ("deployments.csv", table(DEPLOYMENTS, &["7,D1,Creek,-74.2,4.6,2022-03-01,2022-03-31"])),
        ("images.csv", table(IMAGES, &[""; 0])),
        ("sequences.csv", table(sequences, &rows)),
    ]);
    let data = open(&folder, &all_rows());
    assert_eq!((data.observations.len(), data.problems.rows_skipped()), (2, 1));
    let problems = problems_of(&data);
    assert!(problems[0].starts_with("sequences.csv, line 3, row: a repeated row"), "{problems:?}");
    let expected = "sequences.csv, line 4, end_time: “2022-03-02 08:00:00”; expected an end after the start (value ignored)";
    assert_eq!(problems[1], expected);
}

#[test]
fn pictures_whose_ids_a_spreadsheet_has_made_the_same_stay_apart() {
    let row = |name: &str, time: &str| {
        format!("1,D1,1.23E+15,{name}.jpg,,0,Ana,,,,Vulpes,vulpes,,2022-03-05 {time},1,")
    };
    let rows = [row("a", "06:00:00"), row("b", "12:00:00"), row("c", "18:00:00"), row("b", "12:00:00")];
    for keep in [Keep::All, Keep::Numbers] {
        let data = open(&march(&rows), &ReadOptions { keep, ..ReadOptions::default() });
        assert_eq!((data.media.len(), data.problems.values_ignored()), (3, 3));
        assert_eq!(report_on(&data, "2022-03-01", "2022-03-31").events, 3);
    }
    let data = open(&march(&rows), &ReadOptions::default());
    assert_eq!([0, 1, 2].map(|row| data.media.id(row)), ["1.23E+15", "1.23E+15#2", "1.23E+15#3"]);
    let problems = problems_of(&data);
    assert!(problems[0].contains("“1.23E+15” is an image_id that an earlier image has"), "{problems:?}");
    assert!(problems[0].contains("a spreadsheet has shortened the ids"), "{problems:?}");
}

#[test]
fn a_species_is_one_in_whatever_case_it_is_written() {
    let numbers =
        numbers_of_march(&[PUMA, &PUMA.replace("p1", "p2").replace("Puma,concolor", "PUMA,Concolor")]);
    let classes = numbers.classes.iter().map(|row| row.classification.as_str());
    assert_eq!(classes.collect::<Vec<_>>(), ["Puma concolor"]);
}
