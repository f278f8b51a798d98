//! Times of the hot paths of the server.

use std::path::Path;
use std::sync::Arc;

use artifacts::{Artifacts, ArtifactsAddress, Owner};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use divan::{Bencher, black_box};
use exports::datasets::{DataAddress, DataArgument, Datasets, OpenOptions};
use exports::templates::Templates;
use jobs::{JobId, JobRecord, SqliteStore, StoreAddress, StoreOptions};
use server::access::guarded_jobs::GuardedJobs;
use server::{App, Config, Feed, fuzzing, router};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The record of an archive of the bundled example, as a server wrote it to Redis.
const RECORD: &str = include_str!("../../jobs/benches/record.json");

fn main() {
    divan::main();
}

fn read_record() -> JobRecord {
    jobs::fuzzing::parse_record(&JobId::random(), RECORD).expect("a valid record")
}

/// Every poll.
#[divan::bench(name = "status of a job, written with its entity tag")]
fn write_status(bencher: Bencher) {
    let record = read_record();
    bencher.bench(|| fuzzing::write_status(black_box(&record)));
}

#[divan::bench(name = "entity tag of a status")]
fn compute_etag(bencher: Bencher) {
    let (status, _) = fuzzing::write_status(&read_record());
    bencher.bench(|| fuzzing::compute_etag(black_box(&status)));
}

/// `/healthz` needs no store, so this is what every request costs besides its own work.
#[divan::bench(name = "checks, route and headers of a request (/healthz)")]
fn answer_request(bencher: Bencher) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let routes = runtime.block_on(open_router(folder.path()));
    assert_eq!(answer(&runtime, &routes, build_request()), StatusCode::OK);
    bencher.with_inputs(build_request).bench_local_values(|request| answer(&runtime, &routes, request));
}

fn build_request() -> Request<Body> {
    let request = Request::get("/healthz").header("host", "localhost");
    request.body(Body::empty()).expect("a valid request")
}

fn answer(runtime: &Runtime, routes: &Router, request: Request<Body>) -> StatusCode {
    let Ok(response) = runtime.block_on(routes.clone().oneshot(request));
    response.status()
}

/// The interface of a server with a store and files in a folder, which serves the bundled example.
async fn open_router(folder: &Path) -> Router {
    let jobs_folder = folder.join("jobs");
    let store = SqliteStore::open(&jobs_folder, StoreOptions::default()).await.expect("a job store");
    let store = Arc::new(store);
    let owner = Owner::new(None, &StoreAddress::Sqlite(jobs_folder)).expect("an identity");
    let exports = ArtifactsAddress::Folder(folder.join("exports"));
    let artifacts = Artifacts::open(&exports, owner).await.expect("a folder of files");
    let feed = Feed::start(store.clone(), CancellationToken::new());
    let example = DataAddress::Path(testkit::examples().join("camtrap-dp"));
    let example = DataArgument { name: "camtrap-dp".into(), address: example };
    let datasets = Datasets::open(&[example], &OpenOptions::default()).expect("the bundled example");
    let jobs = Arc::new(GuardedJobs::new(store, feed, artifacts));
    router(App { jobs, datasets, templates: Templates::default(), config: Config::local() })
}
