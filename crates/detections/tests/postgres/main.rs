//! Detections in a real PostgreSQL.

mod millions;
mod outages;
mod rows;
mod values;

use detections::{Database, DatabaseError, DatabaseOptions, ReadOptions, Slice};
use jiff::civil::Date;
use testkit::PostgresServer;

/// Never stops.
const PATIENT: &(dyn Fn() -> bool + Sync) = &|| false;

fn database(server: &PostgresServer) -> Database {
    Database::new(&server.url(), DatabaseOptions::default(), &ReadOptions::default()).unwrap()
}

fn days(from: &str, to: &str) -> Slice {
    let [from, to] = [from, to].map(|date| date.parse::<Date>().unwrap());
    Slice::Days { from, to }
}

async fn load(database: &Database, slice: &Slice) -> Result<detections::Dataset, DatabaseError> {
    Box::pin(database.load(slice, PATIENT)).await
}
