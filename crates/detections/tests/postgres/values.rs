//! Whatever a column can hold costs a value or a row, never the data set.

use detections::{Database, Dataset, Mapping, Selection, Slice};
use testkit::PostgresServer;
use tokio_util::sync::CancellationToken;

use super::rows::{all, detection, id, picture, survey};
use super::{database, database_with, days, load, observation};

/// Everything that a database is asked for works: what requests are checked against, counts, reports and
/// archives.
async fn assert_readable(database: &Database, detections: usize) -> Dataset {
    Box::pin(database.reload_outline(&CancellationToken::new())).await.unwrap();
    load(database, &days("2024-05-01", "2024-05-31")).await.unwrap();
    for min_confidence in [None, Some(0.0), Some(0.5), Some(1.0)] {
        let selection = Selection { humans: true, without_box: true, min_confidence, ..Selection::default() };
        let counted = Box::pin(database.count_matching(&selection, &CancellationToken::new())).await.unwrap();
        let number: u64 = counted.iter().map(|(_, number)| number).sum();
        let slice = Slice::Selected { selection: selection.clone(), people: true };
        let data = load(database, &slice).await.unwrap();
        let selected = data.select(&selection).unwrap().len();
        assert!(selected <= data.observations.len() && number >= selected as u64, "{min_confidence:?}");
    }
    let of_all = Slice::Ids { ids: (1..=99).map(id).collect(), people: true };
    let data = load(database, &of_all).await.unwrap();
    assert_eq!(data.observations.len(), detections);
    data
}

/// The problems of a column of the mapping, or of what messages call it.
fn problems(data: &Dataset, column: &str) -> Vec<String> {
    let listed = data.problems.list().iter().filter(|problem| problem.column == column);
    listed.map(ToString::to_string).collect()
}

#[tokio::test]
async fn times_that_are_none() {
    let server = survey();
    let times = [
        "2024-05-01T06:00:00Z",
        "infinity",
        "-infinity",
        "0044-03-15 12:00:00 BC",
        "4713-01-01 00:00:00 BC",
        "294276-12-31 23:59:59",
        "9999-12-31 00:00:00",
        "0001-01-02T00:00:00Z",
        "1600-02-29T00:00:00Z",
    ];
    for (number, time) in (1..).zip(times) {
        picture(&server, number, time, 'a');
        detection(&server, number, number, &[]);
    }
    picture(&server, 20, "2024-05-02T06:00:00Z", 'a');
    for (number, time) in [(20, "infinity"), (21, "-infinity"), (22, "294276-01-01"), (23, "0002-01-01 BC")] {
        detection(&server, number, 20, &[("created_at", &format!("'{time}'"))]);
    }
    let database = database(&server);
    let data = assert_readable(&database, times.len() + 4).await;
    let of = |number| observation(&data, &id(number));
    for number in 2..=7 {
        assert_eq!(of(number).time, None, "{}", times[number as usize - 1]);
    }
    assert_eq!(of(8).time.unwrap().to_string(), "0001-01-02 00:00:00");
    assert_eq!(of(9).time.unwrap().to_string(), "1600-02-29 00:00:00");
    assert_eq!(problems(&data, "image.time").len(), 6);
    assert!(problems(&data, "image.time")[0].contains("infinite"), "{:?}", problems(&data, "image.time"));
    assert_eq!(problems(&data, "detection.classified_at").len(), 4);
    assert!((20..=23).all(|number| of(number).classified_at.is_none()));
    // A note counts those without a time, and they do not extend the survey.
    let report = load(&database, &days("2024-05-01", "2024-05-31")).await.unwrap();
    assert_eq!(report.observations.iter().filter(|observation| observation.time.is_none()).count(), 6);
    assert_eq!(report.recorded_days().unwrap().1.to_string(), "2024-05-02");
}

#[tokio::test]
async fn confidences_that_are_none() {
    let server = survey();
    picture(&server, 1, "2024-05-01T06:00:00Z", 'a');
    let floats = [
        "0.75",
        "'NaN'",
        "'Infinity'",
        "'-Infinity'",
        "1e300",
        "-1",
        "1e-320",
        "1e-05",
        "0",
        "1",
        "1.0000000000000002",
        "null",
    ];
    for (number, value) in (1..).zip(floats) {
        detection(&server, number, 1, &[("confidence", value)]);
    }
    let data = assert_readable(&database(&server), floats.len()).await;
    assert_eq!(problems(&data, "confidence").len(), 5);
    server.sql("ALTER TABLE detections ALTER confidence TYPE numeric USING null::numeric");
    for (number, value) in
        (1..).zip(["0.5", "1e400", "-1e400", "'NaN'", "1e-400", "1.000000000000000000000001"])
    {
        server.sql(&format!("UPDATE detections SET confidence = {value} WHERE id = '{}'", id(number)));
    }
    let data = assert_readable(&database(&server), floats.len()).await;
    let told = problems(&data, "confidence");
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|problem| problem.len() < 300), "{told:?}");
    let confidence = |number| observation(&data, &id(number)).confidence;
    assert_eq!([1, 2, 5, 6].map(confidence), [Some(0.5), None, Some(0.0), Some(1.0)]);
    server.sql("ALTER TABLE detections ALTER confidence TYPE text USING 'quite sure'::text");
    assert_eq!(problems(&all(&server).await, "confidence").len(), floats.len());
}

