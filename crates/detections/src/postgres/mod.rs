//! Detections in the tables of a platform's PostgreSQL database.
//!
//! A database is not read whole: a [`Slice`] of it is, for each report and archive, in one
//! transaction that writes nothing and sees one moment. What a slice asks for is part of the
//! statements, so indexes serve it, and rows come as a stream. A [`Mapping`] says what the tables
//! and columns are called.
//!
//! - `mapping` is that file; `sql` makes statements of it and of a slice;
//! - `link` connects, holds a few connections, and waits for a server that restarts; `session` is a
//!   transaction that reads;
//! - `outline` reads what a request is checked against, `load` reads rows; `overview` counts what is
//!   there.

mod error;
mod health;
mod link;
mod load;
mod mapping;
mod outline;
mod overview;
mod rows;
mod session;
mod slice;
mod sql;

pub use error::DatabaseError;
pub use health::Health;
pub use link::{Database, DatabaseOptions};
pub use mapping::Mapping;
pub use slice::Slice;
