//! What hinders a server: threads that are stuck, no worker, no room. None of it blocks more than it
//! has to, and the operator sees it.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::{Package, RedisServer, assert_contains, picture};

use crate::bad_input::in_a_namespace;
use crate::command::{program, run};
use crate::support::{Home, Server, answer_of, herons, one, season, seasonal, wait_until};

/// What `/readyz` says: its status, and the problems or the detail.
async fn readiness(server: &Server) -> (u16, String) {
    let (status, body) = answer_of(server.get("/readyz").await).await;
    let said = body["problems"].as_array().map_or_else(
        || body["detail"].as_str().unwrap_or_default().to_owned(),
        |problems| problems.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
    );
    (status, said)
}

async fn metric(server: &Server, name: &str) -> f64 {
    let text = server.get("/metrics").await.text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
    line.expect("a metric of that name").parse().unwrap()
}

/// A data set with a picture, and a named pipe without a writer in the place of another.
#[tokio::test]
async fn a_pipe_in_the_place_of_a_picture_is_missing_and_holds_nobody() {
    let mut package = Package::new();
    package.doe("whole", "whole.jpg", Some(picture("colour.jpg")), [0.1, 0.1, 0.4, 0.4]);
    package.doe("pipe", "pipe.jpg", None, [0.1, 0.1, 0.4, 0.4]);
    let data = package.write();
    assert!(Command::new("mkfifo").arg(data.path().join("pipe.jpg")).status().unwrap().success());
    let home = Home::with_data(&[data.path()]).arguments(&["--workers", "1", "--grace", "1"]);
    let server = home.start();
    let status = server.make("zip", &json!({"detection_ids": ["pipe", "whole"]})).await;
    assert_eq!(status["missing_count"], 1, "{status}");
    let only = server.submit("zip", &json!({"detection_ids": ["pipe"], "include_metadata_csv": false})).await;
    let status = server.wait_for_end("zip", &only).await;
    let reason = status["error_message"].as_str().unwrap();
    let parts = ["1 picture is a folder, pipe or device and no file", "pipe.jpg is not a regular file"];
    assert_contains(reason, &parts);
    assert!(server.terminate().success());
}

/// Opening a pipe waits for a process at its other end, as a call on a hung network mount waits for its server.
#[test]
fn a_pipe_in_the_place_of_the_lock_is_named_and_holds_no_server() {
    let home = Home::with_examples();
    let lock = home.folder.path().join("jobs/lock");
    std::fs::create_dir(lock.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(&lock).status().unwrap().success());
    let place = lock.display().to_string();
    run(&mut home.command()).assert_told(2, &[&place, "it is not a regular file", "--store"]);
    run(&mut home.command_of("check")).assert_out(2, &["FAIL  store: ", &place, "it is not a regular file"]);
}

/// A server whose first job gets a thread that never comes back, as on a hung network mount.
fn start_stuck(home: &Home) -> Server {
    home.start_with(&[], &[("FAILPOINTS", "begun=1*pause")])
}

