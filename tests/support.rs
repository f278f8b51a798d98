//! A server process of a test's own, on a free port, with folders of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use testkit::{RedisServer, S3Server};

pub use crate::requests::{certificate, herons, one, season, slow};
pub use crate::sse::Events;

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
    _made: Option<TempDir>,
}

/// A process of the program. Dropped, it is killed.
pub struct Process {
    child: Child,
    log: PathBuf,
    /// Kept for as long as the process may use it.
    _folder: Arc<TempDir>,
}

/// A server process, and a client for it.
pub struct Server {
    process: Process,
    pub url: String,
    pub client: Client,
    exports: PathBuf,
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
            _made: None,
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
        (Self { _made: Some(data), ..home }, request)
    }

    /// With jobs on a Redis server in place of a folder.
    pub fn with_redis(self, redis: &RedisServer) -> Self {
        self.with_store(&redis.url())
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
        let mut command = self.command_of("serve");
        command.args(["--listen", "127.0.0.1:0"]);
        command
    }

    /// Starts the server and waits until it listens.
    pub fn start(&self) -> Server {
        self.start_as(self.command())
    }

    /// Starts the server at a port where one was before.
    pub fn start_at(&self, port: u16) -> Server {
        let mut command = self.command_of("serve");
        command.args(["--listen", &format!("127.0.0.1:{port}")]);
        self.start_as(command)
    }

    /// Starts a server without workers of its own.
    pub fn start_api(&self) -> Server {
        let mut command = self.command();
        command.args(["--workers", "0"]);
        self.start_as(command)
    }

    /// Starts the server by a command that runs it.
    pub fn start_as(&self, command: Command) -> Server {
        let (process, line) = self.spawn(command);
        let url = line.strip_prefix("listening on ").expect("a server").to_owned();
        let client = testkit::http_client(Duration::from_mins(1));
        Server { process, url, client, exports: self.exports() }
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
        self.launch(command).0
    }

    /// A process, and the line that it prints when it is ready.
    fn spawn(&self, command: Command) -> (Process, String) {
        let (process, line) = self.launch(command);
        assert!(!line.is_empty(), "the process did not start: {}", process.log());
        (process, line)
    }

    /// A process, and its first line; none when it ends before.
    fn launch(&self, mut command: Command) -> (Process, String) {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let log = self.folder.path().join(format!("log-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
        let stderr = std::fs::File::options().create(true).append(true).open(&log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let process = Process { child, log, _folder: Arc::clone(&self.folder) };
        (process, line.trim().to_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the log of a process:\n{}", std::fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}

impl Process {
    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and waits for it.
    pub fn terminate(mut self) -> ExitStatus {
        self.signal("TERM");
        self.child.wait().unwrap()
    }

    /// Waits for its end.
    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name != testkit::BOOKKEEPING).collect()
}

impl Server {
    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.client.post(format!("{}{path}", self.url)).json(body).send().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    pub async fn delete(&self, job_id: &str) -> StatusCode {
        let address = format!("{}/api/exports/{job_id}", self.url);
        self.client.delete(address).send().await.unwrap().status()
    }

    /// Submits an export and returns its id.
    pub async fn submit(&self, kind: &str, body: &Value) -> String {
        let response = self.post(&format!("/api/exports/{kind}"), body).await;
        let status = response.status();
        let answer: Value = response.json().await.unwrap();
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        answer["job_id"].as_str().unwrap().to_owned()
    }

    pub async fn status(&self, kind: &str, job_id: &str) -> Value {
        let response = self.get(&format!("/api/exports/{kind}/{job_id}")).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.unwrap()
    }

    /// Waits until the status of a job is as wanted.
    pub async fn status_when(&self, kind: &str, job_id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        wait_until("the status of a job", async || {
            last = self.status(kind, job_id).await;
            wanted(&last)
        })
        .await;
        last
    }

    /// Waits for the end of a job, which has to be a good one.
    pub async fn completed(&self, kind: &str, job_id: &str) -> Value {
        let status = self.status_when(kind, job_id, |status| status["status"] != "processing").await;
        assert_eq!(status["status"], "completed", "{status}");
        status
    }

    /// The file of a completed job.
    pub async fn download(&self, status: &Value) -> Vec<u8> {
        let response = self.get(status["download_url"].as_str().unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.bytes().await.unwrap().to_vec()
    }

    /// Listens to events, as a client that has had those up to `last`.
    pub async fn listen(&self, path: &str, last: Option<&str>) -> Events {
        let mut request = self.client.get(format!("{}{path}", self.url));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events::new(response)
    }

    /// Names in the folder of files, hidden ones too, but for what the program notes there.
    pub fn files(&self) -> Vec<String> {
        files(&self.exports)
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

/// A server and a worker, each a process, on a Redis server; the worker works on a job.
pub struct AtWork {
    pub redis: RedisServer,
    pub home: Home,
    pub server: Server,
    pub worker: Process,
    /// An archive.
    pub job_id: String,
}

impl AtWork {
    /// Starts them, with more arguments for both, and waits until the job runs.
    pub async fn start(redis: RedisServer, detections: usize, arguments: &[&str]) -> Self {
        let (home, request) = Home::with_slow(detections);
        let home = home.with_redis(&redis).arguments(arguments);
        let (server, worker) = (home.start_api(), home.start_worker(1));
        let job_id = server.submit("zip", &request).await;
        server.status_when("zip", &job_id, |status| status["processed_count"].as_u64() > Some(0)).await;
        Self { redis, home, server, worker, job_id }
    }
}

/// Gives this process and those that it starts as many file descriptors as they may have: a crowd takes
/// one for each connection, in the server and in the test.
pub fn raise_file_limit() {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let all = rustix::process::Rlimit { current: files.maximum, maximum: files.maximum };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, all).unwrap();
}

/// Asks until the answer is yes. A test that would wait for ever ends after two minutes.
pub async fn wait_until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_mins(2), "waited two minutes for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Each promise with jobs in a folder, and with jobs on a Redis server.
macro_rules! on_both_stores {
    ($($test:ident),* $(,)?) => {
        mod in_a_folder {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(|home| home).await;
                }
            )*
        }
        mod on_redis {
            $(
                #[tokio::test]
                async fn $test() {
                    let redis = testkit::RedisServer::start();
                    super::$test(|home| home.with_redis(&redis)).await;
                }
            )*
        }
    };
}
pub(crate) use on_both_stores;
