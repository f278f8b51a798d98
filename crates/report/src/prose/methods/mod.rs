//! Definitions and settings of a report, and everything that was left out of it.

mod counting;
mod measures;

pub(super) use counting::coordinate_precision;

use crate::data::ReportData;

/// The sentences in the order of the pages. A page without events shows the first of them, those on what
/// was counted.
pub(super) fn write_methods(data: &ReportData) -> Vec<String> {
    let mut methods = counting::write_counting(data);
    methods.extend(measures::write_measures(data));
    methods.push(counting::describe_night(data));
    methods.push(counting::describe_coordinates(data.coordinates));
    methods
}
