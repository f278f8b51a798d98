//! Servers and workers.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use crate::ground::Ground;

/// What a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `trapline serve` without workers; the number is its place in the list of addresses.
    Server(usize),
    /// `trapline worker` with this many workers.
    Worker(u32),
}

/// A process and what it is.
#[derive(Debug)]
pub struct Process {
    pub role: Role,
    child: Child,
}

/// Everything that runs.
#[derive(Debug)]
pub struct Fleet {
    pub ground: Ground,
    pub processes: Vec<Process>,
    /// Addresses of the servers, which change as they are started anew.
    urls: Arc<Mutex<Vec<String>>>,
    program: PathBuf,
    folder: TempDir,
}

const ROLES: [Role; 5] =
    [Role::Server(0), Role::Server(1), Role::Worker(1), Role::Worker(1), Role::Worker(2)];

impl Fleet {
    /// Starts it all.
    pub fn start(program: PathBuf, ground: Ground) -> Self {
        let mut fleet = Self {
            ground,
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
        self.ground.files(self.folder.path())
    }

    /// Ends a process as a power cut would, and starts another in its place.
    pub fn kill(&mut self, number: usize) {
        self.processes[number].end();
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

    /// Lets everything go on that was stopped.
    pub fn heal(&mut self) {
        self.ground.redis.thaw();
        for process in &self.processes {
            process.signal("CONT");
        }
    }

    fn spawn(&self, role: Role) -> Process {
        let name = match role {
            Role::Server(number) => format!("server-{number}.log"),
            Role::Worker(workers) => format!("workers-{workers}.log"),
        };
        let log =
            std::fs::File::options().create(true).append(true).open(self.folder.path().join(name)).unwrap();
        let mut command = Command::new(&self.program);
        match role {
            Role::Server(_) => command.args(["serve", "--listen", "127.0.0.1:0", "--workers", "0"]),
            Role::Worker(workers) => command.args(["worker", "--workers", &workers.to_string()]),
        };
        self.ground.tell(&mut command, self.folder.path());
        if matches!(role, Role::Server(_)) {
            self.ground.tell_server(&mut command);
        }
        command.args(["--lease", "2", "--heartbeat", "0.5", "--grace", "1", "--attempts", "5"]);
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "a process does not start: see {}", self.folder.path().display());
        if let (Role::Server(number), Some(url)) = (role, line.trim().strip_prefix("listening on ")) {
            self.urls.lock().unwrap()[number] = url.into();
        }
        Process { role, child }
    }

    /// Keeps the folder with its logs.
    pub fn keep(mut self) -> PathBuf {
        self.folder.disable_cleanup(true);
        self.folder.path().into()
    }
}

impl Process {
    fn end(&mut self) {
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
