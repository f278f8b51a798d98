//! `GET /api/datasets/{name}`: the overview of a data set.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use detections::Dataset;
use tokio::sync::Semaphore;

use crate::representation::problem::Problem;
use crate::representation::responses::{NoDataset, NoToken, NotAllowed, Unavailable};
use crate::requests::blocking::{run_blocking, wait_for_permit};
use crate::requests::path::Path;
use exports::datasets::Datasets;
use exports::overview::DatasetOverview;
use exports::source::Source;

/// How long an overview is cached. Pictures come and go, and looking for a million of them takes seconds.
const CACHE_TIME: Duration = Duration::from_mins(1);

/// Lets one request at a time look for pictures, so that many do not take all threads.
static SEARCHES: Semaphore = Semaphore::const_new(1);
static OVERVIEWS: Mutex<Vec<CachedOverview>> = Mutex::new(Vec::new());

/// A cached overview of a data set.
struct CachedOverview {
    data: Weak<Dataset>,
    made_at: Instant,
    overview: DatasetOverview,
}

/// Describe a data set
///
/// Days, effort by year, species, locations, pictures found and missing, and rows that could not be read.
/// Coordinates are rounded to a tenth of a degree. The answer may be up to a minute old.
#[utoipa::path(
    get, path = "/api/datasets/{name}", operation_id = "dataset", tag = "Data",
    params(("name" = String, Path, description = "Name of the data set.", example = "algar")),
    responses(
        (status = 200, description = "The overview.", body = DatasetOverview),
        NoToken, NotAllowed, NoDataset, Unavailable
    )
)]
pub async fn describe_dataset(
    State(datasets): State<Datasets>,
    Path(name): Path<String>,
) -> Result<Json<DatasetOverview>, Problem> {
    let source = datasets.get(Some(&name)).map_err(Problem::not_found)?.1.clone();
    let permit = match &source {
        Source::Read(_) => Some(wait_for_permit(&SEARCHES).await?),
        Source::Database(_) | Source::Unusable(_) => None,
    };
    let described = run_blocking("The data set could not be described", move || {
        let _permit = permit;
        find_overview(&name, &source)
    });
    described.await.map(Json)
}

fn find_overview(name: &str, source: &Source) -> Result<DatasetOverview, Problem> {
    let Source::Read(data) = source else {
        return Ok(DatasetOverview::new(name, source, false, true)?);
    };
    if let Some(cached) = find_cached(data) {
        return Ok(cached);
    }
    let overview = DatasetOverview::new(name, source, false, true)?;
    let cached =
        CachedOverview { data: Arc::downgrade(data), made_at: Instant::now(), overview: overview.clone() };
    OVERVIEWS.lock().unwrap_or_else(PoisonError::into_inner).push(cached);
    Ok(overview)
}

/// Finds the cached overview of this very data set, and drops those that are too old.
fn find_cached(data: &Arc<Dataset>) -> Option<DatasetOverview> {
    let mut overviews = OVERVIEWS.lock().unwrap_or_else(PoisonError::into_inner);
    overviews.retain(|cached| cached.made_at.elapsed() < CACHE_TIME && cached.data.strong_count() > 0);
    let same = overviews.iter().find(|cached| std::ptr::eq(cached.data.as_ptr(), Arc::as_ptr(data)));
    same.map(|cached| cached.overview.clone())
}
