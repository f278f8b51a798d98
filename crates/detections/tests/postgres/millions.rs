//! A million detections.

use detections::{Selection, Slice};
use testkit::PostgresServer;

use super::{database, days, load, select};

#[tokio::test]
async fn a_part_of_a_million_detections_is_found_by_indexes() {
    // Told that it has no turning disk, as any server has these days.
    let server = PostgresServer::start_with(&["random_page_cost=1.1"]);
    testkit::fill(&server, 1_000_000, 100);
    let database = database(&server);
    let health = Box::pin(database.check_health()).await.unwrap();
    assert!(!health.lacks_index);
    assert_eq!(health.outline.outside_selection.observations, 960_000);

    let week = days("2024-03-04", "2024-03-10");
    let plan = Box::pin(database.explain(&week)).await.unwrap();
    assert!(plan.contains("images_timestamp_idx"), "{plan}");
    assert!(!plan.contains("Seq Scan on images") && !plan.contains("Seq Scan on detections"), "{plan}");

    let month = days("2024-03-01", "2024-03-31");
    let plan = Box::pin(database.explain(&month)).await.unwrap();
    assert!(plan.contains("images_timestamp_idx"), "{plan}");
    let data = load(&database, &month).await.unwrap();
    assert_eq!(data.observations.len() as u64 + data.outside_selection.observations, 960_000);
    let in_march = data
        .observations
        .iter()
        .filter(|o| o.time.is_some_and(|time| time.date().to_string().starts_with("2024-03")));
    let number: usize = server.sql(
        "SELECT count(*) FROM detections d JOIN images i ON i.id = d.image_id WHERE is_valid AND NOT is_duplicate
         AND timestamp >= '2024-03-01Z' AND timestamp < '2024-04-01Z'",
    ).parse().unwrap();
    assert_eq!(in_march.count(), number);

    let on = |text: &str| text.parse().ok();
    let selection = Selection {
        locations: vec!["Stand 07".into()],
        start: on("2024-03-01"),
        end: on("2024-03-07"),
        ..Selection::default()
    };
    let of_a_place = select(selection);
    let plan = Box::pin(database.explain(&of_a_place)).await.unwrap();
    assert!(plan.contains("images_location_id_timestamp_idx") && !plan.contains("Seq Scan"), "{plan}");

    let ids: Vec<String> =
        server.sql("SELECT id FROM detections ORDER BY id LIMIT 100").lines().map(str::to_owned).collect();
    let by_id = Slice::Ids { ids, people: false };
    let plan = Box::pin(database.explain(&by_id)).await.unwrap();
    assert!(plan.contains("detections_pkey"), "{plan}");

    // Without the index there is a warning.
    server.sql("DROP INDEX images_timestamp_idx, images_location_id_timestamp_idx");
    assert!(Box::pin(database.check_health()).await.unwrap().lacks_index);
}
