//! What clients and the command line may ask for: reading a request, and checking it against the data.
//!
//! The types are [`report::Request`](::report::Request) and
//! [`archive::ArchiveRequest`](::archive::ArchiveRequest). Their fields are declared there, with defaults, limits
//! and descriptions, and nowhere else.

mod archive;
mod date_rules;
mod period;
mod reading;
mod report;
mod schema;
mod summary;

use detections::DatabaseError;

pub use self::archive::check_archive;
pub use self::date_rules::violations;
pub use self::reading::{FieldError, Reading, shorten};
pub use self::report::check_report;
pub use self::schema::{
    ArchiveBody, CALLBACK_URL, Field, FieldKind, ReportBody, callback_field, fields_of, flatten,
};
pub use self::summary::{SummaryRequest, check_summary};
use crate::datasets::Datasets;
use crate::source::{LookupError, Source};

/// The data set that a request names, or the first.
pub fn resolve_dataset<'a, T>(
    reading: &mut Reading<T>,
    name: Option<&str>,
    datasets: &'a Datasets,
) -> Option<(&'a str, &'a Source)> {
    // A name that is no text is an error already.
    if name.is_none() && reading.has("dataset") {
        return None;
    }
    match datasets.get(name) {
        Ok((_, Source::Unusable(reason))) => {
            reading.add_error("dataset", format!("this data set cannot be used: {reason}"));
            None
        }
        Ok(found) => Some(found),
        Err(unknown) => {
            reading.add_error("dataset", unknown);
            None
        }
    }
}

/// The warnings of an accepted request: unknown fields, and a data set that is not named where there are
/// several.
pub fn warnings<T>(reading: &Reading<T>, used: &str, datasets: &Datasets) -> Vec<String> {
    let mut warnings: Vec<String> = reading.unknown().iter().map(|error| error.detail.clone()).collect();
    let names: Vec<&str> = datasets.all().map(|(name, _)| name).collect();
    if names.len() > 1 && !reading.has("dataset") {
        let names = names.join(", ");
        warnings.push(format!("dataset is missing, so “{used}” was used; this server has: {names}"));
    }
    warnings
}

/// Adds an error for names that a data set does not have, and passes on that a database did not answer.
fn add_unknown<T>(reading: &mut Reading<T>, field: &str, fault: LookupError) -> Result<(), DatabaseError> {
    match fault {
        LookupError::Unknown(unknown) => {
            reading.add_error(field, unknown);
            Ok(())
        }
        LookupError::Database(error) => Err(error),
    }
}
