//! What is in an archive, and how it reports what is missing.

use std::cell::Cell;
use std::num::NonZeroUsize;

use archive::{ArchiveError, ArchiveRequest, ArchiveSummary, MissingReason, Resources};
use serde_json::json;
use testkit::{Package, assert_contains, picture};
use tokio_util::sync::CancellationToken;

use crate::support::{make, make_refused, open, request, resources, write, write_watched, write_with};

/// A quarter of a picture, and the colour that fixtures have there.
const QUARTERS: [([f64; 4], [u8; 3]); 4] = [
    ([0.0, 0.0, 0.5, 0.5], [220, 30, 30]),
    ([0.5, 0.0, 0.5, 0.5], [30, 200, 30]),
    ([0.0, 0.5, 0.5, 0.5], [30, 30, 220]),
    ([0.5, 0.5, 0.5, 0.5], [240, 240, 240]),
];

fn assert_close(found: [u8; 3], expected: [u8; 3], what: &str) {
    let far = found.iter().zip(expected).any(|(a, b)| a.abs_diff(b) > 14);
    assert!(!far, "{what}: {found:?}, not {expected:?}");
}

/// One detection for each quarter of each of `pictures`: `{picture}-{quarter}`.
fn quarters(pictures: &[&str]) -> Package {
    let mut package = Package::new();
    for name in pictures {
        package.medium(name, "2023-10-01T06:00:00+02:00", &format!("media/{name}"), Some(picture(name)));
        for (number, (area, _)) in QUARTERS.iter().enumerate() {
            package.detection(&format!("{name}-{number}"), name, "doe", *area);
        }
    }
    package
}

#[test]
fn pictures_of_every_kind_are_cut_where_their_boxes_are() {
    let colours = ["colour.jpg", "progressive.jpg", "cmyk.jpg", "colour.png", "palette.png", "rotated.jpg"];
    let (data, _folder) = open(&quarters(&colours));
    for name in colours {
        let ids: Vec<String> = (0..4).map(|number| format!("{name}-{number}")).collect();
        let (archive, summary) = make(&data, &request(&ids));
        assert_eq!((summary.crops, summary.missing), (4, 0), "{name}");
        for (id, (_, colour)) in ids.iter().zip(QUARTERS) {
            let (width, height, middle) = archive.crop(id);
            assert_eq!((width, height), (160, 120), "{id}");
            assert_close(middle, colour, id);
        }
    }
}

#[test]
fn a_grey_picture_makes_grey_crops() {
    let (data, _folder) = open(&quarters(&["grey.jpg"]));
    let (archive, _) = make(&data, &request(&["grey.jpg-0", "grey.jpg-3"]));
    // ITU-R 601 luma of the red and the white quarter.
    assert_close(archive.crop("grey.jpg-0").2, [87, 87, 87], "red");
    assert_close(archive.crop("grey.jpg-3").2, [240, 240, 240], "white");
}

#[test]
fn crops_are_fitted_and_never_enlarged() {
    let mut package = Package::new();
    package.medium("m", "2023-10-01T06:00:00Z", "m.jpg", Some(picture("colour.jpg")));
    package.detection("whole", "m", "doe", [0.0, 0.0, 1.0, 1.0]);
    package.detection("wide", "m", "doe", [0.0, 0.0, 1.0, 0.25]);
    package.detection("small", "m", "doe", [0.1, 0.1, 0.1, 0.1]);
    let (data, _folder) = open(&package);
    let request = ArchiveRequest { crop_size: 128, ..request(&["whole", "wide", "small"]) };
    let (archive, _) = make(&data, &request);
    let size = |id| (archive.crop(id).0, archive.crop(id).1);
    assert_eq!((size("whole"), size("wide"), size("small")), ((128, 96), (128, 24), (32, 24)));
}

