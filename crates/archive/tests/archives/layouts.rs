//! Camtrap DP and COCO, whole pictures, and what is kept out of them.

use std::num::NonZeroUsize;

use archive::{ArchiveRequest, Layout, Media, Resources};
use detections::{Coordinates, Dataset, ReadOptions};
use serde_json::{Value, json};
use testkit::{CameraExif, Package, SERIAL, examples, picture, write_exif};
use tokio_util::sync::CancellationToken;

use crate::support::{self, Archive, make, open};

const AT: &str = "2023-10-01T06:00:00Z";

fn request(layout: Layout, ids: &[&str]) -> ArchiveRequest {
    ArchiveRequest { layout, ..support::request(ids) }
}

fn example() -> Dataset {
    detections::open(&examples().join("camtrap-dp"), &ReadOptions::default()).unwrap()
}

/// Asserts the id and the reason of each row of `missing.csv`.
#[track_caller]
fn assert_missing_rows(archive: &Archive, expected: &[(&str, &str)]) {
    let rows = archive.rows("missing.csv");
    let found: Vec<_> =
        rows.iter().map(|row| (row["detection_id"].as_str(), row["reason"].as_str())).collect();
    assert_eq!(found, expected);
}

const HERONS: [&str; 3] = ["7ab33b3a_1", "d9ef08ec_1", "3b185b03_1"];

#[test]
fn a_package_of_a_selection_is_read_again_as_what_was_selected() {
    let data = example();
    let (archive, summary) = make(&data, &request(Layout::CamtrapDp, &HERONS));
    assert_eq!((summary.pictures, summary.metadata_rows, summary.missing), (3, 3, 0));
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in &archive.files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let again = detections::open(folder.path(), &ReadOptions::default()).unwrap();
    assert!(again.problems.list().is_empty());
    for id in HERONS {
        let [before, after] =
            [&data, &again].map(|data| data.observations.get(data.observations.find(id).unwrap()));
        assert_eq!((before.time, before.bbox, before.confidence), (after.time, after.bbox, after.confidence));
        let name = again.media.path(after.media.unwrap());
        assert!(again.files.read(name, &CancellationToken::new()).is_ok(), "{name}");
    }
    assert_eq!(again.classes.len(), 1);
    assert_eq!(again.classes[0].vernacular.as_deref(), Some("great herons"));
}

#[test]
fn a_package_keeps_the_columns_of_its_source_and_says_what_it_is() {
    let (archive, _) = make(&example(), &request(Layout::CamtrapDp, &HERONS));
    let deployments = archive.rows("deployments.csv");
    assert_eq!(deployments.len(), 1);
    let kept = ["cameraModel", "cameraHeight", "cameraHeading", "deploymentStart"]
        .map(|name| deployments[0][name].as_str());
    assert_eq!(kept, ["Reconyx-HF2X", "1.00", "55", "2021-03-27T21:38:18+01:00"]);
    assert_eq!((deployments[0]["latitude"].as_str(), deployments[0]["longitude"].as_str()), ("50.7", "4.0"));
    let descriptor = archive.json("datapackage.json");
    assert_eq!(descriptor["temporal"], json!({"start": "2021-03-27", "end": "2021-04-18"}));
    assert_eq!(descriptor["spatial"], json!({"type": "Point", "coordinates": [4.0, 50.7]}));
    assert_eq!(descriptor["coordinatePrecision"], 0.1);
    let taxa: Vec<&Value> =
        descriptor["taxonomic"].as_array().unwrap().iter().map(|taxon| &taxon["scientificName"]).collect();
    assert_eq!(taxa, ["Ardea"]);
    assert_eq!(descriptor["project"]["observationLevel"], json!(["media"]));
    let citation = descriptor["bibliographicCitation"].as_str().unwrap();
    assert!(citation.starts_with("Selection of 3 observations from: Desmet P"));
    assert_eq!(descriptor["licenses"].as_array().unwrap().len(), 2);
    let exact = ArchiveRequest { coordinates: Coordinates::Exact, ..request(Layout::CamtrapDp, &HERONS) };
    let (archive, _) = make(&example(), &exact);
    assert_eq!(archive.rows("deployments.csv")[0]["latitude"], "50.699");
}

#[test]
fn crops_may_stand_for_the_pictures_of_a_package() {
    let crops = ArchiveRequest { media: Media::Crops, ..request(Layout::CamtrapDp, &HERONS) };
    let (archive, summary) = make(&example(), &crops);
    assert_eq!((summary.crops, summary.pictures), (3, 0));
    let media = archive.rows("media.csv");
    assert!(media.iter().all(|row| archive.files.contains_key(&row["filePath"])));
    for row in archive.rows("observations.csv") {
        assert_eq!(row["mediaID"], row["observationID"]);
        let sides = ["bboxX", "bboxY", "bboxWidth", "bboxHeight"].map(|side| row[side].as_str());
        assert_eq!(sides, ["0", "0", "1", "1"]);
    }
}

