//! The page, as a person uses it: in a real browser without a window.

use std::time::Duration;

use serde_json::json;

use crate::browser::Browser;
use crate::link::{Fault, Link};
use crate::support::{Home, Server, herons, season, wait_until};

/// How many exports are in a state.
fn in_state(state: &str) -> String {
    format!("document.querySelectorAll('.export.{state}:not([hidden])').length")
}

#[tokio::test]
async fn a_person_chooses_a_season_sees_what_is_in_it_and_opens_a_report() {
    let server = Home::with_examples().start();
    let browser = Browser::open_page(&server).await;
    browser.choose("#season", "rut").await;
    browser.choose("#year", "2018").await;
    browser.wait_until("document.getElementById('end_date').value", "2019-01-31").await;
    let summary = server.json("/api/summary?start_date=2018-09-01&end_date=2019-01-31").await;
    let events = summary["events"].to_string();
    browser.wait_until("document.getElementById('fact-events').textContent", events).await;
    assert_eq!(browser.text("#fact-classes").await, summary["classes"].as_array().unwrap().len().to_string());
    let bars = browser.value("document.querySelectorAll('#chart rect').length").await;
    assert!(bars.as_u64() > Some(5), "{bars}");

    browser.click("#submit").await;
    browser.wait_until(&in_state("completed"), 1).await;
    assert_eq!(browser.text(".export h3").await, "Seasonal activity, 1 September 2018 to 31 January 2019");
    assert!(browser.text(".export .about").await.starts_with("PDF, "));
    browser.press("Open").await;
    browser.wait_until("document.getElementById('viewer').open", true).await;
    let report = browser.value("document.querySelector('#viewer iframe').src").await;
    let response = server.client.get(report.as_str().unwrap()).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/pdf");
    assert!(response.headers()["content-disposition"].to_str().unwrap().starts_with("inline"));
}

#[tokio::test]
async fn a_server_without_a_worker_says_so() {
    let redis = testkit::RedisServer::start();
    let home = Home::with_examples().with_redis(&redis).arguments(&["--worker-silence", "1"]);
    let server = home.start_api();
    let browser = Browser::open_page(&server).await;
    browser.wait_until("document.getElementById('server-problems').hidden", true).await;
    server.submit("pdf", &season()).await;
    browser.wait_until("document.getElementById('server-problems').hidden", false).await;
    let said = browser.text("#server-problems").await;
    assert!(said.contains("no worker is running: start trapline worker"), "{said}");
    let _worker = home.start_worker(1);
    browser.wait_until(&in_state("completed"), 1).await;
    browser.wait_until("document.getElementById('server-problems').hidden", true).await;
}

/// Neither when the counts arrive nor while the page itself does.
#[tokio::test]
async fn nothing_moves_by_itself() {
    let server = Home::with_examples().start();
    server.submit("pdf", &season()).await;
    let slow = Fault::Slow { piece: 512, pause: Duration::from_millis(10) };
    let link = Link::start(&server, slow).await;
    let browser = Browser::open(&link.url).await;
    browser.is_ready().await;
    browser.wait_until(&in_state("completed"), 1).await;
    let moved = browser.shift().await;
    assert!(moved < 0.001, "{moved}");
}

#[tokio::test]
async fn periods_to_compare_follow_the_period_until_they_are_written() {
    let server = Home::with_examples().start();
    let browser = Browser::open_page(&server).await;
    browser.click("[value=comparison]").await;
    browser.choose("#season", "summer").await;
    browser.choose("#year", "2019").await;
    let first = |row: u8| format!("document.querySelectorAll('#compared .start_date')[{row}].value");
    browser.wait_until(&first(0), "2018-06-01").await;
    browser.wait_until(&first(1), "2019-06-01").await;
    browser.write(".compared .label", "Then").await;
    browser.choose("#season", "spring").await;
    browser.wait_until("document.getElementById('start_date').value", "2019-03-01").await;
    assert_eq!(browser.value(&first(1)).await, "2019-06-01");
    browser.click("#submit").await;
    browser.wait_until(&in_state("completed"), 1).await;
}

#[tokio::test]
async fn a_person_makes_an_archive_and_sees_its_crops() {
    let server = Home::with_examples().start();
    let browser = Browser::open_page(&server).await;
    browser.choose("#dataset", "camtrap-dp").await;
    browser.click("[value=archive]").await;
    browser.click("#submit").await;
    browser.wait_until(&in_state("completed"), 1).await;
    let about = browser.text(".export .about").await;
    let expected = "10 of 20 not included (see missing.csv): 10 pictures are on the web only";
    assert!(about.contains(expected), "{about}");
    browser.press("Preview").await;
    let shown =
        "[...document.querySelectorAll('.sheet img')].filter((image) => image.naturalWidth > 0).length";
    browser.wait_until(shown, 10).await;
}