/// The promise is six seconds; a busy machine takes its time to say so.
fn terminate_within_seconds(server: Server) {
    let begun = Instant::now();
    server.terminate();
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_thread_that_does_not_stop_is_let_go_and_its_worker_goes_on() {
    let home = Home::with_examples().arguments(&["--workers", "1", "--grace", "1"]);
    let server = start_stuck(&home);
    let stuck = server.submit("pdf", &season()).await;
    server.wait_for_running("pdf", &stuck).await;
    assert_eq!(server.delete(&stuck).await, StatusCode::NO_CONTENT);
    // There is one worker, and it has another job done.
    server.make("pdf", &season()).await;
    let (status, said) = readiness(&server).await;
    assert_eq!(status, 200);
    assert!(said.starts_with("1 thread is stuck"), "{said}");
    assert!((metric(&server, "trapline_threads_stuck").await - 1.0).abs() < f64::EPSILON);
    assert!(server.log().contains("a thread did not stop and was abandoned"));
    // Nor does it keep the process.
    terminate_within_seconds(server);
}

#[tokio::test]
async fn a_thread_that_is_stuck_does_not_keep_the_process() {
    let home = Home::with_examples().arguments(&["--workers", "1", "--grace", "1"]);
    let server = start_stuck(&home);
    let stuck = server.submit("pdf", &season()).await;
    server.wait_for_running("pdf", &stuck).await;
    terminate_within_seconds(server);
    // Its job is done by the next process.
    let server = home.start();
    server.completed("pdf", &stuck).await;
}

#[tokio::test]
async fn when_no_worker_runs_it_is_said() {
    let redis = RedisServer::start();
    for on_redis in [true, false] {
        let home = Home::with_examples().arguments(&["--worker-silence", "1"]);
        let home = if on_redis { home.with_redis(&redis) } else { home };
        let server = home.start_api();
        assert_eq!(readiness(&server).await, (200, String::new()));
        let job_id = server.submit("pdf", &season()).await;
        wait_until("a worker to be missed", async || {
            readiness(&server).await.1.contains("no worker is running")
        })
        .await;
        assert_eq!(readiness(&server).await.0, 200, "exports are taken all the same");
        let status = server.status("pdf", &job_id).await;
        assert_eq!((&status["phase"], &status["waiting_for"]), (&json!("queued"), &json!("worker")));
        if on_redis {
            let _worker = home.start_worker(1);
            server.completed("pdf", &job_id).await;
            wait_until("nothing to be missed", async || readiness(&server).await.1.is_empty()).await;
        }
    }
}

/// A disk that fills up while jobs wait for it.
#[tokio::test]
async fn when_the_disk_is_nearly_full_nothing_is_taken_and_jobs_say_what_they_wait_for() {
    let (home, slow) = Home::with_slow(4000);
    let home = home.arguments(&["--keep-free", "64", "--workers", "1"]);
    let exports = home.exports();
    std::fs::create_dir_all(&exports).unwrap();
    let mount = format!("mount -t tmpfs -o size=192m none {}", exports.display());
    let server = home.start_as(in_a_namespace(&home, &mount));
    let running = server.submit("zip", &slow).await;
    let waiting = server.submit("zip", &one()).await;
    server.wait_for_running("zip", &running).await;
    // The disk as the server sees it.
    let seen = PathBuf::from(format!("/proc/{}/root{}", server.id(), exports.display()));
    let disk = rustix::fs::statvfs(&seen).unwrap();
    let room = usize::try_from(disk.f_bavail * disk.f_frsize).unwrap();
    std::fs::write(seen.join("ballast"), vec![1; room - (60 << 20)]).unwrap();
    wait_until("the server to see it", async || readiness(&server).await.0 == 503).await;
    assert!(readiness(&server).await.1.contains("--keep-free"));
    let first = server.status("zip", &running).await;
    assert_eq!(first["status"], "processing", "{first}");
    let refused = server.post("/api/exports/zip", &one()).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"));
    let status = server.status("zip", &waiting).await;
    assert_eq!((&status["phase"], &status["waiting_for"]), (&json!("queued"), &json!("disk")), "{status}");
    assert_eq!(server.delete(&running).await, StatusCode::NO_CONTENT);
    std::fs::remove_file(seen.join("ballast")).unwrap();
    server.completed("zip", &waiting).await;
    assert_eq!(readiness(&server).await.0, 200);
}

/// With so few, whatever a process has open stays so, and nothing more can be opened.
const NONE_LEFT: usize = 3;
const PLENTY: usize = 1024;

/// Lets a process have so many files open, and no more.
fn limit_descriptors(server: &Server, most: usize) {
    let limit = format!("--nofile={most}:");
    let pid = format!("--pid={}", server.id());
    assert!(Command::new("prlimit").args([&pid, &limit]).status().unwrap().success());
}

/// A lack of descriptors passes, and neither uses up an attempt nor costs a picture.
#[tokio::test]
async fn a_job_waits_for_a_file_descriptor() {
    let home = Home::with_examples().arguments(&["--workers", "1", "--attempts", "1"]);
    let server = home.start();
    // Everything that is opened once is open.
    for (kind, body) in [("pdf", season()), ("zip", herons())] {
        let job_id = server.submit(kind, &body).await;
        server.completed(kind, &job_id).await;
    }
    for (kind, body) in [("pdf", season()), ("zip", herons())] {
        // Connections that are kept serve the requests of this test.
        server.get("/healthz").await;
        limit_descriptors(&server, NONE_LEFT);
        let job_id = server.submit(kind, &body).await;
        wait_until("the job to have found none", async || {
            server
                .log()
                .lines()
                .any(|line| line.contains("no file descriptor is left") && line.contains(&job_id))
        })
        .await;
        limit_descriptors(&server, PLENTY);
        let status = server.completed(kind, &job_id).await;
        assert_eq!(status["missing_count"].as_u64().unwrap_or(0), 0, "{status}");
        assert_eq!(status["attempt"], 1, "{status}");
    }
}

/// Whether a process has started others that have not ended.
fn has_children(server: &Server) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let stats = processes.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    // Behind the name, which is in parentheses: the state, and the parent.
    let parents = stats.filter_map(|stat| {
        stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1).map(str::to_owned))
    });
    let parent = server.id().to_string();
    parents.into_iter().any(|of| of == parent)
}

