//! The options of a database.

use std::time::Duration;

use super::mapping::Mapping;

/// The options of a database.
#[derive(Clone, Debug)]
pub struct DatabaseOptions {
    /// The number of connections. Further calls wait for one.
    pub connections: u32,
    /// The time limit of one statement.
    pub statement_timeout: Duration,
    /// How long to wait for a server that does not answer.
    pub timeout: Duration,
    /// Approximate memory limit for the rows of one slice, in bytes. It is approximate because names
    /// differ in length.
    pub most_memory: u64,
    /// The names of tables and columns.
    pub mapping: Mapping,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self {
            connections: 8,
            statement_timeout: Duration::from_mins(5),
            timeout: Duration::from_mins(1),
            most_memory: 2 << 30,
            mapping: Mapping::default(),
        }
    }
}
