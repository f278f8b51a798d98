//! The table `media`.

use crate::builder::Builder;
use crate::error::SourceError;
use crate::media::NewMedia;
use crate::problems::RowProblem;
use crate::table::{Column, Row, Table};
use crate::unicode_forms::compose_text;

pub(super) struct Columns {
    id: Column,
    deployment: Column,
    timestamp: Column,
    path: Option<Column>,
    name: Option<Column>,
}

impl Columns {
    pub fn find(table: &Table<'_>) -> Result<Self, SourceError> {
        Ok(Self {
            id: table.require("mediaID")?,
            deployment: table.require("deploymentID")?,
            timestamp: table.require("timestamp")?,
            path: table.optional("filePath"),
            name: table.optional("fileName"),
        })
    }
}

pub(super) fn row(builder: &mut Builder, columns: &Columns, row: &Row<'_>) -> Result<(), RowProblem> {
    let written_id = row.text(columns.id);
    if written_id.is_empty() {
        return Err(row.problem(columns.id, written_id, "a mediaID"));
    }
    let id = compose_text(written_id);
    let deployment = builder.find_deployment(row.text(columns.deployment), row, columns.deployment)?;
    // A picture whose time cannot be read is still there to be cropped.
    let written = builder.kept_time(row.time(columns.timestamp));
    let time = written.map(|written| builder.on_clock_of(deployment, written));
    let (path, name) = (row.text(columns.path), row.text(columns.name));
    match builder.media.push(&NewMedia { id: &id, path, name, deployment, time }) {
        Some(_) => Ok(()),
        None => Err(row.problem(columns.id, written_id, "a mediaID that no earlier row has")),
    }
}
