//! The table `deployments`.

use crate::builder::Builder;
use crate::error::SourceError;
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
        })
    }
}

pub(super) fn row(builder: &mut Builder, columns: &Columns, row: &Row<'_>) -> Result<(), RowProblem> {
    let id = builder.new_deployment_id(row, columns.id)?;
    let start = builder.kept(row.time(columns.start));
    let end = builder.kept(row.time(columns.end));
    let latitude = builder.kept(row.number(columns.latitude, -90.0..=90.0, "degrees"));
    let longitude = builder.kept(row.number(columns.longitude, -180.0..=180.0, "degrees"));
    let clock = builder.clock(start);
    let [place_id, place_name] = [columns.location_id, columns.location_name].map(|c| row.text(c));
    let deployment = Deployment {
        id: id.into(),
        location: builder.locations.place(place_id, place_name, id, latitude, longitude),
        latitude,
        longitude,
        start: start.map(|written| clock.read(written).0),
        end: end.map(|written| clock.read(written).0),
        end_is_date: end.is_some_and(|written| written.date_only),
        clock,
    };
    builder.add_deployment(deployment, row, columns.end);
    Ok(())
}
