//! What a data set holds, as `trapline info`, `trapline check` and `GET /api/datasets/{name}` say it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Package, assert_contains, examples};

use crate::support::{CallResult, Home, program, read_json, run, trapline};

/// What `trapline info` says of a data set.
fn info(data: &Path, arguments: &[&str]) -> CallResult {
    let call = run(program().arg("info").arg(data).args(arguments));
    call.assert_told(0, &[]);
    call
}

fn info_json(data: &Path, arguments: &[&str]) -> Value {
    info(data, &[arguments, &["--json"]].concat()).json()
}

#[test]
fn a_data_set_is_shown_on_lines_of_80_columns() {
    let told = info(&examples().join("algar.zip"), &[]).out;
    let parts = [
        "Format         Wildlife Insights export",
        "2018: ",
        "camera-days",
        "114 deployments at 38 locations",
        "not known (114 deployments)",
        "0 of 15,290 pictures found, 15,290 missing",
        "Odocoileus virginianus           white-tailed deer",
        "4,790",
        "  human ",
        "Locations (38)",
        "  ALG027 ",
    ];
    assert_contains(&told, &parts);
    for line in told.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn all_of_it_can_be_had_as_json() {
    let overview = info_json(&examples().join("camtrap-dp"), &[]);
    assert_eq!((&overview["format"], &overview["format_version"]), (&json!("Camtrap DP"), &json!("1.0.2")));
    assert_eq!((&overview["first_day"], &overview["observations"]), (&json!("2020-05-30"), &json!(549)));
    assert_eq!(overview["locations"].as_array().unwrap().len(), 4);
    assert_eq!(overview["locations"][0]["latitude"], 51.2);
    let exact = info_json(&examples().join("camtrap-dp"), &["--coordinates", "exact"]);
    assert_eq!(exact["locations"][0]["latitude"], 51.184);
    let pictures = &overview["pictures"];
    assert_eq!(["found", "remote", "listed"].map(|field| &pictures[field]), [10, 413, 423]);
    let mallard = overview["species"].as_array().unwrap().iter();
    let mallard = mallard.filter(|species| species["classification"] == "Anas platyrhynchos").count();
    assert_eq!(mallard, 1);
}

#[test]
fn pictures_are_looked_for_in_the_folder_of_images_too() {
    let mut package = Package::new();
    package.medium("m1", "2023-10-01T06:00:00Z", "a/1.jpg", Some(b"here".to_vec()));
    package.medium("m2", "2023-10-01T06:00:00Z", "a/2.jpg", None);
    package.medium("m3", "2023-10-01T06:00:00Z", "a/3.jpg", None);
    let data = package.write();
    let images = tempfile::tempdir().unwrap();
    std::fs::create_dir(images.path().join("a")).unwrap();
    std::fs::write(images.path().join("a/2.jpg"), "there").unwrap();
    let found = |arguments: &[&str]| info_json(data.path(), arguments)["pictures"]["found"].clone();
    assert_eq!(found(&[]), 1);
    assert_eq!(found(&["--images", images.path().to_str().unwrap()]), 2);
}

#[test]
fn bad_rows_are_counted_by_file_with_the_first_of_them() {
    let mut package = Package::new();
    for number in 0..5 {
        package.sighting(&format!("o{number}"), "nowhere", "2023-10-01T06:00:00Z", "doe", 1);
    }
    package.sighting("fine", "dep1", "2023-10-01T06:00:00Z", "doe", 1);
    let data = package.write();
    let overview = info_json(data.path(), &[]);
    let files = overview["files"].as_array().unwrap().iter();
    let files: Vec<&Value> = files.filter(|file| file["rows_lost"] != 0).collect();
    let [observations] = files[..] else { panic!("{overview}") };
    assert_eq!((&observations["file"], &observations["rows_lost"]), (&json!("observations.csv"), &json!(5)));
    let problems = observations["first_problems"].as_array().unwrap();
    assert_eq!(problems.len(), 3);
    let first = problems[0].as_str().unwrap();
    assert!(first.starts_with("observations.csv, line 2, deploymentID: "), "{first}");
    info(data.path(), &[]).assert_out(0, &["observations.csv: 5 rows", "line 4, deploymentID"]);
}

#[test]
fn what_cannot_be_read_ends_with_2() {
    run(program().args(["info", "nowhere.zip"])).assert_told(2, &["nowhere.zip: there is no such file"]);
}

#[tokio::test]
async fn a_server_tells_the_same_as_the_command() {
    let server = Home::with_examples().start();
    for name in ["algar", "camtrap-dp"] {
        let path = examples().join(if name == "algar" { "algar.zip" } else { name });
        let answer = server.json(&format!("/api/datasets/{name}")).await;
        assert_eq!(answer, info_json(&path, &[]));
        // It is kept for a moment, and the same.
        let again = server.json(&format!("/api/datasets/{name}")).await;
        assert_eq!(again, answer);
    }
    let problem = read_json(server.get("/api/datasets/nowhere").await, 404).await;
    assert_eq!(problem["detail"], "No data set “nowhere”. There are: algar, camtrap-dp");
}

/// `trapline check` in a folder, with the default places for jobs and files below it.
fn check(folder: &TempDir) -> CallResult {
    let data = examples().join("algar.zip").display().to_string();
    trapline(folder, &["check", "--listen", "127.0.0.1:0", "--data", &data])
}

#[test]
fn a_check_leaves_an_empty_folder_empty() {
    let folder = tempfile::tempdir().unwrap();
    let parts = [
        "ok    data algar: 15,290 observations of ",
        " species at 38 locations, 2018-0",
        "0 of 15,290 pictures found",
        "ok    artifacts: trapline-data/exports does not exist yet and can be created",
        "ok    store: jobs are kept in trapline-data/jobs, which can be created in ",
    ];
    check(&folder).assert_out(0, &parts);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn a_check_in_a_folder_that_cannot_be_written_to_says_so_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let call = check(&folder);
    // The superuser writes to any folder.
    if rustix::process::geteuid().is_root() {
        call.assert_out(0, &[]);
    } else {
        call.assert_out(2, &["FAIL  artifacts: ", "FAIL  store: ", "cannot be written to"]);
    }
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn a_check_looks_at_a_store_that_is_there_and_changes_nothing() {
    let home = Home::with_examples();
    let names = || -> Vec<_> {
        let entries = std::fs::read_dir(home.folder.path().join("jobs")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let check = || run(home.command_of("check").args(["--listen", "127.0.0.1:0"]));
    let server = home.start();
    check().assert_out(2, &["FAIL  store: ", "in use by another process"]);
    assert!(server.terminate().success());
    let before = names();
    check().assert_out(0, &[]);
    assert_eq!(names(), before);
    std::fs::write(home.folder.path().join("jobs/jobs.sqlite"), "no database, ".repeat(100)).unwrap();
    check().assert_out(2, &["jobs.sqlite is not a SQLite database"]);
}
