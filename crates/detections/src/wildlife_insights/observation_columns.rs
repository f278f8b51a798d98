//! The columns that the tables `images` and `sequences` share, and the ids of the observations in both.

use super::identification;
use super::projects::{NamedDeployment, Projects};
use super::repeated_rows::Repeats;
use crate::builder::Builder;
use crate::error::SourceError;
use crate::problems::RowError;
use crate::table::{Column, Row, Table};

pub(super) struct ObservationColumns<'a> {
    projects: &'a Projects,
    repeats: Repeats<'a>,
    pub project: Option<Column>,
    pub id: Column,
    deployment: Column,
    /// The time of an image, or the start of a sequence.
    pub time: Column,
    pub identification: identification::Columns,
}

impl<'a> ObservationColumns<'a> {
    /// Finds the columns. Those of the id and the time have these names.
    pub fn find(
        table: &Table<'_>,
        projects: &'a Projects,
        repeats: Repeats<'a>,
        id: &str,
        time: &str,
    ) -> Result<Self, SourceError> {
        Ok(Self {
            projects,
            repeats,
            project: table.find_column("project_id"),
            id: table.require_column(id)?,
            deployment: table.require_column("deployment_id")?,
            time: table.require_column(time)?,
            identification: identification::Columns::find(table)?,
        })
    }

    /// Finds the deployment of a row, unless the row is repeated and does not count.
    pub fn find_deployment<'t>(
        &self,
        builder: &Builder,
        row: &'t Row<'_>,
    ) -> Result<NamedDeployment<'t>, RowError> {
        self.repeats.check(row)?;
        self.projects.find_deployment(builder, row, self.project, self.deployment)
    }
}

/// The event id of a sequence, whose own id is unique in its deployment.
pub(super) fn make_event_id(deployment: &str, sequence: &str) -> String {
    format!("{deployment} {sequence}")
}

/// Makes an id that no observation has: a second animal on an image is `id#2`, and so on.
pub(super) fn make_unused_id(builder: &Builder, id: &str) -> String {
    let mut unused = id.to_owned();
    let mut number = 2;
    while builder.observations.find(&unused).is_some() {
        unused = format!("{id}#{number}");
        number += 1;
    }
    unused
}