#[tokio::test]
async fn the_type_of_ids_may_change_while_a_server_knows_the_database() {
    let server = survey();
    picture(&server, 1, "2024-05-01T06:00:00Z", 'a');
    detection(&server, 1, 1, &[]);
    let database = database(&server);
    let read = async || load(&database, &days("2024-05-01", "2024-05-01")).await.unwrap().observations.len();
    assert_eq!(read().await, 1);
    server.sql("ALTER TABLE detections ALTER id TYPE text");
    assert_eq!(read().await, 1);
}

#[tokio::test]
async fn boxes_that_are_none() {
    let server = survey();
    picture(&server, 1, "2024-05-01T06:00:00Z", 'a');
    let deep = format!("'{}{}'", "[".repeat(3000), "]".repeat(3000));
    let boxes = [
        "'[]'",
        "'[null, 1, 2, 3]'",
        "'{}'",
        "'5'",
        "'true'",
        "'\"a\"'",
        "'{\"x\": 1e400, \"y\": 0, \"width\": 1, \"height\": 1}'",
        "'{\"x\": 1e39, \"y\": 0, \"width\": 1, \"height\": 1}'",
        "'{\"x\": 0, \"y\": 0, \"width\": -1, \"height\": 1}'",
        "'{\"x\": \"\\u0000\", \"y\": 0, \"width\": 1, \"height\": 1}'",
        deep.as_str(),
        "('\"' || repeat('x', 200000) || '\"')::json",
    ];
    for (number, value) in (1..).zip(boxes) {
        detection(&server, number, 1, &[("bbox", value)]);
    }
    let data = assert_readable(&database(&server), boxes.len()).await;
    assert!(data.observations.iter().all(|observation| observation.bbox.is_none()));
    assert_eq!(data.problems.values_ignored(), boxes.len() as u64);
}

#[tokio::test]
async fn texts_and_places_that_are_none() {
    let server = survey();
    for (number, coordinates) in [
        "5",
        "[]",
        "{\"lat\": \"\\u0000\", \"lon\": 1}",
        "{\"note\": \"\\ud800\", \"lat\": 1, \"lon\": 1}",
        "{\"lat\": 1e400, \"lon\": 0}",
        "{\"lat\": [1], \"lon\": {\"a\": null}}",
        "{\"lat\": \"Infinity\", \"lon\": \"NaN\"}",
        "{\"lat\": 91, \"lon\": 181}",
    ]
    .into_iter()
    .enumerate()
    {
        server.sql(&format!(
            "INSERT INTO locations VALUES ('00000000-0000-0000-0000-0000000001{number:02}', 'Odd {number}', null,
             '{coordinates}', true)"
        ));
    }
    picture(&server, 1, "2024-05-01T06:00:00Z", 'a');
    for (number, class) in (1..).zip(["repeat('x', 200000)", "E'\\x01\\x1b[31m'", "''", "' '", "null"]) {
        detection(&server, number, 1, &[("classification", class)]);
    }
    server.sql("UPDATE images SET path = repeat('p', 200000), filename = E'a\\nb'");
    let data = assert_readable(&database(&server), 5).await;
    assert_eq!(problems(&data, "detection.class").len(), 1);
    assert_eq!(problems(&data, "image.path").len(), 1);
    assert!(!problems(&data, "location.latitude").is_empty());
    let placed = data.locations.iter().filter(|location| location.latitude.is_some());
    assert_eq!(placed.map(|location| location.name.as_str()).collect::<Vec<_>>(), ["North fence"]);
    assert!(data.classes.iter().all(|class| class.name.len() < 100));
}

#[tokio::test]
async fn an_expression_may_be_of_any_type() {
    let server = survey();
    picture(&server, 1, "2024-05-01T06:00:00Z", 'a');
    detection(&server, 1, 1, &[]);
    let mut mapping = Mapping::default();
    mapping.detection.class = "detection.is_reviewed".into();
    mapping.detection.confidence = "detection.is_valid".into();
    mapping.detection.r#box = "ARRAY[null, detection.confidence]".into();
    mapping.detection.event = "detection.created_at - timestamptz 'epoch'".into();
    mapping.detection.classified_at = "interval '1 year'".into();
    mapping.location.latitude = "location.active".into();
    mapping.individual.sex = "ARRAY[]::int[]".into();
    let database = database_with(&server, mapping);
    let data = assert_readable(&database, 1).await;
    assert_eq!(data.classes.iter().map(|class| class.name.as_str()).collect::<Vec<_>>(), ["false"]);
    for column in ["confidence", "box", "location.latitude"] {
        assert!(!problems(&data, column).is_empty(), "{column}");
    }
}

#[tokio::test]
async fn views_may_have_rows_without_ids() {
    let server = PostgresServer::start();
    testkit::fill(&server, 50, 10);
    server.sql(
        "CREATE VIEW seen AS SELECT CASE WHEN is_reviewed THEN null ELSE id END AS id, image_id, deer_id, bbox,
             confidence, classification, corrected_classification, is_duplicate, is_valid, burst_group_id,
             created_at FROM detections;
         CREATE VIEW places AS SELECT CASE WHEN active THEN id END AS id, name, coordinates FROM locations",
    );
    let mut mapping = Mapping::default();
    mapping.tables.detections = "seen".into();
    mapping.tables.locations = "places".into();
    let database = database_with(&server, mapping);
    let data = load(&database, &days("2023-01-01", "2024-12-31")).await.unwrap();
    assert!(!data.observations.is_empty());
    assert_eq!(problems(&data, "location.id").len(), 4);
}