#[tokio::test]
async fn a_deletion_can_be_taken_back() {
    let server = Home::with_examples().start();
    let job_id = server.submit("pdf", &season()).await;
    server.completed("pdf", &job_id).await;
    let browser = Browser::open(&server.url).await;
    browser.wait_until(&in_state("completed"), 1).await;
    browser.press("Delete").await;
    browser.wait_until(&in_state("completed"), 0).await;
    browser.click("#undo button").await;
    browser.wait_until(&in_state("completed"), 1).await;
    assert_eq!(server.status("pdf", &job_id).await["status"], "completed");

    browser.press("Delete").await;
    let address = format!("/api/exports/pdf/{job_id}");
    wait_until("the export to be gone", async || server.get(&address).await.status() == 404).await;
    browser.wait_until("document.getElementById('none').hidden", false).await;
}

#[tokio::test]
async fn a_mistake_is_told_under_its_field_by_the_label_of_the_page() {
    let server = Home::with_examples().start();
    let browser = Browser::open_page(&server).await;
    browser.click("[value=archive]").await;
    browser.write("#crop_size", "9").await;
    browser.click("#submit").await;
    browser.wait_until("document.querySelectorAll('.error').length", 1).await;
    assert_eq!(browser.text(".error").await, "Picture size must be a whole number from 128 to 1024");
    assert_eq!(browser.value("document.activeElement.id").await, "crop_size");
    let described =
        "document.getElementById(document.activeElement.getAttribute('aria-describedby')).textContent";
    assert_eq!(browser.value(described).await, browser.text(".error").await);
    browser.write("#crop_size", "300").await;
    browser.choose("#dataset", "camtrap-dp").await;
    browser.click("#submit").await;
    browser.wait_until("document.querySelectorAll('.export').length", 1).await;
    assert_eq!(browser.value("document.querySelectorAll('.error').length").await, 0);
}

#[tokio::test]
async fn a_bar_moves_and_survives_a_reload() {
    let (home, request) = Home::with_slow(3000);
    let server = home.start();
    server.submit("zip", &request).await;
    let browser = Browser::open(&server.url).await;
    browser.wait_until("document.querySelector('.export progress')?.value > 0", true).await;
    let before = browser.value("document.querySelector('.export progress').value").await.as_f64().unwrap();
    browser.reload().await;
    browser.wait_until(&format!("document.querySelector('.export progress')?.value >= {before}"), true).await;
    browser.wait_until(&in_state("completed"), 1).await;
}

#[tokio::test]
async fn a_server_that_is_gone_is_told_and_found_again() {
    let home = Home::with_examples();
    let server = home.start();
    let port = server.url.rsplit(':').next().unwrap().parse().unwrap();
    let browser = Browser::open_page(&server).await;
    server.kill();
    browser.wait_until("document.getElementById('connection').className", "off").await;
    browser.click("#submit").await;
    browser
        .wait_until("document.getElementById('make-message').textContent.includes('cannot be reached')", true)
        .await;

    let server: Server = home.start_at(port);
    browser.wait_until("document.getElementById('connection').textContent", "Connected").await;
    browser.click("#submit").await;
    browser.wait_until(&in_state("completed"), 1).await;
    // It was taken once, however often it was sent.
    let list = server.json("/api/exports").await;
    assert_eq!(list["exports"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nothing_on_the_page_keeps_anybody_out() {
    let server = Home::with_examples().start();
    for (kind, request) in [("pdf", season()), ("zip", herons())] {
        server.make(kind, &request).await;
    }
    let failing = server.submit("zip", &json!({"detection_ids": ["nobody"], "dataset": "camtrap-dp"})).await;
    server.status_when("zip", &failing, |status| status["status"] == "failed").await;
    let browser = Browser::open_page(&server).await;
    browser.wait_until("document.querySelectorAll('.export').length", 3).await;
    for kind in ["seasonal_activity", "comparison", "custom", "archive"] {
        browser.click(&format!("[value={kind}]")).await;
        assert_eq!(browser.barriers().await, [""; 0], "{kind}");
    }
    browser.write("#crop_size", "9").await;
    browser.click("#submit").await;
    browser.wait_until("document.querySelectorAll('.error').length", 1).await;
    assert_eq!(browser.barriers().await, [""; 0], "with a mistake");
    browser.value("document.querySelector('.export.completed .actions button').click()").await;
    browser.wait_until("document.getElementById('viewer').open", true).await;
    assert_eq!(browser.barriers().await, [""; 0], "with crops shown");
}
