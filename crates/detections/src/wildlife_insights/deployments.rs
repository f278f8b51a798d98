//! The table `deployments`.

use super::projects::Projects;
use crate::builder::Builder;
use crate::clock::Written;
use crate::error::SourceError;
use crate::location_builder::Place;
use crate::model::Deployment;
use crate::problems::RowProblem;
use crate::table::{Column, Row, Table};
use crate::vocabulary::fold;

/// Seconds of a day.
const DAY: i64 = 86_400;

pub(super) struct Columns<'a> {
    projects: &'a Projects,
    project: Option<Column>,
    id: Column,
    place: Option<Column>,
    location: Option<Column>,
    latitude: Option<Column>,
    longitude: Option<Column>,
    start: Column,
    end: Column,
    functioning: Option<Column>,
}

impl<'a> Columns<'a> {
    pub fn find(table: &Table<'_>, projects: &'a Projects) -> Result<Self, SourceError> {
        Ok(Self {
            projects,
            project: table.optional("project_id"),
            id: table.require("deployment_id")?,
            place: table.optional("placename"),
            location: table.optional("location_id"),
            latitude: table.optional("latitude"),
            longitude: table.optional("longitude"),
            start: table.require("start_date")?,
            end: table.require("end_date")?,
            functioning: table.optional("camera_functioning"),
        })
    }
}

pub(super) fn row(builder: &mut Builder, columns: &Columns<'_>, row: &Row<'_>) -> Result<(), RowProblem> {
    let project = row.text(columns.project);
    let id = columns.projects.deployment_id(project, row.text(columns.id));
    builder.new_deployment_id(&id, row, columns.id)?;
    let start = builder.kept_time(row.time(columns.start)).map(as_date);
    let end = builder.kept_time(row.time(columns.end)).map(as_date);
    let latitude = builder.kept(row.number(columns.latitude, -90.0..=90.0, "degrees"));
    let longitude = builder.kept(row.number(columns.longitude, -180.0..=180.0, "degrees"));
    let name = columns.projects.place(project, row.text(columns.place));
    let location = builder.locations.place(Place {
        id: if name.is_empty() { row.text(columns.location) } else { &name },
        name: &name,
        deployment: &id,
        coordinates: latitude.zip(longitude),
    });
    let deployment = Deployment {
        id: id.into_owned(),
        location,
        latitude,
        longitude,
        start: start.map(|written| written.local),
        end: end.map(|written| written.local),
        start_is_date: start.is_some_and(|written| written.date_only),
        end_is_date: end.is_some_and(|written| written.date_only),
        malfunction: find_malfunction(row.text(columns.functioning)),
        clock: builder.clock(start),
        ..Deployment::default()
    };
    builder.add_deployment(deployment, row, columns.end);
    Ok(())
}

/// The platform asks for dates and writes them with `00:00:00`.
fn as_date(written: Written) -> Written {
    Written { date_only: written.local.seconds().rem_euclid(DAY) == 0, ..written }
}

/// What did not work, in the words of the table (`Vandalism/Theft`); nothing where the camera worked, or
/// nobody knows.
fn find_malfunction(functioning: &str) -> Option<String> {
    const WORKING: [&str; 9] = [
        "camera functioning",
        "functioning",
        "functional",
        "camera working",
        "working",
        "ok",
        "yes",
        "true",
        "1",
    ];
    const NOT_KNOWN: [&str; 6] = ["", "unknown", "not known", "not recorded", "n/a", "none"];
    let folded = fold(functioning);
    let is_none = WORKING.contains(&folded.as_str()) || NOT_KNOWN.contains(&folded.as_str());
    (!is_none).then(|| functioning.to_owned())
}
