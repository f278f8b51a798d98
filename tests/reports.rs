//! Reports of all types: periods side by side, seasons, and templates of users, over HTTP and on
//! the command line.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Home, Server, program, season, wait_until};

/// What PDF/UA asks of every document.
const HEAD: &str = "#set document(title: \"Mine\")\n#set text(lang: \"en\")\n";
/// Goes on for hours.
const ENDLESS: &str = "#let n = 0\n#for i in range(100000) { for j in range(100000) { n += 1 } }\n#n";
/// Wants some gigabytes.
const GREEDY: &str = "#let all = range(400000000)\n#all.len()";

/// A folder of templates.
fn templates() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write =
        |name: &str, body: &str| fs::write(folder.path().join(name), format!("{HEAD}{body}")).unwrap();
    write("mine.typ", "#let data = json(\"report.json\")\n= Ours: #data.events events");
    write("endless.typ", ENDLESS);
    write("greedy.typ", GREEDY);
    write("wrong.typ", "\n  #nothing");
    fs::create_dir(folder.path().join("park")).unwrap();
    write("park/main.typ", "#read(\"words.txt\")");
    fs::write(folder.path().join("park/words.txt"), "Of the park").unwrap();
    folder
}

fn server_with(folder: &Path) -> Server {
    Home::with_examples().arguments(&["--templates", folder.to_str().unwrap()]).start()
}

fn custom(template: &str) -> Value {
    let mut body = season();
    body["report_type"] = "custom".into();
    body["template"] = template.into();
    body
}

fn text(pdf: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), pdf).unwrap();
    let output = Command::new("pdftotext").arg(file.path()).arg("-").output().unwrap();
    String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The file of a report that is asked for.
async fn report(server: &Server, body: &Value) -> String {
    let job_id = server.submit("pdf", body).await;
    text(&server.download(&server.completed("pdf", &job_id).await).await)
}

async fn failure(server: &Server, body: &Value) -> String {
    let job_id = server.submit("pdf", body).await;
    let status = server.status_when("pdf", &job_id, |status| status["status"] != "processing").await;
    assert_eq!(status["status"], "failed", "{status}");
    status["error_message"].as_str().unwrap().to_owned()
}

async fn submit_refused(server: &Server, body: &Value) -> (u16, Value) {
    let response = server.post("/api/exports/pdf", body).await;
    (response.status().as_u16(), response.json().await.unwrap())
}

fn period(label: &str, start: &str, end: &str) -> Value {
    json!({"label": label, "start_date": start, "end_date": end})
}

fn comparison(periods: &[Value]) -> Value {
    json!({"report_type": "comparison", "start_date": "2018-06-01", "end_date": "2019-02-28",
        "comparison_periods": periods})
}

