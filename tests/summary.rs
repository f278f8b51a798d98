//! `GET /api/summary` and `GET /api/datasets`: what there is to be reported on.

use serde_json::{Value, json};
use testkit::examples;

use crate::support::{Home, read_json, report_numbers};

/// What a summary has of a report.
const SHARED: [&str; 8] = [
    "period",
    "effort_days",
    "locations_surveyed",
    "deployments_active",
    "events",
    "individuals",
    "buckets",
    "excluded",
];

#[tokio::test]
async fn a_summary_has_the_counts_of_a_report_on_the_same_period() {
    let server = Home::with_examples().start();
    let cases = [
        ("start_date=2018-09-01&end_date=2019-01-31", ["--from", "2018-09-01", "--to", "2019-01-31"]),
        ("season=summer&year=2018", ["--season", "summer", "--year", "2018"]),
    ];
    for (query, arguments) in cases {
        let report = report_numbers(examples().join("algar.zip"), &arguments);
        let summary = server.json(&format!("/api/summary?{query}")).await;
        assert_eq!(summary["dataset"], "algar");
        for field in SHARED {
            assert_eq!(summary[field], report[field], "{query} {field}");
        }
        let classes = |numbers: &Value| -> Vec<[Value; 3]> {
            let fields = ["classification", "events", "individuals"];
            let rows = numbers["classes"].as_array().unwrap().iter();
            rows.map(|row| fields.map(|field| row[field].clone())).collect()
        };
        assert_eq!(classes(&summary), classes(&report), "{query}");
    }
}

#[tokio::test]
async fn a_summary_tells_how_many_crops_an_archive_would_have() {
    let server = Home::with_examples().start();
    let query = "dataset=camtrap-dp&start_date=2021-04-11&end_date=2021-04-11&group_by=day";
    let summary = server.json(&format!("/api/summary?{query}")).await;
    let filter = json!({"start_date": "2021-04-11", "end_date": "2021-04-11"});
    let (_, archive) = server.answer("zip", &json!({"dataset": "camtrap-dp", "filter": filter})).await;
    assert_eq!(summary["detections"], archive["total_detections"]);
    assert!(summary["detections"].as_u64() > Some(0));
}

#[tokio::test]
async fn a_summary_of_nothing_is_of_zeros_and_a_wrong_one_is_refused() {
    let server = Home::with_examples().start();
    let none = server.json("/api/summary?start_date=1990-01-01&end_date=1990-01-31").await;
    let counts = (&none["events"], &none["effort_days"], &none["classes"]);
    assert_eq!(counts, (&json!(0), &json!(0.0), &json!([])));
    let wrong = [
        ("", "start_date is missing"),
        ("start_date=2019-01-01&end_date=2018-01-01", "end_date must not be before start_date"),
        ("start_date=1980-01-01&end_date=9000-01-01", "at most 3660 days"),
        ("start_date=1018-01-01&end_date=2018-01-01", "use 1980 or later"),
        ("season=monsoon&year=2018", "season must be one of"),
        ("start_date=2018-01-01&end_date=2018-02-01&dataset=x", "No data set"),
        ("start_date=2018-01-01&end_date=2018-02-01&classification=unicorn", "unicorn"),
    ];
    for (query, told) in wrong {
        let problem = read_json(server.get(&format!("/api/summary?{query}")).await, 422).await;
        assert!(problem["detail"].as_str().unwrap().contains(told), "{query}: {problem}");
    }
}

#[tokio::test]
async fn the_data_sets_are_told_with_what_is_in_them() {
    let server = Home::with_examples().start();
    let told = server.json("/api/datasets").await;
    let [algar, herons] = &told["datasets"].as_array().unwrap()[..] else { panic!("{told}") };
    assert_eq!((&algar["name"], &herons["name"]), (&json!("algar"), &json!("camtrap-dp")));
    assert!(algar["first_day"].as_str() < algar["last_day"].as_str());
    let classes = herons["classes"].as_array().unwrap();
    assert!(classes.iter().any(|class| class["classification"] == "Ardea"), "{herons}");
    assert_eq!(algar["locations"].as_array().unwrap().len(), 38);
}
