//! Exports from a platform's PostgreSQL database.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{PostgresServer, picture};

use crate::support::{
    Home, assert_counts, program, read_json, report_numbers, run, seasonal, set_fields, trapline,
};
use crate::zips::entry_of;

/// Pictures by the names that a made-up survey gives them.
pub fn pictures(number: u32) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..number {
        std::fs::write(folder.path().join(format!("p{n}.jpg")), picture("colour.jpg")).unwrap();
    }
    folder
}

/// A survey of 5,000 detections in a database.
fn survey() -> (PostgresServer, TempDir) {
    let server = PostgresServer::start();
    testkit::fill(&server, 5_000, 10);
    (server, pictures(10))
}

fn home(server: &PostgresServer, pictures: &Path) -> Home {
    let data = PathBuf::from(server.url());
    Home::with_data(&[&data]).arguments(&["--images", &pictures.display().to_string()])
}

fn spring() -> Value {
    seasonal("2024-03-01", "2024-05-31")
}

/// Distinct pairs of a picture and a class of it, which are records, in the spring.
const RECORDS: &str = "SELECT class, count(*) FROM (SELECT DISTINCT i.id,
    coalesce(corrected_classification, classification) AS class FROM detections d JOIN images i ON i.id = d.image_id
    WHERE is_valid AND NOT is_duplicate AND timestamp >= '2024-03-01Z' AND timestamp < '2024-06-01Z') r
    GROUP BY 1 ORDER BY 1";

#[test]
fn the_numbers_of_a_report_are_those_of_the_database() {
    let (server, _pictures) = survey();
    let period = ["--from", "2024-03-01", "--to", "2024-05-31", "--independence", "0"];
    let report = report_numbers(server.url(), &period);
    let classes = report["classes"].as_array().unwrap().iter();
    let events: BTreeMap<String, u64> = classes
        .map(|class| (class["classification"].as_str().unwrap().into(), class["events"].as_u64().unwrap()))
        .collect();
    let records = server.sql(RECORDS);
    let expected: BTreeMap<String, u64> = records
        .lines()
        .filter_map(|line| line.split_once('|'))
        .map(|(class, number)| (class.into(), number.parse().unwrap()))
        .collect();
    assert_eq!(events, expected);
    assert_eq!(report["source"]["format"], "PostgreSQL database");
    assert_eq!(report["source"]["recorded"]["start"], "2023-01-01");
    let outside: u64 = server.sql(
        "SELECT count(*) FROM detections d JOIN images i ON i.id = d.image_id WHERE is_valid AND NOT is_duplicate
         AND NOT (timestamp >= '2024-03-01Z' AND timestamp < '2024-06-01Z')",
    ).parse().unwrap();
    assert_eq!(report["excluded"]["outside_period"], outside);
    assert_ne!(report["excluded"]["no_timestamp"], 0);
    let methods = report["methods"].to_string();
    assert!(methods.contains("the database lists pictures and no deployments"), "{methods}");
    assert!(methods.contains("marked invalid in the database"), "{methods}");
    // Each of the 40 stands has pictures from the first days to the last.
    assert_eq!((&report["locations_surveyed"], &report["effort_days"]), (&json!(40), &json!(40.0 * 92.0)));
}

#[tokio::test]
async fn reports_and_archives_are_made_of_a_database() {
    let (database, pictures) = survey();
    let server = home(&database, pictures.path()).start();
    let report = server.submit("pdf", &spring()).await;
    let filter = json!({"start_date": "2024-03-01", "end_date": "2024-05-31",
        "classifications": ["buck", "mature"], "locations": ["Stand 07", "Stand 21"]});
    let by_filter = server.submit("zip", &json!({"filter": filter})).await;
    let ids: Vec<String> = database
        .sql("SELECT id FROM detections WHERE is_valid AND NOT is_duplicate ORDER BY corrected_classification, id LIMIT 30")
        .lines()
        .map(str::to_owned)
        .collect();
    let by_id = server.submit("zip", &json!({"detection_ids": ids, "include_originals": true})).await;
    assert!(server.download(&server.completed("pdf", &report).await).await.starts_with(b"%PDF"));
    let number: u64 = database.sql(
        "SELECT count(*) FROM detections d JOIN images i ON i.id = d.image_id JOIN locations l ON l.id = i.location_id
         WHERE is_valid AND NOT is_duplicate AND timestamp >= '2024-03-01Z' AND timestamp < '2024-06-01Z'
         AND coalesce(corrected_classification, classification) IN ('buck', 'mature') AND name IN ('Stand 07', 'Stand 21')",
    ).parse().unwrap();
    assert_counts(&server.completed("zip", &by_filter).await, number, 0);
    let status = server.completed("zip", &by_id).await;
    assert_counts(&status, 30, 0);
    let bytes = server.download(&status).await;
    let table = entry_of(&bytes, "metadata.csv");
    let corrected = database.sql(&format!(
        "SELECT id || ',%,' || corrected_classification FROM detections WHERE corrected_classification IS NOT NULL
         AND id IN ('{}') LIMIT 1",
        ids.join("','")
    ));
    let (id, class) = corrected.split_once(",%,").unwrap();
    assert!(table.lines().any(|line| line.starts_with(id) && line.contains(class)), "{corrected}: {table}");
}

