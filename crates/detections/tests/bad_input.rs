//! Structure that is wrong is refused with its place; a row that is wrong is skipped, counted
//! and listed, and the rest is read.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use detections::{Consequence, Dataset, MediaError, ReadOptions, SourceError};
use testkit::{Package, assert_contains, assert_starts_with};
use tokio_util::sync::CancellationToken;

fn read(package: &Package) -> Result<Dataset, SourceError> {
    detections::open(package.write().path(), &all_rows())
}

/// Small tables of which much is lost are read all the same.
fn all_rows() -> ReadOptions {
    ReadOptions { allow_bad_rows: 1.0, ..ReadOptions::default() }
}

fn open_refused(package: &Package) -> String {
    read(package).expect_err("a broken package").to_string()
}

/// What is said of a path at which there is no data set that can be read.
fn refusal_of(path: &Path) -> String {
    detections::open(path, &ReadOptions::default()).unwrap_err().to_string()
}

/// A package with `rows` sightings.
fn sightings(rows: usize) -> Package {
    let mut package = Package::new();
    for row in 0..rows {
        package.sighting(&format!("o{row}"), "dep1", "2023-10-01T06:00:00Z", "doe", 1);
    }
    package
}

#[test]
fn a_package_without_a_table_is_refused() {
    let folder = sightings(3).write();
    std::fs::remove_file(folder.path().join("media.csv")).unwrap();
    assert_starts_with(
        &refusal_of(folder.path()),
        "media.csv, line 1, column 1: the file is not there; expected",
    );
}

#[test]
fn a_table_without_a_required_column_is_refused() {
    let mut package = sightings(3);
    package.deployments = package.deployments.replace("deploymentEnd", "deploymentStop");
    let error = open_refused(&package);
    assert_starts_with(&error, "deployments.csv, line 1");
    assert!(error.contains("no column deploymentEnd") && error.contains("deploymentStop"), "{error}");
}

#[test]
fn text_in_another_encoding_is_refused_with_its_place() {
    let folder = sightings(2).write();
    let path = folder.path().join("observations.csv");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend_from_slice(b"o9,dep1,,,2023-10-01T06:00:00Z,,media,animal,\xC9lan,1,,,,,\n");
    std::fs::write(&path, bytes).unwrap();
    assert_starts_with(
        &refusal_of(folder.path()),
        "observations.csv, line 4, column 46: the byte 0xC9 is not UTF-8",
    );
}

#[test]
fn an_unknown_major_version_is_refused() {
    let mut package = sightings(1);
    package.descriptor = package.descriptor.replace("1.0.2", "2.0");
    assert_contains(&open_refused(&package), &["this is Camtrap DP version 2.0"]);
}

#[test]
fn a_descriptor_that_is_no_json_is_refused_with_its_place() {
    let mut package = sightings(1);
    package.descriptor = "{\n  \"profile\": oops\n}".into();
    assert_starts_with(&open_refused(&package), "datapackage.json, line 2, column");
}

#[test]
fn a_broken_quote_costs_its_own_row_only() {
    let mut package = sightings(400);
    let mut lines: Vec<String> = package.observations.lines().map(str::to_owned).collect();
    lines[299] = lines[299].replace(",doe,", ",\"doe,");
    package.observations = lines.join("\n");
    let data = read(&package).unwrap();
    assert_eq!(data.observations.len(), 399);
    assert_eq!(data.problems.rows_skipped(), 1);
    let mut listed = data.problems.list().iter();
    let problem = listed.find(|problem| problem.consequence == Consequence::RowSkipped).unwrap();
    assert_eq!((problem.file.as_str(), problem.line), ("observations.csv", 300));
    assert_contains(&problem.to_string(), &["scientificName", "not closed"]);
}

#[test]
fn rows_that_cannot_be_read_are_listed_with_what_was_expected() {
    let mut package = sightings(2);
    package.sighting("o8", "dep9", "2023-10-01T06:00:00Z", "doe", 1);
    package.sighting("o9", "dep1", "1st of October", "doe", 1);
    package.sighting("o0", "dep1", "2023-10-01T06:00:00Z", "doe", 1);
    package.observations.push_str("o7,dep1\n");
    let data = read(&package).unwrap();
    // The row whose time makes no sense is there, and in no period.
    assert_eq!((data.observations.len(), data.observations.get(2).time), (3, None));
    let listed: Vec<String> = data.problems.list().iter().map(ToString::to_string).collect();
    let expected = [
        ("observations.csv, line 4, deploymentID: “dep9”", "table deployments"),
        ("observations.csv, line 5, eventStart: “1st of October”", "a time such as"),
        ("observations.csv, line 6, observationID: “o0”", "no earlier row"),
        ("observations.csv, line 7, mediaID: 2 fields", "15"),
    ];
    let skipped: Vec<&String> = listed.iter().filter(|text| !text.ends_with("(value ignored)")).collect();
    assert_eq!(skipped.len(), expected.len(), "{listed:#?}");
    for (found, (start, part)) in skipped.iter().zip(expected) {
        assert!(found.starts_with(start) && found.contains(part), "{found}");
    }
}

