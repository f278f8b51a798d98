//! Detections in a real PostgreSQL.

mod millions;
mod outages;
mod rows;
mod values;

use detections::{
    Database, DatabaseError, DatabaseOptions, Dataset, Mapping, Observation, ReadOptions, Selection, Slice,
};
use jiff::civil::Date;
use testkit::PostgresServer;
use tokio_util::sync::CancellationToken;

fn database(server: &PostgresServer) -> Database {
    Database::new(&server.url(), DatabaseOptions::default(), &ReadOptions::default()).unwrap()
}

/// A database that is read with another mapping.
fn database_with(server: &PostgresServer, mapping: Mapping) -> Database {
    let options = DatabaseOptions { mapping, ..DatabaseOptions::default() };
    Database::new(&server.url(), options, &ReadOptions::default()).unwrap()
}

/// All that a selection needs, without people who are not asked for.
fn select(selection: Selection) -> Slice {
    Slice::Selected { selection, people: false }
}

/// The observation with an id.
fn observation<'a>(data: &'a Dataset, id: &str) -> Observation<'a> {
    data.observations.get(data.observations.find(id).unwrap())
}

fn days(from: &str, to: &str) -> Slice {
    let [from, to] = [from, to].map(|date| date.parse::<Date>().unwrap());
    Slice::Days { from, to }
}

async fn load(database: &Database, slice: &Slice) -> Result<Dataset, DatabaseError> {
    Box::pin(database.load(slice, &CancellationToken::new())).await
}
