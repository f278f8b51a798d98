//! A real S3 server of a test's own, which can be made to fail.

// A test panics if its server cannot be controlled.
#![allow(clippy::missing_panics_doc)]

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use s3s::Body;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::BOOKKEEPING;

/// Whom the server lets in.
const KEY: &str = "trapline";
const SECRET: &str = "trapline-secret";

/// What the server does wrong.
#[derive(Debug, Default)]
struct Faults {
    /// So many requests are answered with 500.
    errors: AtomicU32,
    /// So many connections are cut off when a request has come.
    cuts: AtomicU32,
    /// Each request waits so many milliseconds first.
    delay: AtomicU64,
    /// Requests that came.
    seen: AtomicU32,
}

/// An S3 server on a free port of the loopback address, with a bucket `exports` in a folder of its own.
#[derive(Debug)]
pub struct S3Server {
    folder: TempDir,
    port: u16,
    faults: Arc<Faults>,
    running: Option<Running>,
}

/// Ends with its sender.
#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl S3Server {
    /// A server with an empty bucket.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("exports")).unwrap();
        let mut server = Self { folder, port: 0, faults: Arc::default(), running: None };
        server.run();
        server
    }

    fn run(&mut self) {
        // On all addresses, for tests whose hosts are network namespaces.
        let listener = std::net::TcpListener::bind(("0.0.0.0", self.port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        self.port = listener.local_addr().unwrap().port();
        let mut service = S3ServiceBuilder::new(FileSystem::new(self.folder.path()).unwrap());
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let (service, faults) = (service.build(), Arc::clone(&self.faults));
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, service, faults) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_timeout(Duration::from_secs(1));
        });
        self.running = Some(Running { stop, thread });
    }

    /// Ends it, with all its connections; what it holds stays.
    pub fn stop(&mut self) {
        if let Some(Running { stop, thread }) = self.running.take() {
            drop(stop);
            thread.join().unwrap();
        }
    }

    /// Starts it again at the same address, after [`S3Server::stop`].
    pub fn restart(&mut self) {
        self.run();
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of its bucket.
    pub fn url(&self) -> &'static str {
        "s3://exports/trapline"
    }

    /// What a process needs in its environment to speak to it.
    pub fn environment(&self) -> Vec<(String, String)> {
        self.environment_at("127.0.0.1")
    }

    /// The same from another host, which sees it at an address.
    pub fn environment_at(&self, address: &str) -> Vec<(String, String)> {
        [
            ("AWS_ENDPOINT_URL", format!("http://{address}:{}", self.port)),
            ("AWS_ACCESS_KEY_ID", KEY.into()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.into()),
            ("AWS_REGION", "us-east-1".into()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The next requests, so many, are answered with 500.
    pub fn fail(&self, requests: u32) {
        self.faults.errors.store(requests, Ordering::Relaxed);
    }

    /// The connections of the next requests, so many, are cut off.
    pub fn cut_off(&self, requests: u32) {
        self.faults.cuts.store(requests, Ordering::Relaxed);
    }

    /// From now on each request waits first.
    pub fn delay(&self, each: Duration) {
        self.faults.delay.store(u64::try_from(each.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// How many requests have come.
    pub fn count_requests(&self) -> u32 {
        self.faults.seen.load(Ordering::Relaxed)
    }

    /// Puts an object there, behind the server's back.
    pub fn put(&self, bucket: &str, key: &str, bytes: &[u8]) {
        let path = self.folder.path().join(bucket).join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// The keys of all objects of the bucket, in order, but for what the program notes there.
    pub fn objects(&self) -> Vec<String> {
        let own = format!("{BOOKKEEPING}/");
        self.all_objects().into_iter().filter(|key| !key.contains(&own)).collect()
    }

    /// The keys of all objects of the bucket, in order.
    pub fn all_objects(&self) -> Vec<String> {
        let mut found = Vec::new();
        walk(&self.folder.path().join("exports"), "", &mut found);
        found.sort();
        found
    }

    /// Files that the server keeps of uploads which are neither completed nor given up.
    pub fn list_uploads(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with(".upload")).collect()
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn walk(folder: &Path, before: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), &format!("{name}/"), found);
        } else {
            found.push(name);
        }
    }
}

async fn serve(listener: std::net::TcpListener, service: S3Service, faults: Arc<Faults>) {
    let listener = TcpListener::from_std(listener).unwrap();
    while let Ok((socket, _)) = listener.accept().await {
        let (service, faults) = (service.clone(), Arc::clone(&faults));
        tokio::spawn(async move {
            let (cut, cutting) = tokio::sync::watch::channel(false);
            let answering =
                service_fn(move |request| answer(service.clone(), Arc::clone(&faults), cut.clone(), request));
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), answering);
            let mut cutting = cutting;
            tokio::select! {
                _ = connection => {}
                _ = cutting.wait_for(|cut| *cut) => {}
            }
        });
    }
}

/// One less, unless there are none.
fn one_of(left: &AtomicU32) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

async fn answer(
    service: S3Service,
    faults: Arc<Faults>,
    cut: tokio::sync::watch::Sender<bool>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    faults.seen.fetch_add(1, Ordering::Relaxed);
    let delay = faults.delay.load(Ordering::Relaxed);
    if delay > 0 {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    if one_of(&faults.cuts) {
        cut.send_replace(true);
        std::future::pending::<()>().await;
    }
    let failed = || {
        let body = "<Error><Code>InternalError</Code><Message>on purpose</Message></Error>".to_owned();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    };
    if one_of(&faults.errors) {
        return Ok(failed());
    }
    Ok(service.call(request.map(Body::from)).await.unwrap_or_else(|_| failed()))
}
