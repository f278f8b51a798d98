//! Checking a request for an archive against the data.

use archive::{ArchiveRequest, Layout, Media};
use detections::DatabaseError;
use serde_json::Value;

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
    let ArchiveRequest { layout, media, .. } = reading.request;
    if layout == Layout::Crops {
        if reading.has("media") {
            reading.add_error("media", "media is for the layouts camtrap-dp and coco; with crops use include_crops and include_originals");
        }
        return;
    }
    if layout == Layout::Coco && media == Media::Remote {
        reading.add_error(
            "media",
            "media remote is for the layout camtrap-dp; with coco use whole, crops or none",
        );
    }
    let differs = [("include_crops", false), ("include_originals", true), ("include_metadata_csv", false)];
    for (name, other) in differs {
        if reading.get(name) == Some(&Value::Bool(other)) {
            let detail = format!(
                "{name} is for the layout crops; with other layouts choose pictures with media (whole, crops, remote or none)"
            );
            reading.add_error(name, detail);
        }
    }
}
