//! The table `sequences`, of projects that identify sequences and not single images.

use super::identification::{self, Identification};
use super::images::{event_of, unused_id};
use super::projects::{NamedDeployment, Projects};
use super::repeated_rows::Repeats;
use crate::builder::Builder;
use crate::error::SourceError;
use crate::observations::{Level, NewObservation};
use crate::problems::RowProblem;
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
            project: table.optional("project_id"),
            id: table.require("sequence_id")?,
            deployment: table.require("deployment_id")?,
            start: table.require("start_time")?,
            end: table.optional("end_time"),
            identification: identification::Columns::find(table)?,
        })
    }
}

pub(super) fn row(builder: &mut Builder, columns: &Columns<'_>, row: &Row<'_>) -> Result<(), RowProblem> {
    columns.repeats.check(row)?;
    let NamedDeployment { id: deployment, number } =
        columns.projects.find_deployment(builder, row, columns.project, columns.deployment)?;
    let sequence = row.text(columns.id);
    if sequence.is_empty() {
        return Err(row.problem(columns.id, sequence, "a sequence_id"));
    }
    let start = builder.kept_time(row.time(columns.start));
    let end = columns.end.and_then(|end| builder.kept(row.time(end)));
    let duration =
        start.zip(end).map_or(0, |(start, end)| builder.duration(number, start, end, row, columns.end));
    let time = start.map(|written| builder.on_clock_of(number, written));
    let Identification { kind, class, count, confidence, individual, sex, age, classifier } =
        columns.identification.read(builder, row);
    // Several species of a sequence are several rows with its id.
    let id = unused_id(builder, sequence);
    let event = event_of(&deployment, sequence);
    builder.observations.push(&NewObservation {
        id: &id,
        deployment: number,
        media: None,
        event: &event,
        class,
        kind,
        level: Level::Event,
        count,
        time,
        confidence,
        bbox: None,
        individual,
        sex,
        life_stage: age,
        classified_at: None,
        duration,
        classifier,
        is_time_lapse: false,
        is_camera_setup: false,
    });
    Ok(())
}
