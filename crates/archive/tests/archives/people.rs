//! A picture on which a person was recorded is not exported, whatever the format of the data and the
//! layout of the archive.

use std::path::Path;

use archive::{ArchiveRequest, Layout, Media};
use detections::{Dataset, ObservationType, ReadOptions};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Package, picture};

use crate::support::{self, make, open, write};

const AT: &str = "2023-10-01T06:00:00Z";
const AREA: [f64; 4] = [0.1, 0.1, 0.2, 0.2];

/// The ways to ask for whole pictures, or for the tables that name them.
fn requests(ids: &[impl AsRef<str>]) -> Vec<ArchiveRequest> {
    let crops = ArchiveRequest { include_originals: true, ..support::request(ids) };
    let mut requests = vec![crops];
    for layout in [Layout::CamtrapDp, Layout::Coco] {
        for media in [Media::Whole, Media::Remote, Media::None] {
            requests.push(ArchiveRequest { layout, media, ..support::request(ids) });
        }
    }
    requests
}

/// The whole pictures of an archive of these detections; none where nothing could be exported.
fn whole_pictures(data: &Dataset, request: &ArchiveRequest) -> Vec<String> {
    let Ok((archive, _)) = write(data, request) else { return Vec::new() };
    archive.names.into_iter().filter(|name| name.contains('/') && !name.starts_with("crops/")).collect()
}

/// A folder with a file of data, and the pictures `shared.jpg` and `alone.jpg`.
fn folder_with(name: &str, content: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), content).unwrap();
    for name in ["shared.jpg", "alone.jpg"] {
        std::fs::write(folder.path().join(name), picture("colour.jpg")).unwrap();
    }
    folder
}

fn read(path: &Path) -> Dataset {
    let options = ReadOptions { time_zone: Some(jiff::tz::TimeZone::UTC), ..ReadOptions::default() };
    detections::open(path, &options).unwrap()
}

/// A package with the pictures `shared` and `alone` at a path for each name, on each of which is a doe, and
/// with an observation beside them.
fn package(bytes: Option<&str>, path: impl Fn(&str) -> String, observation: &str) -> Package {
    let mut package = Package::new();
    for name in ["shared", "alone"] {
        package.medium(name, AT, &path(name), bytes.map(picture));
        package.detection(&format!("doe-{name}"), name, "doe", AREA);
    }
    package.observations.push_str(observation);
    package
}

fn jpeg(name: &str) -> String {
    format!("{name}.jpg")
}

/// Asked for by its id, the person is left out as well.
#[track_caller]
fn assert_person_is_left_out(data: &Dataset) {
    let ids = support::request(&["doe-alone", "who"]);
    let request = ArchiveRequest { layout: Layout::CamtrapDp, media: Media::None, ..ids };
    make(data, &request).0.assert_missing(&[("who", "human")]);
}

/// The ids of the animals, none of which is a person.
fn animals(data: &Dataset) -> Vec<String> {
    let animals = data.observations.iter().filter(|o| o.kind == ObservationType::Animal);
    animals.map(|o| o.id.to_owned()).collect()
}

/// Asks for all animals in each way: `alone.jpg` may be handed out whole and `shared.jpg` may not.
fn assert_shared_is_withheld(data: &Dataset) {
    let ids = animals(data);
    assert_eq!(ids.len(), 2);
    let mut handed_out = 0;
    for request in requests(&ids) {
        let pictures = whole_pictures(data, &request);
        assert!(pictures.iter().all(|name| name.contains("alone")), "{request:?}: {pictures:?}");
        handed_out += pictures.len();
    }
    assert!(handed_out > 0, "the other picture is handed out");
}

#[test]
fn people_of_a_package_are_known_by_any_name() {
    for person in [
        "human,Homo sapiens",
        "animal,Homo sapiens",
        "animal,Human-Camera Trapper",
        "unknown,homo_sapiens",
        "vehicle,",
        "animal,Bicycle",
    ] {
        let row = format!("who,dep1,shared,,{AT},,media,{person},1,,,,,\n");
        let (data, _folder) = open(&package(Some("colour.jpg"), jpeg, &row));
        assert_shared_is_withheld(&data);
        assert_person_is_left_out(&data);
    }
}

#[test]
fn who_sets_up_a_camera_is_known_whatever_the_row_calls_it() {
    for kind in ["animal,doe", "unknown,", "unclassified,"] {
        let row = format!("who,dep1,shared,,{AT},,media,{kind},1,,,,,\n");
        let mut package = package(Some("colour.jpg"), jpeg, &row);
        let setups = package.observations.lines().map(|row| match row.split(',').next() {
            Some("observationID") => format!("{row},cameraSetupType\n"),
            Some("who") => format!("{row},setup\n"),
            _ => format!("{row},\n"),
        });
        package.observations = setups.collect();
        let (data, _folder) = open(&package);
        let ids = ["doe-shared", "doe-alone"];
        for request in requests(&ids) {
            let pictures = whole_pictures(&data, &request);
            assert!(pictures.iter().all(|name| name.contains("alone")), "{kind}: {pictures:?}");
        }
        assert_person_is_left_out(&data);
    }
}

