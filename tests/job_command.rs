//! `trapline job`: exports of a server, from the command line.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::HeaderMap;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::link::{Fault, Link};
use crate::support::{
    CallResult, Home, Server, on_both_stores, program, run_beside, season, serve, tools, wait_until,
};

/// The ten detections of a heron, as fields.
const HERONS: [&str; 3] =
    ["dataset=camtrap-dp", "filter.start_date=2021-04-11", "filter.end_date=2021-04-11"];
const SEASON: [&str; 3] = ["report_type=seasonal_activity", "start_date=2018-09-01", "end_date=2019-01-31"];

/// A user with a folder of their own, and the server that is called.
struct User {
    folder: TempDir,
    server: String,
}

impl User {
    fn new(server: &str) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), server: server.into() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    fn count_files(&self) -> usize {
        std::fs::read_dir(self.folder.path()).unwrap().count()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.current_dir(self.folder.path()).args(["job", "--server", &self.server]).args(arguments);
        command
    }

    /// Runs `trapline job` beside the tasks of the test.
    async fn job(&self, arguments: &[&str]) -> CallResult {
        let CallResult { code, out, told } = run_beside(self.command(arguments)).await;
        CallResult { code, out: out.trim().into(), told: told.trim().into() }
    }

    /// The id of an archive of the herons that is made.
    async fn make_herons(&self) -> String {
        self.job(&[&["submit", "zip"], &HERONS[..], &["--wait"]].concat()).await.out
    }
}

fn start() -> (Server, User) {
    let server = Home::with_examples().start();
    let user = User::new(&server.url);
    (server, user)
}

on_both_stores!(an_export_is_submitted_followed_downloaded_and_deleted);

async fn an_export_is_submitted_followed_downloaded_and_deleted(on: impl Fn(Home) -> Home) {
    let server = on(Home::with_examples()).start();
    let user = User::new(&server.url);
    let job = async |arguments: &[&str]| user.job(arguments).await;
    let submitted = job(&[&["submit", "zip"], &HERONS[..], &["crop_size:=256"]].concat()).await;
    submitted.assert_told(0, &[]);
    // The id and nothing else, for scripts.
    let id = submitted.out.as_str();
    let watched = job(&["--json", "watch", id]).await;
    assert_eq!((watched.code, &watched.json()["status"]), (0, &"completed".into()));
    assert_eq!(job(&["--json", "status", id]).await.json()["total_detections"], 10);
    job(&["status", id]).await.assert_out(0, &["status              completed"]);

    let downloaded = job(&["download", id]).await;
    assert_eq!((downloaded.code, downloaded.out.clone()), (0, format!("detections_{id}_1.zip")));
    let bytes = user.file(&downloaded.out);
    assert_eq!(bytes, server.download(&server.status("zip", id).await).await);
    let named = job(&["--json", "download", id, "-o", "herons.zip"]).await;
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((&named.json()["sha256"], &named.json()["file"]), (&digest.into(), &"herons.zip".into()));
    assert_eq!(user.count_files(), 2, "no temporary file is left");

    assert_eq!(job(&["delete", id]).await.code, 0);
    let gone = job(&["delete", id]).await;
    assert_eq!((gone.code, gone.told.as_str()), (2, "error: Job not found or expired"));
}

#[tokio::test]
async fn a_report_is_waited_for_and_written() {
    let (server, user) = start();
    std::fs::write(user.path("request.json"), season().to_string()).unwrap();
    let request = ["title=The rut", "--request", "request.json", "-o", "rut.pdf"];
    let made = user.job(&[&["submit", "pdf"], &request[..]].concat()).await;
    assert_eq!((made.code, made.out.as_str()), (0, "rut.pdf"), "{made:?}");
    assert!(user.file("rut.pdf").starts_with(b"%PDF"));
    let listed = server.json("/api/exports").await;
    assert_eq!(listed["exports"][0]["title"], "The rut");
}

