//! What of a database is asked for.

use jiff::civil::Date;

use crate::select::Selection;

/// A part of a data set.
#[derive(Clone, Debug, PartialEq)]
pub enum Slice {
    /// What a report on these days is made of; both are inside. Detections of two days before and after
    /// are read too, for the visits that last over midnight.
    Days {
        /// First day, on the cameras' clock.
        from: Date,
        /// Last day.
        to: Date,
    },
    /// The detections with these ids.
    Ids {
        /// Their ids.
        ids: Vec<String>,
        /// People and vehicles on the same pictures and visits too, so that pictures that show them are
        /// known.
        people: bool,
    },
    /// The detections that a selection wants, whose names are those of the database
    /// ([`Database::resolve_names`](crate::Database::resolve_names)).
    Selected {
        /// Which.
        selection: Selection,
        /// As for ids.
        people: bool,
    },
}
