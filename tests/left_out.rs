//! Species that are left out of a report, and cameras at one location.

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Package, assert_contains, examples};

use crate::support::{CallResult, Home, report, seasonal, set_fields};

/// A report on a year of Algar.
fn algar(arguments: &[&str]) -> CallResult {
    let period = ["--from", "2018-05-01", "--to", "2019-04-30"];
    report(examples().join("algar.zip"), &[&period[..], arguments].concat()).0
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

fn request(fields: &Value) -> Value {
    set_fields(seasonal("2023-09-01", "2024-01-31"), fields)
}

#[test]
fn species_to_leave_out_are_named_as_people_type_them() {
    algar(&["--without", "american-black-bear", "--without", "Alces alces"]).assert_told(0, &[]);
    let expected = "No species “Ursus americanos”. Did you mean “Ursus americanus”?";
    algar(&["--without", "Ursus americanos"]).assert_told(2, &[expected]);
}

#[test]
fn domestic_animals_can_be_left_out_where_there_are_none() {
    algar(&["--without", "domestic", "--cameras", "independent"]).assert_told(0, &[]);
    algar(&["--cameras", "apart"]).assert_told(2, &["together, independent"]);
}

#[test]
fn what_is_asked_for_is_not_left_out() {
    let refused = algar(&["--class", "Ursus americanus", "--without", "american black bear"]);
    refused.assert_told(2, &["“Ursus americanus” is in --class and in --without"]);
    let period = ["--from", "2023-09-01", "--to", "2024-01-31"];
    let cattle = ["--class", "bos taurus", "--without", "domestic"];
    let refused = report(farm().path(), &[&period[..], &cattle].concat()).0;
    refused.assert_told(2, &["“Bos taurus” is in --class"]);
}

#[tokio::test]
async fn a_job_keeps_the_names_of_the_species_that_it_leaves_out() {
    let data = farm();
    let home = Home::with_data(&[data.path()]);
    let server = home.start_api();
    let body = request(&json!({"without": ["Domestic", "CORZUELA CAFE"], "cameras": "independent"}));
    let job_id = server.submit("pdf", &body).await;
    assert!(server.terminate().success());
    let kept = home.kept_in_sqlite();
    assert_contains(&kept, &["\"Corzuela café\"", "\"Bos taurus\"", "\"domestic dog\"", "\"independent\""]);
    assert!(!kept.contains("Vulpes vulpes") && !kept.contains("CORZUELA"));
    let server = home.start();
    server.completed("pdf", &job_id).await;
}

#[tokio::test]
async fn what_is_wrong_with_species_to_leave_out_is_told_with_their_field() {
    let data = farm();
    let server = Home::with_data(&[data.path()]).start();
    for (changes, field, part) in [
        (json!({"without": ["Bos tauros"]}), "without", "Did you mean “Bos taurus”?"),
        (json!({"without": "domestic"}), "without", "without must be a list of texts"),
        (
            json!({"without": ["domestic"], "classifications": ["Vulpes vulpes", "bos taurus"]}),
            "without",
            "“Bos taurus” is in classifications and in without",
        ),
        (json!({"cameras": "apart"}), "cameras", "cameras must be one of: together, independent"),
    ] {
        let problem = server.refusal("pdf", &request(&changes), field).await;
        assert_contains(problem["detail"].as_str().unwrap(), &[part]);
    }
}
