//! `GET /api/datasets/{name}`: what a data set holds.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use detections::Dataset;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::blocking::run_blocking;
use super::path::Path;
use super::problem::Problem;
use super::responses::{NoDataset, NoToken, NotAllowed, Unavailable};
use crate::datasets::Datasets;
use crate::overview::DatasetOverview;
use crate::source::Source;

/// How long an overview is kept: pictures come and go, and looking for a million of them takes seconds.
const KEPT: Duration = Duration::from_mins(1);
/// How long a request waits while pictures are looked for on behalf of another.
const PATIENCE: Duration = Duration::from_secs(5);

/// One request at a time looks for pictures, so that many do not take all threads.
static SEARCHES: Semaphore = Semaphore::const_new(1);
static OVERVIEWS: Mutex<Vec<KeptOverview>> = Mutex::new(Vec::new());

/// An overview of a data set that was read.
struct KeptOverview {
    data: Weak<Dataset>,
    made_at: Instant,
    overview: DatasetOverview,
}

/// What a data set holds
///
/// Its days, its effort by year, its species and locations, its pictures that were found and missing, and
/// what could not be read. Coordinates are rounded to a tenth of a degree. It may be a minute old.
#[utoipa::path(
    get, path = "/api/datasets/{name}", operation_id = "dataset", tag = "Data",
    params(("name" = String, Path, description = "Name of the data set.", example = "algar")),
    responses(
        (status = 200, description = "What it holds.", body = DatasetOverview),
        NoToken, NotAllowed, NoDataset, Unavailable
    )
)]
pub async fn overview(
    State(datasets): State<Datasets>,
    Path(name): Path<String>,
) -> Result<Json<DatasetOverview>, Problem> {
    let source = datasets.get(Some(&name)).map_err(Problem::not_found)?.1.clone();
    let search = match &source {
        Source::Read(_) => Some(wait_for_turn().await?),
        Source::Database(_) | Source::Unusable(_) => None,
    };
    let described = run_blocking("The data set could not be described", move || {
        let _search = search;
        describe(&name, &source)
    });
    described.await.map(Json)
}

async fn wait_for_turn() -> Result<SemaphorePermit<'static>, Problem> {
    match tokio::time::timeout(PATIENCE, SEARCHES.acquire()).await {
        Ok(Ok(turn)) => Ok(turn),
        _ => Err(Problem::busy()),
    }
}

fn describe(name: &str, source: &Source) -> Result<DatasetOverview, Problem> {
    let Source::Read(data) = source else {
        return Ok(DatasetOverview::of(name, source, false, true)?);
    };
    if let Some(kept) = find_kept(data) {
        return Ok(kept);
    }
    let overview = DatasetOverview::of(name, source, false, true)?;
    let kept =
        KeptOverview { data: Arc::downgrade(data), made_at: Instant::now(), overview: overview.clone() };
    OVERVIEWS.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
    Ok(overview)
}

/// The overview of this very data set, if there is one that is not too old.
fn find_kept(data: &Arc<Dataset>) -> Option<DatasetOverview> {
    let mut kept = OVERVIEWS.lock().unwrap_or_else(PoisonError::into_inner);
    kept.retain(|kept| kept.made_at.elapsed() < KEPT && kept.data.strong_count() > 0);
    let same = kept.iter().find(|kept| std::ptr::eq(kept.data.as_ptr(), Arc::as_ptr(data)));
    same.map(|kept| kept.overview.clone())
}
