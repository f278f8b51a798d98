//! The SQLite store on a disk that has no room, or takes no writes: what was answered is what a new
//! process finds, and when there is room again everything goes on.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use jobs::{
    Artifact, Failure, JobQueue, JobReader, JobSubmitter, Lease, LeaseError, NewJob, SqliteStore,
    StoreOptions, SubmitError, WorkerId,
};
use rustix::fs::statvfs;

use support::new_job;

/// Tells a child process of the suite where its small disk is.
const DISK: &str = "TRAPLINE_TEST_DISK";
/// Where a child process finds a store whose records it is to list.
const LIST: &str = "TRAPLINE_TEST_LIST";
const PAGE: u64 = 4096;

/// Runs a test of this file in a mount namespace with a disk of 2 MiB.
fn on_a_small_disk(test: &str) {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("mount -t tmpfs -o size=2m none {} && exec \"$@\"", folder.path().display());
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--mount", "sh", "-c", &script, "sh"]).arg(std::env::current_exe().unwrap());
    let output = command.args(["--exact", test, "--nocapture"]).env(DISK, folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn job() -> NewJob {
    let request = serde_json::json!({"text": "x".repeat(500)});
    NewJob { request, total_detections: Some(9), ..new_job() }
}

async fn open(folder: &Path) -> SqliteStore {
    let hour = Duration::from_hours(1);
    let options =
        StoreOptions { ttl: hour, lease: hour, retry_delay: Duration::ZERO, ..StoreOptions::default() };
    SqliteStore::open(folder, options).await.unwrap()
}

/// Fills the disk, but for so many pages.
fn fill(disk: &Path, pages: u64) {
    let ballast = disk.join("ballast");
    let free = statvfs(disk).unwrap();
    let free = (free.f_bavail * free.f_frsize).saturating_sub(pages * PAGE);
    fs::write(ballast, vec![1; usize::try_from(free).unwrap()]).unwrap();
}

/// The state of each job, as a new process finds it.
fn found_by_a_new_process(folder: &Path) -> Vec<(String, String, u32)> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let child = command.args(["--exact", "list", "--nocapture"]).env(LIST, folder).output().unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    let text = String::from_utf8(child.stdout).unwrap();
    let json = text.lines().find_map(|line| line.strip_prefix("found: ")).expect("a list");
    serde_json::from_str(json).unwrap()
}

#[tokio::test]
async fn list() {
    let Some(folder) = std::env::var_os(LIST) else { return };
    let folder = Path::new(&folder);
    // Read as it is: opening it as a store would take jobs back.
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("jobs.sqlite"));
    let pool = sqlx::SqlitePool::connect_with(file).await.unwrap();
    let query = sqlx::query_as("SELECT job_id, state, attempt FROM jobs ORDER BY seq");
    let rows: Vec<(String, String, u32)> = query.fetch_all(&pool).await.unwrap();
    println!("found: {}", serde_json::to_string(&rows).unwrap());
}

/// A transition, by its name, on the job that a worker has.
async fn attempt(store: &SqliteStore, transition: &str, held: &Lease) -> Result<&'static str, LeaseError> {
    let failure = |may_pass| Failure { message: "no picture".into(), may_pass };
    let artifact = Artifact { filename: "a.zip".into(), size: 1, ..Artifact::default() };
    Ok(match transition {
        "heartbeat" => store.heartbeat(held, Some(5)).await.map(|()| "running")?,
        "complete" => store.complete(held, &artifact).await.map(|()| "completed")?,
        "fail" => store.fail(held, &failure(false)).await.map(|_| "failed")?,
        "retry" => store.fail(held, &failure(true)).await.map(|_| "queued")?,
        "release" => store.release(held).await.map(|()| "queued")?,
        _ => store.delete(&held.job_id).await.map(|_| "gone")?,
    })
}

