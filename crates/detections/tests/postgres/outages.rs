//! Servers that are slow, refuse, or are not there.

use std::thread::JoinHandle;
use std::time::Duration;

use detections::{Database, DatabaseError, DatabaseOptions, Dataset, Mapping, ReadOptions, Slice};
use testkit::PostgresServer;
use tokio_util::sync::CancellationToken;

use super::{database, database_with, days, load};

fn open_with(url: &str, options: DatabaseOptions) -> Database {
    Database::new(url, options, &ReadOptions::default()).unwrap()
}

fn survey() -> PostgresServer {
    let server = PostgresServer::start();
    testkit::fill(&server, 500, 10);
    server
}

/// Loads a slice on a thread of its own, until it is cancelled.
fn aside(
    database: Database,
    slice: Slice,
    cancellation: CancellationToken,
) -> JoinHandle<Result<Dataset, DatabaseError>> {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(Box::pin(database.load(&slice, &cancellation)))
    })
}

/// A mapping under which each row takes its time.
fn slow() -> Mapping {
    let mut mapping = Mapping::default();
    mapping.detection.event =
        "(select detection.burst_group_id from pg_sleep(0.1 + 0 * length(detection.id::text)))".into();
    mapping
}

/// Waits until the server carries out a slow statement, or none any more.
async fn until_it_reads(server: &PostgresServer, reads: bool) {
    let active = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'trapline' AND query LIKE '%pg_sleep%' AND state = 'active'";
    while (server.sql(active) != "0") != reads {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_server_that_comes_back_is_waited_for() {
    let mut server = survey();
    let database = database(&server);
    let before = load(&database, &days("2023-01-01", "2023-12-31")).await.unwrap().observations.len();
    server.kill();
    let asking = aside(database, days("2023-01-01", "2023-12-31"), CancellationToken::new());
    // It is found to be away before it is back.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!asking.is_finished());
    server.restart();
    assert_eq!(asking.join().unwrap().unwrap().observations.len(), before);
}

#[tokio::test]
async fn a_server_that_is_ended_while_it_reads_is_asked_again() {
    let mut server = survey();
    let database = database_with(&server, slow());
    let asking = aside(database, days("2023-01-01", "2023-02-28"), CancellationToken::new());
    until_it_reads(&server, true).await;
    server.kill();
    server.restart();
    assert!(!asking.join().unwrap().unwrap().observations.is_empty());
}

#[tokio::test]
async fn a_server_that_does_not_come_is_not_waited_for_for_ever() {
    let mut server = survey();
    let database = database(&server);
    server.kill();
    let hurried = database.with_timeout(Duration::from_millis(500));
    assert_eq!(
        Box::pin(hurried.load_outline(&CancellationToken::new())).await.unwrap_err(),
        DatabaseError::Unavailable
    );
}

#[tokio::test]
async fn what_needs_more_memory_than_an_export_may_have_is_refused() {
    let server = survey();
    let options = DatabaseOptions { most_memory: 100 * 48, ..DatabaseOptions::default() };
    let database = open_with(&server.url(), options);
    assert!(load(&database, &days("2023-01-01", "2023-01-31")).await.is_ok());
    let error = load(&database, &days("2023-01-01", "2024-12-31")).await.unwrap_err();
    assert_eq!((&error, error.may_pass()), (&DatabaseError::TooLarge(4800), false));
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended_by_the_server() {
    let server = survey();
    let limit = Duration::from_millis(500);
    let options = DatabaseOptions { mapping: slow(), statement_timeout: limit, ..DatabaseOptions::default() };
    let database = open_with(&server.url(), options);
    let error = load(&database, &days("2023-01-01", "2024-12-31")).await.unwrap_err();
    assert_eq!(error, DatabaseError::TooSlow(limit));
    assert!(error.may_pass() && error.to_string().contains("0.5 s"));
}

#[tokio::test]
async fn what_is_no_longer_wanted_is_not_read_on() {
    let server = survey();
    let database = database_with(&server, slow());
    let cancellation = CancellationToken::new();
    let reading = aside(database, days("2023-01-01", "2024-12-31"), cancellation.clone());
    until_it_reads(&server, true).await;
    cancellation.cancel();
    assert_eq!(reading.join().unwrap().err(), Some(DatabaseError::Cancelled));
    // The server notices too, long before it would be through.
    until_it_reads(&server, false).await;
}

#[tokio::test]
async fn a_role_that_may_only_read_is_enough_and_what_it_may_not_is_told() {
    let server = survey();
    server.sql("CREATE ROLE reader LOGIN; GRANT SELECT ON images, detections, locations, deer TO reader; CREATE ROLE nobody LOGIN");
    let as_role = |role: &str| {
        open_with(&server.url().replace("trapline@", &format!("{role}@")), DatabaseOptions::default())
    };
    let health = Box::pin(as_role("reader").check_health()).await.unwrap();
    assert_eq!((health.may_write, health.outline.outside_selection.observations), (false, 480));
    assert!(Box::pin(database(&server).check_health()).await.unwrap().may_write);
    let error = load(&as_role("nobody"), &days("2023-01-01", "2023-12-31")).await.unwrap_err();
    let DatabaseError::Refused(reason) = &error else { panic!("{error:?}") };
    assert!(reason.contains("permission denied"), "{error:?}");
    assert!(!error.to_string().contains("images") && !error.may_pass(), "{error}");
}

#[tokio::test]
async fn nothing_can_be_written_even_by_a_role_that_may() {
    let server = survey();
    let mut mapping = Mapping::default();
    server.sql("CREATE FUNCTION vandal() RETURNS text LANGUAGE sql AS $$ DELETE FROM deer RETURNING name $$");
    mapping.detection.event = "vandal()".into();
    let options =
        DatabaseOptions { mapping, timeout: Duration::from_millis(100), ..DatabaseOptions::default() };
    let database = open_with(&server.url(), options);
    load(&database, &days("2023-01-01", "2023-12-31")).await.unwrap_err();
    assert_eq!(server.sql("SELECT count(*) FROM deer"), "24");
}

#[tokio::test]
async fn a_connection_is_encrypted_and_its_server_known() {
    let mut server = survey();
    let certificates = testkit::Certificates::new("127.0.0.1");
    certificates.give_to(&server);
    server.restart_with(&["ssl=on", "ssl_cert_file=server.crt", "ssl_key_file=server.key"]);
    let root = certificates.authority();
    let url = format!("{}?sslmode=verify-full&sslrootcert={}", server.url(), root.display());
    let database = open_with(&url, DatabaseOptions::default());
    let data = load(&database, &days("2023-01-01", "2023-12-31")).await.unwrap();
    assert!(!data.observations.is_empty());
    let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'trapline'";
    assert_eq!(server.sql(encrypted), "t");
    // A certificate of another authority is refused.
    let other = testkit::Certificates::new("127.0.0.1");
    let url = format!("{}?sslmode=verify-full&sslrootcert={}", server.url(), other.authority().display());
    let options = DatabaseOptions { timeout: Duration::from_millis(200), ..DatabaseOptions::default() };
    let stranger = open_with(&url, options);
    load(&stranger, &days("2023-01-01", "2023-12-31")).await.unwrap_err();
}
