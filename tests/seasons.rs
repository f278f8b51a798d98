//! Seasons are those of the half of the earth on which the cameras stand.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Package, PostgresServer};

use crate::browser::Browser;
use crate::support::{CallResult, Home, program, read_json, report, run_beside, seasonal};

/// A survey of two years at this latitude, in a folder of this name.
fn survey(name: &str, latitude: &str) -> (TempDir, PathBuf) {
    let mut package = Package::default();
    let deployment = format!("dep1,loc1,Kloof,{latitude},18.4,2022-03-01T00:00:00Z,2024-03-01T00:00:00Z\n");
    package.deployments.push_str(&deployment);
    package.sighting("o1", "dep1", "2022-04-01T06:00:00Z", "Papio ursinus", 1);
    package.sighting("o2", "dep1", "2024-01-10T06:00:00Z", "Papio ursinus", 1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::create_dir(&path).unwrap();
    package.write_to(&path);
    (folder, path)
}

/// A report on a season of a year.
fn report_on(data: &Path, [season, year]: [&str; 2], more: &[&str]) -> (CallResult, Option<Value>) {
    report(data, &[&["--season", season, "--year", year], more].concat())
}

/// The period of a report on a season.
fn period(data: &Path, season: [&str; 2], more: &[&str]) -> [String; 2] {
    let (call, numbers) = report_on(data, season, more);
    call.assert_told(0, &[]);
    let period = &numbers.unwrap()["period"];
    ["start", "end"].map(|end| period[end].as_str().unwrap().to_owned())
}

#[test]
fn the_command_line_takes_the_season_of_the_place() {
    let (_south, south) = survey("south", "-33.9");
    for (season, days) in [
        (["spring", "2022"], ["2022-09-01", "2022-11-30"]),
        (["summer", "2022"], ["2022-12-01", "2023-02-28"]),
        (["fall", "2023"], ["2023-03-01", "2023-05-31"]),
        (["winter", "2023"], ["2023-06-01", "2023-08-31"]),
    ] {
        assert_eq!(period(&south, season, &[]), days, "{season:?}");
    }
    // Beside the periods that are compared, too.
    let compared = ["--compare", "A=2022-12-01..2022-12-31", "--compare", "B=2023-01-01..2023-01-31"];
    let compared = [&["--type", "comparison"], &compared[..]].concat();
    assert_eq!(period(&south, ["summer", "2022"], &compared), ["2022-12-01", "2023-02-28"]);
    let (_north, north) = survey("north", "33.9");
    assert_eq!(period(&north, ["summer", "2022"], &[]), ["2022-06-01", "2022-08-31"]);
    // Without latitudes they are those of the north.
    let (_nowhere, nowhere) = survey("nowhere", "");
    assert_eq!(period(&nowhere, ["rut", "2022"], &[]), ["2022-09-01", "2023-01-31"]);
}

#[test]
fn the_rut_is_refused_in_the_south_with_what_to_write_instead() {
    let (_south, south) = survey("south", "-33.9");
    let parts =
        ["--season: rut is that of white-tailed deer", "south of the equator", "give --from and --to"];
    report_on(&south, ["rut", "2022"], &[]).0.assert_told(2, &parts);
}

#[tokio::test]
async fn a_server_takes_the_season_of_each_of_its_data_sets() {
    let ((_south, south), (_north, north)) = (survey("south", "-33.9"), survey("north", "33.9"));
    let server = Home::with_data(&[&south, &north]).start();
    let known = server.json("/api/datasets").await;
    let hemispheres = [0, 1].map(|number: usize| known["datasets"][number]["hemisphere"].clone());
    assert_eq!(hemispheres, ["south", "north"]);
    let title = async |dataset: &str| {
        let body =
            json!({"report_type": "seasonal_activity", "season": "summer", "year": 2022, "dataset": dataset});
        let job_id = server.submit("pdf", &body).await;
        server.status("pdf", &job_id).await["title"].clone()
    };
    assert_eq!(title("south").await, "Seasonal activity, 1 December 2022 to 28 February 2023");
    assert_eq!(title("north").await, "Seasonal activity, 1 June 2022 to 31 August 2022");
    for (query, start) in
        [("season=winter&year=2023", "2023-06-01"), ("season=winter&year=2022&dataset=north", "2022-12-01")]
    {
        let summary = server.json(&format!("/api/summary?{query}")).await;
        assert_eq!(summary["period"]["start"], start, "{query}");
    }
    let rut = json!({"report_type": "seasonal_activity", "season": "rut", "year": 2022});
    for response in
        [server.post("/api/exports/pdf", &rut).await, server.get("/api/summary?season=rut&year=2022").await]
    {
        let problem = read_json(response, 422).await;
        assert_eq!(problem["errors"][0]["field"], "season");
        let detail = problem["detail"].as_str().unwrap();
        let instead = "give start_date and end_date instead of season and year";
        assert!(detail.contains("south of the equator") && detail.contains(instead), "{detail}");
    }
}

#[tokio::test]
async fn a_season_is_submitted_from_the_command_line_as_it_is_there() {
    let (_south, south) = survey("south", "-33.9");
    let server = Home::with_data(&[&south]).start();
    let mut command = program();
    command.args(["job", "--server", &server.url, "submit", "pdf", "report_type=seasonal_activity"]);
    command.args(["season=winter", "year:=2023"]);
    let submitted = run_beside(command).await;
    submitted.assert_told(0, &[]);
    let status = server.status("pdf", submitted.out.trim()).await;
    assert_eq!(status["title"], "Seasonal activity, 1 June 2023 to 31 August 2023");
}

#[tokio::test]
async fn a_database_is_asked_where_its_cameras_stand() {
    let mut database = PostgresServer::start();
    testkit::fill(&database, 500, 5);
    database.sql("UPDATE locations SET coordinates = json_build_object('lat', -33.9, 'lon', 18.4)");
    let address = PathBuf::from(database.url());
    let server = Home::with_data(&[&address]).start();
    let body = json!({"report_type": "seasonal_activity", "season": "summer", "year": 2023});
    let job_id = server.submit("pdf", &body).await;
    let status = server.status("pdf", &job_id).await;
    assert_eq!(status["title"], "Seasonal activity, 1 December 2023 to 29 February 2024");
    assert!(server.terminate().success());
    // A server that never heard from its database does not guess; dates need no database.
    database.kill();
    let server = Home::with_data(&[&address]).start();
    assert_eq!(server.post("/api/exports/pdf", &body).await.status(), 503);
    let dates = seasonal("2023-12-01", "2024-02-29");
    assert_eq!(server.post("/api/exports/pdf", &dates).await.status(), 202);
}

#[tokio::test]
async fn the_page_shows_the_seasons_of_the_data_set() {
    let ((_south, south), (_north, north)) = (survey("south", "-33.9"), survey("north", "33.9"));
    let server = Home::with_data(&[&south, &north]).start();
    let browser = Browser::open_page(&server).await;
    let option = |season: &str| format!("document.querySelector('#season option[value={season}]')");
    browser.wait_until(&format!("{}.textContent", option("summer")), "Summer (Dec to Feb)").await;
    assert_eq!(browser.value(&format!("{}.disabled", option("rut"))).await, true);
    browser.choose("#season", "summer").await;
    browser.choose("#year", "2022").await;
    browser.wait_until("document.getElementById('start_date').value", "2022-12-01").await;
    browser.wait_until("document.getElementById('end_date').value", "2023-02-28").await;
    browser.choose("#dataset", "north").await;
    browser.wait_until(&format!("{}.textContent", option("summer")), "Summer (Jun to Aug)").await;
    assert_eq!(browser.value(&format!("{}.disabled", option("rut"))).await, false);
}
