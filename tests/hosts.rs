//! Several hosts, each a network namespace: an API, three workers, Redis with a replica and three
//! sentinels, and an object store.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use testkit::{Host, Hosts, KilledOnDrop, S3Server};

use crate::access::token;
use crate::support::{one, read_json, slow, store_is_empty, wait_until};

/// Jobs that wait at once.
const QUEUED: usize = 10_000;
const POLLERS: usize = 1_000;
const LISTENERS: usize = 200;
/// Jobs that come while the crowd looks on.
const NEW: usize = 10;
/// Jobs that are worked on while hosts are cut off and die.
const WORKED: usize = 120;

/// A Redis server, or with more settings a sentinel.
fn redis(host: &Host, folder: &Path, settings: &[&str]) -> KilledOnDrop {
    let log = std::fs::File::create(folder.join(format!("{}.log", host.address))).unwrap();
    let own = folder.join(&host.address);
    std::fs::create_dir_all(&own).unwrap();
    let mut command = host.command("redis-server");
    command.args(settings).args(["--bind", "0.0.0.0", "--protected-mode", "no"]).current_dir(&own);
    KilledOnDrop(command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap())
}

fn redis_cli(address: &str, port: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("timeout");
    command.args(["2", "redis-cli", "-e", "-h", address, "-p", port]);
    let output = command.args(arguments).output().unwrap();
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

struct Network {
    folder: TempDir,
    data: TempDir,
    body: Value,
    s3: S3Server,
    api: Host,
    workers: Vec<Host>,
    sentinels: Vec<Host>,
    servers: BTreeMap<String, KilledOnDrop>,
    url: String,
    token: String,
    client: Client,
}

impl Network {
    async fn start(hosts: &Hosts) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (data, body) = slow(40);
        let (a, b) = (hosts.add("redis-a", 20), hosts.add("redis-b", 21));
        let sentinels: Vec<Host> = (1..=3).map(|n| hosts.add(&format!("sentinel{n}"), 30 + n)).collect();
        let mut servers = BTreeMap::new();
        let always = ["--save", "", "--port", "6379"];
        servers.insert(a.address.clone(), redis(&a, folder.path(), &always));
        let replica = [&always[..], &["--replicaof", &a.address, "6379"]].concat();
        servers.insert(b.address.clone(), redis(&b, folder.path(), &replica));
        wait_until("the replica follows", async || {
            redis_cli(&b.address, "6379", &["INFO", "replication"])
                .is_some_and(|told| told.contains("master_link_status:up"))
        })
        .await;
        for host in &sentinels {
            let file = folder.path().join(format!("{}.conf", host.address));
            let settings = format!(
                "port 26379\nsentinel monitor main {} 6379 2\nsentinel down-after-milliseconds main 10000\n\
                 sentinel failover-timeout main 10000\n",
                a.address
            );
            std::fs::write(&file, settings).unwrap();
            servers.insert(
                host.address.clone(),
                redis(host, folder.path(), &[file.to_str().unwrap(), "--sentinel"]),
            );
        }
        for host in &sentinels {
            wait_until("the sentinels know each other and the replica", async || {
                redis_cli(&host.address, "26379", &["SENTINEL", "MASTER", "main"]).is_some_and(|told| {
                    let lines: Vec<&str> = told.lines().collect();
                    let of = |name: &str| lines.iter().position(|line| *line == name).map(|at| lines[at + 1]);
                    of("num-other-sentinels") == Some("2") && of("num-slaves") == Some("1")
                })
            })
            .await;
        }
        let (token, grant) = token("anna", "export");
        let mut network = Self {
            data,
            body,
            s3: S3Server::start(),
            api: hosts.add("api", 10),
            workers: (1..=3).map(|n| hosts.add(&format!("worker{n}"), 10 + n)).collect(),
            sentinels,
            servers,
            url: String::new(),
            token,
            client: testkit::http_client(Duration::from_mins(1)),
            folder,
        };
        let listen = format!("{}:8080", network.api.address);
        let queued = QUEUED.to_string();
        let own = ["--listen", &listen, "--workers", "0", "--access", &grant, "--max-queued-each", &queued];
        let running = network.spawn(&network.api, "serve", &own);
        network.servers.insert(network.api.address.clone(), running);
        network.url = format!("http://{listen}");
        network
    }

    /// A process of the program on a host, when it is ready.
    fn spawn(&self, host: &Host, what: &str, own: &[&str]) -> KilledOnDrop {
        let sentinels: Vec<String> =
            self.sentinels.iter().map(|host| format!("{}:26379", host.address)).collect();
        let mut command = host.command(env!("CARGO_BIN_EXE_trapline"));
        command.arg(what).args(["--store", &format!("redis+sentinel://{}/main", sentinels.join(","))]);
        command.arg("--data").arg(self.data.path()).args(["--artifacts", self.s3.url()]).args(own);
        command.args(["--lease", "3", "--heartbeat", "1", "--attempts", "5"]);
        command.envs(self.s3.environment_at("10.77.0.1")).current_dir(self.folder.path());
        let log = std::fs::File::create(self.log_of(host)).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "{}", std::fs::read_to_string(self.log_of(host)).unwrap());
        KilledOnDrop(child)
    }

    fn log_of(&self, host: &Host) -> std::path::PathBuf {
        self.folder.path().join(format!("{}.log", host.address))
    }

    fn start_worker(&mut self, number: usize) {
        let running = self.spawn(&self.workers[number], "worker", &["--workers", "1"]);
        self.servers.insert(self.workers[number].address.clone(), running);
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    /// Sends a request, again until the server answers it and is not about to come back.
    async fn send(&self, request: impl Fn() -> RequestBuilder) -> Response {
        loop {
            if let Ok(answer) = request().send().await
                && answer.status() != StatusCode::SERVICE_UNAVAILABLE
            {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn submit(&self, body: &Value, key: &str) -> String {
        let request = || self.request(Method::POST, "/api/exports/zip").header("Idempotency-Key", key);
        let answer = read_json(self.send(|| request().json(body)).await, 202).await;
        answer["job_id"].as_str().unwrap().into()
    }

    /// The status of a job: `None` when there is none.
    async fn status(&self, job_id: &str) -> Option<Value> {
        let path = format!("/api/exports/{job_id}");
        let answer = self.send(|| self.request(Method::GET, &path)).await;
        if answer.status() == StatusCode::NOT_FOUND { None } else { Some(read_json(answer, 200).await) }
    }

    async fn delete(&self, job_id: &str) {
        let path = format!("/api/exports/{job_id}");
        let status = self.send(|| self.request(Method::DELETE, &path)).await.status();
        assert!(matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_FOUND), "{status}");
    }

    /// Whom the sentinels name as the master.
    fn master(&self) -> Option<String> {
        let told =
            redis_cli(&self.sentinels[0].address, "26379", &["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"]);
        told?.lines().next().map(str::to_owned)
    }
}

/// Durations in order, as a sentence.
fn print_times(what: &str, mut took: Vec<Duration>) {
    took.sort();
    let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)].as_secs_f64() * 1000.0;
    eprintln!(
        "{what}: {} of them, half within {:.1} ms, 99 % within {:.1} ms, all within {:.1} ms",
        took.len(),
        at(50),
        at(99),
        at(100)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_are_cut_off_and_die_and_no_job_is_stuck() {
    let Some(hosts) = Hosts::enter("hosts::hosts_are_cut_off_and_die_and_no_job_is_stuck") else { return };
    let mut network = Network::start(&hosts).await;
    let ids = queue(&network).await;
    crowd(&network, &ids).await;
    let network_of = Arc::new(network);
    stream::iter(&ids[WORKED..])
        .for_each_concurrent(64, |job_id| {
            let network = Arc::clone(&network_of);
            async move { network.delete(job_id).await }
        })
        .await;
    network = Arc::into_inner(network_of).unwrap();
    let worked = &ids[..WORKED];
    for number in 0..3 {
        network.start_worker(number);
    }
    completed(&network, worked, 10).await;
    cut_a_worker_off(&network).await;
    completed(&network, worked, 30).await;
    let lost = fail_over(&mut network, worked).await;
    network.workers[0].connect();
    eprintln!("jobs lost with a master that could not hand them on: {lost}");
    let all = worked.len();
    wait_until("every job has ended", async || count_ended(&network, worked).await == all).await;
    for job_id in worked {
        if let Some(status) = network.status(job_id).await {
            assert_eq!(status["status"], "completed", "{status}");
            network.delete(job_id).await;
        }
    }
    store_is_empty(&network.s3).await;
    let keys =
        redis_cli(&network.master().unwrap(), "6379", &["--scan", "--pattern", "export_job:*"]).unwrap();
    assert_eq!(keys, "");
}

/// Ten thousand queued jobs, before any worker runs.
async fn queue(network: &Network) -> Vec<String> {
    let begun = Instant::now();
    let one = one();
    let ids: Vec<String> = stream::iter(0..QUEUED)
        .map(|number| {
            let body = if number < WORKED { &network.body } else { &one };
            async move { network.submit(body, &format!("job-{number}")).await }
        })
        .buffered(32)
        .collect()
        .await;
    eprintln!("{QUEUED} jobs submitted in {:.1} s", begun.elapsed().as_secs_f64());
    let status = network.status(&ids[QUEUED - 1]).await.unwrap();
    // Of those that were sent at the same time each may have been the last.
    let place = status["queue_position"].as_u64().unwrap();
    assert!(place > QUEUED as u64 - 32 && place <= QUEUED as u64, "{status}");
    let one_more = network.request(Method::POST, "/api/exports/zip").json(&one).send().await.unwrap();
    assert_eq!(one_more.status(), StatusCode::SERVICE_UNAVAILABLE, "the queue is full");
    ids
}

/// A thousand who ask once a second and two hundred who listen, while jobs come and go.
async fn crowd(network: &Network, ids: &[String]) {
    let listeners = stream::iter(0..LISTENERS).map(|_| async {
        let answer = network.request(Method::GET, "/api/exports/events").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.bytes_stream()
    });
    let listening: Vec<_> = listeners.buffer_unordered(32).collect().await;
    // There is room for those that come now.
    for job_id in &ids[QUEUED - NEW..] {
        network.delete(job_id).await;
    }
    let heard = stream::iter(listening).map(|mut events| async move {
        const NAME: &str = "event: status";
        let (mut text, mut heard) = (String::new(), Vec::new());
        while heard.len() < NEW {
            let part = events.next().await.expect("events go on").unwrap();
            text += &String::from_utf8_lossy(&part);
            let found = text.matches(NAME).count();
            heard.resize(heard.len() + found, Instant::now());
            // What may be the first half of a name stays.
            let rest = text.rfind(NAME).map_or(0, |at| at + NAME.len());
            text =
                text[rest.max(text.floor_char_boundary(text.len().saturating_sub(NAME.len())))..].to_owned();
        }
        heard
    });
    let heard = heard.buffer_unordered(LISTENERS).collect::<Vec<Vec<Instant>>>();
    let polling = stream::iter(0..POLLERS).map(|number| async move {
        let mut took = Vec::new();
        tokio::time::sleep(Duration::from_millis(number as u64)).await;
        for round in 0..10 {
            let begun = Instant::now();
            let job_id = &ids[(number * 7 + round) % (QUEUED - NEW)];
            assert!(network.status(job_id).await.is_some());
            took.push(begun.elapsed());
            tokio::time::sleep(Duration::from_secs(1).saturating_sub(begun.elapsed())).await;
        }
        took
    });
    let polling = polling.buffer_unordered(POLLERS).collect::<Vec<Vec<Duration>>>();
    let one = one();
    let submitting = async {
        let (mut at, mut new) = (Vec::new(), Vec::new());
        for number in 0..NEW {
            tokio::time::sleep(Duration::from_millis(500)).await;
            at.push(Instant::now());
            new.push(network.submit(&one, &format!("new-{number}")).await);
        }
        (at, new)
    };
    let (took, heard, (at, new)) = tokio::join!(polling, heard, submitting);
    print_times("status requests, 1,000 a second", took.concat());
    let waited = heard
        .iter()
        .flat_map(|times| times.iter().zip(&at).map(|(heard, at)| heard.saturating_duration_since(*at)));
    print_times("new jobs heard of by 200 listeners", waited.collect());
    for job_id in &new {
        network.delete(job_id).await;
    }
}

/// How many of the jobs are there and completed, or gone.
async fn count_ended(network: &Network, jobs: &[String]) -> usize {
    let statuses = stream::iter(jobs).map(|job_id| network.status(job_id)).buffer_unordered(16);
    statuses
        .filter(|status| {
            std::future::ready(status.as_ref().is_none_or(|status| status["status"] != "processing"))
        })
        .count()
        .await
}

async fn completed(network: &Network, jobs: &[String], many: usize) {
    wait_until("some jobs are completed", async || count_ended(network, jobs).await >= many).await;
}

/// The job that a worker has is another's before the worker is back.
async fn cut_a_worker_off(network: &Network) {
    let worker = &network.workers[0];
    let claims = || std::fs::read_to_string(network.log_of(worker)).unwrap().matches("job claimed").count();
    let before = claims();
    wait_until("the worker has a job", async || claims() > before).await;
    worker.cut_off();
    let others = || -> String {
        network.workers[1..]
            .iter()
            .map(|worker| std::fs::read_to_string(network.log_of(worker)).unwrap())
            .collect()
    };
    wait_until("its job waits again", async || {
        let api = std::fs::read_to_string(network.log_of(&network.api)).unwrap();
        format!("{api}{}", others()).contains("a worker was lost; its job is queued again")
    })
    .await;
}

/// The master dies; its replica takes its place. Returns how many jobs it took with it.
async fn fail_over(network: &mut Network, jobs: &[String]) -> usize {
    let master = network.master().unwrap();
    network.servers.remove(&master);
    wait_until("there is another master", async || network.master().is_some_and(|now| now != master)).await;
    let there = stream::iter(jobs).map(|job_id| network.status(job_id)).buffer_unordered(16);
    there.filter(|status| std::future::ready(status.is_none())).count().await
}
