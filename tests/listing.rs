//! `GET /api/exports`: the list of jobs.

use serde_json::{Value, json};

use crate::support::{Home, Server, herons, on_both_stores, read_json, season};

on_both_stores!(
    the_list_has_the_newest_first_and_tells_what_each_is,
    the_list_is_read_page_by_page_while_jobs_come,
    the_list_can_be_of_one_status_or_kind,
    a_wrong_question_is_answered_with_all_that_is_wrong,
);

async fn list(server: &Server, query: &str) -> Value {
    server.get(&format!("/api/exports{query}")).await.json().await.unwrap()
}

fn ids(list: &Value) -> Vec<String> {
    let exports = list["exports"].as_array().unwrap().iter();
    exports.map(|export| export["job_id"].as_str().unwrap().to_owned()).collect()
}

async fn the_list_has_the_newest_first_and_tells_what_each_is(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples()).start();
    assert_eq!(list(&server, "").await, json!({"exports": [], "next_cursor": null}));
    let report = server.submit("pdf", &season()).await;
    let archive = server.submit("zip", &herons()).await;
    let report_status = server.completed("pdf", &report).await;
    let archive_status = server.completed("zip", &archive).await;
    let list = list(&server, "").await;
    assert_eq!(ids(&list), [archive, report]);
    assert_eq!(list["next_cursor"], Value::Null);
    // Each status is the same as at its own address.
    for (listed, status) in list["exports"].as_array().unwrap().iter().zip([&archive_status, &report_status])
    {
        for field in
            ["kind", "title", "status", "filename", "download_url", "file_size_bytes", "completed_at"]
        {
            assert_eq!(listed[field], status[field], "{field}");
        }
    }
    assert_eq!(archive_status["title"], "Pictures of 10 detections");
    assert_eq!(report_status["title"], "Seasonal activity, 1 September 2018 to 31 January 2019");
}

async fn the_list_is_read_page_by_page_while_jobs_come(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples().arguments(&["--workers", "0"])).start();
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.insert(0, server.submit("pdf", &season()).await);
    }
    let (mut found, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = list(&server, &query).await;
        found.extend(ids(&page));
        server.submit("pdf", &season()).await;
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(found, expected);
}

async fn the_list_can_be_of_one_status_or_kind(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples()).start();
    let mut reports = Vec::new();
    for _ in 0..3 {
        reports.insert(0, server.submit("pdf", &season()).await);
    }
    let archive = server.submit("zip", &json!({"detection_ids": ["nobody"], "dataset": "camtrap-dp"})).await;
    server.status_when("zip", &archive, |status| status["status"] == "failed").await;
    for report in &reports {
        server.completed("pdf", report).await;
    }
    assert_eq!(ids(&list(&server, "?kind=zip").await), [archive.as_str()]);
    assert_eq!(ids(&list(&server, "?status=failed").await), [archive]);
    assert_eq!(ids(&list(&server, "?status=processing").await), [""; 0]);
    // Where a page ends does not depend on what is passed over.
    let first = list(&server, "?status=completed&kind=pdf&limit=2").await;
    assert_eq!(ids(&first), reports[..2]);
    let next = format!("?status=completed&limit=2&cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!(ids(&list(&server, &next).await), reports[2..]);
}

async fn a_wrong_question_is_answered_with_all_that_is_wrong(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples()).start();
    let problem = read_json(server.get("/api/exports?status=done&limit=1000").await, 422).await;
    let fields: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["status", "limit"]);
}
