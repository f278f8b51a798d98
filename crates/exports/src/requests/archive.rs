//! Checking a request for an archive against the data.

use archive::ArchiveRequest;
use detections::DatabaseError;

use super::reading::Reading;
use crate::source::{LookupError, Source};

/// Checks what goes together in a request for an archive, and puts the names of the data set in place of
/// those that were typed.
pub fn check_archive(
    reading: &mut Reading<ArchiveRequest>,
    source: Option<&Source>,
) -> Result<(), DatabaseError> {
    check_selection(reading);
    check_content(reading);
    let Some((source, filter)) = source.zip(reading.request.filter.clone()) else { return Ok(()) };
    match source.resolve_selection(filter) {
        Ok(filter) => reading.request.filter = Some(filter),
        Err(LookupError::Unknown(unknown)) => {
            reading.add_error(format!("filter.{}", unknown.what), unknown);
        }
        Err(LookupError::Database(error)) => return Err(error),
    }
    Ok(())
}

fn check_selection(reading: &mut Reading<ArchiveRequest>) {
    match (reading.has("detection_ids"), reading.has("filter")) {
        (true, true) => reading.add_error("filter", "give detection_ids or filter, not both"),
        (false, true) => {}
        (false, false) => {
            reading.add_error("detection_ids", "detection_ids is missing; give ids or a filter");
        }
        (true, false) => {
            for name in ["max", "sample"] {
                if reading.has(name) {
                    let detail = format!("{name} needs a filter; detection_ids are exported completely");
                    reading.add_error(name, detail);
                }
            }
        }
    }
}

/// Each layout has its own fields for the pictures it holds. A field of another layout is refused rather
/// than ignored.
fn check_content(reading: &mut Reading<ArchiveRequest>) {
    for (name, reason) in reading.request.find_foreign_fields(reading.given_fields()) {
        reading.add_error(name, reason);
    }
}
