//! Detections in the tables of a platform's PostgreSQL database.
//!
//! A database is not read as a whole. Each report and archive reads a [`Slice`] of it in one read-only
//! transaction that sees one snapshot. The conditions of the slice are part of the SQL statements, so that
//! indexes are used, and rows are streamed. A [`Mapping`] says what the tables and columns are called.
//!
//! - `mapping` is that file; `sql` builds statements from it and a slice;
//! - `database` holds a few connections and retries while the server restarts; `session` is a read-only
//!   transaction;
//! - `outline` reads what requests are checked against, `load` reads slices, and both fill a data set
//!   through `reader`, for which `values` decodes columns; `overview` counts the contents.

mod cached_outline;
mod database;
mod error;
mod health;
mod inner;
mod load;
mod mapping;
mod options;
mod outline;
mod overview;
mod reader;
mod rows;
mod session;
mod slice;
mod sql;
mod values;

pub use database::Database;
pub use error::DatabaseError;
pub use health::Health;
pub use mapping::Mapping;
pub use options::DatabaseOptions;
pub use slice::Slice;