#[tokio::test]
async fn what_is_missing_from_an_archive_is_told_with_its_reason() {
    let server = Home::with_data(&[&testkit::examples().join("camtrap-dp")]).start();
    let user = User::new(&server.url);
    let line = "10 of 20 not included: 10 pictures are on the web only; add --fetch-media";
    let herons = ["submit", "zip", "filter.classifications:=[\"Ardea\"]", "-o", "a.zip"];
    user.job(&herons).await.assert_told(0, &[line]);
    let listed = server.json("/api/exports").await;
    let id = listed["exports"][0]["job_id"].as_str().unwrap();
    user.job(&["status", id]).await.assert_out(0, &[&format!("missing             {line}")]);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_with_its_fields() {
    let (_server, user) = start();
    let wrong = ["submit", "zip", "crop_size:=5", "layout=tar", "filter.min_confidence:=2"];
    let wrong = user.job(&wrong).await;
    assert_eq!(wrong.out, "");
    wrong.assert_told(2, &["crop_size must be", "layout must be", "filter.min_confidence: "]);
    let nonsense = user.job(&["submit", "zip", "crop_size"]).await;
    nonsense.assert_told(2, &["NAME=TEXT or NAME:=JSON"]);
}

#[tokio::test]
async fn an_export_that_failed_ends_with_1_and_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("broken.typ"), "#nothing_of_this_name").unwrap();
    let server = Home::with_examples().arguments(&["--templates", folder.path().to_str().unwrap()]).start();
    let broken = ["report_type=custom", "template=broken", "start_date=2018-09-01", "end_date=2019-01-31"];
    let user = User::new(&server.url);
    let failed = user.job(&[&["submit", "pdf"], &broken[..], &["--wait"]].concat()).await;
    failed.assert_told(1, &["the export failed: ", "broken.typ"]);
    let id = failed.out.as_str();
    for arguments in [&["status", id][..], &["watch", id], &["download", id]] {
        assert_eq!(user.job(arguments).await.code, 1, "{arguments:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_or_not_ours_is_told() {
    let nobody = User::new(&format!("http://127.0.0.1:{}", testkit::free_port()));
    nobody.job(&["status", "a"]).await.assert_told(1, &["does not answer", "--server"]);
    let other = User::new(&serve(Router::new()).await);
    other.job(&["status", "a"]).await.assert_told(2, &["is no trapline server"]);
}

/// A file that was begun before is gone on with when it fits, and begun anew when it does not.
#[tokio::test]
async fn a_download_goes_on_where_it_was_cut_off() {
    let (server, user) = start();
    let id = user.make_herons().await;
    let whole = server.download(&server.status("zip", &id).await).await;
    let part = user.path(&format!(".detections_{id}_1.zip.part"));
    let half = whole.len() / 2;
    let begun_anew = format!("{} bytes, SHA-256", archive::in_thousands(whole.len() as u64));
    for (there, told) in [
        (whole[..half].to_vec(), format!("continued after {half} bytes")),
        (whole.clone(), format!("continued after {} bytes", whole.len())),
        (vec![b'x'; half], begun_anew.clone()),
        (vec![b'x'; whole.len() + 7], begun_anew),
    ] {
        std::fs::write(&part, there).unwrap();
        user.job(&["download", &id, "-o", "a.zip"]).await.assert_told(0, &[&told]);
        assert_eq!(user.file("a.zip"), whole);
        assert!(!part.exists());
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_off_costs_no_file() {
    let (server, user) = start();
    let id = user.make_herons().await;
    let whole = server.download(&server.status("zip", &id).await).await;
    let link = Link::start(&server, Fault::CutsOff { after: whole.len() / 3 }).await;
    let user = User::new(&link.url);
    user.job(&["download", &id, "-o", "a.zip"]).await.assert_told(0, &[]);
    assert_eq!(user.file("a.zip"), whole);
    assert!(link.cuts() >= 2);
}

#[tokio::test]
async fn a_server_that_starts_again_is_waited_for() {
    let (home, request) = Home::with_slow(150);
    let server = home.start();
    let user = User::new(&server.url);
    let port: u16 = server.url.rsplit(':').next().unwrap().parse().unwrap();
    let id = server.submit("zip", &request).await;
    server.wait_for_progress(&id).await;
    let mut command = user.command(&["--json", "watch", &id]);
    let mut watching = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
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
        let call = run_beside(command).await;
        // A bar, and how long it takes.
        call.assert_out(130, &["detections", "left", "Delete the export?"]);
        let address = format!("/api/exports/{id}");
        if deleted {
            assert_eq!(server.get(&address).await.status(), 404);
        } else {
            call.assert_out(130, &["The export continues"]);
            assert_eq!(server.get(&address).await.status(), 200);
        }
    }
}

/// The server and who one is come from flags, the environment or a file.
#[tokio::test]
async fn a_token_is_sent_and_kept_out_of_sight() {
    let folder = tempfile::tempdir().unwrap();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = Arc::clone(&seen);
    let routes = Router::<()>::new().fallback(async move |uri: axum::http::Uri, headers: HeaderMap| {
        let token = headers.get("authorization").map_or("none", |token| token.to_str().unwrap());
        told.lock().unwrap().push(format!("{} {token}", uri.path()));
        (axum::http::StatusCode::UNAUTHORIZED, r#"{"detail": "who are you"}"#)
    });
    let address = format!("{}/below", serve(routes).await);
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
        run_beside(command).await.assert_told(2, &["who are you; --token"]);
    }
    wait_until("three calls", async || seen.lock().unwrap().len() == 3).await;
    let tokens = ["of-a-flag", "from-a-file", "of-the-environment"];
    assert_eq!(*seen.lock().unwrap(), tokens.map(|token| format!("/below/api/exports/a Bearer {token}")));
}

#[tokio::test]
async fn a_submission_without_waiting_tells_the_job_at_once() {
    let (server, user) = start();
    let submitted = user.job(&[&["--json", "submit", "pdf"], &SEASON[..]].concat()).await;
    assert_eq!(submitted.json()["status"], "processing");
    let id = submitted.json()["job_id"].as_str().unwrap().to_owned();
    server.completed("pdf", &id).await;
}

/// A user of a server that is not ours and answers every question with this status, and with a file of three
/// bytes.
async fn pretender(status: Value) -> User {
    let routes = Router::new().fallback(async move |uri: axum::http::Uri| {
        if uri.path().starts_with("/files/") { "abc".to_owned() } else { status.to_string() }
    });
    User::new(&serve(routes).await)
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
    for name in [".bashrc", "../report_1.pdf", "report_\u{1b}[2J.pdf", "report_1.pdf.exe", ""] {
        let user = pretender(completed_as(name)).await;
        let refused = user.job(&["download", "a"]).await;
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{refused:?}");
        assert!(refused.told.contains("-o FILE") && !has_commands(&refused.told), "{refused:?}");
        assert_eq!(user.count_files(), 0, "{name:?}");
        let named = user.job(&["download", "a", "-o", "mine.pdf"]).await;
        assert_eq!((named.code, named.out.as_str()), (0, "mine.pdf"), "{named:?}");
        assert_eq!(user.file("mine.pdf"), b"abc");
    }
    let user = pretender(completed_as("report_1.pdf")).await;
    let taken = user.job(&["download", "a"]).await;
    assert_eq!((taken.code, taken.out.as_str()), (0, "report_1.pdf"), "{taken:?}");
}

#[tokio::test]
async fn a_file_that_is_there_is_replaced_only_when_it_is_named() {
    let user = pretender(completed_as("report_1.pdf")).await;
    std::fs::write(user.path("report_1.pdf"), "mine").unwrap();
    let refused = user.job(&["download", "a"]).await;
    refused.assert_told(2, &["report_1.pdf exists already; choose a file with -o FILE"]);
    assert_eq!(user.file("report_1.pdf"), b"mine");
    assert_eq!(user.count_files(), 1);
    user.job(&["download", "a", "-o", "report_1.pdf"]).await.assert_told(0, &[]);
    assert_eq!(user.file("report_1.pdf"), b"abc");
}

#[tokio::test]
async fn a_download_follows_no_link_to_another_file() {
    let mut status = completed_as("report_1.pdf");
    status["download_url"] = "/files/report_1.pdf".into();
    let user = pretender(status).await;
    std::fs::write(user.path("diary"), "mine").unwrap();
    std::os::unix::fs::symlink(user.path("diary"), user.path(".report_1.pdf.part")).unwrap();
    user.job(&["download", "a"]).await.assert_told(1, &[".report_1.pdf.part"]);
    assert_eq!(user.file("diary"), b"mine");
}

#[tokio::test]
async fn what_a_server_says_has_no_effect_on_a_terminal() {
    let evil = "a\u{1b}]0;x\u{7}\u{1b}[2J\u{9b}2J\r\nb";
    let status = json!({"job_id": evil, "status": "failed", "title": evil, "error_message": evil,
                        "phase": evil, "message": evil});
    let user = pretender(status.clone()).await;
    for arguments in [
        &["status", "a"][..],
        &["download", "a"],
        &["--json", "status", "a"],
        &["submit", "pdf"],
        &["--json", "submit", "pdf"],
    ] {
        let called = user.job(arguments).await;
        assert!(!has_commands(&called.out) && !has_commands(&called.told), "{arguments:?}: {called:?}");
    }
    let shown = user.job(&["status", "a"]).await;
    assert!(shown.out.contains("a␛]0;x␇␛[2J\\u{9b}2J␍␊b"), "{shown:?}");
    let json = user.job(&["--json", "status", "a"]).await;
    assert_eq!(json.json(), status);
}
