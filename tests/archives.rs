//! Archives over HTTP: layouts, samples, and what is refused.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testkit::{Package, examples, picture};

use crate::support::{Home, Server, assert_counts};
use crate::zips::{manifest_of, names_in};

/// The status of an archive, the names of its entries, and its manifest.
async fn archive(server: &Server, body: &Value) -> (Value, Vec<String>, Value) {
    let (status, file) = server.make_file("zip", body).await;
    (status, names_in(&file), manifest_of(&file))
}

#[tokio::test]
async fn each_layout_can_be_asked_for_and_the_status_tells_how_many_are_missing() {
    let home = Home::with_data(&[&examples().join("camtrap-dp")]);
    let server = home.start();
    let cases = [
        (json!({"include_originals": true}), "crops/detection_7ab33b3a_1.jpg", "metadata.csv"),
        (json!({"layout": "camtrap-dp", "media": "crops"}), "media/7ab33b3a_1.jpg", "datapackage.json"),
        (json!({"layout": "coco"}), "images/20210531082538-RCNX0031.jpg", "annotations.json"),
    ];
    // Ten of the herons are on this disk, and of ten only the addresses are known.
    for (mut body, picture, table) in cases {
        body["filter"] = json!({"classifications": ["Ardea"], "min_confidence": 0.5});
        let (status, names, manifest) = archive(&server, &body).await;
        for name in [picture, table, "missing.csv"] {
            assert!(names.iter().any(|known| known == name), "{name} of {names:?}");
        }
        assert_counts(&status, 20, 10);
        assert_eq!(manifest["request"], body);
        let reasons = json!([{"reason": "remote", "count": 10, "message": "10 pictures are on the web only",
            "hint": "add --fetch-media"}]);
        assert_eq!((&status["missing_reasons"], &manifest["missing_reasons"]), (&reasons, &reasons));
        assert_eq!(status["remote_pictures"], 0);
    }
    let (status, ..) = archive(&server, &json!({"detection_ids": ["7ab33b3a_1", "nobody"]})).await;
    assert_counts(&status, 2, 1);
    assert_eq!(status["missing_reasons"][0]["message"], "1 id is of no detection of the data set");
}

#[tokio::test]
async fn a_package_names_pictures_on_the_web_and_the_status_counts_them() {
    let home = Home::with_data(&[&examples().join("camtrap-dp")]);
    let server = home.start();
    let counts = async |media: &str| {
        let (status, names, _) =
            archive(&server, &json!({"filter": {}, "layout": "camtrap-dp", "media": media})).await;
        let pictures = names.iter().filter(|name| name.starts_with("media/")).count();
        let counts = ["total_detections", "missing_count", "remote_pictures"];
        (pictures, counts.map(|field| status[field].as_u64().unwrap()))
    };
    // 337 observations of animals are on 247 pictures, of which ten are on this disk; 29 are of visits.
    assert_eq!(counts("whole").await, (10, [366, 0, 237]));
    assert_eq!(counts("remote").await, (0, [366, 10, 237]));
    assert_eq!(counts("none").await, (0, [366, 0, 237]));
}

#[tokio::test]
async fn an_archive_without_any_of_its_pictures_fails_and_says_why() {
    let mut package = Package::new();
    for number in 0..3 {
        let id = format!("d{number}");
        package.doe(&id, &format!("media/{id}.jpg"), None, [0.1, 0.1, 0.5, 0.5]);
    }
    let folder = package.write();
    let server = Home::with_data(&[folder.path()]).start();
    let job_id = server.submit("zip", &json!({"filter": {}})).await;
    let status = server.failed("zip", &job_id).await;
    assert_eq!(status["attempt"], 1);
    assert_eq!(
        status["error_message"],
        "none of the 3 detections could be exported: 3 pictures are not on this server (look for them with --images \
         FOLDER). The first is d0: no file at media/d0.jpg"
    );
    // A table was asked for, and no picture.
    let (status, names, _) = archive(&server, &json!({"filter": {}, "include_crops": false})).await;
    assert_eq!((&status["missing_count"], names[0].as_str()), (&json!(0), "metadata.csv"));
}

#[tokio::test]
async fn a_sample_is_balanced_by_class_and_the_same_for_the_same_seed() {
    let mut package = Package::new();
    for n in 0..60 {
        let (medium, class) = (format!("m{n}"), if n < 50 { "doe" } else { "fawn" });
        let bytes = Some(picture("colour.jpg"));
        package.medium(&medium, "2023-10-01T06:00:00Z", &format!("media/{n}.jpg"), bytes);
        package.detection(&format!("{class}-{n}"), &medium, class, [0.1, 0.1, 0.5, 0.5]);
    }
    let folder = package.write();
    let home = Home::with_data(&[folder.path()]);
    let server = home.start();
    let crops = async |sample: Value, max: u32| -> Vec<String> {
        let (_, names, _) = archive(&server, &json!({"filter": {}, "max": max, "sample": sample})).await;
        names.into_iter().filter(|name| name.starts_with("crops/")).collect()
    };
    let by_class = |names: &[String]| -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for name in names {
            let class = name.trim_start_matches("crops/detection_").split('-').next().unwrap();
            *counts.entry(class.to_owned()).or_default() += 1;
        }
        counts
    };
    let first = crops(json!({"seed": 7}), 16).await;
    assert_eq!(by_class(&first), BTreeMap::from([("doe".into(), 8), ("fawn".into(), 8)]));
    assert_eq!(crops(json!({"seed": 7}), 16).await, first);
    assert_ne!(crops(json!({"seed": 8}), 16).await, first);
    // There are ten fawns; the rest are does.
    assert_eq!(by_class(&crops(json!({"seed": 7}), 40).await)["doe"], 30);
    let few = crops(json!({"seed": 7, "per_class": 3}), 40).await;
    assert_eq!(by_class(&few), BTreeMap::from([("doe".into(), 3), ("fawn".into(), 3)]));
}

#[tokio::test]
async fn what_does_not_go_together_is_refused_with_the_field_it_is_about() {
    let server = Home::with_examples().start();
    let ids = json!(["7ab33b3a_1"]);
    let cases = [
        (json!({"detection_ids": ids, "layout": "yolo"}), "layout"),
        (json!({"detection_ids": ids, "media": "crops"}), "media"),
        (json!({"detection_ids": ids, "layout": "coco", "include_crops": false}), "include_crops"),
        (
            json!({"detection_ids": ids, "layout": "camtrap-dp", "include_originals": true}),
            "include_originals",
        ),
        (json!({"detection_ids": ids, "layout": "coco", "media": "remote"}), "media"),
        (json!({"detection_ids": ids, "layout": "camtrap-dp", "media": "all"}), "media"),
        (json!({"detection_ids": ids, "max": 3}), "max"),
        (json!({"filter": {}, "max": 0}), "max"),
        (json!({"filter": {}, "sample": 7}), "sample"),
        (json!({"filter": {}, "sample": {}}), "sample.seed"),
        (json!({"filter": {}, "sample": {"seed": -1}}), "sample.seed"),
        (json!({"filter": {}, "coordinates": "secret"}), "coordinates"),
        (json!({"filter": {}, "include_humans": "yes"}), "include_humans"),
    ];
    for (body, field) in cases {
        server.refusal("zip", &body, field).await;
    }
}