#[test]
fn what_camtrap_dp_cannot_hold_is_told() {
    let mut package = Package::new();
    package.deployment("dep2", "Nowhere", "2023-09-01T00:00:00", "2024-01-31T00:00:00");
    package.deployments =
        package.deployments.replace("33.1,-95.6,2023-09-01T00:00:00,", ",,2023-09-01T00:00:00,");
    package.medium("m1", AT, "media/1.jpg", Some(picture("colour.jpg")));
    package.medium("m2", "", "media/2.jpg", Some(picture("colour.jpg")));
    package.media.push_str("m3,dep2,2023-10-01T06:00:00,media/1.jpg,true,image/jpeg\n");
    package.media.push_str("m4,dep2,2023-10-01T06:00:00Z,media/1.jpg,true,image/jpeg\n");
    for (id, medium) in [("good", "m1"), ("timeless", "m2")] {
        package.detection(id, medium, "doe", [0.1, 0.1, 0.2, 0.2]);
    }
    for id_and_time in ["zoneless,dep2,m3,,2023-10-01T06:00:00", "placeless,dep2,m4,,2023-10-01T06:00:00Z"] {
        package.observations.push_str(id_and_time);
        package.observations.push_str(",,media,animal,doe,1,0.1,0.1,0.2,0.2,0.9\n");
    }
    let (data, _folder) = open(&package);
    let ids = ["good", "timeless", "zoneless", "placeless"];
    let (archive, _) = make(&data, &request(Layout::CamtrapDp, &ids));
    let expected = [("timeless", "no_time"), ("zoneless", "no_time_zone"), ("placeless", "no_coordinates")];
    assert_missing_rows(&archive, &expected);
}

#[test]
fn coco_has_boxes_in_pixels_and_sequences() {
    let (archive, _) = make(&example(), &request(Layout::Coco, &HERONS));
    let coco = archive.json("annotations.json");
    assert_eq!(coco["categories"], json!([{"id": 0, "name": "empty"}, {"id": 1, "name": "Ardea"}]));
    let image = &coco["images"][0];
    let known = ["width", "height", "seq_num_frames"].map(|field| &image[field]);
    assert_eq!(known, [2048, 1440, 3]);
    assert!(archive.files.contains_key(image["file_name"].as_str().unwrap()));
    let annotation = &coco["annotations"][0];
    assert_eq!(annotation["bbox"], json!([736.0, 884.0, 675.0, 450.0]));
    assert_eq!((&annotation["image_id"], &annotation["category_id"]), (&image["id"], &json!(1)));
}

/// Tools that read COCO do not turn pictures, so ours are turned already.
#[test]
fn boxes_of_coco_lie_on_pictures_as_they_are_stored() {
    let mut package = Package::new();
    package.doe("d", "media/m.jpg", Some(picture("rotated.jpg")), [0.5, 0.0, 0.5, 0.5]);
    let (data, _folder) = open(&package);
    let (archive, _) = make(&data, &request(Layout::Coco, &["d"]));
    let coco = archive.json("annotations.json");
    let file = &archive.files[coco["images"][0]["file_name"].as_str().unwrap()];
    let mut decoder = zune_jpeg::JpegDecoder::new(zune_jpeg::zune_core::bytestream::ZCursor::new(file));
    let pixels = decoder.decode().unwrap();
    assert_eq!(decoder.dimensions(), Some((320, 240)));
    let middle = (60 * 320 + 240) * 3;
    assert!(pixels[middle + 1] > 150 && pixels[middle] < 80, "the top right quarter is green");
    assert_eq!(coco["annotations"][0]["bbox"], json!([160.0, 0.0, 160.0, 120.0]));
}

#[test]
fn no_position_and_no_serial_number_is_in_any_picture() {
    let place = Some(((51, 30), (-114, 15)));
    let original = write_exif(CameraExif { time: "2023:10:01 06:00:00", offset: "+02:00", place });
    let holds = |bytes: &[u8], what: &str| bytes.windows(what.len()).any(|window| window == what.as_bytes());
    assert!(holds(&original, SERIAL));
    let mut package = Package::new();
    package.doe("d", "media/m.jpg", Some(original.clone()), [0.1, 0.1, 0.5, 0.5]);
    let (data, _folder) = open(&package);
    let with_whole = ArchiveRequest { include_originals: true, ..request(Layout::Crops, &["d"]) };
    let requests = [with_whole, request(Layout::CamtrapDp, &["d"]), request(Layout::Coco, &["d"])];
    for request in requests {
        let (archive, _) = make(&data, &request);
        let pictures: Vec<_> = archive.files.iter().filter(|(name, _)| name.contains(".jpg")).collect();
        assert!(!pictures.is_empty());
        for (name, bytes) in pictures {
            assert!(!holds(bytes, SERIAL), "{name}");
            let exif = exif::Reader::new().read_from_container(&mut std::io::Cursor::new(bytes));
            let tags: Vec<exif::Tag> =
                exif.iter().flat_map(exif::Exif::fields).map(|field| field.tag).collect();
            assert!(!tags.contains(&exif::Tag::GPSLatitude), "{name}");
            if !name.starts_with("crops/") {
                assert!(tags.contains(&exif::Tag::DateTimeOriginal), "{name} still tells when it was taken");
                let pixels = |bytes: &[u8]| {
                    let cursor = zune_jpeg::zune_core::bytestream::ZCursor::new(bytes.to_vec());
                    zune_jpeg::JpegDecoder::new(cursor).decode().unwrap()
                };
                assert!(pixels(bytes) == pixels(&original), "{name} is the same to the last pixel");
            }
        }
    }
}

