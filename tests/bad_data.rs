//! Data that cannot be read are refused loudly, and never become a report that no animal was there.

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::pdf_text;

use crate::support::{CallResult, Home, read_json, seasonal, set_fields, trapline};

const DEPLOYMENTS: &str = "project_id,deployment_id,placename,longitude,latitude,start_date,end_date\n";
const IMAGES: &str = "deployment_id,image_id,filename,location,genus,species,timestamp\n";

/// An export with a camera in March 2022 and an image for each of these times.
fn export(times: &[String]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let deployment = "1,D1,Creek,-74.2,4.6,2022-03-01,2022-03-31\n";
    std::fs::write(folder.path().join("deployments.csv"), format!("{DEPLOYMENTS}{deployment}")).unwrap();
    let rows: String =
        (1..).zip(times).map(|(n, time)| format!("D1,i{n},{n}.jpg,,Puma,concolor,{time}\n")).collect();
    std::fs::write(folder.path().join("images.csv"), format!("{IMAGES}{rows}")).unwrap();
    folder
}

/// `good` times, a day apart, and `bad` texts that are not times.
fn times(good: usize, bad: usize) -> Vec<String> {
    let good = (1..=good).map(|n| format!("2022-03-{:02} {:02}:00:00", n % 28 + 1, n / 28));
    good.chain((0..bad).map(|n| format!("le {n} mars"))).collect()
}

fn report(data: &TempDir, more: &[&str]) -> (CallResult, Option<Value>) {
    let period = ["--from", "2022-03-01", "--to", "2022-03-31"];
    crate::support::report(data.path(), &[&period[..], more].concat())
}

/// The numbers of a report that succeeds.
fn report_numbers(data: &TempDir, more: &[&str]) -> Value {
    let (call, numbers) = report(data, more);
    call.assert_told(0, &[]);
    numbers.unwrap()
}

#[test]
fn a_table_that_cannot_be_read_is_refused_with_its_first_reasons() {
    let data = export(&times(0, 40));
    let (call, numbers) = report(&data, &[]);
    assert_eq!(numbers, None);
    let parts = [
        "images.csv: 40 of 40 rows have a time that could not be read",
        "images.csv, line 2, timestamp: “le 0 mars”; expected a time such as 2020-05-30 04:57:37",
        "images.csv, line 4, timestamp",
        "--allow-bad-rows",
    ];
    call.assert_told(2, &parts);
    assert!(!call.told.contains("line 5"), "three reasons are enough: {}", call.told);
}

#[test]
fn a_few_rows_may_be_lost_and_every_report_says_so() {
    // One in twenty.
    let data = export(&times(38, 2));
    let notes = report_numbers(&data, &[])["data_notes"].to_string();
    assert!(notes.contains("2 rows have times that could not be read"), "{notes}");
    // One more is too many, unless that is allowed.
    let data = export(&times(38, 3));
    assert_eq!(report(&data, &[]).0.code, 2);
    assert_eq!(report_numbers(&data, &["--allow-bad-rows", "10%"])["events"], 38);
}

#[test]
fn a_report_without_an_event_has_its_data_notes_on_the_page() {
    let data = export(&times(0, 40));
    let work = tempfile::tempdir().unwrap();
    for template in ["report", "landowner", "tables"] {
        let path = data.path().to_str().unwrap();
        let arguments =
            ["report", "--data", path, "--from", "2022-03-01", "--to", "2022-03-31", "-o", "r.pdf"];
        let more = ["--allow-bad-rows", "100", "--template", template];
        trapline(&work, &[&arguments[..], &more].concat()).assert_told(0, &[]);
        let text = pdf_text(&std::fs::read(work.path().join("r.pdf")).unwrap());
        assert!(text.contains("40 rows have times that could not be read"), "{template}: {text}");
        assert!(!text.contains("no animal was recorded"), "{template}: {text}");
    }
}

#[test]
fn dates_of_spreadsheets_are_read_in_the_order_of_their_column() {
    let us: Vec<String> = (1..=31).map(|day| format!("3/{day}/2022 9:{day:02} PM")).collect();
    assert_eq!(report_numbers(&export(&us), &[])["events"], 31);
    // Ten days of March, or the third of ten months.
    let unclear: Vec<String> = (1..=10).map(|day| format!("3/{day}/2022 21:10")).collect();
    let parts = ["the dates of the column timestamp", "--date-order"];
    report(&export(&unclear), &[]).0.assert_told(2, &parts);
    for (order, events) in [("mdy", 10), ("dmy", 1)] {
        let numbers = report_numbers(&export(&unclear), &["--date-order", order]);
        assert_eq!(numbers["events"], events, "{order}");
    }
}

#[test]
fn a_year_that_cannot_be_right_is_refused() {
    let data = export(&times(3, 0));
    let work = tempfile::tempdir().unwrap();
    let path = data.path().to_str().unwrap();
    let season = (["--season", "rut", "--year", "18"], "--year must be a whole number from 1980 to 9998");
    let dates =
        (["--from", "1918-01-01", "--to", "2018-12-31"], "--from is in the year 1918; use 1980 or later");
    for (period, expected) in [season, dates] {
        let arguments = [&["report", "--data", path, "-o", "r.pdf"][..], &period].concat();
        trapline(&work, &arguments).assert_told(2, &[expected]);
    }
}

#[test]
fn a_check_fails_where_a_data_set_cannot_be_used() {
    let data = export(&times(0, 40));
    let work = tempfile::tempdir().unwrap();
    let arguments = ["check", "--data", data.path().to_str().unwrap(), "--listen", "127.0.0.1:0"];
    trapline(&work, &arguments).assert_out(2, &["FAIL", "40 of 40 rows"]);
}

#[tokio::test]
async fn a_server_goes_on_without_a_data_set_that_cannot_be_used_and_says_why() {
    let (good, bad) = (export(&times(38, 2)), export(&times(0, 40)));
    let unclear = export(&["3/1/2022 10:00".to_owned(), "3/2/2022 10:00".to_owned()]);
    let name = |folder: &TempDir| folder.path().file_stem().unwrap().to_str().unwrap().to_owned();
    let server = Home::with_data(&[good.path(), bad.path(), unclear.path()]).start();
    let known = server.json("/api/datasets").await;
    let [first, second] = [&known["datasets"][0], &known["datasets"][1]];
    let warning = first["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("2 of 40 rows of images.csv could not be read"), "{known}");
    let problem = second["problem"].as_str().unwrap();
    assert!(problem.contains("40 of 40 rows") && problem.contains("line 2, timestamp"), "{problem}");

    let problem = known["datasets"][2]["problem"].as_str().unwrap();
    assert!(problem.contains("--date-order"), "{problem}");

    let body = |dataset: &TempDir| {
        let fields = json!({"group_by": "week", "dataset": name(dataset)});
        set_fields(seasonal("2022-03-01", "2022-03-31"), &fields)
    };
    let refused = read_json(server.post("/api/exports/pdf", &body(&bad)).await, 422).await;
    assert!(refused["detail"].as_str().unwrap().contains("cannot be used"), "{refused}");
    server.make("pdf", &body(&good)).await;
}
