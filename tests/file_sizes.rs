//! What is sent of a file is what it has, whatever a record says of its size.

use std::fs::OpenOptions;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use testkit::{RedisServer, S3Server};

use crate::support::{Home, Server, herons, redis_record, season};

/// Writes another size into the record of a job, as another program may.
fn write_size(redis: &RedisServer, job_id: &str, size: u64) {
    let mut record = redis_record(redis, job_id);
    record["file_size_bytes"] = size.into();
    redis.cli(&["SET", &format!("export_job:{job_id}"), &record.to_string(), "EX", "3600"]);
}

/// The status, the length that is announced, and what comes.
async fn request(server: &Server, method: Method, path: &str, range: Option<&str>) -> (u16, u64, Vec<u8>) {
    let request = server.request(method, path);
    let request = range.iter().fold(request, |request, range| request.header("range", *range));
    let response = request.send().await.unwrap();
    let length = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let status = response.status().as_u16();
    (status, length, response.bytes().await.expect("all that was announced").to_vec())
}

async fn assert_not_whole(server: &Server, path: &str) {
    for range in [None, Some("bytes=0-99"), Some("bytes=100-")] {
        let (status, length, body) = request(server, Method::GET, path, range).await;
        assert_eq!((status, length), (500, body.len() as u64), "{path} {range:?}");
        let problem: Value = serde_json::from_slice(&body).unwrap();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("submit the export again"), "{detail}");
    }
    let (status, _, body) = request(server, Method::HEAD, path, None).await;
    assert_eq!((status, body.len()), (500, 0), "{path}");
}

/// A report whose record has a wrong size.
async fn sizes_of_a_report(home: Home, redis: &RedisServer) -> (Server, String) {
    let server = home.start();
    let job_id = server.submit("pdf", &season()).await;
    let status = server.completed("pdf", &job_id).await;
    let path = status["download_url"].as_str().unwrap().to_owned();
    let whole = server.download(&status).await;
    write_size(redis, &job_id, 1_000_000_000_000_000_000);
    assert_not_whole(&server, &path).await;
    write_size(redis, &job_id, u64::MAX);
    assert_not_whole(&server, &path).await;
    write_size(redis, &job_id, 10);
    let size = whole.len() as u64;
    assert_eq!(request(&server, Method::GET, &path, None).await, (200, size, whole.clone()));
    let range = format!("bytes=20-{}", size * 2);
    let part = request(&server, Method::GET, &path, Some(&range)).await;
    assert_eq!(part, (206, size - 20, whole[20..].to_vec()));
    let (status, length, _) = request(&server, Method::HEAD, &path, None).await;
    assert_eq!((status, length), (200, size));
    assert_eq!(request(&server, Method::GET, &path, Some(&format!("bytes={size}-"))).await.0, 416);
    write_size(redis, &job_id, size);
    (server, path)
}

#[tokio::test]
async fn a_record_of_another_program_does_not_say_how_much_is_sent() {
    let (redis, home) = Home::on_redis();
    let folder = home.exports();
    let (server, path) = sizes_of_a_report(home, &redis).await;
    // A truncated file is not sent as if it were whole, and a missing file is not found.
    let file = folder.join(path.rsplit('/').next().unwrap().split('?').next().unwrap());
    OpenOptions::new().write(true).open(&file).unwrap().set_len(100).unwrap();
    assert_not_whole(&server, &path).await;
    std::fs::remove_file(&file).unwrap();
    assert_not_whole(&server, &path).await;
}

#[tokio::test]
async fn nor_where_files_are_in_an_object_store() {
    let (redis, store) = (RedisServer::start(), S3Server::start());
    sizes_of_a_report(Home::with_examples().with_redis(&redis).in_bucket(&store), &redis).await;
}

#[tokio::test]
async fn pictures_of_an_archive_are_found_by_its_own_size() {
    let (redis, store) = (RedisServer::start(), S3Server::start());
    let server = Home::with_examples().with_redis(&redis).in_bucket(&store).start();
    let job_id = server.submit("zip", &herons()).await;
    server.completed("zip", &job_id).await;
    let path = format!("/api/exports/zip/{job_id}/pictures");
    write_size(&redis, &job_id, 1_000_000_000_000_000_000);
    assert_not_whole(&server, &path).await;
    write_size(&redis, &job_id, 10);
    let pictures = server.json(&path).await;
    let first = pictures["pictures"][0]["url"].as_str().unwrap().to_owned();
    assert_eq!(server.get(&first).await.status(), StatusCode::OK);
}
