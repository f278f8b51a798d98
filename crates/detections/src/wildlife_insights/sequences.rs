//! The table `sequences`, in projects that identify sequences instead of single images.

use super::identification;
use super::images::{make_event_id, make_unused_id};
use super::projects::{NamedDeployment, Projects};
use super::repeated_rows::Repeats;
use crate::builder::Builder;
use crate::error::SourceError;
use crate::observations::{Level, NewObservation};
use crate::problems::RowError;
use crate::table::{Column, Row, Table};

pub(super) struct Columns<'a> {
    projects: &'a Projects,
    repeats: Repeats<'a>,
    project: Option<Column>,
    id: Column,
    deployment: Column,
    start: Column,
    end: Option<Column>,
    identification: identification::Columns,
}

impl<'a> Columns<'a> {
    pub fn find(
        table: &Table<'_>,
        projects: &'a Projects,
        repeats: Repeats<'a>,
    ) -> Result<Self, SourceError> {
        Ok(Self {
            projects,
            repeats,
            project: table.find_column("project_id"),
            id: table.require_column("sequence_id")?,
            deployment: table.require_column("deployment_id")?,
            start: table.require_column("start_time")?,
            end: table.find_column("end_time"),
            identification: identification::Columns::find(table)?,
        })
    }
}

pub(super) fn read_row(builder: &mut Builder, columns: &Columns<'_>, row: &Row<'_>) -> Result<(), RowError> {
    columns.repeats.check(row)?;
    let NamedDeployment { id: deployment, number } =
        columns.projects.find_deployment(builder, row, columns.project, columns.deployment)?;
    let sequence = row.text(columns.id);
    if sequence.is_empty() {
        return Err(row.problem(columns.id, sequence, "a sequence_id"));
    }
    let start = builder.keep_time(row.read_time(columns.start));
    let end = columns.end.and_then(|end| builder.keep_value(row.read_time(end)));
    let duration = start
        .zip(end)
        .map_or(0, |(start, end)| builder.measure_duration(number, start, end, row, columns.end));
    let time = start.map(|written| builder.convert_time(number, written));
    let identified = columns.identification.read(builder, row);
    // Several species in a sequence are several rows with its id.
    let id = make_unused_id(builder, sequence);
    let event = make_event_id(&deployment, sequence);
    builder.observations.push(&NewObservation {
        id: &id,
        deployment: number,
        event: &event,
        level: Level::Event,
        time,
        duration,
        ..identified
    });
    Ok(())
}
