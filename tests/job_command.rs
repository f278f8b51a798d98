//! `trapline job`: exports of a server, from the command line.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::HeaderMap;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use crate::link::{Fault, Link};
use crate::support::{Home, on_both_stores, program, season, tools, wait_until};

/// The ten detections of a heron, as fields.
const HERONS: [&str; 3] =
    ["dataset=camtrap-dp", "filter.start_date=2021-04-11", "filter.end_date=2021-04-11"];
const SEASON: [&str; 3] = ["report_type=seasonal_activity", "start_date=2018-09-01", "end_date=2019-01-31"];

/// What a call came to.
#[derive(Debug)]
struct CallResult {
    code: i32,
    out: String,
    told: String,
}

impl CallResult {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

fn command(folder: &Path, server: &str, arguments: &[&str]) -> Command {
    let mut command = program();
    command.current_dir(folder).args(["job", "--server", server]).args(arguments);
    command
}

/// Runs `trapline job` beside the tasks of the test.
async fn job(folder: &Path, server: &str, arguments: &[&str]) -> CallResult {
    let mut command = command(folder, server, arguments);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim().to_owned();
    CallResult { code: output.status.code().unwrap(), out: text(output.stdout), told: text(output.stderr) }
}

fn join_arguments<'a>(first: &[&'a str], fields: &[&'a str], last: &[&'a str]) -> Vec<&'a str> {
    [first, fields, last].concat()
}

on_both_stores!(an_export_is_submitted_followed_downloaded_and_deleted);

async fn an_export_is_submitted_followed_downloaded_and_deleted(on: impl Fn(Home) -> Home) {
    let folder = tempfile::tempdir().unwrap();
    let server = on(Home::with_examples()).start();
    let job = async |arguments: &[&str]| job(folder.path(), &server.url, arguments).await;
    let submitted = job(&join_arguments(&["submit", "zip"], &HERONS, &["crop_size:=256"])).await;
    assert_eq!(submitted.code, 0, "{submitted:?}");
    // The id and nothing else, for scripts.
    let id = submitted.out.as_str();
    let watched = job(&["--json", "watch", id]).await;
    assert_eq!((watched.code, &watched.json()["status"]), (0, &"completed".into()));
    assert_eq!(job(&["--json", "status", id]).await.json()["total_detections"], 10);
    let status = job(&["status", id]).await;
    assert!(status.out.contains("status              completed"), "{status:?}");

    let downloaded = job(&["download", id]).await;
    assert_eq!((downloaded.code, downloaded.out.clone()), (0, format!("detections_{id}_1.zip")));
    let bytes = std::fs::read(folder.path().join(&downloaded.out)).unwrap();
    assert_eq!(bytes, server.download(&server.status("zip", id).await).await);
    let named = job(&["--json", "download", id, "-o", "herons.zip"]).await;
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((&named.json()["sha256"], &named.json()["file"]), (&digest.into(), &"herons.zip".into()));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left");

    assert_eq!(job(&["delete", id]).await.code, 0);
    let gone = job(&["delete", id]).await;
    assert_eq!((gone.code, gone.told.as_str()), (2, "error: Job not found or expired"));
}

#[tokio::test]
async fn a_report_is_waited_for_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let server = Home::with_examples().start();
    let request = folder.path().join("request.json");
    std::fs::write(&request, season().to_string()).unwrap();
    let made = job(
        folder.path(),
        &server.url,
        &["submit", "pdf", "title=The rut", "--request", "request.json", "-o", "rut.pdf"],
    )
    .await;
    assert_eq!((made.code, made.out.as_str()), (0, "rut.pdf"), "{made:?}");
    assert!(std::fs::read(folder.path().join("rut.pdf")).unwrap().starts_with(b"%PDF"));
    let listed: Value = server.get("/api/exports").await.json().await.unwrap();
    assert_eq!(listed["exports"][0]["title"], "The rut");
}

