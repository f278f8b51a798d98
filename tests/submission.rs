//! `POST /api/exports/pdf` and `/zip`: what is taken, and what is refused with which words.

use jiff::{ToSpan, ZonedDateTime};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Home, Server, answer_of, read_json, season, seasonal, set_fields};

/// Asserts that a request is refused because of a field when some of its fields are changed.
async fn refuse(server: &Server, kind: &str, base: &Value, cases: &[(Value, &str)]) {
    for (changes, field) in cases {
        let (status, problem) = answer(server, kind, &change_fields(base, changes)).await;
        assert_eq!(status, 422, "{changes}: {problem}");
        assert_eq!(problem["errors"][0]["field"], *field, "{changes}: {problem}");
    }
}

async fn answer(server: &Server, kind: &str, body: &Value) -> (u16, Value) {
    let response = server.post(&format!("/api/exports/{kind}"), body).await;
    if response.status().as_u16() >= 400 {
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    answer_of(response).await
}

/// `body` with some fields changed; `null` takes one away.
fn change_fields(body: &Value, changes: &Value) -> Value {
    let mut body = body.clone();
    for (field, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(body.as_object_mut().unwrap().remove(field)),
            value => body[field] = value.clone(),
        }
    }
    body
}

#[tokio::test]
async fn an_export_is_accepted_with_the_way_to_its_status() {
    let server = Home::with_examples().start();
    for (kind, body) in [("pdf", season()), ("zip", json!({"detection_ids": ["a", "b"]}))] {
        let response = server.post(&format!("/api/exports/{kind}"), &body).await;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        let headers = response.headers().clone();
        let answer: Value = response.json().await.unwrap();
        let job_id = answer["job_id"].as_str().unwrap();
        assert_eq!(job_id.len(), 36, "a UUID");
        assert_eq!(headers["location"], format!("/api/exports/{kind}/{job_id}").as_str());
        assert_eq!(headers["retry-after"], "1");
        assert_eq!(answer["status"], "processing");
        assert!(answer["message"].is_string());
        let expected: jiff::Timestamp = answer["estimated_completion"].as_str().unwrap().parse().unwrap();
        assert!(expected > jiff::Timestamp::now());
        assert_eq!(answer.get("total_detections").is_some(), kind == "zip");
        assert_eq!(server.get(headers["location"].to_str().unwrap()).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn each_broken_rule_has_its_exact_text() {
    let server = Home::with_examples().start();
    let today = ZonedDateTime::now().date();
    let day = |days: i64| (today + days.days()).to_string();
    let cases = [
        (json!({"start_date": "2018-09-01", "end_date": "2018-09-01"}), "start_date must be before end_date"),
        (json!({"start_date": "2018-09-02", "end_date": "2018-09-01"}), "start_date must be before end_date"),
        (json!({"start_date": "2018-01-01", "end_date": "2019-01-02"}), "Date range cannot exceed 1 year"),
        (json!({"group_by": "quarter"}), "group_by must be one of: day, month, week"),
        (json!({"start_date": day(1), "end_date": day(2)}), "start_date cannot be in the future"),
        (json!({"start_date": day(-1), "end_date": day(1)}), "end_date cannot be in the future"),
    ];
    for (changes, detail) in cases {
        let (status, problem) = answer(&server, "pdf", &change_fields(&season(), &changes)).await;
        assert_eq!((status, problem["detail"].as_str()), (400, Some(detail)), "{changes}");
        assert_eq!((problem["status"].as_u64(), problem["title"].as_str()), (Some(400), Some("Bad Request")));
    }
    for fine in [
        json!({"start_date": "2018-01-01", "end_date": "2019-01-01"}),
        json!({"start_date": day(-1), "end_date": day(0)}),
    ] {
        assert_eq!(answer(&server, "pdf", &change_fields(&season(), &fine)).await.0, 202, "{fine}");
    }
}

#[tokio::test]
async fn every_broken_rule_is_told_and_the_first_is_the_detail() {
    let server = Home::with_examples().start();
    let day = (ZonedDateTime::now().date() + 3.days()).to_string();
    let body = set_fields(seasonal(&day, &day), &json!({"group_by": "x"}));
    let (status, problem) = answer(&server, "pdf", &body).await;
    assert_eq!(status, 400);
    assert_eq!(
        problem["errors"],
        json!([
            {"field": "start_date", "detail": "start_date must be before end_date"},
            {"field": "group_by", "detail": "group_by must be one of: day, month, week"},
            {"field": "start_date", "detail": "start_date cannot be in the future"},
            {"field": "end_date", "detail": "end_date cannot be in the future"},
        ])
    );
    assert_eq!(problem["detail"], problem["errors"][0]["detail"]);
    assert_eq!(server.files(), Vec::<String>::new(), "nothing was queued");
}

#[tokio::test]
async fn a_report_of_the_wrong_shape_is_refused() {
    let server = Home::with_examples().start();
    let cases = [
        (json!({"start_date": null}), "start_date"),
        (json!({"end_date": "2019-02-30"}), "end_date"),
        (json!({"end_date": "31/01/2019"}), "end_date"),
        (json!({"start_date": 20_180_901}), "start_date"),
        (json!({"report_type": null}), "report_type"),
        (json!({"report_type": "annual"}), "report_type"),
        (json!({"include_charts": "yes"}), "include_charts"),
        (json!({"classifications": "doe"}), "classifications"),
        (json!({"classifications": ["Yeti"]}), "classifications"),
        (json!({"group_by": 7}), "group_by"),
        (json!({"title": "x".repeat(201)}), "title"),
        (json!({"dataset": "nowhere"}), "dataset"),
    ];
    refuse(&server, "pdf", &season(), &cases).await;
    let (_, problem) =
        answer(&server, "pdf", &change_fields(&season(), &json!({"dataset": "nowhere"}))).await;
    assert_eq!(problem["detail"], "No data set “nowhere”. There are: algar, camtrap-dp");
    // Shape comes before rules: an invalid date cannot be compared.
    let both = json!({"start_date": "soon", "group_by": "quarter"});
    let (status, problem) = answer(&server, "pdf", &change_fields(&season(), &both)).await;
    assert_eq!((status, problem["errors"].as_array().unwrap().len()), (422, 1));
}

#[tokio::test]
async fn an_archive_of_the_wrong_shape_is_refused() {
    let server = Home::with_examples().start();
    let ids = json!({"detection_ids": ["a"]});
    let many: Vec<String> = (0..10_001).map(|n| n.to_string()).collect();
    let cases = [
        (json!({"detection_ids": null}), "detection_ids"),
        (json!({"detection_ids": []}), "detection_ids"),
        (json!({"detection_ids": many}), "detection_ids"),
        (json!({"detection_ids": [1, 2]}), "detection_ids"),
        (json!({"detection_ids": "a"}), "detection_ids"),
        (json!({"crop_size": 127}), "crop_size"),
        (json!({"crop_size": 1025}), "crop_size"),
        (json!({"crop_size": 300.5}), "crop_size"),
        (json!({"include_crops": 1}), "include_crops"),
        (json!({"filter": {}}), "filter"),
        (json!({"detection_ids": null, "filter": {"min_confidence": 2}}), "filter.min_confidence"),
        (json!({"detection_ids": null, "filter": {"classifications": ["Yeti"]}}), "filter.classifications"),
    ];
    refuse(&server, "zip", &ids, &cases).await;
    for fine in
        [json!({"crop_size": 128}), json!({"crop_size": 1024}), json!({"detection_ids": many[..10_000]})]
    {
        assert_eq!(answer(&server, "zip", &change_fields(&ids, &fine)).await.0, 202);
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_a_bad_request() {
    let server = Home::with_examples().start();
    for body in ["", "{", "start_date=2018-09-01"] {
        let post = server.request(Method::POST, "/api/exports/pdf").body(body);
        let problem = read_json(post.send().await.unwrap(), 400).await;
        assert!(problem["detail"].as_str().unwrap().starts_with("The body is not JSON"), "{problem}");
    }
    let (status, _) = answer(&server, "zip", &json!(["a", "b"])).await;
    assert_eq!(status, 422);
    // One byte too many, the last: with more behind it the answer could come while it is written.
    let huge = server.request(Method::POST, "/api/exports/zip").body(vec![b' '; (4 << 20) + 1]);
    assert_eq!(huge.send().await.unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_is_not_there_is_told_as_a_problem() {
    let server = Home::with_examples().start();
    let response = server.get("/api/nothing").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let response = server.get("/api/exports/pdf").await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.headers()["allow"], "POST,DELETE");
}
