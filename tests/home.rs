//! A server process of a test's own, on a free port, with folders of its own.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use testkit::{RedisServer, S3Server};

use crate::caller::Caller;
use crate::command::program;
use crate::process::{Folders, Process};
use crate::requests::slow;
use crate::support::wait_until;

/// The folders of a server. They outlive the process, so that it can be started again on them.
pub struct Home {
    pub folder: Arc<TempDir>,
    data: Vec<PathBuf>,
    arguments: Vec<String>,
    store: String,
    /// Where files are, when not in the folder.
    artifacts: Option<String>,
    environment: Vec<(String, String)>,
    /// A data set that was made for it.
    made_data: Option<Arc<TempDir>>,
}

/// A server process, and one who calls it without a token.
pub struct Server {
    process: Process,
    caller: Caller,
    exports: PathBuf,
}

impl Deref for Server {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl Home {
    /// With these data sets, of which the first is the default.
    pub fn with_data(data: &[&Path]) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let store = format!("sqlite:{}", folder.path().join("jobs").display());
        let data = data.iter().copied().map(PathBuf::from).collect();
        Self {
            folder,
            data,
            arguments: Vec::new(),
            store,
            artifacts: None,
            environment: Vec::new(),
            made_data: None,
        }
    }

    /// With the bundled examples: `algar` and `camtrap-dp`.
    pub fn with_examples() -> Self {
        let examples = testkit::examples();
        Self::with_data(&[&examples.join("algar.zip"), &examples.join("camtrap-dp")])
    }

    /// With a data set on whose archive of so many detections a worker works for some seconds, and
    /// the request for it.
    pub fn with_slow(detections: usize) -> (Self, Value) {
        let (data, request) = slow(detections);
        let home = Self::with_data(&[data.path()]);
        (Self { made_data: Some(Arc::new(data)), ..home }, request)
    }

    /// With jobs on a Redis server in place of a folder.
    pub fn with_redis(self, redis: &RedisServer) -> Self {
        self.with_store(&redis.url())
    }

    /// With the examples, and jobs on a Redis server of its own.
    pub fn on_redis() -> (RedisServer, Self) {
        let redis = RedisServer::start();
        let home = Self::with_examples().with_redis(&redis);
        (redis, home)
    }

    /// With files in a bucket in place of a folder.
    pub fn in_bucket(mut self, store: &S3Server) -> Self {
        self.artifacts = Some(store.url().into());
        self.environment = store.environment();
        self
    }

    /// With files in a given folder.
    pub fn with_artifacts(mut self, folder: &Path) -> Self {
        self.artifacts = Some(folder.display().to_string());
        self
    }

    pub fn with_store(mut self, store: &str) -> Self {
        self.store = store.into();
        self
    }

