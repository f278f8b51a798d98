//! The title of a report.

use crate::period::Period;
use crate::prose::format::list;
use crate::request::{ReportType, Request};

impl Request {
    /// The title of the request, else one made from the labels of the compared periods or from `period`.
    pub fn title(&self, period: Period) -> String {
        match (self.title.as_deref().map(str::trim), self.report_type) {
            (Some(title), _) if !title.is_empty() => title.to_owned(),
            (_, ReportType::Comparison) => {
                let labels: Vec<String> =
                    self.comparison_periods.iter().map(|labelled| labelled.label.clone()).collect();
                format!("Comparison of {}", list(&labels, labels.len()))
            }
            _ => format!("Seasonal activity, {}", period.in_words()),
        }
    }
}
