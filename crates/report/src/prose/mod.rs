//! All sentences of a report. They are made of its numbers alone, so that any reader of the JSON can make
//! them too.

mod captions;
mod findings;
pub(crate) mod format;
mod methods;
mod notes;
mod title;

pub use captions::write_captions;

use crate::data::{Finding, FindingNumbers, ReportData};

/// Writes the sentences of a report whose numbers are complete.
pub(crate) fn write_sentences(data: &mut ReportData, findings: Vec<FindingNumbers>) {
    data.findings = findings.into_iter().map(Finding::new).collect();
    data.insights = data.findings.iter().map(Finding::sentence).collect();
    data.data_notes = notes::write_notes(data);
    data.methods = methods::write_methods(data);
}
