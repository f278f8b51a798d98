//! Results of MegaDetector and SpeciesNet, and the pictures they are about.

use std::path::Path;

use detections::{Dataset, ObservationType, ReadOptions, Selection, SourceError};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{CameraExif, write_exif};
use tokio_util::sync::CancellationToken;

/// A folder with results, and pictures beside them. Without pictures each image brings a time.
fn survey(results: &Value, pictures: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut results = results.clone();
    if pictures.is_empty() {
        add_times(&mut results);
    }
    std::fs::write(folder.path().join("results.json"), results.to_string()).unwrap();
    for (path, bytes) in pictures {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

fn add_times(results: &mut Value) {
    for list in ["images", "predictions"] {
        let items = results.get_mut(list).and_then(Value::as_array_mut);
        for item in items.into_iter().flatten().filter(|item| item.is_object()) {
            item["datetime"] = "2023-10-01 06:00:00".into();
        }
    }
}

/// Reads results without pictures.
fn read(results: &Value) -> Dataset {
    open(&survey(results, &[]))
}

fn open(folder: &TempDir) -> Dataset {
    detections::open(&folder.path().join("results.json"), &all_rows()).unwrap()
}

/// Small tables of which much is lost are read all the same.
fn all_rows() -> ReadOptions {
    ReadOptions { allow_bad_rows: 1.0, ..ReadOptions::default() }
}

fn images(count: usize) -> Value {
    let detection = json!({"category": "1", "conf": 0.9, "bbox": [0.1, 0.2, 0.3, 0.4]});
    (0..count).map(|n| json!({"file": format!("cam{}/{n}.jpg", n % 3), "detections": [detection]})).collect()
}

fn megadetector(images: Value) -> Value {
    json!({
        "info": {"format_version": "1.5", "detector": "md_v5a.0.0.pt",
                 "detector_metadata": {"typical_detection_threshold": 0.2}},
        "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"},
        "classification_categories": {"0": "fox", "1": "elk", "2": "blank"},
        "images": images,
    })
}

/// Kind, class, confidence and whether there is a box, of each observation.
fn list_observations(data: &Dataset) -> Vec<(ObservationType, String, Option<f32>, bool)> {
    let class =
        |class: Option<u32>| class.map_or(String::new(), |class| data.classes[class as usize].name.clone());
    data.observations.iter().map(|o| (o.kind, class(o.class), o.confidence, o.bbox.is_some())).collect()
}

#[test]
fn each_box_that_the_detector_is_sure_of_is_an_observation() {
    let bbox = json!([0.1, 0.2, 0.3, 0.4]);
    let data = read(&megadetector(json!([
        {"file": "a.jpg", "detections": [
            {"category": "1", "conf": 0.9, "bbox": bbox, "classifications": [["1", 0.8], ["0", 0.1]]},
            {"category": "1", "conf": 0.19, "bbox": bbox},
            {"category": "2", "conf": 0.5, "bbox": bbox},
            {"category": 3, "conf": 0.4, "bbox": bbox},
        ]},
        {"file": "b.jpg", "detections": []},
        {"file": "c.jpg", "detections": [
            {"category": "1", "conf": 0.7, "bbox": bbox, "classifications": [["2", 0.9]]},
        ]},
    ])));
    let expected = [
        (ObservationType::Animal, "elk".into(), Some(0.8), true),
        (ObservationType::Human, "person".into(), Some(0.5), true),
        (ObservationType::Vehicle, "vehicle".into(), Some(0.4), true),
        (ObservationType::Blank, String::new(), None, false),
        // The classifier saw nothing in a box of the detector: an animal whose species stays open.
        (ObservationType::Animal, String::new(), Some(0.7), true),
    ];
    assert_eq!(list_observations(&data), expected);
    assert_eq!((data.below_threshold, data.model_name.as_deref()), (1, Some("md_v5a.0.0.pt")));
}

#[test]
fn times_and_places_come_from_the_pictures_and_cameras_from_folders() {
    let at = |time, offset, place| write_exif(CameraExif { time, offset, place });
    let trail = Some(((51, 30), (-114, 15)));
    let folder = survey(
        &megadetector(json!([
            {"file": "north/DCIM/100RECNX/1.jpg", "detections": []},
            {"file": "north/DCIM/101RECNX/2.jpg", "detections": []},
            {"file": "south/3.jpg", "detections": [], "datetime": "2023-10-09 07:00:00"},
            {"file": "south/gone.jpg", "detections": []},
        ])),
        &[
            ("north/DCIM/100RECNX/1.jpg", at("2023:10:01 06:00:00", "-06:00", None)),
            ("north/DCIM/101RECNX/2.jpg", at("2023:10:03 18:00:00", "-06:00", trail)),
            ("south/3.jpg", at("2020:01:01 00:00:00", "", None)),
        ],
    );
    let data = open(&folder);
    let names: Vec<&str> = data.locations.iter().map(|location| location.name.as_str()).collect();
    assert_eq!(names, ["north", "south"]);
    assert_eq!((data.deployments[0].latitude, data.deployments[0].longitude), (Some(51.5), Some(-114.25)));
    let times: Vec<Option<String>> =
        data.observations.iter().map(|o| o.time.map(|time| format!("{time} {:?}", o.offset))).collect();
    let text = |text: &str| Some(text.to_owned());
    let expected = [
        text("2023-10-01 06:00:00 Some(-21600)"),
        text("2023-10-03 18:00:00 Some(-21600)"),
        // What the results say goes before what the file says.
        text("2023-10-09 07:00:00 None"),
        None,
    ];
    assert_eq!(times, expected);
    assert!(data.spans_from_records);
    let span = |row: usize| {
        [data.deployments[row].start, data.deployments[row].end].map(|time| time.unwrap().to_string())
    };
    assert_eq!(span(0), ["2023-10-01 00:00:00", "2023-10-03 23:59:59"]);
}

#[test]
fn an_id_is_that_of_the_file_and_the_box() {
    let ids = |results: &Value| -> Vec<String> {
        open(&survey(results, &[])).observations.iter().map(|o| o.id.to_owned()).collect()
    };
    let first = ids(&megadetector(images(6)));
    assert!(first.iter().all(|id| id.len() == 24));
    // Another order, other digits and another confidence are the same detection.
    let mut again = images(6);
    again.as_array_mut().unwrap().reverse();
    for image in again.as_array_mut().unwrap() {
        image["detections"][0] =
            json!({"category": "1", "conf": 0.75, "bbox": [0.100_01, 0.2, 0.3, 0.400_04]});
    }
    let mut reversed = ids(&megadetector(again));
    reversed.reverse();
    assert_eq!(reversed, first);
    let twins = json!([{"file": "a.jpg", "detections": [
        {"category": "1", "conf": 0.9, "bbox": [0.1, 0.2, 0.3, 0.4]},
        {"category": "1", "conf": 0.9, "bbox": [0.1, 0.2, 0.3, 0.4]},
        {"category": "1", "conf": 0.9, "bbox": [0.1, 0.2, 0.3, 0.5]},
    ]}]);
    let twins = ids(&megadetector(twins));
    assert_eq!(twins[1], format!("{}-2", twins[0]));
    assert_ne!(twins[2], twins[0]);
}

#[test]
fn the_user_may_set_the_threshold() {
    let folder = survey(&megadetector(images(3)), &[]);
    let options = ReadOptions { min_confidence: Some(0.95), ..ReadOptions::default() };
    let data = detections::open(&folder.path().join("results.json"), &options).unwrap();
    assert_eq!((data.below_threshold, data.select(&Selection::default()).unwrap().len()), (3, 0));
}

#[test]
fn every_version_of_the_format_is_read_and_a_next_one_refused() {
    let with = |version: Value| {
        let mut results = megadetector(images(2));
        results["info"] = json!({"format_version": version});
        survey(&results, &[])
    };
    for version in ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6"] {
        assert_eq!(open(&with(version.into())).observations.len(), 2, "{version}");
    }
    let mut oldest = megadetector(images(2));
    oldest.as_object_mut().unwrap().remove("info");
    assert_eq!(read(&oldest).observations.len(), 2);
    let folder = with("2.0".into());
    let error = detections::open(&folder.path().join("results.json"), &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("info.format_version is \"2.0\""), "{error}");
}

