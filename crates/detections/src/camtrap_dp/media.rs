//! The table `media`.

use crate::builder::Builder;
use crate::error::SourceError;
use crate::media::NewMedia;
use crate::problems::RowError;
use crate::table::{Column, Row, Table};
use crate::unicode_forms::compose_text;
use crate::vocabulary::fold;

pub(super) struct Columns {
    id: Column,
    deployment: Column,
    timestamp: Column,
    capture_method: Option<Column>,
    path: Option<Column>,
    name: Option<Column>,
}

impl Columns {
    pub fn find(table: &Table<'_>) -> Result<Self, SourceError> {
        Ok(Self {
            id: table.require_column("mediaID")?,
            deployment: table.require_column("deploymentID")?,
            timestamp: table.require_column("timestamp")?,
            capture_method: table.find_column("captureMethod"),
            path: table.find_column("filePath"),
            name: table.find_column("fileName"),
        })
    }
}

pub(super) fn read_row(builder: &mut Builder, columns: &Columns, row: &Row<'_>) -> Result<(), RowError> {
    let written_id = row.text(columns.id);
    if written_id.is_empty() {
        return Err(row.problem(columns.id, written_id, "a mediaID"));
    }
    let id = compose_text(written_id);
    let deployment = builder.find_deployment(row.text(columns.deployment), row, columns.deployment)?;
    // A picture can be cropped even if its time cannot be read.
    let written = builder.keep_time(row.read_time(columns.timestamp));
    let time = written.map(|written| builder.convert_time(deployment, written));
    let is_time_lapse = is_time_lapse(builder, row, columns.capture_method);
    let (path, name) = (row.text(columns.path), row.text(columns.name));
    match builder.media.push(&NewMedia { id: &id, path, name, deployment, time, is_time_lapse }) {
        Some(_) => Ok(()),
        None => Err(row.problem(columns.id, written_id, "a mediaID that no earlier row has")),
    }
}

/// Whether a file was taken at a set time, and not triggered by movement (`captureMethod`).
fn is_time_lapse(builder: &mut Builder, row: &Row<'_>, column: Option<Column>) -> bool {
    let method = row.text(column);
    // Nearly all files have these values, so they are checked first.
    if matches!(method, "" | "activityDetection") {
        return false;
    }
    match fold(method).replace(' ', "").as_str() {
        "timelapse" => true,
        "activitydetection" | "motiondetection" => false,
        _ => {
            builder.ignore_value(row.problem(column, method, "activityDetection or timeLapse"));
            false
        }
    }
}