#[test]
fn a_deployment_that_ends_before_it_starts_is_told_and_kept() {
    let mut package = Package::default();
    package.deployment("dep1", "North fence", "2023-09-01T00:00:00Z", "2023-08-01T00:00:00Z");
    package.sighting("o1", "dep1", "2023-10-01T06:00:00Z", "doe", 1);
    let data = read(&package).unwrap();
    assert_eq!((data.deployments.len(), data.observations.len()), (1, 1));
    assert!(data.deployments[0].ends_before_it_starts());
    let problem = data.problems.list()[0].to_string();
    assert!(problem.starts_with("deployments.csv, line 2, deploymentEnd"), "{problem}");
}

#[test]
fn media_paths_never_leave_the_package() {
    let outer = tempfile::tempdir().unwrap();
    std::fs::write(outer.path().join("secret.jpg"), "secret").unwrap();
    let inner = outer.path().join("package");
    std::fs::create_dir(&inner).unwrap();
    let mut package = Package::new();
    for (id, path) in [("m1", "../secret.jpg"), ("m2", "media/../../secret.jpg"), ("m3", "link.jpg")] {
        package.medium(id, "2023-10-01T06:00:00Z", path, None);
    }
    package.medium("m4", "2023-10-01T06:00:00Z", outer.path().join("secret.jpg").to_str().unwrap(), None);
    package.write_to(&inner);
    std::os::unix::fs::symlink("../secret.jpg", inner.join("link.jpg")).unwrap();
    let data = detections::open(&inner, &ReadOptions::default()).unwrap();
    for row in 0..4 {
        let path = data.media.path(row);
        assert!(
            matches!(data.files.read(path, &CancellationToken::new()), Err(MediaError::Outside(_))),
            "{path}"
        );
    }
}

#[test]
fn a_read_only_folder_is_read() {
    let folder = sightings(5).write();
    let mode = |mode| std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o555);
    let before: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    let data = detections::open(folder.path(), &ReadOptions::default());
    let after: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    mode(0o755);
    assert_eq!(data.unwrap().observations.len(), 5);
    assert_eq!(before, after, "reading leaves nothing behind");
}

#[test]
fn what_is_no_data_set_is_refused_and_says_what_is_one() {
    let empty = tempfile::tempdir().unwrap();
    assert_contains(&refusal_of(empty.path()), &["datapackage.json", "images.csv"]);
    let error = refusal_of(&empty.path().join("none"));
    assert!(error.ends_with("there is no such file or folder"), "{error}");
    let broken = empty.path().join("broken.zip");
    std::fs::write(&broken, "PK but no more").unwrap();
    assert_contains(&refusal_of(&broken), &["the ZIP archive cannot be read"]);
}

#[test]
fn a_header_without_end_is_refused_in_a_short_message() {
    let mut package = sightings(1);
    package.observations = "x".repeat(20 << 20);
    let error = open_refused(&package);
    assert_starts_with(&error, "observations.csv, line 1, column 1: the first line has more than 4 MiB");
    assert!(error.len() < 300, "{} bytes", error.len());
    package.observations = "column,".repeat(5000);
    assert!(open_refused(&package).contains("more than 4096 columns"));
    // The message names the missing column and not all the others.
    package.observations = format!("{}\n", "a long name of a column,".repeat(4000));
    let error = open_refused(&package);
    assert!(error.contains("no column observationID") && error.contains("and 3951 more"), "{error}");
}

#[test]
fn a_row_without_end_costs_that_row_only() {
    let mut package = sightings(3);
    package.observations.push_str(&"x".repeat(9 << 20));
    package.observations.push('\n');
    package.sighting("o9", "dep1", "2023-10-01T06:00:00Z", &"doe".repeat(500_000), 1);
    package.sighting("o10", "dep1", "2023-10-01T06:00:00Z", "doe", 1);
    let data = read(&package).unwrap();
    assert_eq!((data.observations.len(), data.problems.rows_skipped()), (4, 2));
    let told: Vec<String> = data.problems.list().iter().map(ToString::to_string).collect();
    let told: Vec<&String> = told.iter().filter(|text| text.ends_with("(row skipped)")).collect();
    assert!(told[0].starts_with("observations.csv, line 5, row: a line of more than 4 MiB"), "{told:?}");
    assert_starts_with(told[1], "observations.csv, line 6, scientificName: a text of more than 1 MiB");
}

#[test]
fn a_descriptor_without_end_is_refused_in_a_short_message() {
    let mut package = sightings(1);
    package.descriptor = format!("{{\"profile\": \"{}\"}}", "x".repeat(1 << 20));
    let error = open_refused(&package);
    assert!(error.contains("names no Camtrap DP version") && error.len() < 400, "{} bytes", error.len());
    package.descriptor = format!("{{\"profile\": \"{}\"}}", "x".repeat(17 << 20));
    assert_starts_with(
        &open_refused(&package),
        "datapackage.json, line 1, column 1: the file has more than 16 MiB",
    );
    package.descriptor = format!("{{\"profile\": {}", "[".repeat(100_000));
    assert!(open_refused(&package).starts_with("datapackage.json, line 1, column"));
}