#[test]
fn what_is_wrong_with_an_image_is_told_and_the_others_are_read() {
    let good = json!({"category": "1", "conf": 0.9, "bbox": [0.1, 0.2, 0.3, 0.4]});
    let data = read(&megadetector(json!([
        {"file": "a.jpg", "failure": "Failure image access", "detections": null},
        {"detections": []},
        {"file": "b.jpg"},
        {"file": "c.jpg", "detections": [{"category": "1", "conf": "high", "bbox": [0.1, 0.2, 0.3, 0.4]}, good]},
        {"file": "d.jpg", "detections": [{"category": "9", "conf": 0.9, "bbox": [0.1, 0.2, 0.3, 0.4]}]},
        {"file": "c.jpg", "detections": []},
        7,
        {"file": "../../etc/passwd", "detections": [good]},
    ])));
    let listed: Vec<String> = data.problems.list().iter().map(ToString::to_string).collect();
    assert_eq!((data.problems.rows_skipped(), data.problems.values_ignored()), (3, 4), "{listed:#?}");
    assert_eq!(
        listed[0],
        "results.json, image 1, failure: the detector could not read a.jpg (Failure image access) (value ignored)"
    );
    // a.jpg and b.jpg, of which nothing is known; both boxes of c.jpg, one of them of unknown confidence; d.jpg, which has nothing that is known on
    // it; and the last.
    assert_eq!(data.observations.len(), 6);
    let table = &data.problems.tables()[0];
    assert_eq!((table.rows, table.rows_lost, data.media.len()), (8, 3, 5));
    let refused = data.files.read(data.media.path(4), &CancellationToken::new()).unwrap_err().to_string();
    assert!(refused.contains("leads out of the data set"), "{refused}");
}

