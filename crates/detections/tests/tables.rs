//! Tables as spreadsheets, R and people hand them on.

use std::io::Write;

use detections::{Dataset, DateOrder, Keep, ObservationType, ReadOptions, SourceError};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;
use testkit::{assert_contains, assert_starts_with};

const DEPLOYMENTS: &str = "deployment_id,placename,longitude,latitude,start_date,end_date\n\
                           D1,Creek,-74.25,4.6,2022-03-01,2022-03-31\n";
const IMAGES: &str = "deployment_id,image_id,filename,genus,species,timestamp,group_size\n\
                      D1,a,a.jpg,Puma,concolor,2022-03-05 21:10:00,2\n\
                      D1,b,b.jpg,Puma,concolor,2022-03-06 21:10:00,1\n";

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

fn open(folder: &TempDir) -> Result<Dataset, SourceError> {
    detections::open(folder.path(), &ReadOptions::default())
}

/// Both tables written in another way.
fn tables(deployments: &str, images: &str) -> TempDir {
    folder(&[("deployments.csv", deployments.as_bytes()), ("images.csv", images.as_bytes())])
}

/// What is read of them.
fn read(deployments: &str, images: &str) -> Dataset {
    open(&tables(deployments, images)).unwrap()
}

fn read_refused(deployments: &str, images: &str) -> SourceError {
    open(&tables(deployments, images)).unwrap_err()
}

/// What the usual form of the tables gives.
fn assert_is_usual(data: &Dataset) {
    let counts: Vec<u32> = data.observations.iter().map(|o| o.count).collect();
    assert_eq!((counts, data.classes[0].name.as_str()), (vec![2, 1], "Puma concolor"));
    assert_eq!(data.locations[0].latitude.zip(data.locations[0].longitude), Some((4.6, -74.25)));
    let times: Vec<String> = data.observations.iter().map(|o| o.time.unwrap().to_string()).collect();
    assert_eq!(times, ["2022-03-05 21:10:00", "2022-03-06 21:10:00"]);
    assert!(data.problems.list().is_empty(), "{:?}", data.problems.list());
    let rows: Vec<u64> = data.problems.tables().iter().map(|table| table.rows).collect();
    assert_eq!(rows, [1, 2]);
}

#[test]
fn separators_and_decimal_commas_of_other_languages_are_read() {
    assert_is_usual(&read(DEPLOYMENTS, IMAGES));
    let european = |text: &str| text.replace(',', ";").replace("-74.25", "-74,25").replace("4.6;", "4,6;");
    assert_is_usual(&read(&european(DEPLOYMENTS), &european(IMAGES)));
    assert_is_usual(&read(&DEPLOYMENTS.replace(',', "\t"), &IMAGES.replace(',', "\t")));
    let excel = |text: &str| format!("sep=;\n{}", european(text));
    assert_is_usual(&read(&excel(DEPLOYMENTS), &excel(IMAGES)));
}

#[test]
fn what_a_spreadsheet_adds_is_no_content() {
    let wider = |text: &str| text.replace('\n', ",,,\r\n") + ",,,,,,,,,\r\n\r\n,,,,,,,,,\r\n";
    assert_is_usual(&read(&wider(DEPLOYMENTS), &format!("\u{feff}{}", wider(IMAGES))));
    // Rows may be longer than the header, when nothing stands there.
    let (header, rows) = IMAGES.split_once('\n').unwrap();
    assert_is_usual(&read(DEPLOYMENTS, &format!("{header}\n{}", rows.replace('\n', ",,\n"))));
    let quoted = IMAGES.replace(",2\n", ",\"2\"\n").replace(",1\n", ",1.0\n");
    assert_is_usual(&read(DEPLOYMENTS, &quoted));
}

#[test]
fn dates_are_in_the_order_that_their_table_shows() {
    // The start of the deployment could be the third of January; its end tells.
    let us = DEPLOYMENTS.replace("2022-03-01", "3/1/2022").replace("2022-03-31", "3/31/2022");
    let data = read(&us, IMAGES);
    assert_is_usual(&data);
    assert_eq!(data.deployments[0].start.unwrap().to_string(), "2022-03-01 00:00:00");
    // Another table may be of another hand, so it tells nothing of the images.
    let images = IMAGES.replace("2022-03-05 21:10:00", "3/5/2022 9:10 PM");
    let images = images.replace("2022-03-06 21:10:00", "3/6/2022 9:10 PM");
    let error = read_refused(&us, &images).to_string();
    assert_contains(&error, &["the dates of the column timestamp can be read with the day or the month"]);
    let stated = ReadOptions { date_order: Some(DateOrder::MonthFirst), ..ReadOptions::default() };
    assert_is_usual(&detections::open(tables(&us, &images).path(), &stated).unwrap());
    // Dots go with the day first only.
    let german = IMAGES.replace("2022-03-05 21:10:00", "5.3.2022 21:10").replace("2022-03-06", "06.03.2022");
    assert_is_usual(&read(DEPLOYMENTS, &german));
    let mixed = images.replace("3/6/2022 9:10 PM", "25/3/2022 21:10").replace("3/5/2022", "3/25/2022");
    let error = read_refused(DEPLOYMENTS, &mixed).to_string();
    let expected = "images.csv, line 1, column 6: the dates of the column timestamp have the day";
    assert_starts_with(&error, expected);
    assert_contains(&error, &["--date-order"]);
}

