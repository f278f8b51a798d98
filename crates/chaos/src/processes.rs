//! Servers and workers.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use crate::environment::Environment;

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessRole {
    /// `trapline serve` without workers; the number is its place in the list of addresses.
    Server(usize),
    /// `trapline worker` with this many workers.
    Worker(u32),
}

/// A running server or worker process.
#[derive(Debug)]
pub struct Process {
    pub role: ProcessRole,
    child: Child,
}

/// All processes, and the services that they use.
#[derive(Debug)]
pub struct Fleet {
    pub environment: Environment,
    pub processes: Vec<Process>,
    /// The addresses of the servers, which change when they are started again.
    urls: Arc<Mutex<Vec<String>>>,
    program: PathBuf,
    folder: TempDir,
}

const ROLES: [ProcessRole; 5] = [
    ProcessRole::Server(0),
    ProcessRole::Server(1),
    ProcessRole::Worker(1),
    ProcessRole::Worker(1),
    ProcessRole::Worker(2),
];

impl Fleet {
    /// Starts all processes.
    pub fn start(program: PathBuf, environment: Environment) -> Self {
        let mut fleet = Self {
            environment,
            processes: Vec::new(),
            urls: Arc::new(Mutex::new(vec![String::new(); 2])),
            program,
            folder: tempfile::tempdir().unwrap(),
        };
        for role in ROLES {
            let process = fleet.spawn(role);
            fleet.processes.push(process);
        }
        fleet
    }

    pub fn urls(&self) -> Arc<Mutex<Vec<String>>> {
        Arc::clone(&self.urls)
    }

    /// The names of all files, finished or not.
    pub fn files(&self) -> Vec<String> {
        self.environment.files(self.folder.path())
    }

    /// Kills a process without warning, as a power cut would, and starts another in its place.
    pub fn kill(&mut self, number: usize) {
        self.processes[number].kill();
        let role = self.processes[number].role;
        self.processes[number] = self.spawn(role);
    }

    /// Asks a process to end, and starts another in its place when it has.
    pub fn terminate(&mut self, number: usize) {
        self.processes[number].signal("TERM");
        self.processes[number].child.wait().unwrap();
        let role = self.processes[number].role;
        self.processes[number] = self.spawn(role);
    }

    /// Resumes everything that was stopped.
    pub fn resume(&mut self) {
        self.environment.redis.thaw();
        for process in &self.processes {
            process.signal("CONT");
        }
    }

    fn spawn(&self, role: ProcessRole) -> Process {
        let name = match role {
            ProcessRole::Server(number) => format!("server-{number}.log"),
            ProcessRole::Worker(workers) => format!("workers-{workers}.log"),
        };
        let log =
            std::fs::File::options().create(true).append(true).open(self.folder.path().join(name)).unwrap();
        let mut command = Command::new(&self.program);
        match role {
            ProcessRole::Server(_) => command.args(["serve", "--listen", "127.0.0.1:0", "--workers", "0"]),
            ProcessRole::Worker(workers) => command.args(["worker", "--workers", &workers.to_string()]),
        };
        self.environment.add_places(&mut command, self.folder.path());
        if matches!(role, ProcessRole::Server(_)) {
            self.environment.add_access(&mut command);
        }
        command.args(["--lease", "2", "--heartbeat", "0.5", "--grace", "1", "--attempts", "5"]);
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "a process does not start: see {}", self.folder.path().display());
        if let (ProcessRole::Server(number), Some(url)) = (role, line.trim().strip_prefix("listening on ")) {
            self.urls.lock().unwrap()[number] = url.into();
        }
        Process { role, child }
    }

    /// Keeps the folder with its logs.
    pub fn keep_logs(mut self) -> PathBuf {
        self.folder.disable_cleanup(true);
        self.folder.path().into()
    }
}

impl Process {
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
