//! What rows become.

use detections::{
    BoundingBox, Database, DatabaseOptions, Dataset, Group, Mapping, ReadOptions, Selection, Slice,
};
use jiff::tz::TimeZone;
use testkit::PostgresServer;
use tokio_util::sync::CancellationToken;

use super::{database, database_with, days, load, observation, select};

/// A server with a survey of one location, and pictures and detections that a test adds.
pub(super) fn survey() -> PostgresServer {
    let server = PostgresServer::start();
    testkit::tables(&server);
    server.sql(
        "INSERT INTO locations VALUES
             ('00000000-0000-0000-0000-00000000000a', 'North fence', null, '{\"lat\": 31.5, \"lon\": -97.1}', true),
             ('00000000-0000-0000-0000-00000000000b', 'Creek', null, '{\"lat\": \"NA\", \"lon\": -97.1}', false);
         INSERT INTO deer VALUES
             ('00000000-0000-0000-0000-0000000000d1', 'Gerald', 'male', 'Odocoileus virginianus'),
             ('00000000-0000-0000-0000-0000000000d2', null, 'female', 'Odocoileus virginianus');",
    );
    server
}

/// Adds a picture, numbered, at a time.
pub(super) fn picture(server: &PostgresServer, number: u32, time: &str, location: char) {
    let time = if time.is_empty() { "null".into() } else { format!("'{time}'") };
    server.sql(&format!(
        "INSERT INTO images VALUES ('{}', 'IMG_{number}.JPG', 'north/IMG_{number}.JPG', {time}, '{}', null)",
        id(number),
        place(location)
    ));
}

/// Adds a detection with some columns of its own, as `name: value, …` in SQL.
pub(super) fn detection(server: &PostgresServer, number: u32, picture: u32, columns: &[(&str, &str)]) {
    let mut all = vec![
        ("bbox", "'{\"x\": 10, \"y\": 20, \"width\": 100, \"height\": 50}'"),
        ("confidence", "0.75"),
        ("classification", "'doe'"),
    ];
    all.retain(|(name, _)| columns.iter().all(|(own, _)| own != name));
    all.extend(columns);
    let names: String = all.iter().map(|(name, _)| format!(", {name}")).collect();
    let values: String = all.iter().map(|(_, value)| format!(", {value}")).collect();
    server.sql(&format!(
        "INSERT INTO detections (id, image_id{names}) VALUES ('{}', '{}'{values})",
        id(number),
        id(picture)
    ));
}

pub(super) fn id(number: u32) -> String {
    format!("00000000-0000-0000-0000-{number:012}")
}

fn place(letter: char) -> String {
    format!("00000000-0000-0000-0000-00000000000{letter}")
}

pub(super) async fn all(server: &PostgresServer) -> Dataset {
    let everything = Selection { humans: true, without_box: true, ..Selection::default() };
    load(&database(server), &select(everything)).await.unwrap()
}

fn class<'a>(data: &'a Dataset, id: &str) -> Option<&'a str> {
    let row = data.observations.find(id)?;
    data.observations.get(row).class.map(|class| data.classes[class as usize].name.as_str())
}

#[tokio::test]
async fn a_person_who_corrects_a_class_is_believed_and_the_model_is_not() {
    let server = survey();
    picture(&server, 1, "2024-05-01T06:00:00Z", 'a');
    detection(&server, 1, 1, &[]);
    detection(&server, 2, 1, &[("corrected_classification", "'buck'")]);
    detection(&server, 3, 1, &[("corrected_classification", "''")]);
    let data = all(&server).await;
    assert_eq!([1, 2, 3].map(|number| class(&data, &id(number)).unwrap()), ["doe", "buck", "doe"]);
    let confidence = |number| observation(&data, &id(number)).confidence;
    assert_eq!([1, 2, 3].map(confidence), [Some(0.75), None, Some(0.75)]);
}