fn many_species() -> tempfile::TempDir {
    let mut package = Package::new();
    for number in 0..8000 {
        let (day, hour) = (1 + number % 28, number % 24);
        let time = format!("2023-10-{day:02}T{hour:02}:00:00Z");
        package.sighting(&format!("o{number}"), "dep1", &time, &format!("Genus{number} species{number}"), 1);
    }
    package.write()
}

fn all_species() -> Value {
    seasonal("2023-09-01", "2024-01-31")
}

/// A survey of so many species takes many seconds to be laid out.
#[tokio::test]
async fn a_report_of_any_size_is_stopped_when_it_is_deleted() {
    let data = many_species();
    let server = Home::with_data(&[data.path()]).arguments(&["--workers", "1"]).start();
    let large = server.submit("pdf", &all_species()).await;
    let lays_out = || has_children(&server);
    wait_until("its pages to be laid out", async || lays_out()).await;
    assert_eq!(server.delete(&large).await, StatusCode::NO_CONTENT);
    wait_until("the process that lays them out to end", async || !lays_out()).await;
    server.make("pdf", &seasonal("2023-11-01", "2024-01-31")).await;
    assert!(!server.log().contains("was abandoned"));
}

/// What takes more memory than it may fails alone, and says what to do.
#[tokio::test]
async fn a_report_that_needs_too_much_memory_fails_alone() {
    let data = many_species();
    let examples = testkit::examples().join("camtrap-dp");
    let server = Home::with_data(&[data.path(), &examples]).arguments(&["--job-memory", "250"]).start();
    let report = server.submit("pdf", &all_species()).await;
    let status = server.failed("pdf", &report).await;
    let reason = status["error_message"].as_str().unwrap();
    assert_contains(reason, &["250 MiB of memory (--job-memory)", "choose fewer"]);
    server.make("zip", &herons()).await;
}

/// The message names the memory, and does not blame the template.
#[test]
fn a_report_says_so_when_no_page_fits_into_its_memory() {
    let (data, folder) = (testkit::examples().join("algar.zip"), tempfile::tempdir().unwrap());
    let file = folder.path().join("report.pdf");
    for memory in ["16", "64", "96", "128", "160"] {
        let mut command = program();
        command.arg("report").arg("--data").arg(&data).arg("-o").arg(&file);
        command.args(["--from", "2018-05-01", "--to", "2018-08-31", "--job-memory", memory]);
        let made = run(&mut command);
        assert!(made.code == 0 || made.told.contains("--job-memory"), "{memory}: {made:?}");
    }
}