    /// More arguments for `serve` and `worker`.
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments = arguments.iter().map(|argument| (*argument).into()).collect();
        self
    }

    pub fn exports(&self) -> PathBuf {
        self.folder.path().join("exports")
    }

    /// Names in the folder of files, hidden ones too, but for what the program notes there.
    pub fn files(&self) -> Vec<String> {
        files(&self.exports())
    }

    /// All that the store in the folder holds, as text.
    pub fn kept_in_sqlite(&self) -> String {
        let [database, log] =
            ["jobs.sqlite", "jobs.sqlite-wal"].map(|name| self.folder.path().join("jobs").join(name));
        let mut kept = std::fs::read(database).unwrap();
        kept.extend(std::fs::read(log).unwrap_or_default());
        String::from_utf8_lossy(&kept).into_owned()
    }

    /// The file that says to which service the folder of files belongs.
    pub fn marker(&self) -> PathBuf {
        self.exports().join(testkit::BOOKKEEPING).join("store.json")
    }

    /// `trapline serve`, `trapline worker` or `trapline check` with all its arguments.
    pub fn command_of(&self, what: &str) -> Command {
        let mut command = program();
        command.current_dir(self.folder.path()).arg(what).args(["--store", &self.store]);
        command.envs(self.environment.iter().cloned());
        command.arg("--artifacts").arg(self.artifacts.as_ref().map_or_else(|| self.exports(), PathBuf::from));
        for path in &self.data {
            command.arg("--data").arg(path);
        }
        command.args(&self.arguments);
        command
    }

    /// `trapline serve` with all its arguments.
    pub fn command(&self) -> Command {
        self.command_at(0)
    }

    fn command_at(&self, port: u16) -> Command {
        let mut command = self.command_of("serve");
        command.args(["--listen", &format!("127.0.0.1:{port}")]);
        command
    }

    /// Starts the server and waits until it listens.
    pub fn start(&self) -> Server {
        self.start_with(&[], &[])
    }

    /// The same with more arguments and more of an environment.
    pub fn start_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Server {
        let mut command = self.command();
        command.args(arguments).envs(environment.iter().copied());
        self.start_as(command)
    }

    /// Starts the server at a port where one was before.
    pub fn start_at(&self, port: u16) -> Server {
        self.start_as(self.command_at(port))
    }

    /// Starts a server without workers of its own.
    pub fn start_api(&self) -> Server {
        self.start_with(&["--workers", "0"], &[])
    }

    /// Starts the server by a command that runs it.
    pub fn start_as(&self, command: Command) -> Server {
        let (process, line) = self.spawn(command);
        let url = line.strip_prefix("listening on ").expect("a server").to_owned();
        let client = testkit::http_client(Duration::from_mins(1));
        Server { process, caller: Caller { url, client, token: None }, exports: self.exports() }
    }

    /// Starts a process with this many workers and nothing else.
    pub fn start_worker(&self, workers: u32) -> Process {
        self.start_worker_with(workers, &[])
    }

    /// The same with more of an environment.
    pub fn start_worker_with(&self, workers: u32, environment: &[(&str, &str)]) -> Process {
        let mut command = self.command_of("worker");
        command.args(["--workers", &workers.to_string()]).envs(environment.iter().copied());
        let (process, line) = self.spawn(command);
        assert!(line.starts_with("working for "), "{line}");
        process
    }

    /// Starts a process with one worker that ends at a step of a job, perhaps before it says that
    /// it works.
    pub fn start_doomed(&self, point: &str) -> Process {
        let mut command = self.command_of("worker");
        command.args(["--workers", "1"]).env("FAILPOINTS", format!("{point}=return"));
        Process::launch(command, self.folders()).0
    }

    fn folders(&self) -> Folders {
        (Arc::clone(&self.folder), self.made_data.clone())
    }

    /// A process, and the line that it prints when it is ready.
    fn spawn(&self, command: Command) -> (Process, String) {
        let (process, line) = Process::launch(command, self.folders());
        assert!(!line.is_empty(), "the process did not start: {}", process.log());
        (process, line)
    }
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name != testkit::BOOKKEEPING).collect()
}

impl Server {
    /// One who calls it with a token.
    pub fn caller_with(&self, token: &str) -> Caller {
        Caller { url: self.url.clone(), client: self.client.clone(), token: Some(token.into()) }
    }

    /// Names in the folder of files, hidden ones too, but for what the program notes there.
    pub fn files(&self) -> Vec<String> {
        files(&self.exports)
    }

    pub async fn wait_for_no_files(&self) {
        wait_until("all files to go", async || self.files().is_empty()).await;
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Ends the process as a power cut would.
    pub fn kill(self) {
        self.process.kill();
    }

    /// Asks the process to end, and waits for it.
    pub fn terminate(self) -> ExitStatus {
        self.process.terminate()
    }

    /// Waits for its end.
    pub fn wait(self) -> ExitStatus {
        self.process.wait()
    }

    pub fn log(&self) -> String {
        self.process.log()
    }
}