#[tokio::test]
async fn what_is_marked_invalid_or_a_duplicate_is_left_out_and_counted() {
    let server = survey();
    picture(&server, 1, "2024-05-01T06:00:00Z", 'a');
    picture(&server, 2, "2024-06-11T06:00:00Z", 'a');
    detection(&server, 1, 1, &[]);
    detection(&server, 2, 1, &[("is_valid", "false")]);
    detection(&server, 3, 1, &[("is_duplicate", "true")]);
    detection(&server, 4, 1, &[("is_duplicate", "true"), ("is_valid", "false")]);
    detection(&server, 5, 2, &[("is_valid", "false")]);
    detection(&server, 6, 2, &[]);
    let data = load(&database(&server), &days("2024-05-01", "2024-05-31")).await.unwrap();
    assert_eq!(data.observations.len(), 1);
    assert_eq!(data.outside_selection.not_counted, [("duplicate".to_owned(), 2), ("invalid".to_owned(), 1)]);
    assert_eq!(data.outside_selection.observations, 1, "that of June");
}

#[tokio::test]
async fn an_individual_is_known_by_its_name_or_else_its_id() {
    let server = survey();
    picture(&server, 1, "2024-05-01T06:00:00Z", 'a');
    let deer = |digit| format!("'00000000-0000-0000-0000-0000000000d{digit}'");
    detection(&server, 1, 1, &[("deer_id", &deer(1))]);
    detection(&server, 2, 1, &[("deer_id", &deer(2))]);
    detection(&server, 3, 1, &[("burst_group_id", &deer(7))]);
    let data = all(&server).await;
    let of = |number| observation(&data, &id(number));
    assert_eq!((of(1).individual, of(1).sex), (Some("Gerald"), Some("male")));
    assert_eq!((of(2).individual, of(2).sex), (Some("00000000-0000-0000-0000-0000000000d2"), Some("female")));
    assert_eq!((of(3).individual, of(3).event.is_some()), (None, true));
}

#[tokio::test]
async fn boxes_are_in_pixels_and_dirt_is_noted() {
    let server = survey();
    picture(&server, 1, "2024-05-01T06:00:00Z", 'a');
    detection(&server, 1, 1, &[]);
    detection(&server, 2, 1, &[("bbox", "'{\"x\": \"NA\"}'")]);
    detection(&server, 3, 1, &[("bbox", "null")]);
    detection(&server, 4, 1, &[("confidence", "1.5")]);
    server.sql(&format!(
        "INSERT INTO images VALUES ('{}', 'X.JPG', 'X.JPG', '2024-05-02T00:00:00Z', null, null)",
        id(9)
    ));
    detection(&server, 5, 9, &[]);
    let of_all = Slice::Ids { ids: (1..=6).map(id).collect(), people: false };
    let data = load(&database(&server), &of_all).await.unwrap();
    let of = |number| observation(&data, &id(number));
    assert_eq!(of(1).bbox, Some(BoundingBox::Pixels([10.0, 20.0, 100.0, 50.0])));
    assert_eq!((of(2).bbox, of(3).bbox, of(4).confidence), (None, None, None));
    assert_eq!((data.problems.rows_skipped(), data.problems.values_ignored()), (1, 2));
    let listed: Vec<String> = data.problems.list().iter().map(ToString::to_string).collect();
    assert!(listed.iter().any(|problem| problem.contains("no known location")), "{listed:#?}");
    assert_eq!(data.observations.find(&id(6)), None);
    assert_eq!(data.locations.iter().find(|place| place.name == "Creek").unwrap().latitude, None);
}

#[tokio::test]
async fn bucks_are_sorted_by_age_on_the_platform_and_nowhere_else() {
    let server = survey();
    picture(&server, 1, "2024-05-01T06:00:00Z", 'a');
    detection(&server, 1, 1, &[("classification", "'mature'")]);
    let group_of_mature = async |mapping: Mapping| {
        let database = database_with(&server, mapping);
        load(&database, &days("2024-05-01", "2024-05-31")).await.unwrap().groups.group_of("mature")
    };
    assert_eq!(group_of_mature(Mapping::default()).await, Some(Group::Male));
    let mut titled = Mapping { title: Some("Deer".into()), ..Mapping::default() };
    assert_eq!(group_of_mature(titled.clone()).await, Some(Group::Male));
    titled.detection.class = "detection.classification".into();
    assert_eq!(group_of_mature(titled).await, None);
}

