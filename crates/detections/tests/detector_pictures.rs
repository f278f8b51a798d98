//! Results of detectors and where their pictures are: none is taken for another, and what is not found is
//! counted.

use std::path::Path;
use std::sync::Arc;

use detections::{Dataset, DateOrder, Fetch, FetchError, PictureCount, ReadOptions, SourceError};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{CameraExif, assert_starts_with, write_exif};
use tokio_util::sync::CancellationToken;

/// Results of MegaDetector with a box of an animal on each of these pictures.
fn results(paths: &[&str]) -> Value {
    let detection = json!({"category": "1", "conf": 0.9, "bbox": [0.1, 0.2, 0.3, 0.4]});
    let images: Value = paths.iter().map(|path| json!({"file": path, "detections": [detection]})).collect();
    json!({"detection_categories": {"1": "animal"}, "images": images})
}

/// A folder with `md.json`, and pictures at these paths.
fn folder_with(results: &Value, pictures: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("md.json"), results.to_string()).unwrap();
    for path in pictures {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let exif = CameraExif { time: "2023:10:01 06:00:00", ..CameraExif::default() };
        std::fs::write(path, write_exif(exif)).unwrap();
    }
    folder
}

fn open(folder: &Path, options: &ReadOptions) -> Result<Dataset, SourceError> {
    detections::open(&folder.join("md.json"), options)
}

/// The same with the options that are usual.
fn read(folder: &TempDir) -> Dataset {
    open(folder.path(), &ReadOptions::default()).unwrap()
}

fn refusal_of(folder: &TempDir) -> SourceError {
    open(folder.path(), &ReadOptions::default()).unwrap_err()
}

/// Results in which each picture has a time.
fn results_with_times(paths: &[&str]) -> Value {
    let mut results = results(paths);
    for image in results["images"].as_array_mut().unwrap() {
        image["datetime"] = "2023-10-01 06:00:00".into();
    }
    results
}

fn count_pictures(data: &Dataset) -> (u64, u64, u64) {
    let PictureCount { listed, found, without_time, .. } = data.pictures.clone().unwrap();
    (listed, found, without_time)
}

fn paths_of(data: &Dataset) -> Vec<&str> {
    (0..u32::try_from(data.media.len()).unwrap()).map(|row| data.media.path(row)).collect()
}

/// A store of pictures that has none.
#[derive(Debug)]
struct EmptyStore;

impl Fetch for EmptyStore {
    fn fetch(&self, _: &str, _: u64, _: &CancellationToken) -> Result<Vec<u8>, FetchError> {
        Err(FetchError::Status(404))
    }

    fn max_concurrent(&self) -> usize {
        1
    }
}

#[test]
fn results_of_which_no_picture_is_found_are_refused_unless_they_bring_times() {
    let two = results(&["/mnt/gpu/run7/CamA/IMG_0001.JPG", "/mnt/gpu/run7/CamB/IMG_0001.JPG"]);
    let folder = folder_with(&two, &[]);
    let error = refusal_of(&folder);
    assert!(matches!(&error, SourceError::NoPictures { listed: 2, .. }), "{error:?}");
    let expected = format!(
        "use --images FOLDER to say where the pictures are: none of the 2 pictures of md.json is in {} (such as \
         mnt/gpu/run7/CamA/IMG_0001.JPG), and the results contain no times",
        folder.path().display()
    );
    assert_eq!(error.to_string(), expected);
    // An existing folder that is the wrong one is named in the message.
    let wrong = tempfile::tempdir().unwrap();
    let options = ReadOptions { images: Some(wrong.path().into()), ..ReadOptions::default() };
    let error = open(folder.path(), &options).unwrap_err().to_string();
    assert!(error.contains(&wrong.path().display().to_string()), "{error}");
    let mut timed = two;
    timed["images"][1]["datetime"] = "2023-10-01 06:00:00".into();
    let data = read(&folder_with(&timed, &[]));
    assert_eq!((count_pictures(&data), data.observations.len()), ((2, 0, 1), 2));
}

