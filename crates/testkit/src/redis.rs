//! A real Redis server of a test's own.

// A test panics if its server cannot be controlled.
#![allow(clippy::missing_panics_doc)]

use std::collections::hash_map::RandomState;
use std::fmt::Write as _;
use std::hash::{BuildHasher, Hasher};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::{KilledOnDrop, read_log, send_signal, start_on_free_port};

/// A Redis server on a free port of the loopback address, with a folder of its own. Dropped, it
/// is killed.
#[derive(Debug)]
pub struct RedisServer {
    process: KilledOnDrop,
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
}

impl RedisServer {
    /// A server that keeps everything in memory.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// A server that writes each change to its disk, so that it survives its own end.
    pub fn start_on_disk() -> Self {
        Self::start_with(&["--appendonly", "yes"])
    }

    /// A server with more settings, as `redis-server` takes them.
    pub fn start_with(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let start = |port| spawn(folder.path(), port, &settings);
        let (process, port) = start_on_free_port("redis-server", folder.path(), start);
        Self { process, folder, port, settings }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends the process as a power cut would.
    pub fn kill(&mut self) {
        self.process.0.kill().unwrap();
        self.process.0.wait().unwrap();
    }

    /// Starts it again at the same address, after [`RedisServer::kill`]; empty, unless it is
    /// one that writes to its disk.
    pub fn restart(&mut self) {
        self.process = spawn(self.folder.path(), self.port, &self.settings)
            .unwrap_or_else(|| panic!("redis-server does not come back: {}", read_log(self.folder.path())));
    }

    /// Stops it where it is: connections stay open and nothing is answered.
    pub fn freeze(&self) {
        send_signal(self.process.0.id(), "STOP");
    }

    /// Lets it go on after [`RedisServer::freeze`].
    pub fn thaw(&self) {
        send_signal(self.process.0.id(), "CONT");
    }

    /// Runs a command with `redis-cli` and returns what it prints, without the line's end.
    pub fn cli(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        command.args(["-e", "--no-auth-warning", "-p", &self.port.to_string()]).args(arguments);
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        assert!(output.status.success(), "{arguments:?}: {text} {}", String::from_utf8_lossy(&output.stderr));
        text
    }

    /// How many commands it has carried out, by its own count, which has those inside of scripts.
    pub fn commands_processed(&self) -> u64 {
        let told = self.cli(&["INFO", "stats"]);
        let line = told.lines().find_map(|line| line.trim().strip_prefix("total_commands_processed:"));
        line.expect("the number of commands").parse().expect("a number")
    }

    /// Watches the commands that clients send, but for those inside of scripts.
    pub fn monitor(&self) -> Monitor {
        let mut command = Command::new("redis-cli");
        let child = command.args(["-p", &self.port.to_string(), "monitor"]).stdout(Stdio::piped()).spawn();
        let mut monitor = Monitor { process: KilledOnDrop(child.unwrap()), seen: Vec::new() };
        monitor.wait_for("OK");
        monitor
    }
}

/// `redis-cli monitor` at work.
#[derive(Debug)]
pub struct Monitor {
    process: KilledOnDrop,
    seen: Vec<u8>,
}

impl Monitor {
    /// Reads on until `text` has been seen.
    fn wait_for(&mut self, text: &str) {
        let output = self.process.0.stdout.as_mut().unwrap();
        let mut part = [0; 4096];
        while !String::from_utf8_lossy(&self.seen).contains(text) {
            let read = output.read(&mut part).unwrap();
            assert!(read > 0, "the monitor ended");
            self.seen.extend_from_slice(&part[..read]);
        }
    }

    /// What clients have sent, a line each, up to a command of our own that holds `last`.
    pub fn read_until(mut self, last: &str) -> Vec<String> {
        self.wait_for(last);
        let text = String::from_utf8_lossy(&self.seen).into_owned();
        text.lines().filter(|line| !line.contains(" lua]")).map(str::to_owned).collect()
    }
}

/// A server that answers as itself, or `None` when its port was taken.
fn spawn(folder: &Path, port: u16, settings: &[String]) -> Option<KilledOnDrop> {
    let log = std::fs::File::options().create(true).append(true).open(folder.join("log")).unwrap();
    // It ends with the test, however that ends.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "redis-server", "--bind", "127.0.0.1", "--save", ""]);
    command.arg("--dir").arg(folder).args(settings);
    let port_setting: &[&str] = if is_tls(settings) { &["--port", "0", "--tls-port"] } else { &["--port"] };
    command.args(port_setting).arg(port.to_string());
    let child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
    let mut process = KilledOnDrop(child);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_mins(1) {
        if process.0.try_wait().unwrap().is_some() {
            return None;
        }
        if answers(port, process.0.id(), settings) {
            return Some(process);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

/// Whether the server on `port` is the process `id` and has read its files.
fn answers(port: u16, id: u32, settings: &[String]) -> bool {
    if is_tls(settings) {
        return TcpStream::connect(("127.0.0.1", port)).is_ok();
    }
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut hello = String::new();
    if let Some(at) = settings.iter().position(|setting| setting == "--requirepass") {
        let _ = write!(hello, "AUTH {}\r\n", settings[at + 1]);
    }
    hello.push_str("INFO\r\n");
    let mut text = vec![0; 1 << 16];
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let mut read = 0;
    if stream.write_all(hello.as_bytes()).is_err() {
        return false;
    }
    while let Ok(more) = stream.read(&mut text[read..]) {
        read += more;
        let so_far = String::from_utf8_lossy(&text[..read]);
        if more == 0 || so_far.contains("-LOADING ") {
            return false;
        }
        if so_far.contains("# Keyspace") {
            return so_far.contains(&format!("process_id:{id}\r\n")) && so_far.contains("loading:0");
        }
    }
    false
}

/// A port without a listener.
///
/// It is below those that the system gives to outgoing connections: a client that keeps trying
/// to reach a server that is down would otherwise be given the server's own port some day.
pub fn free_port() -> u16 {
    loop {
        let random = RandomState::new().build_hasher().finish();
        let port = 12_000 + u16::try_from(random % 20_000).unwrap_or(0);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn is_tls(settings: &[String]) -> bool {
    settings.iter().any(|setting| setting == "--tls-cert-file")
}
