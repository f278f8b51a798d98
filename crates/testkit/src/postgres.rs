//! A real PostgreSQL server of a test's own.

// A test panics if its server cannot be controlled.
#![allow(clippy::missing_panics_doc)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::{read_log, start_on_free_port};

/// A PostgreSQL server on a free port of the loopback address, with a folder of its own, which lets in
/// the user `trapline` without a password. Dropped, it is killed.
#[derive(Debug)]
pub struct PostgresServer {
    child: Child,
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
}

impl PostgresServer {
    /// A server with an empty database `survey`.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// A server with more settings, each as `name=value`.
    pub fn start_with(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        if is_root() {
            // The server refuses to run as root.
            for path in [folder.path(), &data] {
                run(Command::new("chown").arg("postgres").arg(path));
            }
        }
        let mut made = as_server("initdb");
        made.args(["--username=trapline", "--auth=trust", "--encoding=UTF8", "--locale=C"]);
        made.args(["--no-sync", "-D"]);
        run(made.arg(&data));
        let settings: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let start = |port| spawn(folder.path(), port, &settings);
        let (child, port) = start_on_free_port("postgres", folder.path(), start);
        let server = Self { child, folder, port, settings };
        server.sql_in("postgres", "CREATE DATABASE survey");
        server
    }

    /// The address of its database.
    pub fn url(&self) -> String {
        format!("postgres://trapline@127.0.0.1:{}/survey", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its data.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs statements in its database, and returns what they print.
    pub fn sql(&self, statements: &str) -> String {
        self.sql_in("survey", statements)
    }

    fn sql_in(&self, database: &str, statements: &str) -> String {
        let mut psql = Command::new("psql");
        psql.args(["-h", "127.0.0.1", "-U", "trapline", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]);
        psql.args(["-p", &self.port.to_string(), "-d", database, "-c", statements]);
        let output = run(&mut psql);
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Ends all of its processes as a power cut would.
    pub fn kill(&mut self) {
        // Its children end when it is gone; it is waited for so that the port is free again.
        stop(&mut self.child, "QUIT");
    }

    /// Starts it again at the same address, after [`PostgresServer::kill`].
    pub fn restart(&mut self) {
        self.child = spawn(self.folder.path(), self.port, &self.settings)
            .unwrap_or_else(|| panic!("postgres does not come back: {}", read_log(self.folder.path())));
    }

    /// Starts it with settings more.
    pub fn restart_with(&mut self, settings: &[&str]) {
        self.kill();
        self.settings.extend(settings.iter().map(|setting| (*setting).to_owned()));
        self.restart();
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        stop(&mut self.child, "QUIT");
    }
}

fn stop(child: &mut Child, signal: &str) {
    if child.try_wait().is_ok_and(|ended| ended.is_none()) {
        let _ = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
    }
    let _ = child.wait();
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

/// A program of the server: where Debian puts it, or on the path.
fn program(name: &str) -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin").join(name))
        .filter(|path| path.is_file())
        .collect();
    versions.sort();
    versions.pop().unwrap_or_else(|| name.into())
}

/// A command that runs a program of the server as a user that it accepts.
fn as_server(name: &str) -> Command {
    let program = program(name);
    // Without a process between, which would not forward signals. It ends with the test, however that
    // ends.
    let mut command = Command::new("setpriv");
    if is_root() {
        // The signal at a parent's end is forgotten with a change of user, and so comes after it.
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--", "setpriv"]);
    }
    command.args(["--pdeathsig", "QUIT", "--"]).arg(program).current_dir("/");
    command
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn spawn(folder: &Path, port: u16, settings: &[String]) -> Option<Child> {
    let mut server = as_server("postgres");
    server.arg("-D").arg(folder.join("data"));
    let own = [
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        format!("unix_socket_directories={}", folder.display()),
        // A test's data need not outlive the machine.
        "fsync=off".into(),
        "full_page_writes=off".into(),
        "max_wal_size=4GB".into(),
    ];
    for setting in own.iter().chain(settings) {
        server.args(["-c", setting]);
    }
    let to = std::fs::File::create(folder.join("log")).unwrap();
    let mut child = server.stdout(Stdio::null()).stderr(to).spawn().unwrap();
    let until = Instant::now() + Duration::from_mins(1);
    while Instant::now() < until {
        let ready =
            Command::new("pg_isready").args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]).status();
        if ready.is_ok_and(|status| status.success()) {
            return Some(child);
        }
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    stop(&mut child, "QUIT");
    None
}