#[test]
fn entries_are_in_the_order_asked_for() {
    let (data, _folder) = open(&quarters(&["colour.jpg", "colour.png", "progressive.jpg"]));
    // Each picture comes again after the others, so its crops wait for their turn.
    let ids =
        ["colour.png-3", "colour.jpg-0", "progressive.jpg-2", "colour.png-0", "colour.jpg-3", "colour.png-1"];
    let (archive, _) = make(&data, &request(&ids));
    let expected: Vec<String> = ids.iter().map(|id| format!("detection_{id}.jpg")).collect();
    assert_eq!(archive.crops(), expected);
    assert_eq!(archive.names[6..], ["metadata.csv", "missing.csv", "manifest.json"]);
    let metadata = archive.text("metadata.csv");
    let rows: Vec<&str> = metadata.lines().skip(1).map(|row| row.split(',').next().unwrap()).collect();
    assert_eq!(rows, ids);
}

#[test]
fn metadata_has_the_columns_of_the_contract() {
    let (data, _folder) = open(&quarters(&["colour.jpg"]));
    let (archive, _) = make(&data, &request(&["colour.jpg-1"]));
    let metadata = archive.text("metadata.csv");
    let lines: Vec<&str> = metadata.lines().collect();
    assert_eq!(
        lines[0],
        "detection_id,image_id,filename,timestamp,classification,confidence,bbox_x,bbox_y,bbox_width,\
         bbox_height,deer_id,location,created_at"
    );
    // The deployment's clock is UTC, and the picture was stamped 06:00+02:00.
    assert_eq!(
        lines[1],
        "colour.jpg-1,colour.jpg,colour.jpg,2023-10-01T04:00:00Z,doe,0.9,160,0,160,120,,North fence,"
    );
}

#[test]
fn the_manifest_tells_what_is_there_with_its_hash() {
    use sha2::{Digest, Sha256};
    let (data, _folder) = open(&quarters(&["colour.jpg"]));
    let request = request(&["colour.jpg-0", "none", "colour.jpg-1"]);
    let (archive, summary) = make(&data, &request);
    let missing_reasons = vec![MissingReason {
        reason: "no_such_id",
        count: 1,
        message: "1 id is of no detection of the data set".into(),
        hint: None,
    }];
    let expected = ArchiveSummary {
        asked_for: 3,
        crops: 2,
        metadata_rows: 2,
        missing: 1,
        missing_reasons,
        ..ArchiveSummary::default()
    };
    assert_eq!(summary, expected);
    let manifest = archive.manifest();
    assert_eq!(manifest["request"], json!({"detection_ids": request.detection_ids}));
    assert_eq!(
        manifest["counts"],
        json!({"asked_for": 3, "crops": 2, "pictures": 0, "remote_pictures": 0, "metadata_rows": 2, "missing": 1})
    );
    assert_eq!(manifest["missing_reasons"], json!(expected.missing_reasons));
    let files = manifest["files"].as_array().unwrap();
    assert_eq!(files.len(), 4);
    for file in files {
        let content = &archive.files[file["name"].as_str().unwrap()];
        let hash: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(file["sha256"], hash.as_str());
        assert_eq!(file["size_bytes"], content.len());
    }
}

