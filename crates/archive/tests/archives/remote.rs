//! Packages whose pictures stay on the web, or are left out.

use std::collections::HashMap;
use std::sync::Arc;

use archive::{ArchiveRequest, ArchiveSummary, Layout, Media};
use detections::{Dataset, Fetch, FetchError, ReadOptions};
use serde_json::json;
use tempfile::TempDir;
use testkit::{Package, picture};
use tokio_util::sync::CancellationToken;

use crate::support::{self, Archive, open};

const AT: &str = "2023-10-01T06:00:00Z";
const AREA: [f64; 4] = [0.1, 0.1, 0.5, 0.5];
const IDS: [&str; 4] = ["local", "remote", "unstated", "gone"];

/// A picture on the disk, two on the web, of one of which the source says nothing but its address, and
/// one that is nowhere. Each has a detection of its name.
fn package() -> Package {
    let mut package = Package::new();
    package.medium("local", AT, "media/local.jpg", Some(picture("colour.jpg")));
    package.medium("remote", AT, "https://example.org/assets/1/file", None);
    let unstated = format!("unstated,dep1,{AT},https://example.org/2.png,,\n");
    package.media.push_str(&unstated);
    package.medium("gone", AT, "media/gone.jpg", None);
    for id in IDS {
        package.detection(id, id, "doe", AREA);
    }
    package
}

fn request(layout: Layout, media: Media) -> ArchiveRequest {
    ArchiveRequest { layout, media, ..support::request(&IDS) }
}

fn write(data: &Dataset, layout: Layout, media: Media) -> (Archive, ArchiveSummary) {
    support::make(data, &request(layout, media))
}

impl Archive {
    /// Rows of a table by the column of their ids.
    fn rows_by(&self, table: &str, id: &str) -> HashMap<String, HashMap<String, String>> {
        self.rows(table).into_iter().map(|row| (row[id].clone(), row)).collect()
    }

    fn media(&self) -> HashMap<String, HashMap<String, String>> {
        self.rows_by("media.csv", "mediaID")
    }

    fn observations(&self) -> HashMap<String, HashMap<String, String>> {
        self.rows_by("observations.csv", "observationID")
    }

    fn pictures(&self) -> Vec<&str> {
        let is_picture = |name: &&str| name.contains('/');
        self.names.iter().map(String::as_str).filter(is_picture).collect()
    }
}

#[test]
fn a_package_names_pictures_on_the_web_by_their_addresses() {
    let (data, _folder) = open(&package());
    let (written, summary) = write(&data, Layout::CamtrapDp, Media::Whole);
    let ArchiveSummary { pictures, remote_pictures, metadata_rows, .. } = summary;
    assert_eq!((pictures, remote_pictures, metadata_rows), (1, 2, 3));
    written.assert_missing(&[("gone", "no_file")]);
    assert_eq!(written.manifest()["counts"]["remote_pictures"], 2);
    assert_eq!(written.pictures(), ["media/local.jpg"]);
    let media = written.media();
    let told = |id: &str| ["filePath", "filePublic", "fileMediatype"].map(|name| media[id][name].clone());
    assert_eq!(told("local"), ["media/local.jpg", "true", "image/jpeg"]);
    assert_eq!(told("remote"), ["https://example.org/assets/1/file", "true", "image/jpeg"]);
    assert_eq!(told("unstated"), ["https://example.org/2.png", "false", "image/png"]);
    let observations = written.observations();
    for id in ["local", "remote", "unstated"] {
        let told = ["mediaID", "bboxX", "bboxWidth"].map(|name| observations[id][name].as_str());
        assert_eq!(told, [id, "0.1", "0.5"]);
    }
    let description = written.json("datapackage.json");
    assert!(description["description"].as_str().unwrap().contains("or the addresses of these"));
}

/// What cannot be had must not be said to be in a package of pictures alone.
#[test]
fn pictures_on_the_web_are_missing_where_a_table_cannot_name_them() {
    let (data, _folder) = open(&package());
    for (layout, media) in [(Layout::CamtrapDp, Media::Crops), (Layout::Coco, Media::Whole)] {
        let (written, summary) = write(&data, layout, media);
        written.assert_missing(&[("remote", "remote"), ("unstated", "remote"), ("gone", "no_file")]);
        assert_eq!(summary.remote_pictures, 0);
    }
}

#[test]
fn a_package_of_addresses_holds_no_picture_and_names_those_that_have_none() {
    let (data, _folder) = open(&package());
    let (written, summary) = write(&data, Layout::CamtrapDp, Media::Remote);
    written.assert_missing(&[("local", "not_on_web"), ("gone", "not_on_web")]);
    assert_eq!(written.pictures(), [""; 0]);
    assert_eq!((summary.pictures, summary.remote_pictures), (0, 2));
    let [reason] = &summary.missing_reasons[..] else { panic!("one reason") };
    assert_eq!(reason.message, "2 pictures are files of the data set and not on the web");
    assert_eq!(reason.hint, Some("ask for media whole"));
    assert_eq!(written.media()["remote"]["filePath"], "https://example.org/assets/1/file");
    let only_local = ArchiveRequest {
        detection_ids: Some(vec!["local".into()]),
        ..request(Layout::CamtrapDp, Media::Remote)
    };
    let error = support::make_refused(&data, &only_local);
    assert!(error.contains("1 picture is a file of the data set and not on the web"), "{error}");
}

