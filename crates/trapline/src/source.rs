//! Where the data of an export come from: a data set that was read, or a database that is asked.
//!
//! What is here blocks, and is called on threads where that is no harm.

use std::sync::Arc;
use std::time::{Duration, Instant};

use detections::{
    Database, DatabaseError, Dataset, Hemisphere, Overview, ResolvedNames, Selection, Share, Slice,
    UnknownNames,
};
use jiff::civil::Date;
use report::Period;
use tokio::runtime::Handle;

use crate::metrics::metrics;

/// How long a client who waits for an answer is kept waiting for a database that does not answer.
const HURRIED: Duration = Duration::from_secs(5);

/// The word for all animals that people keep, in place of their names.
const DOMESTIC: &str = "domestic";

/// A data set.
#[derive(Clone, Debug)]
pub enum Source {
    /// It was read at the start.
    Read(Arc<Dataset>),
    /// It is asked each time.
    Database(Database),
    /// It could be found and not be read; with the reason.
    Unusable(Arc<str>),
}

/// Whether something is no longer wanted.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// Why there are no data.
#[derive(Debug, thiserror::Error)]
pub enum SourceFault {
    #[error(transparent)]
    Unknown(#[from] UnknownNames),
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

fn unusable(reason: &str) -> DatabaseError {
    DatabaseError::Unusable(reason.to_owned())
}

/// Asks a database something, and times it.
fn ask<T>(
    operation: &'static str,
    work: impl Future<Output = Result<T, DatabaseError>>,
) -> Result<T, DatabaseError> {
    let begun = Instant::now();
    let answer = Handle::current().block_on(work);
    // Who stops waiting, or is sent away, says nothing of the database.
    if !matches!(answer, Err(DatabaseError::Stopped | DatabaseError::Busy)) {
        metrics().database(operation, answer.is_ok(), begun.elapsed());
    }
    answer
}

impl Source {
    /// Its classes and locations, without its observations where it is asked for those.
    pub fn outline(&self) -> Result<Arc<Dataset>, DatabaseError> {
        match self {
            Self::Read(data) => Ok(Arc::clone(data)),
            Self::Database(database) => ask("outline", database.hurried(HURRIED).outline(&|| false)),
            Self::Unusable(reason) => Err(unusable(reason)),
        }
    }

    /// The half of the earth that its seasons are of. Of a database it is known from its locations.
    pub fn hemisphere(&self) -> Result<Hemisphere, DatabaseError> {
        Ok(self.outline()?.hemisphere())
    }

    /// Names of classes and locations as it has them, for names that somebody typed.
    pub fn resolve_names(
        &self,
        classes: &[String],
        locations: &[String],
    ) -> Result<ResolvedNames, SourceFault> {
        // Who names nothing need not wait for a database.
        if classes.is_empty() && locations.is_empty() {
            return Ok(ResolvedNames::default());
        }
        Ok(match self {
            Self::Read(data) => data.resolve_names(classes, locations)?,
            Self::Database(database) => {
                ask("names", database.hurried(HURRIED).resolve_names(classes, locations, &|| false))??
            }
            Self::Unusable(reason) => return Err(unusable(reason).into()),
        })
    }

    /// Names of classes as it has them, for names that somebody typed of classes to leave out. The word
    /// `domestic` stands for all animals that people keep, of which there may be none.
    pub fn resolve_left_out(&self, names: &[String]) -> Result<Vec<String>, SourceFault> {
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

    /// The same selection with the names as the source has them.
    pub fn resolve_selection(&self, selection: Selection) -> Result<Selection, SourceFault> {
        let ResolvedNames { classes, locations } =
            self.resolve_names(&selection.classes, &selection.locations)?;
        Ok(Selection { classes, locations, ..selection })
    }

    /// What it holds: of a data set that was read all that there is, with its pictures looked for; of a
    /// database what is known without going through its rows. `waits` says that somebody waits for the
    /// answer.
    pub fn overview(&self, waits: bool) -> Result<(Arc<Dataset>, Overview), DatabaseError> {
        match self {
            Self::Read(data) => Ok((Arc::clone(data), Overview::of(data))),
            Self::Database(database) if waits => {
                ask("outline", database.hurried(HURRIED).overview(&|| false))
            }
            Self::Database(database) => ask("outline", database.overview(&|| false)),
            Self::Unusable(reason) => Err(unusable(reason)),
        }
    }

    /// What a report on these periods is made of.
    pub fn for_report(&self, periods: &[Period], stop: Stop<'_>) -> Result<Arc<Dataset>, DatabaseError> {
        match self {
            Self::Read(data) => Ok(Arc::clone(data)),
            Self::Database(database) => {
                let from = periods.iter().map(|period| period.start).min().unwrap_or(Date::MIN);
                let to = periods.iter().map(|period| period.end).max().unwrap_or(Date::MAX);
                ask("days", database.load(&Slice::Days { from, to }, stop)).map(Arc::new)
            }
            Self::Unusable(reason) => Err(unusable(reason)),
        }
    }

    /// The same for somebody who waits.
    pub fn for_summary(&self, period: Period) -> Result<Arc<Dataset>, DatabaseError> {
        match self {
            Self::Read(_) | Self::Unusable(_) => self.for_report(&[period], &|| false),
            Self::Database(database) => {
                Self::Database(database.hurried(HURRIED)).for_report(&[period], &|| false)
            }
        }
    }

    /// What an archive of a slice is made of.
    pub fn for_archive(
        &self,
        slice: impl FnOnce() -> Slice,
        stop: Stop<'_>,
    ) -> Result<Arc<Dataset>, DatabaseError> {
        match self {
            Self::Read(data) => Ok(Arc::clone(data)),
            Self::Database(database) => ask("detections", database.load(&slice(), stop)).map(Arc::new),
            Self::Unusable(reason) => Err(unusable(reason)),
        }
    }

    /// How many detections a selection wants, and a share of them takes.
    pub fn count(&self, selection: &Selection, share: &Share) -> Result<usize, SourceFault> {
        match self {
            Self::Read(data) => Ok(share.of(data, data.select(selection)?).len()),
            Self::Database(database) => {
                let resolved = self.resolve_selection(selection.clone())?;
                let database = database.hurried(HURRIED);
                let counts = ask("count", database.count(&resolved, &|| false))?;
                Ok(share.number_of(&counts.iter().map(|(_, number)| *number).collect::<Vec<_>>()))
            }
            Self::Unusable(reason) => Err(unusable(reason).into()),
        }
    }
}
