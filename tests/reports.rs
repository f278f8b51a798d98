//! Reports of all types: periods side by side, seasons, and templates of users, over HTTP and on
//! the command line.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{assert_contains, pdf_text};

use crate::support::{CallResult, Home, Server, program, run, season, set_fields};

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
    set_fields(season(), &json!({"report_type": "custom", "template": template}))
}

/// The text of a report that is asked for.
async fn report(server: &Server, body: &Value) -> String {
    pdf_text(&server.make_file("pdf", body).await.1)
}

async fn failure(server: &Server, body: &Value) -> String {
    let job_id = server.submit("pdf", body).await;
    server.failed("pdf", &job_id).await["error_message"].as_str().unwrap().to_owned()
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
    let parts = [
        "Comparison of Summer and Winter",
        "Caribou (Rangifer tarandus) was recorded less often in Winter than in Summer.",
        "0.09 vs 1.00 events per 100",
    ];
    assert_contains(&report(&server, &body).await, &parts);
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
        let body = set_fields(comparison(&[]), &json!({"comparison_periods": periods}));
        server.refusal("pdf", &body, field).await;
    }
    let backwards = period("Back", "2018-08-31", "2018-06-01");
    let (status, problem) = server.answer("pdf", &comparison(&[winter, backwards])).await;
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
        server.refusal("pdf", &set_fields(rut.clone(), &changes), field).await;
    }
    let coming = set_fields(rut, &json!({"year": 2098}));
    let (status, problem) = server.answer("pdf", &coming).await;
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
    let body = set_fields(season(), &json!({"template": "landowner"}));
    assert!(report(&server, &body).await.contains("How sure is this?"));
}

#[tokio::test]
async fn an_unknown_template_is_refused_with_those_that_there_are() {
    let folder = templates();
    let server = server_with(folder.path());
    let (status, problem) = server.answer("pdf", &custom("glossy")).await;
    let known =
        "No template “glossy”. There are: endless, greedy, landowner, mine, park, report, tables, wrong";
    assert_eq!((status, problem["detail"].as_str()), (422, Some(known)));
    for path in ["../mine", "/etc/passwd", "park/main", ""] {
        assert_eq!(server.answer("pdf", &custom(path)).await.0, 422, "{path}");
    }
    let mut nameless = custom("mine");
    nameless.as_object_mut().unwrap().remove("template");
    server.refusal("pdf", &nameless, "template").await;
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
    server.wait_for_running("pdf", &job_id).await;
    let begun = Instant::now();
    assert_eq!(server.delete(&job_id).await, StatusCode::NO_CONTENT);
    server.wait_for_no_files().await;
    // The only worker is free long before the template's time is up.
    assert!(report(&server, &season()).await.contains("What the data show"));
    assert!(begun.elapsed() < Duration::from_secs(9), "the template ran on");
}

#[tokio::test]
async fn more_can_be_asked_of_the_numbers() {
    let server = Home::with_examples().start();
    let fields = json!({"time_of_day": "solar", "coordinates": "exact", "independence_minutes": 60,
        "independence_since": "last_event", "sex_and_age": true, "archival": true});
    let body = set_fields(season(), &fields);
    let parts = [
        "solar times",
        "Coordinates: exact",
        "more than 60 minutes",
        "started the last event",
        "Males per female",
    ];
    assert_contains(&report(&server, &body).await, &parts);
    for (field, value) in [
        ("time_of_day", json!("lunar")),
        ("coordinates", json!(3)),
        ("independence_minutes", json!(-1)),
        ("independence_since", json!("noon")),
        ("sex_and_age", json!("yes")),
        ("archival", json!(2)),
    ] {
        server.refusal("pdf", &set_fields(season(), &json!({field: value})), field).await;
    }
}

fn trapline(folder: &TempDir, arguments: &[&str], file: &str) -> CallResult {
    let data = testkit::examples().join("algar.zip").display().to_string();
    let arguments = [&["report", "--data", &data], arguments, &["-o", file]].concat();
    crate::support::trapline(folder, &arguments)
}

#[test]
fn the_command_line_makes_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("mine.typ"), format!("{HEAD}#let data = json(\"report.json\")\n#data.events events"))
        .unwrap();
    let year = ["--from", "2018-05-01", "--to", "2019-04-30"];
    let made = |arguments: &[&str], expected: &str| {
        trapline(&folder, arguments, "out.pdf").assert_told(0, &[]);
        assert_contains(&pdf_text(&fs::read(here.join("out.pdf")).unwrap()), &[expected]);
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
        trapline(&folder, arguments, "out.pdf").assert_told(2, &[]);
    }
    fs::write(here.join("bad.typ"), "#nothing").unwrap();
    let bad = trapline(&folder, &[&year[..], &["--template", "bad.typ"]].concat(), "bad.pdf");
    bad.assert_told(2, &["bad.typ:1:2: unknown variable"]);
    assert!(!here.join("bad.pdf").exists());
}

#[test]
fn the_number_of_cores_changes_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = |threads: &str| {
        let file = folder.path().join(format!("{threads}.json"));
        let mut command = program();
        command.env("RAYON_NUM_THREADS", threads).args(["report", "--type", "comparison", "--sex-and-age"]);
        command.args(["--compare", "Summer=2018-06-01..2018-08-31"]);
        command.args(["--compare", "Autumn=2018-09-01..2018-11-30"]);
        command.arg("--data").arg(testkit::examples().join("algar.zip")).arg("-o").arg(&file);
        run(&mut command).assert_told(0, &[]);
        fs::read_to_string(file).unwrap()
    };
    let alone = numbers("1");
    let tests = serde_json::from_str::<Value>(&alone).unwrap()["overlaps"].as_array().unwrap().len();
    assert!(tests > 5, "{tests} overlaps were resampled and tested");
    assert!(alone == numbers("3"), "the same bytes");
}