#[test]
fn tables_alone_name_each_picture_as_the_source_does() {
    let (data, _folder) = open(&package());
    let (written, summary) = write(&data, Layout::CamtrapDp, Media::None);
    written.assert_missing(&[]);
    assert_eq!(summary.metadata_rows, 4);
    assert_eq!(written.pictures(), [""; 0]);
    let media = written.media();
    let paths = ["local", "gone", "remote"].map(|id| media[id]["filePath"].as_str());
    assert_eq!(paths, ["media/local.jpg", "media/gone.jpg", "https://example.org/assets/1/file"]);
    let observations = written.observations();
    assert!(observations.values().all(|row| row["bboxWidth"] == "0.5" && !row["mediaID"].is_empty()));
}

#[test]
fn coco_without_pictures_has_sizes_and_boxes_as_far_as_they_are_known() {
    let (data, _folder) = open(&package());
    let (written, _) = write(&data, Layout::Coco, Media::None);
    written.assert_missing(&[]);
    assert_eq!(written.names, ["annotations.json", "missing.csv", "manifest.json"]);
    let coco = written.json("annotations.json");
    let (images, annotations) = (&coco["images"], &coco["annotations"]);
    let names: Vec<&str> =
        images.as_array().unwrap().iter().map(|image| image["file_name"].as_str().unwrap()).collect();
    let expected = [
        "media/local.jpg",
        "https://example.org/assets/1/file",
        "https://example.org/2.png",
        "media/gone.jpg",
    ];
    assert_eq!(names, expected);
    assert_eq!((&images[0]["width"], &images[0]["height"]), (&json!(320), &json!(240)));
    assert_eq!(annotations[0]["bbox"], json!([32.0, 24.0, 160.0, 120.0]));
    for unknown in 1..4 {
        assert!(images[unknown].get("width").is_none() && annotations[unknown].get("bbox").is_none());
        assert_eq!(annotations[unknown]["image_id"], images[unknown]["id"]);
    }
    let manifest = written.manifest();
    let note = manifest["notes"][0].as_str().unwrap();
    assert!(note.ends_with("whose sizes are not known: 3"), "{note}");
}

/// Opens the package with something that fetches, which has to be kept.
fn open_fetching(fetch: impl Fetch + 'static) -> (Dataset, TempDir) {
    let folder = package().write();
    let options = ReadOptions { fetch: Some(Arc::new(fetch)), ..ReadOptions::default() };
    (detections::open(folder.path(), &options).unwrap(), folder)
}

/// A web that has a picture at the first address and none at the second.
#[derive(Debug)]
struct HalfAWeb;

impl Fetch for HalfAWeb {
    fn fetch(&self, address: &str, _: u64, _: &CancellationToken) -> Result<Vec<u8>, FetchError> {
        if address.ends_with("/file") { Ok(picture("colour.jpg")) } else { Err(FetchError::Status(404)) }
    }

    fn max_concurrent(&self) -> usize {
        2
    }
}

#[test]
fn a_picture_that_could_be_fetched_is_in_the_package_and_one_that_could_not_is_noted() {
    let (data, _folder) = open_fetching(HalfAWeb);
    let (written, summary) = write(&data, Layout::CamtrapDp, Media::Whole);
    assert_eq!((summary.pictures, summary.remote_pictures), (2, 1));
    assert_eq!(written.media()["unstated"]["filePath"], "https://example.org/2.png");
    let manifest = written.manifest();
    let notes = manifest["notes"].as_array().unwrap();
    let note = notes.iter().find_map(|note| note.as_str().filter(|note| note.contains("fetched"))).unwrap();
    assert!(note.contains("addresses: 1;") && note.contains("the server answered 404"), "{note}");
}

/// A web from which nothing may be asked.
#[derive(Debug)]
struct NoWeb;

impl Fetch for NoWeb {
    fn fetch(&self, address: &str, _: u64, _: &CancellationToken) -> Result<Vec<u8>, FetchError> {
        panic!("{address} was asked for");
    }

    fn max_concurrent(&self) -> usize {
        1
    }
}

#[test]
fn tables_alone_fetch_nothing() {
    let (data, _folder) = open_fetching(NoWeb);
    for (layout, media) in
        [(Layout::CamtrapDp, Media::Remote), (Layout::CamtrapDp, Media::None), (Layout::Coco, Media::None)]
    {
        let (_, summary) = write(&data, layout, media);
        assert_eq!(summary.remote_pictures, 2, "{layout:?} {media:?}");
    }
}
