//! The table `deployments`.

use super::projects::Projects;
use crate::builder::Builder;
use crate::clock::WrittenTime;
use crate::error::SourceError;
use crate::location_builder::LocationKeys;
use crate::model::Deployment;
use crate::problems::RowError;
use crate::table::{Column, Row, Table};
use crate::vocabulary::fold;

/// Seconds in a day.
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
            project: table.find_column("project_id"),
            id: table.require_column("deployment_id")?,
            place: table.find_column("placename"),
            location: table.find_column("location_id"),
            latitude: table.find_column("latitude"),
            longitude: table.find_column("longitude"),
            start: table.require_column("start_date")?,
            end: table.require_column("end_date")?,
            functioning: table.find_column("camera_functioning"),
        })
    }
}

pub(super) fn read_row(builder: &mut Builder, columns: &Columns<'_>, row: &Row<'_>) -> Result<(), RowError> {
    let project = row.text(columns.project);
    let id = columns.projects.deployment_id(project, row.text(columns.id));
    builder.claim_deployment_id(&id, row, columns.id)?;
    let start = builder.keep_time(row.read_time(columns.start)).map(mark_date);
    let end = builder.keep_time(row.read_time(columns.end)).map(mark_date);
    let latitude = builder.keep_value(row.read_number(columns.latitude, -90.0..=90.0, "degrees"));
    let longitude = builder.keep_value(row.read_number(columns.longitude, -180.0..=180.0, "degrees"));
    let name = columns.projects.location_name(project, row.text(columns.place));
    let location = builder.locations.find_or_add(LocationKeys {
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
        clock: builder.choose_clock(start),
        ..Deployment::default()
    };
    builder.add_deployment(deployment, row, columns.end);
    Ok(())
}

/// Marks times at midnight as dates, since the platform asks for dates and writes them with `00:00:00`.
fn mark_date(written: WrittenTime) -> WrittenTime {
    WrittenTime { date_only: written.local.seconds().rem_euclid(DAY) == 0, ..written }
}

/// A malfunction in the words of the table (`Vandalism/Theft`); `None` if the camera worked, or if that is
/// not known.
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
