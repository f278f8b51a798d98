//! Species that are left out of a report, and cameras at one location.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Package, examples};

use crate::support::{Home, program};

/// A report of the command line on a year of Algar: how it ended, and what it said.
fn report(arguments: &[&str]) -> (Option<i32>, String) {
    report_on(&examples().join("algar.zip"), &["--from", "2018-05-01", "--to", "2019-04-30"], arguments)
}

fn report_on(data: &Path, period: &[&str], arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program();
    command.arg("report").arg("--data").arg(data).args(period).args(arguments);
    let output = command.arg("-o").arg(folder.path().join("report.json")).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Wild and domestic animals.
fn farm() -> TempDir {
    let mut package = Package::new();
    let classes = ["Corzuela café", "Bos taurus", "Vulpes vulpes", "domestic dog"];
    for (number, class) in (0..).zip(classes) {
        package.sighting(&format!("o{number}"), "dep1", "2023-10-01T06:00:00Z", class, 1);
    }
    package.write()
}

fn request(changes: &[(&str, Value)]) -> Value {
    let mut request =
        json!({"report_type": "seasonal_activity", "start_date": "2023-09-01", "end_date": "2024-01-31"});
    for (name, value) in changes {
        request[*name] = value.clone();
    }
    request
}

#[test]
fn species_to_leave_out_are_named_as_people_type_them() {
    let (code, said) = report(&["--without", "american-black-bear", "--without", "Alces alces"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = report(&["--without", "Ursus americanos"]);
    let expected = "No species “Ursus americanos”. Did you mean “Ursus americanus”?";
    assert!(code == Some(2) && said.contains(expected), "{said}");
}

#[test]
fn domestic_animals_can_be_left_out_where_there_are_none() {
    let (code, said) = report(&["--without", "domestic", "--cameras", "independent"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = report(&["--cameras", "apart"]);
    assert!(code == Some(2) && said.contains("together, independent"), "{said}");
}

#[test]
fn what_is_asked_for_is_not_left_out() {
    let (code, said) = report(&["--class", "Ursus americanus", "--without", "american black bear"]);
    let expected = "“Ursus americanus” is in --class and in --without";
    assert!(code == Some(2) && said.contains(expected), "{said}");
    let farm = farm();
    let period = ["--from", "2023-09-01", "--to", "2024-01-31"];
    let (code, said) = report_on(farm.path(), &period, &["--class", "bos taurus", "--without", "domestic"]);
    assert!(code == Some(2) && said.contains("“Bos taurus” is in --class"), "{said}");
}

#[tokio::test]
async fn a_job_keeps_the_names_of_the_species_that_it_leaves_out() {
    let data = farm();
    let home = Home::with_data(&[data.path()]);
    let server = home.start_api();
    let body =
        request(&[("without", json!(["Domestic", "CORZUELA CAFE"])), ("cameras", json!("independent"))]);
    let job_id = server.submit("pdf", &body).await;
    assert!(server.terminate().success());
    let [database, log] =
        ["jobs.sqlite", "jobs.sqlite-wal"].map(|name| home.folder.path().join("jobs").join(name));
    let mut kept = std::fs::read(database).unwrap();
    kept.extend(std::fs::read(log).unwrap_or_default());
    let kept = String::from_utf8_lossy(&kept).into_owned();
    for part in ["\"Corzuela café\"", "\"Bos taurus\"", "\"domestic dog\"", "\"independent\""] {
        assert!(kept.contains(part), "{part}");
    }
    assert!(!kept.contains("Vulpes vulpes") && !kept.contains("CORZUELA"));
    let server = home.start();
    server.completed("pdf", &job_id).await;
}

#[tokio::test]
async fn what_is_wrong_with_species_to_leave_out_is_told_with_their_field() {
    let data = farm();
    let server = Home::with_data(&[data.path()]).start();
    for (changes, field, part) in [
        (vec![("without", json!(["Bos tauros"]))], "without", "Did you mean “Bos taurus”?"),
        (vec![("without", json!("domestic"))], "without", "without must be a list of texts"),
        (
            vec![
                ("without", json!(["domestic"])),
                ("classifications", json!(["Vulpes vulpes", "bos taurus"])),
            ],
            "without",
            "“Bos taurus” is in classifications and in without",
        ),
        (vec![("cameras", json!("apart"))], "cameras", "cameras must be one of: together, independent"),
    ] {
        let response = server.post("/api/exports/pdf", &request(&changes)).await;
        let status = response.status();
        let problem: Value = response.json().await.unwrap();
        assert_eq!((status.as_u16(), &problem["errors"][0]["field"]), (422, &json!(field)), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(part), "{problem}");
    }
}
