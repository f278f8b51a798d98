//! The table `deployments`.

use crate::builder::Builder;
use crate::error::SourceError;
use crate::location_builder::LocationKeys;
use crate::model::Deployment;
use crate::problems::RowError;
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
            id: table.require_column("deploymentID")?,
            location_id: table.find_column("locationID"),
            location_name: table.find_column("locationName"),
            latitude: table.find_column("latitude"),
            longitude: table.find_column("longitude"),
            start: table.require_column("deploymentStart")?,
            end: table.require_column("deploymentEnd")?,
            timestamp_issues: table.find_column("timestampIssues"),
        })
    }
}

pub(super) fn read_row(builder: &mut Builder, columns: &Columns, row: &Row<'_>) -> Result<(), RowError> {
    let id = row.text(columns.id);
    builder.claim_deployment_id(id, row, columns.id)?;
    let start = builder.keep_time(row.read_time(columns.start));
    let end = builder.keep_time(row.read_time(columns.end));
    let latitude = builder.keep_value(row.read_number(columns.latitude, -90.0..=90.0, "degrees"));
    let longitude = builder.keep_value(row.read_number(columns.longitude, -180.0..=180.0, "degrees"));
    let clock = builder.choose_clock(start);
    let location = builder.locations.find_or_add(LocationKeys {
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
        has_timestamp_issues: builder.keep_value(row.read_flag(columns.timestamp_issues)).unwrap_or(false),
        clock,
        ..Deployment::default()
    };
    builder.add_deployment(deployment, row, columns.end);
    Ok(())
}
