//! What a data set holds, as `trapline info`, `trapline check` and `GET /api/datasets/{name}` say it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use testkit::{Package, examples};

use crate::support::{Home, program};

/// Standard output of a command that succeeds.
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn info(data: &Path, arguments: &[&str]) -> String {
    output(program().arg("info").arg(data).args(arguments))
}

fn info_json(data: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&info(data, &[arguments, &["--json"]].concat())).unwrap()
}

#[test]
fn a_data_set_is_shown_on_lines_of_80_columns() {
    let told = info(&examples().join("algar.zip"), &[]);
    for part in [
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
    ] {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }
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
    assert_eq!(
        (&pictures["found"], &pictures["remote"], &pictures["listed"]),
        (&json!(10), &json!(413), &json!(423))
    );
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
    assert!(
        problems[0].as_str().unwrap().starts_with("observations.csv, line 2, deploymentID: "),
        "{problems:?}"
    );
    let told = info(data.path(), &[]);
    assert!(told.contains("observations.csv: 5 rows") && told.contains("line 4, deploymentID"), "{told}");
}

#[test]
fn what_cannot_be_read_ends_with_2() {
    let output = program().args(["info", "nowhere.zip"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("nowhere.zip: there is no such file"), "{told}");
}

#[tokio::test]
async fn a_server_tells_the_same_as_the_command() {
    let server = Home::with_examples().start();
    for name in ["algar", "camtrap-dp"] {
        let path = examples().join(if name == "algar" { "algar.zip" } else { name });
        let answer = server.get(&format!("/api/datasets/{name}")).await;
        assert_eq!(answer.status(), 200);
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer, info_json(&path, &[]));
        // It is kept for a moment, and the same.
        let again: Value = server.get(&format!("/api/datasets/{name}")).await.json().await.unwrap();
        assert_eq!(again, answer);
    }
    let missing = server.get("/api/datasets/nowhere").await;
    assert_eq!(missing.status(), 404);
    let problem: Value = missing.json().await.unwrap();
    assert_eq!(problem["detail"], "No data set “nowhere”. There are: algar, camtrap-dp");
}

/// `trapline check` in a folder, with the default places for jobs and files below it.
fn check(folder: &Path) -> (Option<i32>, String) {
    let mut command = program();
    command.current_dir(folder).args(["check", "--listen", "127.0.0.1:0", "--data"]);
    let output = command.arg(examples().join("algar.zip")).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_check_leaves_an_empty_folder_empty() {
    let folder = tempfile::tempdir().unwrap();
    let (code, told) = check(folder.path());
    assert_eq!(code, Some(0), "{told}");
    for part in [
        "ok    data algar: 15,290 observations of ",
        " species at 38 locations, 2018-0",
        "0 of 15,290 pictures found",
        "ok    artifacts: trapline-data/exports does not exist yet and can be created",
        "ok    store: jobs are kept in trapline-data/jobs, which can be created in ",
    ] {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn a_check_in_a_folder_that_cannot_be_written_to_says_so_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let (code, told) = check(folder.path());
    // The superuser writes to any folder.
    let is_writable = rustix::process::geteuid().is_root();
    assert_eq!(code, Some(if is_writable { 0 } else { 2 }), "{told}");
    if !is_writable {
        assert!(told.contains("FAIL  artifacts: ") && told.contains("FAIL  store: "), "{told}");
        assert!(told.contains("cannot be written to"), "{told}");
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
    let check = || {
        let output = home.command_of("check").args(["--listen", "127.0.0.1:0"]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let server = home.start();
    let (code, told) = check();
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("FAIL  store: ") && told.contains("in use by another process"), "{told}");
    assert!(server.terminate().success());
    let before = names();
    let (code, told) = check();
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(names(), before);
    std::fs::write(home.folder.path().join("jobs/jobs.sqlite"), "no database, ".repeat(100)).unwrap();
    let (code, told) = check();
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("jobs.sqlite is not a SQLite database"), "{told}");
}
