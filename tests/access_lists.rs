//! Every list and stream of the server, of which each client gets its own part.

use reqwest::Response;
use serde_json::json;

use crate::access::GuardedServer;
use crate::access_routes::{Parts, list_routes, read};
use crate::support::{Caller, Home, herons, on_both_stores};

on_both_stores!(no_list_has_the_jobs_of_others);

async fn no_list_has_the_jobs_of_others(on: impl Fn(Home) -> Home) {
    let guarded = GuardedServer::start(on, &[]);
    let GuardedServer { server, anna, ben, .. } = &guarded;
    let job = Parts::of_job(&anna.make("zip", &herons()).await);
    for (method, path) in list_routes(server).await {
        let (address, is_of_job) = job.fill(&path);
        if is_of_job {
            continue;
        }
        let answer = ben.request(method.clone(), &address).json(&json!({})).send().await.unwrap();
        let text = if answer.headers()["content-type"] == "text/event-stream" {
            read_until_own_job(answer, ben).await
        } else {
            read(answer).await.2
        };
        for secret in [job.job_id.as_str(), "anna"] {
            assert!(!text.contains(secret), "{method} {address} tells of another's job: {text}");
        }
    }
}

/// Reads a stream until it contains a job of its reader.
async fn read_until_own_job(mut stream: Response, reader: &Caller) -> String {
    let own = reader.submit("zip", &herons()).await;
    let mut text = String::new();
    while !text.contains(&own) {
        text += &String::from_utf8_lossy(&stream.chunk().await.unwrap().expect("the stream goes on"));
    }
    text
}
