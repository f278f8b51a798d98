//! Files in an object store.

use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::{RedisServer, S3Server};

use crate::support::{Home, Process, assert_counts, herons, run, season, store_is_empty, wait_until};

/// A server whose files are in a bucket.
fn home(store: &S3Server) -> Home {
    Home::with_examples().in_bucket(store)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A data set on whose archive of large pictures some seconds are worked, with its files in a bucket.
fn large(store: &S3Server, detections: usize) -> (Home, Value) {
    let (home, mut body) = Home::with_slow(detections);
    // Whole pictures, of a megabyte each.
    body["layout"] = json!("camtrap-dp");
    (home.in_bucket(store), body)
}

#[tokio::test]
async fn exports_are_in_the_bucket_and_are_had_from_the_server() {
    let store = S3Server::start();
    let home = home(&store);
    let server = home.start();
    let report = server.submit("pdf", &season()).await;
    let archive = server.submit("zip", &herons()).await;
    let report = server.completed("pdf", &report).await;
    let archive = server.completed("zip", &archive).await;
    let names =
        [&report, &archive].map(|status| format!("trapline/{}", status["filename"].as_str().unwrap()));
    let mut objects = store.objects();
    objects.sort_by_key(|name| !name.contains("report"));
    assert_eq!(objects, names);
    assert!(!home.exports().exists(), "nothing is left on this machine");
    let whole = server.download(&report).await;
    assert_eq!(whole.len() as u64, report["file_size_bytes"].as_u64().unwrap());
    let address = format!("{}{}", server.url, report["download_url"].as_str().unwrap());
    let part = server.client.get(&address).header("range", "bytes=100-199").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), whole[100..200]);
    let pictures =
        server.json(&format!("/api/exports/zip/{}/pictures", archive["job_id"].as_str().unwrap())).await;
    let first = server.get(pictures["pictures"][0]["url"].as_str().unwrap()).await;
    assert!(first.bytes().await.unwrap().starts_with(&[0xFF, 0xD8]));
    for status in [&report, &archive] {
        assert_eq!(server.delete(status["job_id"].as_str().unwrap()).await, 204);
    }
    assert!(store.objects().is_empty());
}

#[tokio::test]
async fn a_large_archive_comes_in_parts_and_is_seen_when_it_is_whole() {
    let store = S3Server::start();
    let (home, body) = large(&store, 100);
    let server = home.start();
    let (status, bytes) = server.make_file("zip", &body).await;
    assert!(status["file_size_bytes"].as_u64().unwrap() > 3 * (8 << 20), "{status}");
    // The file has the size and the digest that its status tells.
    assert_eq!(sha256(&bytes), status["sha256"].as_str().unwrap());
    assert_eq!(store.objects().len(), 1);
    assert_eq!(store.list_uploads(), Vec::<String>::new());
}