#[tokio::test]
async fn days_are_those_of_the_cameras_clock() {
    let server = survey();
    // In Chicago this is the last minute of April, and the first of May.
    picture(&server, 1, "2024-05-01T04:59:00Z", 'a');
    picture(&server, 2, "2024-05-01T05:01:00Z", 'a');
    detection(&server, 1, 1, &[]);
    detection(&server, 2, 2, &[]);
    let zone = TimeZone::get("America/Chicago").ok();
    let zone = ReadOptions { time_zone: zone, ..ReadOptions::default() };
    let there = Database::new(&server.url(), DatabaseOptions::default(), &zone).unwrap();
    // Two days before are read too, for visits that last over midnight.
    let data = load(&there, &days("2024-05-03", "2024-05-03")).await.unwrap();
    let times: Vec<String> = data.observations.iter().map(|o| o.time.unwrap().to_string()).collect();
    assert_eq!(times, ["2024-05-01 00:01:00"]);
    assert_eq!(data.clock_unknown, 0);
    assert_eq!(data.deployments[0].start.unwrap().to_string(), "2024-04-30 00:00:00");
    // Without a zone nothing is known of the clocks, and there is a note.
    let data = load(&database(&server), &days("2024-05-03", "2024-05-03")).await.unwrap();
    assert_eq!((data.observations.len(), data.clock_unknown), (2, 2));
}

#[tokio::test]
async fn a_visit_over_midnight_is_read_whole() {
    let server = survey();
    for (number, time) in [
        (1, "2024-04-30T23:50:00Z"),
        (2, "2024-05-01T00:10:00Z"),
        (3, "2024-05-31T23:55:00Z"),
        (4, "2024-06-01T00:05:00Z"),
    ] {
        picture(&server, number, time, 'a');
        detection(&server, number, number, &[]);
    }
    picture(&server, 5, "2024-04-20T00:10:00Z", 'a');
    detection(&server, 5, 5, &[]);
    let data = load(&database(&server), &days("2024-05-01", "2024-05-31")).await.unwrap();
    assert_eq!((data.observations.len(), data.outside_selection.observations), (4, 1));
}

#[tokio::test]
async fn wrong_clocks_and_missing_times_are_read_and_do_not_stretch_the_survey() {
    let server = survey();
    picture(&server, 1, "2024-05-01T06:00:00Z", 'a');
    picture(&server, 2, "2024-05-20T06:00:00Z", 'a');
    picture(&server, 3, "", 'a');
    picture(&server, 4, "2999-01-01T00:00:00Z", 'a');
    for number in [1, 3, 4] {
        detection(&server, number, number, &[]);
    }
    let data = load(&database(&server), &days("2024-05-01", "2024-05-31")).await.unwrap();
    assert_eq!((data.observations.len(), data.outside_selection.observations), (3, 0));
    let deployment = &data.deployments[0];
    let ends = [deployment.start, deployment.end].map(|time| time.unwrap().to_string());
    assert_eq!(ends, ["2024-05-01 00:00:00", "2024-05-20 23:59:59"]);
    let times = data.outside_selection.working_times.len();
    assert_eq!(times, 4, "two pictures, each the first and last of its day");
}