#[test]
fn people_of_wildlife_insights_are_known() {
    let folder = folder_with(
        "images.csv",
        "deployment_id,image_id,filename,location,genus,species,timestamp\n\
         D1,shared,shared.jpg,,Puma,concolor,2022-03-02 10:00:00\n\
         D1,shared,shared.jpg,,Homo,sapiens,2022-03-02 10:00:00\n\
         D1,alone,alone.jpg,,Puma,concolor,2022-03-03 10:00:00\n",
    );
    let deployments = "project_id,deployment_id,placename,longitude,latitude,start_date,end_date\n\
                       1,D1,Creek,-74.2,4.6,2022-03-01,2022-03-31\n";
    std::fs::write(folder.path().join("deployments.csv"), deployments).unwrap();
    assert_shared_is_withheld(&read(folder.path()));
}

/// A box of a detector, of an animal or a person.
fn detect(category: &str, x: f64) -> Value {
    json!({"category": category, "conf": 0.9, "bbox": [x, 0.1, 0.2, 0.2]})
}

#[test]
fn people_of_detectors_are_known() {
    let megadetector = json!({
        "info": {"format_version": "1.5", "detector": "md_v5a.0.0.pt"},
        "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"},
        "images": [
            {"file": "shared.jpg", "detections": [detect("1", 0.1), detect("2", 0.5)]},
            {"file": "alone.jpg", "detections": [detect("1", 0.1)]},
        ],
    });
    let deer = "ab12;mammalia;cetartiodactyla;cervidae;odocoileus;virginianus;white-tailed deer";
    let prediction = |path: &str, detections: Value| json!({"filepath": path, "prediction": deer, "prediction_score": 0.9, "detections": detections});
    let speciesnet = json!({"predictions": [
        prediction("shared.jpg", json!([detect("1", 0.1), detect("3", 0.5)])),
        prediction("alone.jpg", json!([detect("1", 0.1)])),
    ]});
    for results in [megadetector, speciesnet] {
        let folder = folder_with("results.json", &results.to_string());
        assert_shared_is_withheld(&read(&folder.path().join("results.json")));
    }
}

/// The address of a picture is as good as the picture.
#[test]
fn an_address_is_given_no_more_than_the_picture() {
    let address = |name: &str| format!("https://example.org/{name}.jpg");
    let ann = format!("ann,dep1,shared,,{AT},,media,human,Homo sapiens,1,0.5,0.5,0.2,0.2,0.9\n");
    let (data, _folder) = open(&package(None, address, &ann));
    for (layout, media) in [
        (Layout::CamtrapDp, Media::Whole),
        (Layout::CamtrapDp, Media::Remote),
        (Layout::CamtrapDp, Media::None),
        (Layout::Coco, Media::None),
    ] {
        let request =
            ArchiveRequest { layout, media, ..support::request(&["doe-shared", "doe-alone", "ann"]) };
        let (archive, summary) = make(&data, &request);
        archive.assert_missing(&[("doe-shared", "people_on_picture"), ("ann", "human")]);
        assert_eq!(summary.remote_pictures, 1);
        for (name, content) in &archive.files {
            let text = String::from_utf8_lossy(content);
            assert!(!text.contains("https://example.org/shared.jpg"), "{name}: {text}");
        }
        let (_, summary) = make(&data, &ArchiveRequest { include_humans: true, ..request });
        assert_eq!((summary.remote_pictures, summary.missing), (2, 0), "{layout:?} {media:?}");
    }
}

/// Which of its detections is asked for first makes no difference.
#[test]
fn a_picture_of_two_events_is_withheld_for_either() {
    let mut package = Package::new();
    package.medium("m", AT, "media/m.jpg", Some(picture("colour.jpg")));
    for event in ["quiet", "busy"] {
        let doe = format!("{event},dep1,m,{event},{AT},,media,animal,doe,1,0.1,0.1,0.2,0.2,0.9\n");
        package.observations.push_str(&doe);
    }
    let ann = format!("ann,dep1,,busy,{AT},{AT},event,human,Homo sapiens,1,,,,,\n");
    package.observations.push_str(&ann);
    let (data, _folder) = open(&package);
    for ids in [["quiet", "busy"], ["busy", "quiet"]] {
        let request = ArchiveRequest { include_originals: true, ..support::request(&ids) };
        let (_, summary) = make(&data, &request);
        assert_eq!((summary.crops, summary.pictures, summary.missing), (2, 0, 2), "{ids:?}");
    }
}

#[test]
fn a_picture_is_of_a_visit_that_it_was_taken_in_though_neither_names_the_other() {
    let mut package = Package::new();
    let during = "2023-10-01T06:00:30Z";
    for (name, at) in [("shared", during), ("alone", "2023-10-02T06:00:00Z")] {
        package.medium(name, at, &format!("{name}.jpg"), Some(picture("colour.jpg")));
        package.detection(&format!("doe-{name}"), name, "doe", AREA);
    }
    // Somebody walked by from 06:00 to 06:01.
    let row = format!("who,dep1,,walk,{AT},2023-10-01T06:01:00Z,event,human,Homo sapiens,1,,,,,\n");
    package.observations.push_str(&row);
    let folder = package.write();
    assert_shared_is_withheld(&read(folder.path()));
}
