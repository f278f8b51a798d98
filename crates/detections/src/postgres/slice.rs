//! Slices: parts of a database that are read.

use jiff::civil::Date;

use crate::select::Selection;

/// A part of a data set.
#[derive(Clone, Debug, PartialEq)]
pub enum Slice {
    /// The data for a report on these days, both inclusive. Detections of two days before and after are
    /// read too, so that visits over midnight are complete.
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
        /// Whether to read the people and vehicles on the same pictures and visits too, so that pictures
        /// that show them can be left out.
        people: bool,
    },
    /// The detections that match a selection, whose names are those of the database
    /// ([`Database::resolve_names`](crate::Database::resolve_names)).
    Selected {
        /// The selection.
        selection: Selection,
        /// As in [`Slice::Ids`].
        people: bool,
    },
}