#[tokio::test]
async fn what_is_missing_from_an_archive_is_told_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let server = Home::with_data(&[&testkit::examples().join("camtrap-dp")]).start();
    let line = "10 of 20 not included: 10 pictures are on the web only; add --fetch-media";
    let herons = ["submit", "zip", "filter.classifications:=[\"Ardea\"]", "-o", "a.zip"];
    let made = job(folder.path(), &server.url, &herons).await;
    assert_eq!(made.code, 0, "{made:?}");
    assert!(made.told.contains(line), "{made:?}");
    let listed: Value = server.get("/api/exports").await.json().await.unwrap();
    let id = listed["exports"][0]["job_id"].as_str().unwrap();
    let status = job(folder.path(), &server.url, &["status", id]).await;
    assert!(status.out.contains(&format!("missing             {line}")), "{status:?}");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_with_its_fields() {
    let folder = tempfile::tempdir().unwrap();
    let server = Home::with_examples().start();
    let wrong = ["submit", "zip", "crop_size:=5", "layout=tar", "filter.min_confidence:=2"];
    let wrong = job(folder.path(), &server.url, &wrong).await;
    assert_eq!((wrong.code, wrong.out.as_str()), (2, ""));
    for told in ["crop_size must be", "layout must be", "filter.min_confidence: "] {
        assert!(wrong.told.contains(told), "{wrong:?}");
    }
    let nonsense = job(folder.path(), &server.url, &["submit", "zip", "crop_size"]).await;
    assert_eq!(nonsense.code, 2);
    assert!(nonsense.told.contains("NAME=TEXT or NAME:=JSON"), "{nonsense:?}");
}

#[tokio::test]
async fn an_export_that_failed_ends_with_1_and_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("broken.typ"), "#nothing_of_this_name").unwrap();
    let server = Home::with_examples().arguments(&["--templates", folder.path().to_str().unwrap()]).start();
    let broken = ["report_type=custom", "template=broken", "start_date=2018-09-01", "end_date=2019-01-31"];
    let failed =
        job(folder.path(), &server.url, &join_arguments(&["submit", "pdf"], &broken, &["--wait"])).await;
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(failed.told.contains("the export failed: ") && failed.told.contains("broken.typ"), "{failed:?}");
    let id = failed.out.as_str();
    for arguments in [&["status", id][..], &["watch", id], &["download", id]] {
        assert_eq!(job(folder.path(), &server.url, arguments).await.code, 1, "{arguments:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_or_not_ours_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = format!("http://127.0.0.1:{}", testkit::free_port());
    let missing = job(folder.path(), &nobody, &["status", "a"]).await;
    assert_eq!(missing.code, 1);
    assert!(missing.told.contains("does not answer") && missing.told.contains("--server"), "{missing:?}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, Router::<()>::new()).await });
    let other = job(folder.path(), &other, &["status", "a"]).await;
    assert_eq!(other.code, 2);
    assert!(other.told.contains("is no trapline server"), "{other:?}");
}

/// A file that was begun before is gone on with when it fits, and begun anew when it does not.
#[tokio::test]
async fn a_download_goes_on_where_it_was_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let server = Home::with_examples().start();
    let id =
        job(folder.path(), &server.url, &join_arguments(&["submit", "zip"], &HERONS, &["--wait"])).await.out;
    let whole = server.download(&server.status("zip", &id).await).await;
    let part = folder.path().join(format!(".detections_{id}_1.zip.part"));
    let half = whole.len() / 2;
    for (there, told) in [
        (whole[..half].to_vec(), format!("continued after {half} bytes")),
        (whole.clone(), format!("continued after {} bytes", whole.len())),
        (vec![b'x'; half], format!("{} bytes, SHA-256", archive::in_thousands(whole.len() as u64))),
        (
            vec![b'x'; whole.len() + 7],
            format!("{} bytes, SHA-256", archive::in_thousands(whole.len() as u64)),
        ),
    ] {
        std::fs::write(&part, there).unwrap();
        let downloaded = job(folder.path(), &server.url, &["download", &id, "-o", "a.zip"]).await;
        assert_eq!(downloaded.code, 0, "{downloaded:?}");
        assert!(downloaded.told.contains(&told), "{downloaded:?}");
        assert_eq!(std::fs::read(folder.path().join("a.zip")).unwrap(), whole);
        assert!(!part.exists());
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_off_costs_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let server = Home::with_examples().start();
    let id =
        job(folder.path(), &server.url, &join_arguments(&["submit", "zip"], &HERONS, &["--wait"])).await.out;
    let whole = server.download(&server.status("zip", &id).await).await;
    let link = Link::start(&server, Fault::CutsOff { after: whole.len() / 3 }).await;
    let downloaded = job(folder.path(), &link.url, &["download", &id, "-o", "a.zip"]).await;
    assert_eq!(downloaded.code, 0, "{downloaded:?}");
    assert_eq!(std::fs::read(folder.path().join("a.zip")).unwrap(), whole);
    assert!(link.cuts() >= 2);
}

#[tokio::test]
async fn a_server_that_starts_again_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let (home, request) = Home::with_slow(150);
    let server = home.start();
    let port: u16 = server.url.rsplit(':').next().unwrap().parse().unwrap();
    let id = server.submit("zip", &request).await;
    server.status_when("zip", &id, |status| status["processed_count"].as_u64() > Some(0)).await;
    let mut watching = command(folder.path(), &server.url, &["--json", "watch", &id])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(watching.stderr.take().unwrap()).lines().map(Result::unwrap);
    let first = told.next().unwrap();
    assert!(first.contains("detections: "), "{first}");
    server.kill();
    assert!(told.any(|line| line.contains("trying again")));
    let _server = home.start_at(port);
    let rest: Vec<String> = told.collect();
    let mut out = String::new();
    watching.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(watching.wait().unwrap().success(), "{rest:?}");
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["status"], "completed");
}

