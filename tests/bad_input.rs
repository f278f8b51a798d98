//! A full disk, a port in use, data that cannot be read: clear errors, and nothing is lost.

use std::net::TcpListener;
use std::process::Command;

use serde_json::json;
use testkit::Package;

use crate::support::{Home, Server, herons, read_json, run, season, set_fields, trapline, wait_until};

/// Asserts that a server does not start, and says all of this.
#[track_caller]
fn assert_refused(home: &Home, parts: &[&str]) {
    run(&mut home.command()).assert_told(2, parts);
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let data = testkit::examples().join("algar.zip").display().to_string();
    let refused = trapline(&folder, &["serve", "--listen", &address, "--data", &data]);
    refused.assert_told(2, &[&format!("{address} is in use already"), "--listen"]);
}

#[tokio::test]
async fn a_folder_in_use_is_named() {
    let home = Home::with_examples();
    let _first = home.start();
    assert_refused(&home, &["in use by another process"]);
}

#[test]
fn a_broken_data_set_keeps_a_server_from_starting_and_says_where() {
    let mut package = Package::new();
    package.observations = package.observations.replace("observationType", "type");
    let folder = package.write();
    let parts = ["observations.csv, line 1", "no column observationType"];
    assert_refused(&Home::with_data(&[folder.path()]), &parts);
}

#[test]
fn a_server_without_data_says_what_is_missing() {
    assert_refused(&Home::with_data(&[]), &["--data"]);
}

#[tokio::test]
async fn a_read_only_data_folder_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let mut package = Package::new();
    package.doe("d", "m.jpg", Some(testkit::picture("colour.jpg")), [0.0, 0.0, 0.5, 0.5]);
    package.write_to(&data);
    let home = Home::with_data(&[&data]);
    let mount = format!("mount --bind {0} {0} && mount -o remount,bind,ro {0}", data.display());
    let server = home.start_as(in_a_namespace(&home, &mount));
    server.make("zip", &serde_json::json!({"detection_ids": ["d"]})).await;
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 5, "four tables and a picture");
}

/// A server in a mount namespace of its own, which `mount` sets up and which ends with it.
pub fn in_a_namespace(home: &Home, mount: &str) -> Command {
    let serve = home.command();
    let mut command = Command::new("unshare");
    let root = Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0";
    if !root {
        command.args(["--user", "--map-root-user"]);
    }
    let script = format!("{mount} && exec \"$@\"");
    command.args(["--mount", "sh", "-c", &script, "sh"]);
    command.arg(serve.get_program()).args(serve.get_args()).current_dir(home.folder.path());
    command
}

/// A server whose files are on a disk of 132 kB.
fn on_a_small_disk(home: &Home) -> Server {
    let exports = home.exports();
    std::fs::create_dir_all(&exports).unwrap();
    let mount = format!("mount -t tmpfs -o size=132k none {}", exports.display());
    home.start_as(in_a_namespace(home, &mount))
}

#[tokio::test]
async fn a_full_disk_fails_the_job_with_what_to_do_and_leaves_nothing() {
    // Room for an archive of small crops (some 40 kB), and none for a report (160 kB).
    let home = Home::with_examples().arguments(&["--keep-free", "0"]);
    let server = on_a_small_disk(&home);
    let report = server.submit("pdf", &season()).await;
    let status = server.failed("pdf", &report).await;
    assert_eq!(status["attempt"], 3, "a full disk may pass, so it was tried again");
    let reason = status["error_message"].as_str().unwrap();
    assert!(reason.contains("no space left") && reason.contains("submit the export again"), "{reason}");
    assert!(!reason.contains('/'), "no path of the server: {reason}");
    // Its unfinished files are gone, so what fits is made.
    let small = set_fields(herons(), &json!({"crop_size": 128}));
    let (status, file) = server.make_file("zip", &small).await;
    assert_eq!(status["file_size_bytes"], file.len());
    assert_eq!(server.status("pdf", &report).await["status"], "failed");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_is_told_by_readyz() {
    let home = Home::with_examples();
    let server = home.start();
    std::fs::remove_dir_all(home.exports()).unwrap();
    let problem = read_json(server.get("/readyz").await, 503).await;
    assert!(problem["detail"].as_str().unwrap().contains("cannot write files"), "{problem}");
    assert_eq!(server.get("/healthz").await.status().as_u16(), 200);
    std::fs::create_dir(home.exports()).unwrap();
    wait_until("the server to be ready again", async || server.get("/readyz").await.status().is_success())
        .await;
}
