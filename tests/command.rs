//! Commands that are run to their end.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use testkit::assert_contains;

/// The program under test, without the settings of the user who runs the tests.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trapline"));
    command.env_remove("RUST_LOG");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRAPLINE_") {
            command.env_remove(name);
        }
    }
    command
}

/// Where `scripts/setup` puts tools for tests.
pub fn tools() -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_trapline")).ancestors().nth(2).unwrap();
    target.join("tools")
}

/// How a command ended, and what it wrote to standard output and standard error.
#[derive(Debug)]
pub struct CallResult {
    pub code: i32,
    pub out: String,
    pub told: String,
}

impl CallResult {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts how the command ended, and that standard error has all of these parts.
    #[track_caller]
    pub fn assert_told(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        assert_contains(&self.told, parts);
    }

    /// The same for standard output.
    #[track_caller]
    pub fn assert_out(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        assert_contains(&self.out, parts);
    }
}

pub fn run(command: &mut Command) -> CallResult {
    let output = command.output().expect("a program; scripts/setup test installs it");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().expect("no signal");
    CallResult { code, out: text(output.stdout), told: text(output.stderr) }
}

/// Runs a command beside the tasks of a test.
pub async fn run_beside(mut command: Command) -> CallResult {
    tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap()
}

/// Runs the program in a folder.
pub fn trapline(folder: impl AsRef<Path>, arguments: &[&str]) -> CallResult {
    run(program().current_dir(folder.as_ref()).args(arguments))
}

/// Runs `trapline report` on a data set, and returns the numbers too when it has written them.
pub fn report(data: impl AsRef<OsStr>, arguments: &[&str]) -> (CallResult, Option<Value>) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program();
    command.current_dir(&folder).arg("report").arg("--data").arg(data).args(arguments);
    let call = run(command.args(["-o", "report.json"]));
    let numbers = std::fs::read(folder.path().join("report.json")).ok();
    (call, numbers.map(|bytes| serde_json::from_slice(&bytes).unwrap()))
}

/// The numbers of a report that succeeds.
#[track_caller]
pub fn report_numbers(data: impl AsRef<OsStr>, arguments: &[&str]) -> Value {
    let (call, numbers) = report(data, arguments);
    call.assert_told(0, &[]);
    numbers.expect("a file of numbers")
}