#[test]
fn nothing_is_refused_where_nothing_can_be_looked_for() {
    let folder = folder_with(&results(&["CamA/1.jpg"]), &[]);
    let options = ReadOptions { image_store: Some(Arc::new(EmptyStore)), ..ReadOptions::default() };
    let data = open(folder.path(), &options).unwrap();
    assert_eq!((data.pictures.clone(), data.media.len()), (None, 1));
    let folder = folder_with(&results(&["https://example.org/CamA/1.jpg"]), &[]);
    let data = read(&folder);
    assert_eq!((count_pictures(&data), paths_of(&data)), ((0, 0, 0), vec!["https://example.org/CamA/1.jpg"]));
    let data = read(&folder_with(&results(&[]), &[]));
    assert_eq!(count_pictures(&data), (0, 0, 0));
}

#[test]
fn pictures_that_are_not_found_stay_in_the_data_and_are_counted() {
    let folder = folder_with(&results(&["CamA/1.jpg", "CamA/2.jpg", "CamB/1.jpg"]), &["CamA/1.jpg"]);
    let data = read(&folder);
    assert_eq!((count_pictures(&data), data.observations.len()), ((3, 1, 2), 3));
    assert_eq!(data.pictures.as_ref().unwrap().folder, folder.path());
    let has_time: Vec<bool> = data.observations.iter().map(|o| o.time.is_some()).collect();
    assert_eq!(has_time, [true, false, false]);
}

#[test]
fn two_cameras_with_pictures_of_one_name_stay_two() {
    let timed =
        results_with_times(&["/mnt/run7/CamA/1.jpg", "/mnt/run7/CamB/1.jpg", "D:\\cards\\CamB\\1.jpg"]);
    let data = read(&folder_with(&timed, &[]));
    assert_eq!(paths_of(&data), ["mnt/run7/CamA/1.jpg", "mnt/run7/CamB/1.jpg", "D:/cards/CamB/1.jpg"]);
    assert_eq!((data.locations.len(), data.problems.rows_skipped()), (3, 0));
}

#[test]
fn two_paths_of_which_the_same_is_left_stay_two() {
    // All lie in one folder now, and the names of files alone do not show which camera took a picture.
    let listed = ["/mnt/CamA/1.jpg", "/mnt/CamB/1.jpg", "/mnt/CamB/2.jpg", "1.jpg", "mnt/CamB/1.jpg"];
    let folder = folder_with(&results(&listed), &["1.jpg", "2.jpg"]);
    let data = read(&folder);
    let whole = ["mnt/CamA/1.jpg", "mnt/CamB/1.jpg", "mnt/CamB/2.jpg", "1.jpg", "./mnt/CamB/1.jpg"];
    assert_eq!(paths_of(&data), whole);
    assert_eq!((count_pictures(&data), data.problems.rows_skipped()), ((5, 1, 4), 0));
}

#[test]
fn a_picture_of_one_camera_is_not_taken_for_that_of_another() {
    let timed = results_with_times(&["/m/camA/1.jpg", "/m/camB/1.jpg"]);
    let data = read(&folder_with(&timed, &["1.jpg"]));
    assert_eq!((count_pictures(&data), paths_of(&data)), ((2, 0, 0), vec!["m/camA/1.jpg", "m/camB/1.jpg"]));
}

#[test]
fn pictures_are_looked_for_in_the_folder_that_is_named_and_nowhere_else() {
    let folder = folder_with(&results(&["CamA/1.jpg", "CamA/2.jpg"]), &["CamA/1.jpg"]);
    let wrong = tempfile::tempdir().unwrap();
    let options = ReadOptions { images: Some(wrong.path().into()), ..ReadOptions::default() };
    let error = open(folder.path(), &options).unwrap_err();
    assert!(matches!(&error, SourceError::NoPictures { listed: 2, .. }), "{error:?}");
    let mut timed = results(&["CamA/1.jpg", "CamA/2.jpg"]);
    timed["images"][0]["datetime"] = "2023-10-01 06:00:00".into();
    let folder = folder_with(&timed, &["CamA/1.jpg"]);
    let data = open(folder.path(), &options).unwrap();
    assert_eq!(count_pictures(&data), (2, 0, 1));
    assert!(data.files.read("CamA/1.jpg", &CancellationToken::new()).is_err());
}