#[test]
fn everything_that_is_missing_is_told_with_its_reason() {
    let mut package = quarters(&["colour.jpg", "truncated.jpg", "truncated.png", "empty.jpg", "text.jpg"]);
    for (id, path) in
        [("gone", "media/gone.jpg"), ("remote", "https://example.org/a.jpg"), ("outside", "../outside.jpg")]
    {
        package.doe(id, path, None, [0.1, 0.1, 0.2, 0.2]);
    }
    package.detection("off", "colour.jpg", "doe", [1.2, 0.0, 0.3, 0.3]);
    package.detection("flat", "colour.jpg", "doe", [0.2, 0.2, 0.0, 0.3]);
    package.sighting("boxless", "dep1", "2023-10-01T06:00:00Z", "doe", 1);
    package.observations.push_str("plain,dep1,colour.jpg,,2023-10-01T06:00:00Z,,media,animal,doe,1,,,,,\n");
    let (data, _folder) = open(&package);
    let expected = [
        ("nobody", "no_such_id"),
        ("truncated.jpg-0", "truncated"),
        ("truncated.png-0", "truncated"),
        ("empty.jpg-0", "empty"),
        ("text.jpg-0", "not_a_picture"),
        ("gone", "no_file"),
        ("remote", "remote"),
        ("outside", "path_outside"),
        ("off", "box_outside"),
        ("flat", "box_outside"),
        ("boxless", "no_media"),
        ("plain", "no_box"),
        ("colour.jpg-0", "asked_twice"),
    ];
    let mut ids = vec!["colour.jpg-0"];
    ids.extend(expected.iter().map(|(id, _)| *id));
    let (archive, summary) = make(&data, &request(&ids));
    archive.assert_missing(&expected);
    assert_eq!((summary.crops, summary.missing), (1, expected.len()));
    // All but the unknown id and the repeated one are in the metadata.
    assert_eq!(summary.metadata_rows, 12);
}

#[test]
fn a_box_that_reaches_outside_is_clipped() {
    let mut package = Package::new();
    package.doe("edge", "m.jpg", Some(picture("colour.jpg")), [-0.25, -0.5, 0.5, 0.75]);
    let (data, _folder) = open(&package);
    let (archive, _) = make(&data, &request(&["edge"]));
    let (width, height, middle) = archive.crop("edge");
    assert_eq!((width, height), (80, 60));
    assert_close(middle, QUARTERS[0].1, "the red corner");
    let metadata = archive.text("metadata.csv");
    assert!(metadata.contains(",0,0,80,60,"), "{metadata}");
}

#[test]
fn when_nothing_can_be_exported_it_says_why() {
    let (data, _folder) = open(&quarters(&["text.jpg"]));
    assert_eq!(
        make_refused(&data, &request(&["a", "b", "c", "d"])),
        "none of the 4 detections could be exported: 4 ids are of no detections of the data set. The first is a: no \
         detection of the data set has this id"
    );
    let error = make_refused(&data, &request(&["text.jpg-0"]));
    assert!(error.starts_with("the only detection could not be exported: 1 picture is no JPEG"), "{error}");
    assert!(error.contains("media/text.jpg is not a picture that can be read"), "{error}");
}

/// A table alone is no use where pictures were requested.
#[test]
fn a_table_alone_is_nothing_unless_no_pictures_were_asked_for() {
    let mut package = quarters(&["text.jpg"]);
    package.doe("gone", "media/gone.jpg", None, [0.1, 0.1, 0.2, 0.2]);
    let (data, _folder) = open(&package);
    let ids = ["gone", "text.jpg-0", "text.jpg-1"];
    let Err(ArchiveError::NothingFound(error)) = write(&data, &request(&ids)) else {
        panic!("an archive without a picture");
    };
    let reasons: Vec<(&str, usize)> =
        error.reasons.iter().map(|reason| (reason.reason, reason.count)).collect();
    assert_eq!(reasons, [("not_a_picture", 2), ("no_file", 1)], "the most frequent is the first");
    let expected = "1 picture with 2 detections is no JPEG or PNG that can be read; 1 picture is not on this server \
                    (look for them with --images FOLDER). The first is text.jpg-0: ";
    assert_contains(&error.to_string(), &[expected]);
    let table = ArchiveRequest { include_crops: false, ..request(&ids) };
    let (archive, summary) = make(&data, &table);
    assert_eq!((summary.metadata_rows, summary.missing), (3, 0));
    assert_eq!(archive.names, ["metadata.csv", "missing.csv", "manifest.json"]);
}