#[test]
fn lines_may_end_as_on_any_machine() {
    for end in ["\r", "\r\n"] {
        assert_is_usual(&read(&DEPLOYMENTS.replace('\n', end), &IMAGES.replace('\n', end)));
    }
    // A header that ends otherwise than its rows, as after two programs.
    let (header, rows) = IMAGES.split_once('\n').unwrap();
    assert_is_usual(&read(DEPLOYMENTS, &format!("{header}\n{}", rows.replace('\n', "\r"))));
}

#[test]
fn decimal_commas_with_three_digits_are_no_thousands() {
    let european = DEPLOYMENTS.replace(',', ";").replace("-74.25;4.6", "4,567;51,123");
    let data = read(&european, IMAGES);
    assert_eq!(data.deployments[0].latitude.zip(data.deployments[0].longitude), Some((51.123, 4.567)));
}

#[test]
fn yes_is_understood_in_other_languages_and_anything_else_is_named() {
    let header = "deployment_id,image_id,filename,genus,species,timestamp,is_blank\n";
    let rows = (1..).zip(["WAHR", "VRAI", "falsch", "maybe"]);
    let row = |(n, word)| format!("D1,i{n},{n}.jpg,Puma,concolor,2022-03-0{n} 21:10:00,{word}\n");
    let rows: String = rows.map(row).collect();
    let data = read(DEPLOYMENTS, &format!("{header}{rows}"));
    let kinds: Vec<ObservationType> = data.observations.iter().map(|o| o.kind).collect();
    let (blank, animal) = (ObservationType::Blank, ObservationType::Animal);
    assert_eq!(kinds, [blank, blank, animal, animal]);
    assert!(data.problems.list()[0].to_string().contains("“maybe”; expected yes or no"));
}

#[test]
fn a_year_before_there_were_cameras_is_no_time() {
    let slip = DEPLOYMENTS.replace("2022-03-01", "0202-03-01");
    let SourceError::TooManyBadRows(bad) = read_refused(&slip, IMAGES) else { panic!("a refusal") };
    assert!(bad.reasons[0].likely_cause.unwrap().contains("a digit is missing"), "{bad}");
}

#[test]
fn a_row_that_loses_both_of_its_times_is_one_row() {
    let both = DEPLOYMENTS.replace("2022-03-01", "soon").replace("2022-03-31", "later");
    let error = read_refused(&both, IMAGES).to_string();
    assert_starts_with(&error, "deployments.csv: 1 of 1 rows have a time that could not be read");
}

#[test]
fn compressed_tables_are_read_under_either_name() {
    let gzip = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let (deployments, images) = (gzip(DEPLOYMENTS), gzip(IMAGES));
    for names in [["deployments.csv.gz", "images.csv.gz"], ["deployments.csv", "images.csv"]] {
        assert_is_usual(&open(&folder(&[(names[0], &deployments), (names[1], &images)])).unwrap());
    }
    // A table that is cut off is an error.
    let cut = &images[..images.len() - 12];
    let error = open(&folder(&[("deployments.csv.gz", &deployments), ("images.csv.gz", cut)])).unwrap_err();
    assert!(error.to_string().starts_with("images.csv.gz: cannot be read"), "{error}");
}

#[test]
fn tables_are_found_in_a_folder_further_down() {
    let files: [(&str, &[u8]); 2] = [
        ("download/export/deployments.csv", DEPLOYMENTS.as_bytes()),
        ("download/export/images.csv", IMAGES.as_bytes()),
    ];
    assert_is_usual(&open(&folder(&files)).unwrap());
    // Of two that are side by side nothing says which is meant.
    let both: [(&str, &[u8]); 4] = [
        ("a/deployments.csv", DEPLOYMENTS.as_bytes()),
        ("a/images.csv", IMAGES.as_bytes()),
        ("b/deployments.csv", DEPLOYMENTS.as_bytes()),
        ("b/images.csv", IMAGES.as_bytes()),
    ];
    let error = open(&folder(&both)).unwrap_err();
    assert!(matches!(&error, SourceError::SeveralDataSets { found, .. } if found == &["a", "b"]), "{error}");
}

#[test]
fn a_date_as_a_spreadsheet_counts_it_is_named() {
    let serial =
        IMAGES.replace("2022-03-05 21:10:00", "44625.8819").replace("2022-03-06 21:10:00", "44626.8819");
    let SourceError::TooManyBadRows(bad) = read_refused(DEPLOYMENTS, &serial) else { panic!("a refusal") };
    assert_eq!((bad.table.rows, bad.table.times_lost, bad.reasons.len()), (2, 2, 2));
    assert!(bad.reasons[0].likely_cause.unwrap().contains("as a spreadsheet counts it"));
}

#[test]
fn rows_in_are_rows_used_and_rows_counted_as_lost() {
    let dirty = format!(
        "{IMAGES}D9,c,c.jpg,Puma,concolor,2022-03-07 21:10:00,1\nD1,\"d\nD1,e,e.jpg,Puma,concolor,,1\n"
    );
    let files = tables(DEPLOYMENTS, &dirty);
    for keep in [Keep::All, Keep::Numbers] {
        let options = ReadOptions { keep, allow_bad_rows: 1.0, ..ReadOptions::default() };
        let data = detections::open(files.path(), &options).unwrap();
        let images = &data.problems.tables()[1];
        assert_eq!((images.file.as_str(), images.rows, images.rows_lost), ("images.csv", 5, 2));
        assert_eq!(data.observations.len(), 3);
    }
}