#[tokio::test]
async fn full_disk_child() {
    let Some(disk) = std::env::var_os(DISK) else { return };
    let disk = Path::new(&disk);
    let mut refused = 0;
    // With each page more, the disk is full at another statement.
    for pages in 0..14 {
        for transition in ["submit", "claim", "heartbeat", "complete", "fail", "retry", "release", "delete"] {
            let folder = disk.join(format!("{transition}-{pages}"));
            let store = open(&folder).await;
            store.submit(&job()).await.unwrap();
            let held = store.claim(&WorkerId::random()).await.unwrap().unwrap().held;
            store.submit(&job()).await.unwrap();
            let mut expected: Vec<(String, String, u32)> = Vec::new();
            fill(disk, pages);
            let mut answered = Vec::new();
            let answer = match transition {
                "submit" => {
                    let mut last = Ok("running");
                    for _ in 0..8 {
                        let new = job();
                        match store.submit(&new).await {
                            Ok(_) => answered.push((new.job_id.to_string(), "queued".to_owned(), 0)),
                            Err(SubmitError::Store(error)) => last = Err(error.into()),
                            Err(refused) => panic!("{refused}"),
                        }
                    }
                    last
                }
                "claim" => match store.claim(&WorkerId::random()).await {
                    Ok(claim) => {
                        let claim = claim.expect("a job").held;
                        answered.push((claim.job_id.to_string(), "running".into(), claim.attempt));
                        Ok("running")
                    }
                    Err(error) => Err(error.into()),
                },
                _ => attempt(&store, transition, &held).await,
            };
            match &answer {
                Ok("gone") => {}
                Ok(state) => expected.push((held.job_id.to_string(), (*state).to_owned(), held.attempt)),
                Err(_) => {
                    refused += 1;
                    expected.push((held.job_id.to_string(), "running".to_owned(), held.attempt));
                }
            }
            expected.extend(answered);
            // What is answered now, with the disk still full, is as true.
            for (job_id, state, _) in &expected {
                let record = store.get(&job_id.parse().unwrap()).await.unwrap().expect("a job");
                assert_eq!(record.state.name(), state, "{transition} with {pages} pages");
            }
            let found = found_by_a_new_process(&folder);
            for job in &expected {
                assert!(found.contains(job), "{transition} with {pages} pages: {job:?} is not in {found:?}");
            }
            // There is room again, and everything goes on.
            fs::remove_file(disk.join("ballast")).unwrap();
            let after = job();
            store.submit(&after).await.unwrap();
            store.ping().await.unwrap();
            drop(store);
            let found = found_by_a_new_process(&folder);
            let is_there = found.iter().any(|(id, ..)| *id == after.job_id.to_string());
            assert!(is_there, "{transition} with {pages}");
            fs::remove_dir_all(&folder).unwrap();
        }
    }
    assert!(refused > 20, "the disk was full only {refused} times");
}

/// One `COMMIT` that failed left the connection that writes inside its transaction: every later job
/// was answered, and gone with the process.
#[test]
fn what_is_answered_on_a_full_disk_is_on_the_disk() {
    on_a_small_disk("full_disk_child");
}

#[tokio::test]
async fn read_only_child() {
    let Some(disk) = std::env::var_os(DISK) else { return };
    let disk = Path::new(&disk);
    let folder = disk.join("jobs");
    let before = job();
    let store = open(&folder).await;
    store.submit(&before).await.unwrap();
    drop(store);
    let remount = |how: &str| {
        Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(disk).status().unwrap().success()
    };
    // Until the connections of the store are closed the disk is in use.
    while !remount("ro") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let error = SqliteStore::open(&folder, StoreOptions::default()).await.unwrap_err();
    assert!(error.to_string().contains("Read-only") || error.to_string().contains("readonly"), "{error}");
    assert!(remount("rw"));
    let store = open(&folder).await;
    assert!(store.get(&before.job_id).await.unwrap().is_some());
    store.submit(&job()).await.unwrap();
}

#[test]
fn a_read_only_disk_is_named_and_nothing_is_lost() {
    on_a_small_disk("read_only_child");
}