#[test]
fn people_are_left_out_unless_they_are_asked_for() {
    let mut package = Package::new();
    // Whoever walked by at the time of a picture may be on it, whatever the tables link.
    for (name, at) in [("alone", "2023-10-03T06:00:00Z"), ("both", AT), ("event", AT)] {
        package.medium(name, at, &format!("media/{name}.jpg"), Some(picture("colour.jpg")));
        package.detection(&format!("doe-{name}"), name, "doe", [0.1, 0.1, 0.2, 0.2]);
    }
    package.observations = package.observations.replace("event,,2023", "event,e1,2023");
    let human = |id: &str, medium: &str, event: &str, level: &str| {
        format!("{id},dep1,{medium},{event},{AT},{AT},{level},human,Homo sapiens,1,0.5,0.5,0.2,0.2,0.9\n")
    };
    package.observations.push_str(&human("ann", "both", "", "media"));
    package.observations.push_str(&human("bob", "", "e1", "event"));
    let (data, _folder) = open(&package);
    let ids = ["doe-alone", "doe-both", "doe-event", "ann"];
    let whole = ArchiveRequest { include_originals: true, ..request(Layout::Crops, &ids) };
    let (archive, summary) = make(&data, &whole);
    assert_eq!((summary.crops, summary.pictures), (3, 1));
    let expected = [("doe-both", "people_on_picture"), ("doe-event", "people_on_picture"), ("ann", "human")];
    assert_missing_rows(&archive, &expected);
    let (_, summary) = make(&data, &ArchiveRequest { include_humans: true, ..whole });
    assert_eq!((summary.crops, summary.pictures, summary.missing), (4, 3, 0));
}

#[test]
fn a_file_over_the_set_size_is_not_read() {
    let mut package = Package::new();
    let (small, large) = (picture("colour.jpg"), [picture("colour.jpg"), vec![0; 60_000]].concat());
    for (id, bytes) in [("small", small), ("large", large)] {
        package.doe(id, &format!("media/{id}.jpg"), Some(bytes), [0.1, 0.1, 0.2, 0.2]);
    }
    let folder = package.write();
    let options = ReadOptions { max_file_bytes: 50_000, ..ReadOptions::default() };
    let data = detections::open(folder.path(), &options).unwrap();
    let (archive, summary) = make(&data, &request(Layout::Crops, &["small", "large"]));
    assert_eq!(summary.crops, 1);
    assert_missing_rows(&archive, &[("large", "too_large")]);
}

#[test]
fn a_cell_that_a_spreadsheet_would_run_is_defused() {
    let mut package = Package::new();
    package.medium("m", AT, "media/m.jpg", Some(picture("colour.jpg")));
    package.detection("=HYPERLINK(1)", "m", "@SUM(A1)", [0.1, 0.1, 0.2, 0.2]);
    let (data, _folder) = open(&package);
    for (layout, table) in [(Layout::Crops, "metadata.csv"), (Layout::CamtrapDp, "observations.csv")] {
        let (archive, _) = make(&data, &request(layout, &["=HYPERLINK(1)", "+nobody"]));
        let text = archive.text(table);
        assert!(text.contains("'=HYPERLINK(1)") && text.contains("'@SUM(A1)"), "{text}");
        assert_eq!(archive.rows("missing.csv")[0]["detection_id"], "'+nobody");
        // The manifest has the id itself.
        assert_eq!(archive.json("manifest.json")["missing"][0]["detection_id"], "+nobody");
    }
}

#[test]
fn each_layout_gives_the_same_bytes_again() {
    let data = example();
    for layout in [Layout::Crops, Layout::CamtrapDp, Layout::Coco] {
        for media in [Media::Whole, Media::Crops, Media::None] {
            let one = ArchiveRequest { media, include_originals: true, ..request(layout, &HERONS) };
            let many = Resources { threads: NonZeroUsize::new(5).unwrap(), ..support::resources() };
            let (archive, _) = support::write_with(&data, &one, &many).unwrap();
            assert!(make(&data, &one).0.files == archive.files, "{layout:?} {media:?}");
        }
    }
}