/// In a terminal, as a user has it.
#[tokio::test]
async fn ctrl_c_offers_to_delete_the_export() {
    for (answer, deleted) in [("y", true), ("n", false)] {
        let folder = tempfile::tempdir().unwrap();
        let (home, request) = Home::with_slow(2000);
        let server = home.start();
        let id = server.submit("zip", &request).await;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/tools/interrupt.py");
        let mut command = Command::new(tools().join("bin/python"));
        command.current_dir(folder.path()).arg(script).arg(answer).arg(program().get_program());
        command.args(["job", "--server", &server.url, "watch", &id]);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let screen = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(130), "{screen}{}", String::from_utf8_lossy(&output.stderr));
        // A bar, and how long it takes.
        assert!(screen.contains("detections") && screen.contains("left"), "{screen}");
        assert!(screen.contains("Delete the export?"), "{screen}");
        let address = format!("/api/exports/{id}");
        if deleted {
            assert_eq!(server.get(&address).await.status(), 404);
        } else {
            assert!(screen.contains("The export continues"), "{screen}");
            assert_eq!(server.get(&address).await.status(), 200);
        }
    }
}

/// The server and who one is come from flags, the environment or a file.
#[tokio::test]
async fn a_token_is_sent_and_kept_out_of_sight() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/below", listener.local_addr().unwrap());
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = Arc::clone(&seen);
    let routes = Router::<()>::new().fallback(async move |uri: axum::http::Uri, headers: HeaderMap| {
        let token = headers.get("authorization").map_or("none", |token| token.to_str().unwrap());
        told.lock().unwrap().push(format!("{} {token}", uri.path()));
        (axum::http::StatusCode::UNAUTHORIZED, r#"{"detail": "who are you"}"#)
    });
    tokio::spawn(async { axum::serve(listener, routes).await });
    std::fs::write(folder.path().join("token"), "from-a-file\n").unwrap();
    std::fs::write(folder.path().join("trapline.toml"), format!("[job]\nserver = \"{address}\"\n")).unwrap();
    for (arguments, environment) in [
        (&["--token", "of-a-flag"][..], None),
        (&["--token-file", "token"], None),
        (&[], Some("of-the-environment")),
    ] {
        let mut command = program();
        command.current_dir(folder.path()).arg("job").args(arguments).args(["status", "a"]);
        command.envs(environment.map(|token| ("TRAPLINE_TOKEN", token)));
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("who are you; --token"), "{output:?}");
    }
    wait_until("three calls", async || seen.lock().unwrap().len() == 3).await;
    let tokens = ["of-a-flag", "from-a-file", "of-the-environment"];
    assert_eq!(*seen.lock().unwrap(), tokens.map(|token| format!("/below/api/exports/a Bearer {token}")));
}

#[tokio::test]
async fn a_submission_without_waiting_tells_the_job_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Home::with_examples().start();
    let submitted =
        job(folder.path(), &server.url, &join_arguments(&["--json", "submit", "pdf"], &SEASON, &[])).await;
    assert_eq!(submitted.json()["status"], "processing");
    let id = submitted.json()["job_id"].as_str().unwrap().to_owned();
    server.completed("pdf", &id).await;
}