#[tokio::test]
async fn boxes_in_pixels_are_cut_and_written_in_each_layout() {
    let (database, pictures) = survey();
    let server = home(&database, pictures.path()).start();
    let id =
        database.sql("SELECT id FROM detections WHERE is_valid AND NOT is_duplicate ORDER BY id LIMIT 1");
    let sides = database.sql(&format!(
        "SELECT bbox->>'x', bbox->>'y', bbox->>'width', bbox->>'height' FROM detections WHERE id = '{id}'"
    ));
    let sides: Vec<f64> = sides.split('|').map(|side| side.parse().unwrap()).collect();
    for (layout, file) in [("coco", "annotations.json"), ("camtrap-dp", "observations.csv")] {
        let request = json!({"detection_ids": [id], "layout": layout});
        let text = entry_of(&server.make_file("zip", &request).await.1, file);
        if layout == "coco" {
            let annotations: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(annotations["annotations"][0]["bbox"], json!(sides));
        } else {
            // The picture has 320 by 240 pixels.
            let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
            let (names, row) = (lines.next().unwrap(), lines.next().unwrap());
            let value =
                |name| row[names.iter().position(|known| *known == name).unwrap()].parse::<f64>().unwrap();
            assert!((value("bboxX") - sides[0] / 320.0).abs() < 1e-6, "{text}");
            assert!((value("bboxHeight") - sides[3] / 240.0).abs() < 1e-6, "{text}");
        }
    }
}

#[tokio::test]
async fn what_a_database_holds_is_told_and_names_are_checked() {
    let (database, pictures) = survey();
    let server = home(&database, pictures.path()).start();
    let told = server.json("/api/datasets").await;
    let known = &told["datasets"][0];
    assert_eq!((&known["name"], &known["observations"]), (&json!("survey"), &json!(4800)));
    assert_eq!(known["first_day"], "2023-01-01");
    assert_eq!(known["classes"].as_array().unwrap().len(), testkit::PLATFORM_CLASSES.len());
    let summary = server.json("/api/summary?start_date=2024-03-01&end_date=2024-05-31").await;
    assert_eq!(summary["locations_surveyed"], 40);
    assert_ne!(summary["detections"], 0);
    // Names of a database are found however they are typed.
    let mut totals = Vec::new();
    for filter in [
        json!({"classifications": ["BUCK"], "locations": ["stand_07", "STAND-21"]}),
        json!({"classifications": ["buck"], "locations": ["Stand 07", "Stand 21"]}),
    ] {
        let (_, answer) = server.answer("zip", &json!({"filter": filter})).await;
        totals.push(answer["total_detections"].as_u64().unwrap());
    }
    assert_eq!(totals[0], totals[1]);
    let overview = server.json("/api/datasets/survey").await;
    assert_eq!((&overview["observations"], &overview["pictures"]), (&json!(4800), &Value::Null));
    assert_eq!(overview["species"].as_array().unwrap().len(), testkit::PLATFORM_CLASSES.len() - 1);
    assert_eq!(overview["domestic_animals"][0]["classification"], "cattle");
    assert_ne!(overview["left_out"], json!([]));
    let body = set_fields(spring(), &json!({"classifications": ["dragon"]}));
    let problem = read_json(server.post("/api/exports/pdf", &body).await, 422).await;
    assert!(problem["detail"].as_str().unwrap().contains("No species “dragon”"), "{problem}");
    // A class that was not there when the server last looked is found.
    database.sql("UPDATE detections SET classification = 'dragon' WHERE id = md5('detection 4')::uuid");
    assert_eq!(server.post("/api/exports/pdf", &body).await.status(), 202);
}

#[tokio::test]
async fn a_database_that_is_away_is_told_and_jobs_wait_for_it() {
    let (mut database, pictures) = survey();
    let examples = testkit::examples().join("algar.zip");
    let data = PathBuf::from(database.url());
    let images = pictures.path().display().to_string();
    let server = Home::with_data(&[&data, &examples]).arguments(&["--images", &images]).start();
    database.kill();
    let away = server.get("/api/summary?start_date=2024-03-01&end_date=2024-05-31").await;
    assert_eq!(away.status(), 503);
    assert!(away.headers().contains_key("retry-after"));
    let detail = away.text().await.unwrap();
    assert!(detail.contains("the database of the data set does not answer"), "{detail}");
    let told = server.json("/api/datasets").await;
    assert!(told["datasets"][0]["problem"].is_string() && told["datasets"][1]["problem"].is_null(), "{told}");
    let job = server.submit("pdf", &spring()).await;
    server.wait_for_running("pdf", &job).await;
    database.restart();
    let status = server.completed("pdf", &job).await;
    assert_eq!(status["attempt"], 1, "{status}");
}

#[test]
fn a_check_tells_what_a_database_lacks() {
    let (database, pictures) = survey();
    let check = |url: &str| {
        let mut command = program();
        command.args(["check", "--listen", "127.0.0.1:0", "--data", url, "--images"]).arg(pictures.path());
        run(command.current_dir(pictures.path()))
    };
    let parts = ["4,800 observations of 8 species at 40 locations, 2023-01-01 to ", "The role may write"];
    check(&database.url()).assert_out(0, &parts);
    database.sql("ALTER TABLE images DROP COLUMN path");
    check(&database.url()).assert_out(2, &["FAIL  data survey", "image.path"]);
}

#[test]
fn the_tables_and_the_role_of_the_compose_file_are_enough() {
    let database = PostgresServer::start();
    let deploy = testkit::examples().join("../deploy");
    database.sql(&std::fs::read_to_string(deploy.join("reader.sql")).unwrap());
    let url = database.url().replace("trapline@", "reader@");
    let folder = tempfile::tempdir().unwrap();
    let checked = trapline(&folder, &["check", "--listen", "127.0.0.1:0", "--data", &url]);
    checked.assert_out(0, &["ok    data survey"]);
    assert!(!checked.out.contains("may write"), "{checked:?}");
}
