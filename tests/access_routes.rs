//! Every address of the server, called with the jobs of another client. The addresses come from the description that
//! the server serves, so that a new one is tested as well.

use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use testkit::RedisServer;

use crate::access::GuardedServer;
use crate::documents::{files, root};
use crate::support::{Caller, Home, herons, on_both_stores, redis_record, season};

/// What stands for a part of an address in braces.
#[derive(Clone)]
pub struct Parts {
    pub job_id: String,
    pub filename: String,
}

impl Parts {
    pub fn of_job(status: &Value) -> Self {
        let text = |name: &str| status[name].as_str().unwrap().to_owned();
        Self { job_id: text("job_id"), filename: text("filename") }
    }

    /// The parts of the same form that nothing has.
    fn of_nothing(&self) -> Self {
        let job_id = "00000000-0000-4000-8000-000000000000".to_owned();
        Self { filename: self.filename.replace(&self.job_id, &job_id), job_id }
    }

    /// An address, and whether it is one of a job.
    pub fn fill(&self, path: &str) -> (String, bool) {
        let mut filled = path.to_owned();
        for (name, value) in [
            ("{job_id}", self.job_id.as_str()),
            ("{filename}", &self.filename),
            ("{number}", "0"),
            ("{name}", "camtrap-dp"),
        ] {
            filled = filled.replace(name, value);
        }
        assert!(!filled.contains('{'), "{path}: say here what the new part stands for");
        (filled, path.contains("{job_id}") || path.contains("{filename}"))
    }
}

/// The methods and addresses that a server describes.
pub async fn list_routes(caller: &Caller) -> Vec<(Method, String)> {
    let description = caller.json("/openapi.json").await;
    let methods = |(path, calls): (&String, &Value)| {
        let methods: Vec<_> = calls.as_object().unwrap().keys().cloned().collect();
        let path = path.clone();
        methods.into_iter().map(move |method| (method.to_uppercase().parse().unwrap(), path.clone()))
    };
    description["paths"].as_object().unwrap().iter().flat_map(methods).collect()
}

/// A parameter that names a job beside the path would have to be tried here too.
#[tokio::test]
async fn jobs_are_named_in_paths_alone() {
    const OTHERS: [&str; 18] = [
        "start_date",
        "end_date",
        "season",
        "year",
        "group_by",
        "classification",
        "dataset",
        "Idempotency-Key",
        "status",
        "kind",
        "limit",
        "cursor",
        "Prefer",
        "If-None-Match",
        "Last-Event-ID",
        "inline",
        "Range",
        "If-Range",
    ];
    let server = Home::with_examples().start();
    let description = server.json("/openapi.json").await;
    for (path, calls) in description["paths"].as_object().unwrap() {
        for call in calls.as_object().unwrap().values() {
            let parameters: Vec<_> = call["parameters"].as_array().into_iter().flatten().collect();
            for (number, parameter) in parameters.iter().enumerate() {
                let name = parameter["name"].as_str().unwrap();
                assert!(
                    parameter["in"] == "path" || OTHERS.contains(&name),
                    "{path}: may {name} name a job?"
                );
                let is_again = parameters[..number].iter().any(|other| other["name"] == name);
                assert!(!is_again, "{path} describes {name} twice");
            }
        }
    }
}

/// The status, the media type and the body of an answer.
pub async fn read(answer: Response) -> (StatusCode, String, String) {
    let media_type = answer.headers().get("content-type").map_or("", |value| value.to_str().unwrap()).into();
    (answer.status(), media_type, String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned())
}

on_both_stores!(no_address_tells_of_the_jobs_of_others, no_address_tells_of_the_unfinished_jobs_of_others,);

async fn no_address_tells_of_the_jobs_of_others(on: impl Fn(Home) -> Home) {
    let guarded = GuardedServer::start(on, &[]);
    let GuardedServer { anna, ben, .. } = &guarded;
    let before = read_last_change(ben).await;
    let jobs = [anna.make("zip", &herons()).await, anna.make("pdf", &season()).await]
        .map(|made| Parts::of_job(&made));
    let unreached = assert_hidden(&guarded, &jobs, &before).await;
    assert!(unreached.is_empty(), "its owner does not reach {unreached:?}");
    for (kind, job) in ["zip", "pdf"].iter().zip(&jobs) {
        assert_eq!(anna.status(kind, &job.job_id).await["status"], "completed", "nothing was done to it");
    }
}