/// A server that is not ours and answers every question with this status, and with a file of three bytes.
async fn pretender(status: Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::<()>::new().fallback(async move |uri: axum::http::Uri| {
        if uri.path().starts_with("/files/") { "abc".to_owned() } else { status.to_string() }
    });
    tokio::spawn(async { axum::serve(listener, routes).await });
    address
}

fn completed_as(filename: &str) -> Value {
    json!({"job_id": "a", "status": "completed", "filename": filename, "download_url": "/files/a",
           "file_size_bytes": 3})
}

/// Whether there is something that a terminal acts on.
fn has_commands(text: &str) -> bool {
    text.chars().any(|sign| sign.is_control() && sign != '\n')
}

#[tokio::test]
async fn a_server_chooses_the_name_of_an_export_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    for name in [".bashrc", "../report_1.pdf", "report_\u{1b}[2J.pdf", "report_1.pdf.exe", ""] {
        let server = pretender(completed_as(name)).await;
        let refused = job(folder.path(), &server, &["download", "a"]).await;
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{refused:?}");
        assert!(refused.told.contains("-o FILE") && !has_commands(&refused.told), "{refused:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{name:?}");
        let named = job(folder.path(), &server, &["download", "a", "-o", "mine.pdf"]).await;
        assert_eq!((named.code, named.out.as_str()), (0, "mine.pdf"), "{named:?}");
        assert_eq!(std::fs::read(folder.path().join("mine.pdf")).unwrap(), b"abc");
        std::fs::remove_file(folder.path().join("mine.pdf")).unwrap();
    }
    let server = pretender(completed_as("report_1.pdf")).await;
    let taken = job(folder.path(), &server, &["download", "a"]).await;
    assert_eq!((taken.code, taken.out.as_str()), (0, "report_1.pdf"), "{taken:?}");
}

#[tokio::test]
async fn a_file_that_is_there_is_replaced_only_when_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let server = pretender(completed_as("report_1.pdf")).await;
    let path = folder.path().join("report_1.pdf");
    std::fs::write(&path, "mine").unwrap();
    let refused = job(folder.path(), &server, &["download", "a"]).await;
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.told.contains("report_1.pdf exists already; choose a file with -o FILE"), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let named = job(folder.path(), &server, &["download", "a", "-o", "report_1.pdf"]).await;
    assert_eq!(named.code, 0, "{named:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "abc");
}

#[tokio::test]
async fn a_download_follows_no_link_to_another_file() {
    let folder = tempfile::tempdir().unwrap();
    let status = json!({"job_id": "a", "status": "completed", "filename": "report_1.pdf",
                        "download_url": "/files/report_1.pdf", "file_size_bytes": 3});
    let server = pretender(status).await;
    let (target, part) = (folder.path().join("diary"), folder.path().join(".report_1.pdf.part"));
    std::fs::write(&target, "mine").unwrap();
    std::os::unix::fs::symlink(&target, &part).unwrap();
    let refused = job(folder.path(), &server, &["download", "a"]).await;
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.told.contains(".report_1.pdf.part"), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "mine");
}

#[tokio::test]
async fn what_a_server_says_has_no_effect_on_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let evil = "a\u{1b}]0;x\u{7}\u{1b}[2J\u{9b}2J\r\nb";
    let status = json!({"job_id": evil, "status": "failed", "title": evil, "error_message": evil,
                        "phase": evil, "message": evil});
    let server = pretender(status.clone()).await;
    for arguments in [
        &["status", "a"][..],
        &["download", "a"],
        &["--json", "status", "a"],
        &["submit", "pdf"],
        &["--json", "submit", "pdf"],
    ] {
        let called = job(folder.path(), &server, arguments).await;
        assert!(!has_commands(&called.out) && !has_commands(&called.told), "{arguments:?}: {called:?}");
    }
    let shown = job(folder.path(), &server, &["status", "a"]).await;
    assert!(shown.out.contains("a␛]0;x␇␛[2J\\u{9b}2J␍␊b"), "{shown:?}");
    let json = job(folder.path(), &server, &["--json", "status", "a"]).await;
    assert_eq!(json.json(), status);
}
