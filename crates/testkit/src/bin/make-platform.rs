//! A platform to try things out on: PostgreSQL with a made-up survey, an S3 server and Redis, until
//! standard input ends.
//!
//! `make-platform DETECTIONS` prints what a process needs in its environment.

use std::io::Read;

use testkit::{PostgresServer, RedisServer, S3Server};

fn main() {
    let detections = std::env::args().nth(1).and_then(|number| number.parse().ok()).unwrap_or(10_000);
    let (postgres, s3, redis) = (PostgresServer::start(), S3Server::start(), RedisServer::start_on_disk());
    testkit::fill(&postgres, detections, 100);
    let pictures = tempfile::tempdir().expect("a folder");
    let large = testkit::examples().join("camtrap-dp/media/20210531082538-RCNX0031.JPG");
    for number in 0..100 {
        std::fs::copy(&large, pictures.path().join(format!("p{number}.jpg"))).expect("a picture");
    }
    println!("export TRAPLINE_DATA=deer={}", postgres.url());
    println!("export TRAPLINE_IMAGES={}", pictures.path().display());
    println!("export TRAPLINE_STORE={}", redis.url());
    println!("export TRAPLINE_ARTIFACTS={}", s3.url());
    for (name, value) in s3.environment() {
        println!("export {name}={value}");
    }
    // Whoever started it closes it.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
