//! The table `sequences`, in projects that identify sequences instead of single images.

use super::observation_columns::{ObservationColumns, make_event_id, make_unused_id};
use super::projects::{NamedDeployment, Projects};
use super::repeated_rows::Repeats;
use crate::builder::Builder;
use crate::error::SourceError;
use crate::observations::{Level, NewObservation};
use crate::problems::RowError;
use crate::table::{Column, Row, Table};

pub(super) struct Columns<'a> {
    shared: ObservationColumns<'a>,
    end: Option<Column>,
}

impl<'a> Columns<'a> {
    pub fn find(
        table: &Table<'_>,
        projects: &'a Projects,
        repeats: Repeats<'a>,
    ) -> Result<Self, SourceError> {
        Ok(Self {
            shared: ObservationColumns::find(table, projects, repeats, "sequence_id", "start_time")?,
            end: table.find_column("end_time"),
        })
    }
}

pub(super) fn read_row(builder: &mut Builder, columns: &Columns<'_>, row: &Row<'_>) -> Result<(), RowError> {
    let NamedDeployment { id: deployment, number } = columns.shared.find_deployment(builder, row)?;
    let sequence = row.text(columns.shared.id);
    if sequence.is_empty() {
        return Err(row.problem(columns.shared.id, sequence, "a sequence_id"));
    }
    let start = builder.keep_time(row.read_time(columns.shared.time));
    let end = columns.end.and_then(|end| builder.keep_value(row.read_time(end)));
    let duration = start
        .zip(end)
        .map_or(0, |(start, end)| builder.measure_duration(number, start, end, row, columns.end));
    let time = start.map(|written| builder.convert_time(number, written));
    let identified = columns.shared.identification.read(builder, row);
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
