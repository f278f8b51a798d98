//! The table `deployments`.

use crate::builder::Builder;
use crate::error::SourceError;
use crate::location_builder::Place;
use crate::model::Deployment;
use crate::problems::RowProblem;
use crate::table::{Column, Row, Table};

pub(super) struct Columns {
    id: Column,
    location_id: Option<Column>,
    location_name: Option<Column>,
    latitude: Option<Column>,
    longitude: Option<Column>,
    start: Column,
    end: Column,
    timestamp_issues: Option<Column>,
}

impl Columns {
    pub fn find(table: &Table<'_>) -> Result<Self, SourceError> {
        Ok(Self {
            id: table.require("deploymentID")?,
            location_id: table.optional("locationID"),
            location_name: table.optional("locationName"),
            latitude: table.optional("latitude"),
            longitude: table.optional("longitude"),
            start: table.require("deploymentStart")?,
            end: table.require("deploymentEnd")?,
            timestamp_issues: table.optional("timestampIssues"),
        })
    }
}

pub(super) fn row(builder: &mut Builder, columns: &Columns, row: &Row<'_>) -> Result<(), RowProblem> {
    let id = row.text(columns.id);
    builder.new_deployment_id(id, row, columns.id)?;
    let start = builder.kept_time(row.time(columns.start));
    let end = builder.kept_time(row.time(columns.end));
    let latitude = builder.kept(row.number(columns.latitude, -90.0..=90.0, "degrees"));
    let longitude = builder.kept(row.number(columns.longitude, -180.0..=180.0, "degrees"));
    let clock = builder.clock(start);
    let location = builder.locations.place(Place {
        id: row.text(columns.location_id),
        name: row.text(columns.location_name),
        deployment: id,
        coordinates: latitude.zip(longitude),
    });
    let deployment = Deployment {
        id: id.into(),
        location,
        latitude,
        longitude,
        start: start.map(|written| clock.read(written).0),
        end: end.map(|written| clock.read(written).0),
        start_is_date: start.is_some_and(|written| written.date_only),
        end_is_date: end.is_some_and(|written| written.date_only),
        future_end: None,
        malfunction: None,
        has_timestamp_issues: builder.kept(row.flag(columns.timestamp_issues)).unwrap_or(false),
        clock,
    };
    builder.add_deployment(deployment, row, columns.end);
    Ok(())
}
