//! The table `media`.

use crate::builder::Builder;
use crate::error::SourceError;
use crate::media::NewMedia;
use crate::problems::RowProblem;
use crate::table::{Column, Row, Table};

pub(super) struct Columns {
    id: Column,
    deployment: Column,
    timestamp: Column,
    path: Column,
    name: Option<Column>,
}

impl Columns {
    pub fn find(table: &Table<'_>) -> Result<Self, SourceError> {
        Ok(Self {
            id: table.require("mediaID")?,
            deployment: table.require("deploymentID")?,
            timestamp: table.require("timestamp")?,
            path: table.require("filePath")?,
            name: table.optional("fileName"),
        })
    }
}

pub(super) fn row(builder: &mut Builder, columns: &Columns, row: &Row<'_>) -> Result<(), RowProblem> {
    let id = row.text(columns.id);
    if id.is_empty() {
        return Err(row.problem(columns.id, id, "a mediaID"));
    }
    let deployment = builder.deployment_of(row, columns.deployment)?;
    // A picture whose time cannot be read is still there to be cropped.
    let written = builder.kept(row.time(columns.timestamp));
    let time = written.map(|written| builder.on_clock_of(deployment, written));
    let (path, name) = (row.text(columns.path), row.text(columns.name));
    match builder.media.push(&NewMedia { id, path, name, deployment, time }) {
        Some(_) => Ok(()),
        None => Err(row.problem(columns.id, id, "a mediaID that no earlier row has")),
    }
}