#[tokio::test]
async fn clients_can_be_sent_to_the_bucket() {
    let store = S3Server::start();
    let server = home(&store).arguments(&["--artifacts-redirect"]).start();
    let status = server.make("pdf", &season()).await;
    let patient = testkit::client_without_redirects(Duration::from_secs(10));
    let address = format!("{}{}", server.url, status["download_url"].as_str().unwrap());
    let sent = patient.get(&address).send().await.unwrap();
    assert_eq!(sent.status(), 307);
    let link = sent.headers()["location"].to_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("http://127.0.0.1:{}/", store.port())), "{link}");
    assert!(patient.get(&link).send().await.unwrap().bytes().await.unwrap().starts_with(b"%PDF"));
    // A link that was changed is good for nothing.
    let changed = link.replace("X-Amz-Expires=300", "X-Amz-Expires=300000");
    assert_ne!(changed, link);
    assert_eq!(patient.get(&changed).send().await.unwrap().status(), 403);
    // What is to be shown in the page comes from the server.
    assert_eq!(patient.get(format!("{address}?inline")).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_store_with_hiccups_is_tried_again() {
    let store = S3Server::start();
    let (home, body) = large(&store, 80);
    let server = home.start();
    store.fail(3);
    let status = server.make("zip", &body).await;
    store.cut_off(2);
    let bytes = server.download(&status).await;
    assert_eq!(sha256(&bytes), status["sha256"].as_str().unwrap());
    store.cut_off(2);
    let again = server.make("zip", &body).await;
    assert_eq!((&again["sha256"], &again["attempt"]), (&status["sha256"], &json!(1)));
}

#[tokio::test]
async fn a_store_that_is_away_is_told_and_loses_nothing() {
    let mut store = S3Server::start();
    let server = home(&store).start();
    let kept = server.submit("pdf", &season()).await;
    let kept = server.completed("pdf", &kept).await;
    store.stop();
    assert_eq!(server.get("/readyz").await.status(), 503);
    let job = server.submit("zip", &herons()).await;
    server.wait_for_running("zip", &job).await;
    store.restart();
    server.completed("zip", &job).await;
    assert_eq!(server.get("/readyz").await.status(), 200);
    assert!(server.download(&kept).await.starts_with(b"%PDF"));
}

#[tokio::test]
async fn a_job_that_is_deleted_while_it_is_uploaded_leaves_nothing() {
    let store = S3Server::start();
    let (home, body) = large(&store, 80);
    let server = home.start();
    store.delay(Duration::from_millis(400));
    let archive = server.submit("zip", &body).await;
    wait_until("parts are on their way", async || !store.list_uploads().is_empty()).await;
    assert_eq!(server.delete(&archive).await, 204);
    store.delay(Duration::ZERO);
    store_is_empty(&store).await;
}

#[tokio::test]
async fn what_a_killed_process_was_uploading_is_found_and_given_up() {
    for point in ["uploading", "uploaded", "shown", "published"] {
        let store = S3Server::start();
        let redis = RedisServer::start();
        let (home, body) = large(&store, 80);
        let home = home.with_redis(&redis).arguments(&["--lease", "2", "--heartbeat", "0.5"]);
        let api = home.start_api();
        let archive = api.submit("zip", &body).await;
        let doomed: Process = home.start_doomed(point);
        doomed.wait();
        assert!(!store.objects().is_empty(), "{point}: something was there");
        drop(api);
        // The next process finds the job, makes it, and finds what the first one left.
        let server = home.start();
        let status = server.completed("zip", &archive).await;
        let name = format!("trapline/{}", status["filename"].as_str().unwrap());
        wait_until("only the file is left", async || {
            store.objects() == [name.clone()] && store.list_uploads().is_empty()
        })
        .await;
        assert_eq!(server.delete(&archive).await, 204);
        store_is_empty(&store).await;
    }
}

#[tokio::test]
async fn what_expires_goes_from_the_bucket_too() {
    let store = S3Server::start();
    let server = home(&store).arguments(&["--ttl", "3"]).start();
    server.make("pdf", &season()).await;
    assert_eq!(store.objects().len(), 1);
    store_is_empty(&store).await;
}

#[tokio::test]
async fn pictures_are_had_from_a_bucket() {
    let store = S3Server::start();
    store.put("exports", "pictures/north/1.jpg", &testkit::picture("colour.jpg"));
    let mut package = testkit::Package::new();
    for (id, path) in [("d1", "north/1.jpg"), ("d2", "north/2.jpg"), ("d3", "../other/1.jpg")] {
        package.doe(id, path, None, [0.1, 0.1, 0.5, 0.5]);
    }
    let folder = package.write();
    let home =
        Home::with_data(&[folder.path()]).in_bucket(&store).arguments(&["--images", "s3://exports/pictures"]);
    let server = home.start();
    let status = server.make("zip", &json!({"detection_ids": ["d1", "d2", "d3"]})).await;
    assert_counts(&status, 3, 2);
}

#[test]
fn a_bucket_that_lets_nobody_in_is_told_at_the_start() {
    let store = S3Server::start();
    let home = home(&store);
    let mut command = home.command();
    command.env("AWS_SECRET_ACCESS_KEY", "not-the-secret");
    let refused = run(&mut command);
    refused.assert_told(2, &["files cannot be written to s3://exports/trapline"]);
    assert!(!refused.told.contains("not-the-secret"), "{refused:?}");
}
