//! Names that people type, and common names of species.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use testkit::{Package, examples};

use crate::support::{Home, program};

/// A report of the command line as JSON, or what it says on standard error.
fn report(data: &Path, arguments: &[&str]) -> Result<Value, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    let mut command = program();
    command.arg("report").arg("--data").arg(data).args(arguments).arg("-o").arg(&file);
    let output = command.output().unwrap();
    if output.status.success() {
        return Ok(serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap());
    }
    Err(String::from_utf8(output.stderr).unwrap())
}

const YEAR: [&str; 4] = ["--from", "2018-05-01", "--to", "2019-04-30"];

/// What a report on a year of Algar has of its classes.
fn classes(arguments: &[&str]) -> Value {
    let report = report(&examples().join("algar.zip"), &[&YEAR[..], arguments].concat()).unwrap();
    report["classes"].clone()
}

#[test]
fn a_species_is_found_however_its_name_is_typed() {
    let exact = classes(&["--class", "Ursus americanus"]);
    assert_eq!(exact.as_array().unwrap().len(), 1);
    for typed in ["ursus americanus", "URSUS_AMERICANUS", "American black bear", "american-black-bear"] {
        assert_eq!(classes(&["--class", typed]), exact, "{typed}");
    }
    assert_eq!(classes(&["--class", "Ursus americanus", "--class", "american black bear"]), exact);
}

#[test]
fn a_name_that_is_not_there_is_told_with_the_nearest() {
    let algar = examples().join("algar.zip");
    let refused = |class| report(&algar, &[&YEAR[..], &["--class", class]].concat()).unwrap_err();
    let told = refused("Ursus americanos");
    let expected =
        "No species “Ursus americanos”. Did you mean “Ursus americanus”? (`trapline info` lists all)";
    assert!(told.contains(expected), "{told}");
    let told = refused("bear");
    assert!(told.contains("Did you mean “Ursus americanus”?"), "{told}");
    let told = refused("Yeti");
    assert!(told.contains("No species “Yeti” (`trapline info` lists all)"), "{told}");
}

/// Species, places and requests with accents, in either form.
fn make_accented() -> (tempfile::TempDir, Value) {
    let mut package = Package::default();
    package.deployment("dep1", "Cámara Norte", "2023-09-01T00:00:00Z", "2024-01-31T00:00:00Z");
    package.medium("m", "2023-10-01T06:00:00Z", "m.jpg", Some(testkit::picture("colour.jpg")));
    package.detection("d", "m", "Corzuela café", [0.0, 0.0, 0.5, 0.5]);
    let request = json!({"filter": {
        "classifications": ["CORZUELA CAFE\u{301}"], "locations": ["camara_norte"],
    }});
    (package.write(), request)
}

#[tokio::test]
async fn a_job_keeps_the_names_of_the_data_set() {
    let (data, request) = make_accented();
    let home = Home::with_data(&[data.path()]);
    let server = home.start_api();
    let response = server.post("/api/exports/zip", &request).await;
    let status = response.status();
    let answer: Value = response.json().await.unwrap();
    assert_eq!((status.as_u16(), &answer["total_detections"]), (202, &json!(1)), "{answer}");
    assert!(server.terminate().success());
    // So a worker of any version finds them.
    let database = home.folder.path().join("jobs/jobs.sqlite");
    let log = home.folder.path().join("jobs/jobs.sqlite-wal");
    let mut kept = std::fs::read(database).unwrap();
    kept.extend(std::fs::read(log).unwrap_or_default());
    let kept = String::from_utf8_lossy(&kept).into_owned();
    assert!(kept.contains("\"Corzuela café\"") && kept.contains("\"Cámara Norte\""));
    let server = home.start();
    server.completed("zip", answer["job_id"].as_str().unwrap()).await;
}

#[tokio::test]
async fn a_wrong_name_is_told_with_its_field() {
    let (data, mut request) = make_accented();
    let server = Home::with_data(&[data.path()]).start();
    request["filter"]["locations"] = json!(["Camara Nord"]);
    let response = server.post("/api/exports/zip", &request).await;
    assert_eq!(response.status(), 422);
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["errors"][0]["field"], "filter.locations");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("No location “Camara Nord”. Did you mean “Cámara Norte”?"), "{detail}");
}

#[test]
fn a_common_name_of_several_species_is_refused_with_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let names = folder.path().join("names.csv");
    let table = "scientificName,name\nCanis lupus,wild dog\nCanis latrans,wild dog\n";
    std::fs::write(&names, table).unwrap();
    let arguments = [&YEAR[..], &["--names", names.to_str().unwrap(), "--class", "Wild Dog"]].concat();
    let told = report(&examples().join("algar.zip"), &arguments).unwrap_err();
    assert!(told.contains("“Wild Dog” means several species: "), "{told}");
    assert!(told.contains("“Canis lupus”") && told.contains("“Canis latrans”"), "{told}");
}

#[test]
fn a_page_for_a_landowner_has_common_names() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.pdf");
    let mut command = program();
    command.arg("report").arg("--data").arg(examples().join("algar.zip")).args(YEAR);
    let made = command.args(["--template", "landowner", "-o"]).arg(&page).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let text = Command::new("pdftotext").args(["-raw"]).arg(&page).arg("-").output().unwrap();
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    for name in ["white-tailed deer", "snowshoe hare", "American black bear", "moose"] {
        assert!(text.contains(name), "{name} is not in:\n{text}");
    }
    assert!(!text.contains("Lepus americanus"), "{text}");
}

#[test]
fn common_names_are_those_of_the_user_in_the_language_that_is_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let names = folder.path().join("names.csv");
    let table =
        "scientificName;language;name\nUrsus americanus;deu;Schwarzbär\nUrsus americanus;eng;black bear\n";
    std::fs::write(&names, table).unwrap();
    let names = names.to_str().unwrap();
    let name = |arguments: &[&str]| {
        let classes = classes(&[&["--class", "Ursus americanus"][..], arguments].concat());
        classes[0]["vernacular_name"].clone()
    };
    assert_eq!(name(&[]), "American black bear");
    assert_eq!(name(&["--names", names]), "black bear");
    assert_eq!(name(&["--names", names, "--language", "de"]), "Schwarzbär");
    assert_eq!(name(&["--language", "fra"]), Value::Null);
    let arguments = [&YEAR[..], &["--names", names, "--language", "fra"]].concat();
    let told = report(&examples().join("algar.zip"), &arguments).unwrap_err();
    assert!(told.contains("no name in the language “fra” (there are: deu, eng)"), "{told}");
}