#[tokio::test]
async fn another_schema_is_read_with_a_mapping() {
    let server = PostgresServer::start();
    server.sql(
        "CREATE SCHEMA field;
         CREATE TABLE field.sites (code text PRIMARY KEY, latitude real, longitude real);
         CREATE TABLE field.photos (nr int PRIMARY KEY, taken timestamp, site text, file text);
         CREATE TABLE field.animals (nr int PRIMARY KEY, photo int, species text, score real, area real[]);
         INSERT INTO field.sites VALUES ('A1', 50.5, 4.5);
         INSERT INTO field.photos VALUES (7, '2024-05-01 23:30:00', 'A1', '/mnt/photos/A1/7.jpg');
         INSERT INTO field.animals VALUES (70, 7, 'Capreolus capreolus', 0.9, '{0.1, 0.2, 0.3, 0.4}'),
                                          (71, 7, 'Homo sapiens', 0.9, null);",
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("field.toml");
    let text = r#"
title = "The field"
[tables]
images = "field.photos"
detections = "field.animals"
locations = "field.sites"
individuals = ""
[image]
id = "image.nr"
location = "image.site"
time = "image.taken"
path = "replace(image.file, '/mnt/photos/', '')"
name = "image.file"
[detection]
id = "detection.nr"
image = "detection.photo"
class = "detection.species"
confidence = "detection.score"
box = "to_json(detection.area)"
box_unit = "fractions"
event = "null"
classified_at = "null::timestamptz"
[location]
id = "location.code"
name = "location.code"
latitude = "location.latitude"
longitude = "location.longitude"
[not_counted]
[classes]
human = ["Homo sapiens"]
"#;
    std::fs::write(&file, text).unwrap();
    let database = database_with(&server, Mapping::read(&file).unwrap());
    let ids = ["70", "71", "x"].map(str::to_owned).into();
    let data = load(&database, &Slice::Ids { ids, people: true }).await.unwrap();
    let roe = observation(&data, "70");
    let BoundingBox::Relative(area) = roe.bbox.unwrap() else { panic!("{:?}", roe.bbox) };
    assert!((area.height - 0.4).abs() < 1e-6);
    assert_eq!(roe.time.unwrap().to_string(), "2024-05-01 23:30:00");
    assert_eq!(data.media.path(roe.media.unwrap()), "A1/7.jpg");
    let person = observation(&data, "71");
    assert!(person.kind.is_human());
    assert_eq!((data.title.as_str(), data.clock_unknown), ("The field", 0));
    // The clock is the camera's own, so this is the first of May wherever it is asked.
    let data = load(&database, &days("2024-05-01", "2024-05-01")).await.unwrap();
    assert_eq!(data.observations.len(), 2);
}

#[tokio::test]
async fn a_place_that_is_newer_than_what_is_known_is_found() {
    let server = survey();
    let database = database(&server);
    Box::pin(database.load_outline(&CancellationToken::new())).await.unwrap();
    server.sql(&format!("INSERT INTO locations VALUES ('{}', 'Hill', null, null, true)", place('c')));
    picture(&server, 1, "2024-05-01T06:00:00Z", 'c');
    detection(&server, 1, 1, &[]);
    let selection = Selection { locations: vec!["Hill".into()], ..Selection::default() };
    let data = load(&database, &select(selection)).await.unwrap();
    assert_eq!(data.observations.len(), 1);
}

#[tokio::test]
async fn people_on_the_pictures_of_an_archive_are_known() {
    let server = survey();
    for number in [1, 2] {
        picture(&server, number, "2024-05-01T06:00:00Z", 'a');
    }
    let visit = [("burst_group_id", "'00000000-0000-0000-0000-0000000000bb'")];
    detection(&server, 1, 1, &visit);
    detection(&server, 2, 1, &[("classification", "'Person'")]);
    detection(&server, 3, 2, &[visit[0], ("classification", "'car'")]);
    let slice = |people| Slice::Ids { ids: vec![id(1)], people };
    let kinds = async |people| load(&database(&server), &slice(people)).await.unwrap().observations.len();
    assert_eq!((kinds(false).await, kinds(true).await), (1, 3));
}

#[tokio::test]
async fn a_selection_is_counted_as_it_is_read() {
    let server = PostgresServer::start();
    testkit::fill(&server, 5_000, 10);
    let database = database(&server);
    let on = |text: &str| text.parse().ok();
    let places = vec!["Stand 03".to_owned(), "Stand 17".into(), "Stand 30".into()];
    let classes = vec!["doe".into(), "pig".into()];
    for selection in [
        Selection::default(),
        Selection { start: on("2024-02-01"), end: on("2024-04-30"), ..Selection::default() },
        Selection { classes, min_confidence: Some(0.6), ..Selection::default() },
        Selection { locations: places, end: on("2023-12-31"), ..Selection::default() },
    ] {
        let counted = Box::pin(database.count_matching(&selection, &CancellationToken::new())).await.unwrap();
        let data = load(&database, &select(selection.clone())).await.unwrap();
        let selected = data.select(&selection).unwrap();
        let number: u64 = counted.iter().map(|(_, number)| number).sum();
        let many = selected.len() as u64;
        assert_eq!((number, data.observations.len() as u64), (many, many), "{selection:?}");
        assert!(number > 0);
        for (class, number) in counted {
            let class = data.find_class(&class);
            let of_class = selected.iter().filter(|row| data.observations.get(**row).class == class).count();
            assert_eq!(number, of_class as u64);
        }
    }
}