/// Results with these times, of pictures that are nowhere.
fn make_results(times: &[&str]) -> TempDir {
    let paths: Vec<String> = (0..times.len()).map(|number| format!("CamA/{number}.jpg")).collect();
    let mut dated = results(&paths.iter().map(String::as_str).collect::<Vec<_>>());
    for (image, time) in dated["images"].as_array_mut().unwrap().iter_mut().zip(times) {
        image["datetime"] = (*time).into();
    }
    folder_with(&dated, &[])
}

#[test]
fn the_order_of_day_and_month_is_that_of_all_times_of_the_results() {
    let times = |folder: &TempDir, options: &ReadOptions| -> Vec<String> {
        let data = open(folder.path(), options).unwrap();
        data.observations.iter().map(|o| o.time.map_or(String::new(), |time| time.to_string())).collect()
    };
    let told = make_results(&["04/05/2023 10:00", "16/05/2023 10:00"]);
    let day_first = ["2023-05-04 10:00:00", "2023-05-16 10:00:00"];
    assert_eq!(times(&told, &ReadOptions::default()), day_first);
    let untold = make_results(&["04/05/2023 10:00", "2023-05-16T10:00:00.123456"]);
    let error = refusal_of(&untold).to_string();
    let expected =
        "the time “04/05/2023 10:00” (datetime of image 1) can be read with the day or the month first";
    assert!(error.contains(expected) && error.contains("--date-order"), "{error}");
    let options = ReadOptions { date_order: Some(DateOrder::DayFirst), ..ReadOptions::default() };
    assert_eq!(times(&untold, &options), day_first);
    let mixed = make_results(&["05/16/2023 10:00", "16/05/2023 10:00"]);
    let error = refusal_of(&mixed).to_string();
    assert!(error.contains("now one and now the other"), "{error}");
}

#[test]
fn times_that_cannot_be_read_are_lost_times_and_not_missing_pictures() {
    let error = refusal_of(&make_results(&["1684231200", "1684231260"]));
    assert!(matches!(&error, SourceError::TooManyBadRows(_)), "{error:?}");
    assert_starts_with(&error.to_string(), "md.json: 2 of 2 rows have a time that could not be read");
}

#[test]
fn one_path_written_in_two_ways_is_one_picture() {
    let folder = folder_with(&results(&["CamA/1.jpg", "./CamA//1.jpg", "CamA\\1.jpg"]), &["CamA/1.jpg"]);
    let all_rows = ReadOptions { allow_bad_rows: 1.0, ..ReadOptions::default() };
    let data = open(folder.path(), &all_rows).unwrap();
    assert_eq!((paths_of(&data), data.problems.rows_skipped()), (vec!["CamA/1.jpg"], 2));
}

#[test]
fn pictures_are_found_though_the_first_are_not_there() {
    let listed: Vec<String> = (0..3000).map(|n| format!("/home/ann/survey/CamA/{n}.jpg")).collect();
    let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
    // Paths from all over the file are tried, and what one of them says holds for all.
    let pictures: Vec<String> = (2000..3000).map(|n| format!("CamA/{n}.jpg")).collect();
    let pictures: Vec<&str> = pictures.iter().map(String::as_str).collect();
    let folder = folder_with(&results(&listed), &pictures);
    let data = read(&folder);
    assert_eq!((count_pictures(&data), data.media.path(7)), ((3000, 1000, 2000), "CamA/7.jpg"));
}

#[test]
fn accents_are_the_same_in_either_form() {
    let (composed, decomposed) = ("cámara/é.jpg", "ca\u{301}mara/e\u{301}.jpg");
    for (listed, on_disk) in [(composed, decomposed), (decomposed, composed)] {
        let folder = folder_with(&results(&[listed, "ca\u{301}mara/2.jpg"]), &[on_disk, "cámara/2.jpg"]);
        let data = read(&folder);
        let pictures = data.pictures.clone().unwrap();
        assert_eq!((pictures.listed, pictures.found), (2, 2), "{listed} of {on_disk}");
        assert!(data.files.read(data.media.path(0), &CancellationToken::new()).is_ok());
        // The place is one, however its name is written.
        assert_eq!((data.locations.len(), data.locations[0].name.as_str()), (1, "cámara"));
    }
}
