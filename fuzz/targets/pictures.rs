//! Any bytes as several pictures, decoded one after the other by one thread: the crops of each are those
//! that it gives alone.
#![no_main]

mod shared;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::sync::Arc;

use archive::{PictureMemory, Resources};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use zip::ZipArchive;

/// What stands between two pictures of an input.
const SEPARATOR: &[u8] = b"|++|";
/// Pictures in an input; what would be more is part of the last.
const MOST: usize = 8;
/// Small boxes are cut out of the file before they are decoded; with the large one the decoder sees to
/// all of it.
const SMALL: [[f64; 4]; 3] = [[0.1, 0.05, 0.15, 0.12], [0.4, 0.45, 0.2, 0.1], [0.7, 0.8, 0.15, 0.15]];
const LARGE: [[f64; 4]; 1] = [[0.05, 0.05, 0.9, 0.9]];
/// Pictures that need more are missing. A few bytes may promise 200 megapixels, which take seconds.
const MEMORY: u64 = 64 << 20;

/// An archive without any crop fails, so this whole picture comes after all others.
const LAST: &[u8] = include_bytes!("../../tests/fixtures/pictures/colour.jpg");

const DESCRIPTOR: &str = r#"{
    "profile": "https://raw.githubusercontent.com/tdwg/camtrap-dp/1.0.2/camtrap-dp-profile.json",
    "name": "sequence", "title": "A sequence of pictures",
    "resources": [
        {"name": "deployments", "path": "deployments.csv", "profile": "tabular-data-resource"},
        {"name": "media", "path": "media.csv", "profile": "tabular-data-resource"},
        {"name": "observations", "path": "observations.csv", "profile": "tabular-data-resource"}
    ]
}"#;
const DEPLOYMENTS: &str =
    "deploymentID,locationID,locationName,latitude,longitude,deploymentStart,deploymentEnd
dep1,loc1,North fence,33.1,-95.6,2023-09-01T00:00:00Z,2024-01-31T00:00:00Z
";
const MEDIA: &str = "mediaID,deploymentID,timestamp,filePath,filePublic,fileMediatype\n";
const OBSERVATIONS: &str = "observationID,deploymentID,mediaID,eventID,eventStart,eventEnd,observationLevel,\
observationType,scientificName,count,bboxX,bboxY,bboxWidth,bboxHeight,classificationProbability\n";

fuzz_target!(|bytes: &[u8]| {
    let pictures = split(bytes);
    for boxes in [&SMALL[..], &LARGE[..]] {
        let together = crops_of(&pictures, boxes);
        for (number, picture) in pictures.iter().enumerate() {
            let alone = crops_of(std::slice::from_ref(picture), boxes);
            let ours = &together[number * boxes.len()..][..boxes.len()];
            assert!(ours == alone, "picture {number} depends on those before it");
        }
    }
});

/// The pictures of an input.
fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut pictures = Vec::new();
    while pictures.len() + 1 < MOST
        && let Some(at) = bytes.windows(SEPARATOR.len()).position(|window| window == SEPARATOR)
    {
        pictures.push(&bytes[..at]);
        bytes = &bytes[at + SEPARATOR.len()..];
    }
    pictures.push(bytes);
    pictures
}

/// For each box of each picture its crop, or the reason why there is none.
type Crops = Vec<Result<Vec<u8>, String>>;

/// Makes one archive of the pictures.
fn crops_of(pictures: &[&[u8]], boxes: &[[f64; 4]]) -> Crops {
    let folder = shared::folder();
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).expect("a file is written");
    };
    let (mut media, mut observations) = (MEDIA.to_owned(), OBSERVATIONS.to_owned());
    let mut ids = Vec::new();
    for (number, bytes) in pictures.iter().enumerate() {
        write(&format!("m{number}.jpg"), bytes);
        media += &format!("m{number},dep1,2023-10-01T06:00:00Z,m{number}.jpg,true,image/jpeg\n");
        for (place, [x, y, width, height]) in boxes.iter().enumerate() {
            let id = format!("m{number}-{place}");
            observations += &format!(
                "{id},dep1,m{number},,2023-10-01T06:00:00Z,,media,animal,doe,1,{x},{y},{width},{height},0.9\n"
            );
            ids.push(id);
        }
    }
    write("last.jpg", LAST);
    media += "last,dep1,2023-10-01T06:00:00Z,last.jpg,true,image/jpeg\n";
    observations += "last,dep1,last,,2023-10-01T06:00:00Z,,media,animal,doe,1,0.1,0.1,0.2,0.2,0.9\n";
    write("datapackage.json", DESCRIPTOR.as_bytes());
    write("deployments.csv", DEPLOYMENTS.as_bytes());
    write("media.csv", media.as_bytes());
    write("observations.csv", observations.as_bytes());
    let data = shared::read(folder.path()).expect("a data set");
    let request = shared::crops([&ids[..], &["last".to_owned()]].concat());
    let resources = Resources { pictures: Arc::new(PictureMemory::new(MEMORY)), ..shared::resources() };
    let mut file = tempfile::tempfile_in(folder.path()).expect("a temporary file");
    let ours = file.try_clone().expect("a file has another handle");
    let cancellation = CancellationToken::new();
    archive::write(&data, &request, &resources, ours, folder.path(), &|_| (), &cancellation).expect("an archive");
    file.rewind().expect("a file has a beginning");
    read(file, &ids)
}

/// Reads the crops of an archive in the order of their ids.
fn read(file: File, ids: &[String]) -> Crops {
    let mut archive = ZipArchive::new(file).expect("an archive");
    let mut manifest = String::new();
    let mut entry = archive.by_name("manifest.json").expect("a manifest");
    entry.read_to_string(&mut manifest).expect("a text");
    drop(entry);
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    let missing = manifest["missing"].as_array().expect("a list").iter();
    let reasons: BTreeMap<&str, &str> = missing
        .map(|row| (row["detection_id"].as_str().expect("an id"), row["reason"].as_str().expect("a reason")))
        .collect();
    let crop = |id: &String| {
        let Ok(mut entry) = archive.by_name(&format!("crops/detection_{id}.jpg")) else {
            return Err(reasons[id.as_str()].to_owned());
        };
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("an entry can be read");
        Ok(bytes)
    };
    ids.iter().map(crop).collect()
}
