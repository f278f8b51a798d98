//! Names that people type, and common names of species.

use serde_json::{Value, json};
use testkit::{Package, assert_contains, examples, pdf_text};

use crate::support::{Home, report, report_numbers, trapline};

const YEAR: [&str; 4] = ["--from", "2018-05-01", "--to", "2019-04-30"];

fn of_year<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&YEAR[..], arguments].concat()
}

/// What a report on a year of Algar has of its classes.
fn classes(arguments: &[&str]) -> Value {
    report_numbers(examples().join("algar.zip"), &of_year(arguments))["classes"].clone()
}

/// A report on a year of Algar that is refused with all of this.
#[track_caller]
fn assert_refused(arguments: &[&str], parts: &[&str]) {
    report(examples().join("algar.zip"), &of_year(arguments)).0.assert_told(2, parts);
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
    let expected =
        "No species “Ursus americanos”. Did you mean “Ursus americanus”? (`trapline info` lists all)";
    assert_refused(&["--class", "Ursus americanos"], &[expected]);
    assert_refused(&["--class", "bear"], &["Did you mean “Ursus americanus”?"]);
    assert_refused(&["--class", "Yeti"], &["No species “Yeti” (`trapline info` lists all)"]);
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
    let (status, answer) = server.answer("zip", &request).await;
    assert_eq!((status, &answer["total_detections"]), (202, &json!(1)), "{answer}");
    assert!(server.terminate().success());
    // So a worker of any version finds them.
    let kept = home.kept_in_sqlite();
    assert!(kept.contains("\"Corzuela café\"") && kept.contains("\"Cámara Norte\""));
    let server = home.start();
    server.completed("zip", answer["job_id"].as_str().unwrap()).await;
}

#[tokio::test]
async fn a_wrong_name_is_told_with_its_field() {
    let (data, mut request) = make_accented();
    let server = Home::with_data(&[data.path()]).start();
    request["filter"]["locations"] = json!(["Camara Nord"]);
    let problem = server.refusal("zip", &request, "filter.locations").await;
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("No location “Camara Nord”. Did you mean “Cámara Norte”?"), "{detail}");
}

#[test]
fn a_common_name_of_several_species_is_refused_with_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let names = folder.path().join("names.csv");
    let table = "scientificName,name\nCanis lupus,wild dog\nCanis latrans,wild dog\n";
    std::fs::write(&names, table).unwrap();
    let arguments = ["--names", names.to_str().unwrap(), "--class", "Wild Dog"];
    let parts = ["“Wild Dog” means several species: ", "“Canis lupus”", "“Canis latrans”"];
    assert_refused(&arguments, &parts);
}

#[test]
fn a_page_for_a_landowner_has_common_names() {
    let folder = tempfile::tempdir().unwrap();
    let data = examples().join("algar.zip").display().to_string();
    let template = ["--template", "landowner", "-o", "page.pdf"];
    trapline(&folder, &[&["report", "--data", &data], &YEAR[..], &template].concat()).assert_told(0, &[]);
    let text = pdf_text(&std::fs::read(folder.path().join("page.pdf")).unwrap());
    assert_contains(&text, &["white-tailed deer", "snowshoe hare", "American black bear", "moose"]);
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
    let arguments = ["--names", names, "--language", "fra"];
    assert_refused(&arguments, &["no name in the language “fra” (there are: deu, eng)"]);
}
