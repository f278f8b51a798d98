//! The data of an export: a data set in memory, or a database.
//!
//! These functions block, and must be called on blocking threads.

use std::sync::Arc;
use std::time::{Duration, Instant};

use archive::ArchiveRequest;
use detections::{
    Database, DatabaseError, Dataset, Hemisphere, Overview, ResolvedNames, SampleSize, Selection, Slice,
    UnknownNamesError,
};
use jiff::civil::Date;
use report::{Period, Request};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use metrics::metrics;

/// How long a query may take while a client waits for its answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// The name that stands for all domestic animals.
const DOMESTIC: &str = "domestic";

/// A data set.
#[derive(Clone, Debug)]
pub enum Source {
    /// It was read into memory at the start.
    Read(Arc<Dataset>),
    /// It is queried for each export.
    Database(Database),
    /// It exists but cannot be read, for this reason.
    Unusable(Arc<str>),
}

/// Why names or detections cannot be looked up.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// The request names what the data do not have.
    #[error(transparent)]
    Unknown(#[from] UnknownNamesError),
    /// The database did not answer, or not as expected.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

fn unusable(reason: &str) -> DatabaseError {
    DatabaseError::Unusable(reason.to_owned())
}

/// Runs a query, and records its time.
fn run_query<T>(
    operation: &'static str,
    work: impl Future<Output = Result<T, DatabaseError>>,
) -> Result<T, DatabaseError> {
    let begun = Instant::now();
    let answer = Handle::current().block_on(work);
    // A query that was cancelled or not started says nothing about the database.
    if !matches!(answer, Err(DatabaseError::Cancelled | DatabaseError::Busy)) {
        metrics().time_database(operation, answer.is_ok(), begun.elapsed());
    }
    answer
}

fn load_days(
    database: &Database,
    periods: &[Period],
    cancellation: &CancellationToken,
) -> Result<Arc<Dataset>, DatabaseError> {
    let from = periods.iter().map(|period| period.start).min().unwrap_or(Date::MIN);
    let to = periods.iter().map(|period| period.end).max().unwrap_or(Date::MAX);
    run_query("days", database.load(&Slice::Days { from, to }, cancellation)).map(Arc::new)
}

impl Source {
    /// Its classes and locations. For a database the observations are not loaded.
    pub fn outline(&self) -> Result<Arc<Dataset>, DatabaseError> {
        self.load_data(|database| {
            run_query(
                "outline",
                database.with_timeout(ANSWER_TIMEOUT).load_outline(&CancellationToken::new()),
            )
        })
    }

    /// Loads the data set from memory, or with `query` from the database.
    fn load_data(
        &self,
        query: impl FnOnce(&Database) -> Result<Arc<Dataset>, DatabaseError>,
    ) -> Result<Arc<Dataset>, DatabaseError> {
        match self {
            Self::Read(data) => Ok(Arc::clone(data)),
            Self::Database(database) => query(database),
            Self::Unusable(reason) => Err(unusable(reason)),
        }
    }

    /// The hemisphere for its seasons. For a database it is derived from its locations.
    pub fn hemisphere(&self) -> Result<Hemisphere, DatabaseError> {
        Ok(self.outline()?.hemisphere())
    }

    /// Looks up the names of classes and locations that a client typed.
    pub fn resolve_names(
        &self,
        classes: &[String],
        locations: &[String],
    ) -> Result<ResolvedNames, LookupError> {
        // Without names no database is needed.
        if classes.is_empty() && locations.is_empty() {
            return Ok(ResolvedNames::default());
        }
        Ok(match self {
            Self::Read(data) => data.resolve_names(classes, locations)?,
            Self::Database(database) => run_query(
                "names",
                database.with_timeout(ANSWER_TIMEOUT).resolve_names(
                    classes,
                    locations,
                    &CancellationToken::new(),
                ),
            )??,
            Self::Unusable(reason) => return Err(unusable(reason).into()),
        })
    }

    /// Looks up the names of classes to leave out. `domestic` stands for all domestic animals, of which there
    /// may be none.
    pub fn resolve_left_out(&self, names: &[String]) -> Result<Vec<String>, LookupError> {
        let is_domestic = |name: &String| name.trim().eq_ignore_ascii_case(DOMESTIC);
        let by_name: Vec<String> = names.iter().filter(|name| !is_domestic(name)).cloned().collect();
        let mut classes = self.resolve_names(&by_name, &[])?.classes;
        if names.iter().any(is_domestic) {
            let outline = self.outline()?;
            for class in outline.classes.iter().filter(|class| class.is_domestic()) {
                if !classes.contains(&class.name) {
                    classes.push(class.name.clone());
                }
            }
        }
        Ok(classes)
    }

    /// Looks up the names in a selection.
    pub fn resolve_selection(&self, selection: Selection) -> Result<Selection, LookupError> {
        let ResolvedNames { classes, locations } =
            self.resolve_names(&selection.classes, &selection.locations)?;
        Ok(Selection { classes, locations, ..selection })
    }

    /// Its overview. For a data set in memory it is complete, and pictures are looked for; for a database it
    /// contains what is known without reading all rows. `waits` says that a client waits for the answer.
    pub fn overview(&self, waits: bool) -> Result<(Arc<Dataset>, Overview), DatabaseError> {
        match self {
            Self::Read(data) => Ok((Arc::clone(data), Overview::count(data))),
            Self::Database(database) if waits => run_query(
                "outline",
                database.with_timeout(ANSWER_TIMEOUT).load_overview(&CancellationToken::new()),
            ),
            Self::Database(database) => {
                run_query("outline", database.load_overview(&CancellationToken::new()))
            }
            Self::Unusable(reason) => Err(unusable(reason)),
        }
    }

    /// Loads the data of a report. Only the days of its periods are loaded from a database.
    pub fn load_for_report(
        &self,
        request: &Request,
        cancellation: &CancellationToken,
    ) -> Result<Arc<Dataset>, DatabaseError> {
        self.load_data(|database| {
            // The hemisphere only matters for a season.
            let hemisphere = if request.season.is_some() { self.hemisphere()? } else { Hemisphere::North };
            load_days(database, &request.periods(hemisphere).unwrap_or_default(), cancellation)
        })
    }

    /// Loads the data of a summary, for which a client waits.
    pub fn load_for_summary(&self, period: Period) -> Result<Arc<Dataset>, DatabaseError> {
        self.load_data(|database| {
            load_days(&database.with_timeout(ANSWER_TIMEOUT), &[period], &CancellationToken::new())
        })
    }

    /// Loads the data of an archive.
    pub fn load_for_archive(
        &self,
        request: &ArchiveRequest,
        cancellation: &CancellationToken,
    ) -> Result<Arc<Dataset>, DatabaseError> {
        self.load_data(|database| {
            run_query("detections", database.load(&request.slice(), cancellation)).map(Arc::new)
        })
    }

    /// Counts the detections of an archive.
    pub fn count_for(&self, request: &ArchiveRequest) -> Result<usize, LookupError> {
        match &request.detection_ids {
            Some(ids) => Ok(ids.len()),
            None => self.count(&request.selection(), &request.sample_size()),
        }
    }

    /// Counts the detections of a selection, or of a share of it.
    pub fn count(&self, selection: &Selection, share: &SampleSize) -> Result<usize, LookupError> {
        match self {
            Self::Read(data) => Ok(share.choose(data, data.select(selection)?).len()),
            Self::Database(database) => {
                let resolved = self.resolve_selection(selection.clone())?;
                let database = database.with_timeout(ANSWER_TIMEOUT);
                let counts =
                    run_query("count", database.count_matching(&resolved, &CancellationToken::new()))?;
                Ok(share.count_chosen(&counts.iter().map(|(_, number)| *number).collect::<Vec<_>>()))
            }
            Self::Unusable(reason) => Err(unusable(reason).into()),
        }
    }
}
