//! The bundled examples are read as their tables stand. Every number was counted by hand (with
//! a spreadsheet's filters) in the CSV files.

use detections::{Consequence, Dataset, Level, ObservationType, ReadOptions, Selection, SourceFormat};

fn example(name: &str) -> Dataset {
    detections::open(&testkit::examples().join(name), &ReadOptions::default()).unwrap()
}

fn count(data: &Dataset, level: Level, kind: ObservationType) -> usize {
    data.observations.iter().filter(|o| o.level == level && o.kind == kind).count()
}

#[test]
fn the_camtrap_dp_example_has_all_its_rows() {
    let data = example("camtrap-dp");
    assert_eq!(data.format, SourceFormat::CamtrapDp);
    assert_eq!((data.deployments.len(), data.media.len(), data.observations.len()), (4, 423, 549));
    assert_eq!(count(&data, Level::Event, ObservationType::Animal), 29);
    assert_eq!(count(&data, Level::Media, ObservationType::Animal), 337);
    assert_eq!(count(&data, Level::Media, ObservationType::Blank), 112);
    assert_eq!(count(&data, Level::Media, ObservationType::Human), 33);
    assert_eq!(count(&data, Level::Media, ObservationType::Vehicle), 20);
    assert_eq!(count(&data, Level::Event, ObservationType::Unclassified), 1);
    assert_eq!((data.problems.rows_skipped(), data.problems.values_ignored()), (0, 0));
    assert_eq!(data.media.remote_count(), 413);
    assert_eq!(data.observations.iter().filter(|o| o.bbox.is_some()).count(), 20);
    assert!(data.citation.is_some() && data.licences.len() == 2);
}

#[test]
fn event_times_in_utc_are_shown_on_the_camera_s_clock() {
    let data = example("camtrap-dp");
    let mallard = data.observations.get(data.observations.find("705e6036").unwrap());
    // Written 2020-05-30T02:57:37Z, on a deployment that starts at +02:00.
    assert_eq!(mallard.time.unwrap().to_string(), "2020-05-30 04:57:37");
    assert_eq!(mallard.offset, Some(7200));
    assert_eq!(data.offsets_written, [0, 3600, 7200]);
}

#[test]
fn only_detections_with_a_box_are_selected() {
    let data = example("camtrap-dp");
    let all = data.select(&Selection::default()).unwrap();
    assert_eq!(all.len(), 20);
    let day = "2021-04-11".parse().ok();
    let heron = Selection { start: day, end: day, classes: vec!["Ardea".into()], ..Selection::default() };
    assert_eq!(data.select(&heron).unwrap().len(), 10);
    let sure = Selection { min_confidence: Some(0.885), ..Selection::default() };
    assert_eq!(data.select(&sure).unwrap().len(), 3);
    let typed =
        Selection { start: day, end: day, classes: vec!["GREAT herons".into()], ..Selection::default() };
    assert_eq!(data.select(&typed).unwrap(), data.select(&heron).unwrap());
    let unknown =
        Selection { classes: vec!["Ardea".into(), "Anas platyrinchos".into()], ..Selection::default() };
    let error = data.select(&unknown).unwrap_err();
    assert_eq!((error.unknown.len(), error.unknown[0].name.as_str()), (1, "Anas platyrinchos"));
    assert!(error.to_string().contains("Did you mean “Anas platyrhynchos”?"), "{error}");
}

#[test]
fn the_algar_survey_is_read_with_its_dirt() {
    let data = example("algar.zip");
    assert_eq!(data.format, SourceFormat::WildlifeInsights);
    assert_eq!((data.deployments.len(), data.observations.len()), (114, 15_290));
    assert_eq!(data.locations.len(), 38);
    assert_eq!(count(&data, Level::Media, ObservationType::Blank), 2633);
    assert_eq!(count(&data, Level::Media, ObservationType::Human), 105);
    assert_eq!(count(&data, Level::Media, ObservationType::Unknown), 340);
    let endless: Vec<&str> =
        data.deployments.iter().filter(|d| d.end.is_none()).map(|d| d.id.as_str()).collect();
    assert_eq!(endless, ["ALG027_2019-04-03"]);
    assert!(data.find_class("Odocoileus virginianus").is_some());
    assert!(data.find_class("Weasel spp.").is_some());
    assert!(data.find_class("Unknown unknown").is_none());
    assert!(data.observations.iter().all(|o| o.count >= 1), "a group of 0 is one animal that was seen");
    let skipped = data.problems.list().iter().filter(|p| p.consequence == Consequence::RowSkipped).count();
    assert_eq!(skipped, 0);
}

#[test]
fn a_folder_its_descriptor_and_a_zip_of_it_are_the_same() {
    let folder = testkit::examples().join("camtrap-dp");
    let from_descriptor = example("camtrap-dp/datapackage.json");
    let packed = tempfile::tempdir().unwrap();
    let path = packed.path().join("survey.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for name in ["datapackage.json", "deployments.csv", "media.csv", "observations.csv"] {
        // Packed with the folder around the tables, as people do.
        zip.start_file(format!("survey/{name}"), zip::write::SimpleFileOptions::default()).unwrap();
        std::io::copy(&mut std::fs::File::open(folder.join(name)).unwrap(), &mut zip).unwrap();
    }
    zip.finish().unwrap();
    let from_zip = detections::open(&path, &ReadOptions::default()).unwrap();
    for data in [from_descriptor, from_zip] {
        assert_eq!(data.observations.len(), 549);
        assert_eq!(data.classes, example("camtrap-dp").classes);
    }
}

#[test]
fn a_time_zone_that_the_user_gives_is_the_cameras_clock() {
    let zone = jiff::tz::TimeZone::get("America/Edmonton").unwrap();
    let options = ReadOptions { time_zone: Some(zone), ..ReadOptions::default() };
    let data = detections::open(&testkit::examples().join("camtrap-dp"), &options).unwrap();
    let mallard = data.observations.get(data.observations.find("705e6036").unwrap());
    assert_eq!(mallard.time.unwrap().to_string(), "2020-05-29 20:57:37");
}
