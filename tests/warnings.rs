//! What a request says that may not be as intended: fields that are unknown, and a data set that was not named.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Home, Server, program, read_json, run_beside, season, set_fields};

/// A season whose species are in a field with a wrong name.
fn misspelt() -> Value {
    set_fields(season(), &json!({"dataset": "algar", "classification": ["Ursus americanus"]}))
}

const WARNING: &str = "unknown field “classification”; did you mean “classifications”?";

async fn submit(server: &Server, kind: &str, body: &Value) -> Value {
    read_json(server.post(&format!("/api/exports/{kind}"), body).await, 202).await
}

#[tokio::test]
async fn an_unknown_field_is_a_warning_in_the_answer_and_in_the_status() {
    let server = Home::with_examples().start_api();
    let accepted = submit(&server, "pdf", &misspelt()).await;
    assert_eq!(accepted["warnings"], json!([WARNING]));
    let job_id = accepted["job_id"].as_str().unwrap();
    assert_eq!(server.status("pdf", job_id).await["warnings"], json!([WARNING]));

    let mut inner = json!({"dataset": "camtrap-dp", "filter": {"start": "2021-04-11", "locations": []}});
    let accepted = submit(&server, "zip", &inner).await;
    let warning = "unknown field “filter.start”; did you mean “filter.start_date”?";
    assert_eq!(accepted["warnings"], json!([warning]));
    inner["filter"] = json!({});
    assert_eq!(submit(&server, "zip", &inner).await.get("warnings"), None);
}

#[tokio::test]
async fn an_unknown_field_is_refused_where_that_is_asked_for() {
    let server = Home::with_examples().start_api();
    let submit = async |preference| {
        let request = server.request(Method::POST, "/api/exports/pdf").header("prefer", preference);
        request.json(&misspelt()).send().await.unwrap()
    };
    for preference in ["handling=strict", "wait=5, Handling = strict", "respond-async; handling=\"strict\""] {
        let problem = read_json(submit(preference).await, 422).await;
        assert_eq!(problem["errors"], json!([{"field": "classification", "detail": WARNING}]));
    }
    assert_eq!(submit("handling=lenient").await.status(), 202);

    let strict = Home::with_examples().arguments(&["--strict"]).start_api();
    assert_eq!(strict.post("/api/exports/pdf", &misspelt()).await.status(), 422);
    assert_eq!(strict.post("/api/exports/pdf", &season()).await.status(), 202);
}

#[tokio::test]
async fn the_command_line_refuses_an_unknown_field() {
    let server = Home::with_examples().start_api();
    let mut command = program();
    let fields = ["report_type=seasonal_activity", "start_date=2018-09-01", "end_date=2019-01-31", "titel=A"];
    command.args(["job", "--server", &server.url, "submit", "pdf"]).args(fields);
    run_beside(command).await.assert_told(2, &["unknown field “titel”; did you mean “title”?"]);
}

#[tokio::test]
async fn a_data_set_that_was_not_named_is_a_warning_where_there_are_several() {
    let several = Home::with_examples().start_api();
    let accepted = submit(&several, "pdf", &season()).await;
    let expected = "dataset is missing, so “algar” was used; this server has: algar, camtrap-dp";
    assert_eq!(accepted["warnings"], json!([expected]));
    let named = set_fields(season(), &json!({"dataset": "algar"}));
    assert_eq!(submit(&several, "pdf", &named).await.get("warnings"), None);
    let one = Home::with_data(&[&testkit::examples().join("algar.zip")]).start_api();
    assert_eq!(submit(&one, "pdf", &season()).await.get("warnings"), None);
}

#[tokio::test]
async fn a_status_has_the_data_set_and_the_request() {
    let server = Home::with_examples().start_api();
    let body = json!({"report_type": "seasonal_activity", "season": "rut", "year": 2018, "title": "Rut",
        "classifications": ["american black bear"], "callback_url": null});
    let job_id = server.submit("pdf", &body).await;
    let status = server.status("pdf", &job_id).await;
    assert_eq!(status["dataset"], "algar");
    let request = &status["request"];
    assert_eq!(request["title"], "Rut");
    assert_eq!(request["classifications"], json!(["Ursus americanus"]));
    assert_eq!((&request["start_date"], &request["end_date"]), (&json!("2018-09-01"), &json!("2019-01-31")));
    assert_eq!(request["independence_minutes"], 30);
    assert!(request.get("season").is_none() && request.get("callback_url").is_none(), "{request}");
    // It can be sent again unchanged.
    assert_eq!(server.post("/api/exports/pdf", request).await.status(), 202);
    let listed = server.json("/api/exports?limit=5").await;
    assert!(listed["exports"].as_array().unwrap().iter().any(|job| job["request"] == *request), "{listed}");
}

#[tokio::test]
async fn a_status_has_the_beginning_of_long_lists() {
    let server = Home::with_examples().start_api();
    let ids: Vec<String> = (0..500).map(|number| format!("id-{number}")).collect();
    let job_id = server.submit("zip", &json!({"dataset": "camtrap-dp", "detection_ids": ids})).await;
    let status = server.status("zip", &job_id).await;
    let shown = status["request"]["detection_ids"].as_array().unwrap();
    assert_eq!((shown.len(), &shown[99], &shown[100]), (101, &json!("id-99"), &json!("… and 400 more")));
    assert_eq!(status["total_detections"], 500);
}