#[tokio::test]
async fn periods_are_compared() {
    let server = Home::with_examples().start();
    let body = comparison(&[
        period("Summer", "2018-06-01", "2018-08-31"),
        period("Winter", "2018-12-01", "2019-02-28"),
    ]);
    let pages = report(&server, &body).await;
    for part in [
        "Comparison of Summer and Winter",
        "Caribou (Rangifer tarandus) was recorded less often in Winter than in Summer.",
        "0.09 vs 1.00 events per 100",
    ] {
        assert!(pages.contains(part), "{part} is not in {pages}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_periods_is_told_where() {
    let server = Home::with_examples().start();
    let summer = period("Summer", "2018-06-01", "2018-08-31");
    let winter = period("Winter", "2018-12-01", "2019-02-28");
    let six = vec![summer.clone(); 6];
    let shape = [
        (json!(null), "comparison_periods"),
        (json!([summer]), "comparison_periods"),
        (json!(six), "comparison_periods"),
        (json!("Summer"), "comparison_periods"),
        (json!([summer, 3]), "comparison_periods[1]"),
        (json!([summer, {"label": "x", "start_date": "2018-01-01"}]), "comparison_periods[1].end_date"),
        (json!([summer, period("", "2018-01-01", "2018-02-01")]), "comparison_periods[1].label"),
        (json!([summer, period("Summer", "2018-01-01", "2018-02-01")]), "comparison_periods[1].label"),
        (json!([summer, period(&"x".repeat(81), "2018-01-01", "2018-02-01")]), "comparison_periods[1].label"),
    ];
    for (periods, field) in shape {
        let mut body = comparison(&[]);
        body["comparison_periods"] = periods;
        let (status, problem) = submit_refused(&server, &body).await;
        assert_eq!((status, problem["errors"][0]["field"].as_str()), (422, Some(field)), "{problem}");
    }
    let backwards = period("Back", "2018-08-31", "2018-06-01");
    let (status, problem) = submit_refused(&server, &comparison(&[winter, backwards])).await;
    assert_eq!((status, problem["detail"].as_str()), (400, Some("start_date must be before end_date")));
    assert_eq!(problem["errors"][0]["field"], "comparison_periods[1].start_date");
}

#[tokio::test]
async fn a_season_stands_for_its_dates() {
    let server = Home::with_examples().start();
    let rut = json!({"report_type": "seasonal_activity", "season": "rut", "year": 2018});
    let pages = report(&server, &rut).await;
    assert!(pages.contains("1 September 2018 to 31 January 2019"), "{pages}");
    for (changes, field) in [
        (json!({"season": "monsoon"}), "season"),
        (json!({"year": null}), "year"),
        (json!({"year": "2018"}), "year"),
        (json!({"start_date": "2018-09-01"}), "start_date"),
        (json!({"season": null}), "year"),
    ] {
        let mut body = rut.clone();
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        let (status, problem) = submit_refused(&server, &body).await;
        assert_eq!((status, problem["errors"][0]["field"].as_str()), (422, Some(field)), "{problem}");
    }
    let mut coming = rut.clone();
    coming["year"] = 2098.into();
    let (status, problem) = submit_refused(&server, &coming).await;
    assert_eq!((status, problem["detail"].as_str()), (400, Some("start_date cannot be in the future")));
}

#[tokio::test]
async fn a_report_is_laid_out_with_the_template_that_is_named() {
    let folder = templates();
    let server = server_with(folder.path());
    for (template, expected) in [
        ("mine", "Ours: 290 events"),
        ("park", "Of the park"),
        ("landowner", "Visitors"),
        ("tables", "Left out"),
        ("report", "What the data show"),
    ] {
        let pages = report(&server, &custom(template)).await;
        assert!(pages.contains(expected), "{template}: {pages}");
    }
    // Templates are for the other types as well.
    let mut body = season();
    body["template"] = "landowner".into();
    assert!(report(&server, &body).await.contains("How sure is this?"));
}

#[tokio::test]
async fn an_unknown_template_is_refused_with_those_that_there_are() {
    let folder = templates();
    let server = server_with(folder.path());
    let (status, problem) = submit_refused(&server, &custom("glossy")).await;
    let known =
        "No template “glossy”. There are: endless, greedy, landowner, mine, park, report, tables, wrong";
    assert_eq!((status, problem["detail"].as_str()), (422, Some(known)));
    for path in ["../mine", "/etc/passwd", "park/main", ""] {
        assert_eq!(submit_refused(&server, &custom(path)).await.0, 422, "{path}");
    }
    let mut nameless = custom("mine");
    nameless.as_object_mut().unwrap().remove("template");
    let (status, problem) = submit_refused(&server, &nameless).await;
    assert_eq!((status, problem["errors"][0]["field"].as_str()), (422, Some("template")));
}

#[tokio::test]
async fn a_template_at_fault_fails_its_job_and_nothing_else() {
    let folder = templates();
    let server = server_with(folder.path());
    let wrong = failure(&server, &custom("wrong")).await;
    assert!(wrong.contains("wrong.typ:4:4: unknown variable: nothing"), "{wrong}");
    assert!(!wrong.contains(folder.path().to_str().unwrap()), "no folder of the server is named: {wrong}");
    let greedy = failure(&server, &custom("greedy")).await;
    assert!(greedy.contains("needed more than 1024 MiB of memory"), "{greedy}");
    let begun = Instant::now();
    let endless = failure(&server, &custom("endless")).await;
    assert!(endless.contains("took more than 10 s and was stopped"), "{endless}");
    assert!(begun.elapsed() >= Duration::from_secs(10));
    assert!(report(&server, &custom("mine")).await.contains("Ours"));
    assert_eq!(server.files().len(), 1);
}

#[tokio::test]
async fn deleting_a_job_stops_its_template() {
    let folder = templates();
    let server = Home::with_examples()
        .arguments(&["--templates", folder.path().to_str().unwrap(), "--workers", "1"])
        .start();
    let job_id = server.submit("pdf", &custom("endless")).await;
    server.status_when("pdf", &job_id, |status| status["phase"] == "running").await;
    let begun = Instant::now();
    assert_eq!(server.delete(&job_id).await, StatusCode::NO_CONTENT);
    wait_until("the file to go", async || server.files().is_empty()).await;
    // The only worker is free long before the template's time is up.
    assert!(report(&server, &season()).await.contains("What the data show"));
    assert!(begun.elapsed() < Duration::from_secs(9), "the template ran on");
}

#[tokio::test]
async fn more_can_be_asked_of_the_numbers() {
    let server = Home::with_examples().start();
    let mut body = season();
    body["time_of_day"] = "solar".into();
    body["coordinates"] = "exact".into();
    body["independence_minutes"] = 60.into();
    body["independence_since"] = "last_event".into();
    body["sex_and_age"] = true.into();
    body["archival"] = true.into();
    let pages = report(&server, &body).await;
    for part in [
        "solar times",
        "Coordinates: exact",
        "more than 60 minutes",
        "started the last event",
        "Males per female",
    ] {
        assert!(pages.contains(part), "{part} is not in {pages}");
    }
    for (field, value) in [
        ("time_of_day", json!("lunar")),
        ("coordinates", json!(3)),
        ("independence_minutes", json!(-1)),
        ("independence_since", json!("noon")),
        ("sex_and_age", json!("yes")),
        ("archival", json!(2)),
    ] {
        let mut body = season();
        body[field] = value;
        let (status, problem) = submit_refused(&server, &body).await;
        assert_eq!((status, problem["errors"][0]["field"].as_str()), (422, Some(field)), "{problem}");
    }
}

fn trapline(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = program()
        .current_dir(folder)
        .args(["report", "--data"])
        .arg(testkit::examples().join("algar.zip"))
        .args(arguments)
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_command_line_makes_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("mine.typ"), format!("{HEAD}#let data = json(\"report.json\")\n#data.events events"))
        .unwrap();
    let year = ["--from", "2018-05-01", "--to", "2019-04-30"];
    let made = |arguments: &[&str], expected: &str| {
        let (code, told) = trapline(here, &[arguments, &["-o", "out.pdf"]].concat());
        assert_eq!(code, 0, "{told}");
        let pages = text(&fs::read(here.join("out.pdf")).unwrap());
        assert!(pages.contains(expected), "{expected} is not in {pages}");
    };
    made(&[&year[..], &["--template", "mine.typ"]].concat(), "961 events");
    made(&[&year[..], &["--template", "landowner"]].concat(), "Visitors");
    made(&["--season", "summer", "--year", "2018"], "1 June 2018 to 31 August 2018");
    let compare = ["--compare", "A=2018-06-01..2018-08-31", "--compare", "B b=2018-12-01..2019-02-28"];
    made(&[&["--type", "comparison"], &compare[..]].concat(), "Comparison of A and B b");
    let wrong: [&[&str]; 7] = [
        &["--type", "comparison", "--compare", "A=2018-06-01..2018-08-31"],
        &["--type", "custom", "--from", "2018-05-01", "--to", "2019-04-30"],
        &["--season", "summer"],
        &["--from", "2018-05-01"],
        &["--compare", "no dates", "--type", "comparison"],
        &["--from", "2018-05-01", "--to", "2019-04-30", "--template", "nowhere.typ"],
        &[],
    ];
    for arguments in wrong {
        let (code, told) = trapline(here, &[arguments, &["-o", "out.pdf"]].concat());
        assert_eq!(code, 2, "{arguments:?}: {told}");
    }
    fs::write(here.join("bad.typ"), "#nothing").unwrap();
    let (code, told) = trapline(here, &[&year[..], &["--template", "bad.typ", "-o", "bad.pdf"]].concat());
    assert!(code == 2 && told.contains("bad.typ:1:2: unknown variable"), "{told}");
    assert!(!here.join("bad.pdf").exists());
}

#[test]
fn the_number_of_cores_changes_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = |threads: &str| {
        let file = folder.path().join(format!("{threads}.json"));
        let mut command = program();
        command.env("RAYON_NUM_THREADS", threads).args(["report", "--type", "comparison", "--sex-and-age"]);
        command.args([
            "--compare",
            "Summer=2018-06-01..2018-08-31",
            "--compare",
            "Autumn=2018-09-01..2018-11-30",
        ]);
        command.arg("--data").arg(testkit::examples().join("algar.zip")).arg("-o").arg(&file);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::read_to_string(file).unwrap()
    };
    let alone = numbers("1");
    let tests = serde_json::from_str::<Value>(&alone).unwrap()["overlaps"].as_array().unwrap().len();
    assert!(tests > 5, "{tests} overlaps were resampled and tested");
    assert!(alone == numbers("3"), "the same bytes");
}