#[test]
fn of_a_video_the_fullest_frame_counts() {
    let on = |frame: u64, x: f64| json!({"category": "1", "conf": 0.9, "bbox": [x, 0.2, 0.3, 0.4], "frame_number": frame});
    let data = read(&megadetector(
        json!([{"file": "a.mp4", "frame_rate": 20, "detections": [on(0, 0.1), on(20, 0.1), on(20, 0.5)]}]),
    ));
    assert_eq!(data.observations.len(), 2);
}

#[test]
fn pictures_are_found_though_the_results_are_of_another_machine() {
    let mut results = megadetector(images(6));
    for image in results["images"].as_array_mut().unwrap() {
        image["file"] = format!("/home/ann/survey/{}", image["file"].as_str().unwrap()).into();
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("results.json"), results.to_string()).unwrap();
    let picture = write_exif(CameraExif { time: "2023:10:01 06:00:00", ..CameraExif::default() });
    let pictures = survey(&json!({}), &[("cam1/4.jpg", picture)]);
    let options = ReadOptions { images: Some(pictures.path().into()), ..ReadOptions::default() };
    let data = detections::open(&folder.path().join("results.json"), &options).unwrap();
    assert_eq!(data.media.path(4), "cam1/4.jpg");
    assert!(data.files.read("cam1/4.jpg", &CancellationToken::new()).is_ok() && data.media.time(4).is_some());
}

const DEER: &str = "ab12;mammalia;cetartiodactyla;cervidae;odocoileus;virginianus;white-tailed deer";

#[test]
fn a_prediction_is_the_class_of_all_animals_on_its_picture() {
    let on = |label: &str, conf: f64, x: f64| json!({"category": "1", "label": label, "conf": conf, "bbox": [x, 0.2, 0.3, 0.4]});
    let data = read(&json!({"predictions": [
    {"filepath": "north/a.jpg", "prediction": DEER, "prediction_score": 0.85, "model_version": "4.0.1a",
     "latitude": 51.5, "longitude": -114.25,
     "detections": [on("animal", 0.9, 0.1), on("animal", 0.6, 0.5), on("human", 0.4, 0.0), on("animal", 0.1, 0.2)]},
    {"filepath": "north/b.jpg", "prediction": "ab12;;;;;;blank", "prediction_score": 0.99,
     "detections": [on("animal", 0.3, 0.1)]},
    {"filepath": "north/c.jpg", "prediction": DEER, "prediction_score": 0.5, "detections": []},
    {"filepath": "north/d.jpg", "failures": ["DETECTOR", "CLASSIFIER"]},
    ]}));
    let deer = "Odocoileus virginianus".to_owned();
    let expected = [
        (ObservationType::Animal, deer.clone(), Some(0.85), true),
        (ObservationType::Animal, deer.clone(), Some(0.85), true),
        (ObservationType::Human, "human".into(), Some(0.4), true),
        (ObservationType::Blank, String::new(), Some(0.99), false),
        (ObservationType::Animal, deer, Some(0.5), false),
        (ObservationType::Unclassified, String::new(), None, false),
    ];
    assert_eq!(list_observations(&data), expected);
    assert_eq!(data.classes[0].vernacular.as_deref(), Some("white-tailed deer"));
    assert_eq!(data.locations[0].latitude, Some(51.5));
    assert_eq!(data.model_name.as_deref(), Some("SpeciesNet 4.0.1a"));
    assert_eq!((data.problems.rows_skipped(), data.below_threshold), (0, 1));
}

#[test]
fn other_json_is_refused_with_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.json");
    let error = |text: &str| {
        std::fs::write(&path, text).unwrap();
        detections::open(Path::new(&path), &ReadOptions::default()).unwrap_err()
    };
    assert!(matches!(error("{\"a\": 1}"), SourceError::UnknownFormat(_)));
    let broken = error("{\"images\": [\n {\"file\": \"a.jpg\",}]}").to_string();
    assert!(broken.starts_with("x.json, line 2, column"), "{broken}");
    assert!(error("").to_string().contains("results of MegaDetector"));
}
