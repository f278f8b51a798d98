//! The recipes of docs/CLIENTS.md, each run unchanged.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::examples;

use crate::support::{CallResult, Home, Server, program, run, season, tools};
use crate::zips::names_in;

/// The first block of a language below a heading.
fn recipe(heading: &str, language: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CLIENTS.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, below) = text.split_once(&format!("\n## {heading}\n")).expect(heading);
    let section = below.split("\n## ").next().unwrap();
    let (_, begun) = section.split_once(&format!("```{language}\n")).expect(language);
    begun.split_once("\n```").unwrap().0.to_owned() + "\n"
}

/// Somebody with a folder of their own, and a server with the data sets of the recipes.
struct Kitchen {
    folder: TempDir,
    server: Server,
}

impl Kitchen {
    fn open(arguments: &[&str]) -> Self {
        let data = |name: &str, path: &str| format!("{name}={}", examples().join(path).display());
        let [algar, heron] = [data("algar", "algar.zip"), data("heron", "camtrap-dp")];
        let server = Home::with_data(&[Path::new(&algar), Path::new(&heron)]).arguments(arguments).start();
        Self { folder: tempfile::tempdir().unwrap(), server }
    }

    /// Saves a recipe, executable.
    fn save(&self, name: &str, recipe: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, recipe).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env("TRAPLINE_SERVER", &self.server.url);
        command
    }

    fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(name)).unwrap()
    }
}

/// What a command said that had to succeed.
fn output_of(command: &mut Command) -> String {
    let call = run(command);
    call.assert_told(0, &[]);
    call.out
}

#[tokio::test]
async fn a_report_with_curl() {
    let kitchen = Kitchen::open(&[]);
    let script = kitchen.save("report.sh", &recipe("curl", "sh"));
    assert_eq!(output_of(&mut kitchen.command(script)), "report.pdf: OK\n");
    assert!(kitchen.file("report.pdf").starts_with(b"%PDF"));
}

#[tokio::test]
async fn an_archive_with_python() {
    let kitchen = Kitchen::open(&[]);
    let script = kitchen.save("archive.py", &recipe("Python", "python"));
    let out = output_of(kitchen.command(tools().join("bin/python")).arg(script));
    assert_eq!(out, "detections.zip: 10 detections, 0 missing\n");
    assert_eq!(names_in(&kitchen.file("detections.zip")).len(), 13);
}

#[tokio::test]
async fn a_comparison_with_r() {
    let kitchen = Kitchen::open(&[]);
    let script = kitchen.save("comparison.R", &recipe("R", "r"));
    let out = output_of(kitchen.command("Rscript").arg(script));
    assert!(kitchen.file("comparison.pdf").starts_with(b"%PDF"));
    assert!(out.contains("Odocoileus virginianus"), "{out}");
}

#[tokio::test]
async fn a_report_each_month_with_cron() {
    let kitchen = Kitchen::open(&[]);
    let script = kitchen.save("trapline-monthly", &recipe("A report each month, with cron", "bash"));
    let programs = Path::new(program().get_program()).parent().unwrap().to_owned();
    let monthly = |arguments: &[&str]| {
        let path = format!("{}:/usr/bin:/bin", programs.display());
        run(kitchen.command(&script).env("PATH", path).arg(".").args(arguments))
    };
    // Cron sends what is said by mail.
    let silent = |call: CallResult| {
        assert_eq!((call.code, call.out.as_str(), call.told.as_str()), (0, "", ""));
    };
    silent(monthly(&["2018-09"]));
    let report = kitchen.file("report-2018-09.pdf");
    assert!(report.starts_with(b"%PDF"));
    silent(monthly(&["2018-09"]));
    assert_eq!(kitchen.file("report-2018-09.pdf"), report);
    // The last month, in which no camera of the example stood any more.
    silent(monthly(&[]));
    let listed: Value = kitchen.server.get("/api/exports").await.json().await.unwrap();
    let titles: Vec<_> =
        listed["exports"].as_array().unwrap().iter().map(|export| &export["title"]).collect();
    assert_eq!((titles.len(), titles[1]), (2, &json!("Report for 2018-09")));

    let wrong = monthly(&["2018-13"]);
    assert!(wrong.code != 0 && !wrong.told.is_empty(), "{wrong:?}");
    kitchen.server.kill();
}

#[tokio::test]
async fn being_told_with_python() {
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let kitchen = Kitchen::open(&["--webhook-secret", SECRET, "--webhook-private"]);
    let script = kitchen.save("receiver.py", &recipe("Webhooks", "python"));
    let port = testkit::free_port();
    let mut command = kitchen.command(tools().join("bin/python"));
    command.arg(script).env("TRAPLINE_WEBHOOK_SECRET", SECRET).env("PORT", port.to_string());
    let mut receiver = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut request = season();
    request["callback_url"] = format!("http://127.0.0.1:{port}/").into();
    // The receiver may listen only after the export has ended: the webhook is sent again.
    let job_id = kitchen.server.submit("pdf", &request).await;
    let mut line = String::new();
    BufReader::new(receiver.stdout.take().unwrap()).read_line(&mut line).unwrap();
    receiver.kill().unwrap();
    receiver.wait().unwrap();
    assert!(line.starts_with("export.completed Seasonal activity") && line.contains(&job_id), "{line}");
}