async fn no_address_tells_of_the_unfinished_jobs_of_others(on: impl Fn(Home) -> Home) {
    let (home, request) = Home::with_slow(10_000);
    let guarded = GuardedServer::start_at(on(home), &["--workers", "1"]);
    let GuardedServer { anna, ben, .. } = &guarded;
    let before = read_last_change(ben).await;
    let running = anna.submit("zip", &request).await;
    anna.wait_for_running("zip", &running).await;
    let queued = anna.submit("zip", &request).await;
    let report = anna.submit("pdf", &season()).await;
    // The names that their files would have.
    let archives = [&running, &queued].map(|id| (id, format!("detections_{id}_1.zip")));
    let files = [&archives[..], &[(&report, format!("report_{report}_1.pdf"))]].concat();
    let jobs: Vec<Parts> =
        files.into_iter().map(|(job_id, filename)| Parts { job_id: job_id.clone(), filename }).collect();
    let unreached = assert_hidden(&guarded, &jobs, &before).await;
    // There is no file yet.
    let is_of_file = |path: &String| path.contains("/pictures") || path.ends_with("/{filename}");
    assert!(unreached.iter().all(is_of_file), "its owner does not reach {unreached:?}");
    // The running one last, since a worker that is free would take the others.
    for (kind, job_id, is_queued) in
        [("pdf", &report, true), ("zip", &queued, true), ("zip", &running, false)]
    {
        let status = anna.status(kind, job_id).await;
        assert_eq!(status["status"], "processing", "nothing was done to it: {status}");
        assert_eq!(status["queue_position"].is_number(), is_queued, "{status}");
        assert_eq!(anna.delete(job_id).await, StatusCode::NO_CONTENT);
    }
}

/// The number of the last change, before there is any job of another client.
async fn read_last_change(caller: &Caller) -> String {
    caller.listen("/api/exports/events", None).await.next().await.unwrap().id
}

/// Checks that every address answers Ben about these jobs of Anna's as about jobs that do not exist. Returns the
/// addresses under which Anna reaches none of them.
async fn assert_hidden(guarded: &GuardedServer, jobs: &[Parts], before: &str) -> Vec<String> {
    let GuardedServer { server, anna, ben, .. } = guarded;
    let (mut of_jobs, mut unreached) = (0, Vec::new());
    for (method, path) in &list_routes(server).await {
        let mut reaches = Vec::new();
        for job in jobs {
            let ((own, is_of_job), (unknown, _)) = (job.fill(path), job.of_nothing().fill(path));
            if !is_of_job {
                continue;
            }
            for headers in [&[][..], &[("last-event-id", before)], &[("prefer", "wait=1")]] {
                let send = async |address: &str| {
                    let request = ben.request(method.clone(), address);
                    let request =
                        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
                    read(request.send().await.unwrap()).await
                };
                let (refused, none) = (send(&own).await, send(&unknown).await);
                assert_eq!(refused, none, "{method} {own} {headers:?} is answered as an address of nothing");
                assert!(!refused.0.is_success() || refused.0 == StatusCode::NO_CONTENT, "{method} {own}");
            }
            if method == Method::GET {
                reaches.push(anna.get(&own).await.status());
            }
        }
        of_jobs += usize::from(!reaches.is_empty());
        // If one of the kinds is there for its owner, the address was a right one.
        let is_reached = |status: &StatusCode| matches!(*status, StatusCode::OK | StatusCode::CONFLICT);
        if !reaches.is_empty() && !reaches.iter().any(is_reached) {
            unreached.push(path.clone());
        }
    }
    assert!(of_jobs >= 7, "the server describes its addresses");
    unreached
}

/// Other programs may have made jobs whose ids are also parts of addresses. They have no owner.
#[tokio::test]
async fn jobs_with_ids_that_are_parts_of_addresses_are_for_admins_only() {
    let redis = RedisServer::start();
    let guarded = GuardedServer::start(|home| home.with_redis(&redis), &[]);
    let GuardedServer { anna, ben, admin, .. } = &guarded;
    let made = anna.make("zip", &herons()).await;
    let record = redis_record(&redis, made["job_id"].as_str().unwrap());
    for id in ["events", "pdf", "zip"] {
        let unknown = ben.delete(id).await;
        let mut other = record.clone();
        other["job_id"] = id.into();
        redis.cli(&["SET", &format!("export_job:{id}"), &other.to_string()]);
        assert_eq!(ben.delete(id).await, unknown, "{id}");
        assert_eq!(redis_record(&redis, id), other, "nothing was done to it");
        assert_eq!(admin.delete(id).await, StatusCode::NO_CONTENT, "{id}");
    }
}

/// Only addresses of pages and those three are outside the description that the tests above read.
#[test]
fn every_address_of_jobs_is_described() {
    let mut sources = Vec::new();
    files(&root().join("crates/server/src"), &mut sources);
    let mut undescribed = Vec::new();
    for source in sources.iter().filter(|path| path.is_file()) {
        let text = std::fs::read_to_string(source).unwrap();
        let addresses = text.split(".route(").skip(1).map(|rest| rest.split(',').next().unwrap().to_owned());
        undescribed.extend(addresses);
    }
    undescribed.sort();
    let expected = [
        r#""/""#,
        r#""/metrics""#,
        r#""/openapi.json""#,
        r#""/page/{name}""#,
        r#"&format!("/api/exports/{id}")"#,
    ];
    assert_eq!(undescribed, expected, "describe the new address, so that its access is tested");
}