#[test]
fn reasons_are_counted_and_say_what_can_be_done() {
    let mut package = quarters(&["colour.jpg"]);
    for number in 0..12 {
        let address = format!("https://example.org/{number}.jpg");
        package.doe(&format!("remote-{number}"), &address, None, [0.1, 0.1, 0.2, 0.2]);
    }
    package.detection("off", "colour.jpg", "doe", [1.2, 0.0, 0.3, 0.3]);
    let (data, _folder) = open(&package);
    let mut ids: Vec<String> = (0..12).map(|number| format!("remote-{number}")).collect();
    ids.extend(["colour.jpg-0".to_owned(), "off".to_owned()]);
    let (_, summary) = make(&data, &request(&ids));
    let reasons: Vec<_> = summary
        .missing_reasons
        .iter()
        .map(|reason| (reason.reason, reason.count, reason.message.as_str(), reason.hint))
        .collect();
    let expected = [
        ("remote", 12, "12 pictures are on the web only", Some("add --fetch-media")),
        ("box_outside", 1, "1 detection has a box outside of its picture", None),
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn parts_are_left_out_when_they_are_not_wanted() {
    let (data, _folder) = open(&quarters(&["colour.jpg"]));
    let ids = ["colour.jpg-0", "colour.jpg-1"];
    let (archive, _) = make(&data, &ArchiveRequest { include_crops: false, ..request(&ids) });
    assert_eq!(archive.names, ["metadata.csv", "missing.csv", "manifest.json"]);
    assert!(archive.missing().is_empty());
    // The boxes are in pixels all the same.
    let metadata = archive.text("metadata.csv");
    assert!(metadata.contains(",160,0,160,120,"), "{metadata}");
    let (archive, _) = make(&data, &ArchiveRequest { include_metadata_csv: false, ..request(&ids) });
    assert_eq!(archive.names.last().unwrap(), "manifest.json");
    assert_eq!(archive.names.len(), 4);
}

#[test]
fn no_position_of_the_camera_is_in_a_crop() {
    let original = picture("rotated.jpg");
    let holds = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
    assert!(holds(&original, b"Exif") && holds(&original, b"Trail"));
    let (data, _folder) = open(&quarters(&["rotated.jpg"]));
    let (archive, _) = make(&data, &request(&["rotated.jpg-0"]));
    let crop = &archive.files["crops/detection_rotated.jpg-0.jpg"];
    assert!(!holds(crop, b"Exif") && !holds(crop, b"Trail"));
}

#[test]
fn the_same_order_gives_the_same_bytes() {
    let (data, _folder) = open(&quarters(&["colour.jpg", "colour.png", "cmyk.jpg", "grey.jpg"]));
    let ids = ["cmyk.jpg-1", "colour.jpg-0", "grey.jpg-2", "cmyk.jpg-0", "colour.png-3", "none"];
    let of = |threads| {
        let resources = Resources { threads: NonZeroUsize::new(threads).unwrap(), ..resources() };
        write_with(&data, &request(&ids), &resources).unwrap().0.bytes
    };
    let first = of(1);
    assert_eq!(first, of(1));
    assert_eq!(first, of(4), "however many threads cut");
}

#[test]
fn writing_stops_when_nobody_waits() {
    let mut package = Package::new();
    let ids: Vec<String> = (0..200).map(|n| format!("d{n}")).collect();
    for id in &ids {
        package.doe(id, &format!("media/{id}.jpg"), Some(picture("colour.jpg")), QUARTERS[0].0);
    }
    let (data, _folder) = open(&package);
    let (last, cancellation) = (Cell::new(0), CancellationToken::new());
    let progress = |done| {
        last.set(done);
        if done > 0 {
            cancellation.cancel();
        }
    };
    let outcome = write_watched(&data, &request(&ids), &resources(), &progress, &cancellation);
    assert!(matches!(outcome, Err(ArchiveError::Cancelled)));
    assert!(last.get() < 20);
}
