//! A full disk, a port in use, data that cannot be read: clear errors, and nothing is lost.

use std::net::TcpListener;
use std::process::{Command, Output};

use serde_json::Value;
use testkit::Package;

use crate::support::{Home, Server, herons, program, season, wait_until};

/// Runs a server that is to fail at its start.
fn start_refused(home: &Home) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = home.command().output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let mut command = program();
    command.current_dir(&folder).args(["serve", "--listen", &address, "--data"]);
    let output = command.arg(testkit::examples().join("algar.zip")).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains(&format!("{address} is in use already")) && told.contains("--listen"), "{told}");
}

#[tokio::test]
async fn a_folder_in_use_is_named() {
    let home = Home::with_examples();
    let _first = home.start();
    let (code, told) = start_refused(&home);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("in use by another process"), "{told}");
}

#[test]
fn a_broken_data_set_keeps_a_server_from_starting_and_says_where() {
    let mut package = Package::new();
    package.observations = package.observations.replace("observationType", "type");
    let folder = package.write();
    let (code, told) = start_refused(&Home::with_data(&[folder.path()]));
    assert_eq!(code, Some(2), "{told}");
    assert!(
        told.contains("observations.csv, line 1") && told.contains("no column observationType"),
        "{told}"
    );
}

#[test]
fn a_server_without_data_says_what_is_missing() {
    let (code, told) = start_refused(&Home::with_data(&[]));
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("--data"), "{told}");
}

#[tokio::test]
async fn a_read_only_data_folder_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let mut package = Package::new();
    package.medium("m", "2023-10-01T06:00:00Z", "m.jpg", Some(testkit::picture("colour.jpg")));
    package.detection("d", "m", "doe", [0.0, 0.0, 0.5, 0.5]);
    package.write_to(&data);
    let home = Home::with_data(&[&data]);
    let server = home.start_as(in_a_namespace(
        &home,
        &format!("mount --bind {0} {0} && mount -o remount,bind,ro {0}", data.display()),
    ));
    let job_id = server.submit("zip", &serde_json::json!({"detection_ids": ["d"]})).await;
    server.completed("zip", &job_id).await;
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
    let status = server.status_when("pdf", &report, |status| status["status"] != "processing").await;
    assert_eq!(status["status"], "failed", "{status}");
    assert_eq!(status["attempt"], 3, "a full disk may pass, so it was tried again");
    let reason = status["error_message"].as_str().unwrap();
    assert!(reason.contains("no space left") && reason.contains("submit the export again"), "{reason}");
    assert!(!reason.contains('/'), "no path of the server: {reason}");
    // Its unfinished files are gone, so what fits is made.
    let mut small = herons();
    small["crop_size"] = 128.into();
    let archive = server.submit("zip", &small).await;
    let status = server.completed("zip", &archive).await;
    assert_eq!(status["file_size_bytes"], server.download(&status).await.len());
    assert_eq!(server.status("pdf", &report).await["status"], "failed");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_is_told_by_readyz() {
    let home = Home::with_examples();
    let server = home.start();
    std::fs::remove_dir_all(home.exports()).unwrap();
    let response = server.get("/readyz").await;
    assert_eq!(response.status().as_u16(), 503);
    let problem: Value = response.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("cannot write files"), "{problem}");
    assert_eq!(server.get("/healthz").await.status().as_u16(), 200);
    std::fs::create_dir(home.exports()).unwrap();
    wait_until("the server to be ready again", async || server.get("/readyz").await.status().is_success())
        .await;
}
