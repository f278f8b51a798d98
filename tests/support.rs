//! What most tests need: servers, those who call them, requests, and waiting.

use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::{RedisServer, S3Server};

pub use crate::caller::{Caller, answer_of, assert_counts, read_json};
pub use crate::command::{CallResult, program, report, report_numbers, run, run_beside, tools, trapline};
pub use crate::home::{Home, Server};
pub use crate::process::Process;
pub use crate::requests::{certificate, herons, one, season, seasonal, set_fields, slow};

/// A server without workers, with the examples and jobs on a Redis server.
pub fn start_api_on_redis() -> (RedisServer, Home, Server) {
    let (redis, home) = Home::on_redis();
    let server = home.start_api();
    (redis, home, server)
}

/// A server and a worker, each a process, on a Redis server; the worker works on a job.
pub struct AtWork {
    pub redis: RedisServer,
    pub home: Home,
    pub server: Server,
    pub worker: Process,
    /// An archive.
    pub job_id: String,
}

impl AtWork {
    /// Starts them, with more arguments for both, and waits until the job runs.
    pub async fn start(redis: RedisServer, detections: usize, arguments: &[&str]) -> Self {
        let (home, request) = Home::with_slow(detections);
        let home = home.with_redis(&redis).arguments(arguments);
        let (server, worker) = (home.start_api(), home.start_worker(1));
        let job_id = server.submit("zip", &request).await;
        server.wait_for_progress(&job_id).await;
        Self { redis, home, server, worker, job_id }
    }
}

/// Answers requests on a free port until the test ends, and returns the address.
pub async fn serve(routes: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, routes).await });
    url
}

/// What stands in a job's record.
pub fn redis_record(redis: &RedisServer, job_id: &str) -> Value {
    serde_json::from_str(&redis.cli(&["GET", &format!("export_job:{job_id}")])).unwrap()
}

/// The address of a Redis server for a user who may not subscribe.
pub fn deaf(redis: &RedisServer) -> String {
    redis.cli(&["ACL", "SETUSER", "deaf", "on", ">secret", "~*", "&*", "+@all", "-subscribe"]);
    format!("redis://deaf:secret@127.0.0.1:{}", redis.port())
}

/// Waits until nothing is left in a bucket, nor on its way there.
pub async fn store_is_empty(store: &S3Server) {
    let is_empty = async || store.objects().is_empty() && store.list_uploads().is_empty();
    wait_until("the bucket to be empty", is_empty).await;
}

/// Gives this process and those that it starts as many file descriptors as they may have: a crowd takes
/// one for each connection, in the server and in the test.
pub fn raise_file_limit() {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let all = rustix::process::Rlimit { current: files.maximum, maximum: files.maximum };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, all).unwrap();
}

/// Asks until the answer is yes. A test that would wait for ever ends after two minutes.
pub async fn wait_until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_mins(2), "waited two minutes for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Each promise with jobs in a folder, and with jobs on a Redis server.
macro_rules! on_both_stores {
    ($($test:ident),* $(,)?) => {
        mod in_a_folder {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(|home| home).await;
                }
            )*
        }
        mod on_redis {
            $(
                #[tokio::test]
                async fn $test() {
                    let redis = testkit::RedisServer::start();
                    super::$test(|home| home.with_redis(&redis)).await;
                }
            )*
        }
    };
}
pub(crate) use on_both_stores;
