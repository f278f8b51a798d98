//! The counts of a period, for choosing one.

use detections::{Dataset, UnknownNamesError};
use schemars::JsonSchema;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::base::SurveyBase;
use crate::data::{BucketRow, ExcludedCounts, PeriodRow};
use crate::period::{GroupBy, Period};
use crate::request::Request;
use crate::rows::round_to;
use crate::survey::{Survey, Visits};

/// The counts of a period, the same that a report on it has.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Summary {
    /// The period.
    pub period: PeriodRow,
    /// Camera-days.
    pub effort_days: f64,
    /// Locations with effort.
    pub locations_surveyed: usize,
    /// Deployments with effort.
    pub deployments_active: usize,
    /// Independent events of all classes.
    pub events: usize,
    /// The sum of their group sizes.
    pub individuals: u64,
    /// Classes with events, the most frequent first.
    pub classes: Vec<ClassSummary>,
    /// Events by day, week or month.
    pub buckets: Vec<BucketRow>,
    /// Observations left out, by reason.
    pub excluded: ExcludedCounts,
}

/// The counts of a class.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ClassSummary {
    /// Its name in the data.
    pub classification: String,
    /// Its everyday name, where the data have one.
    pub vernacular_name: Option<String>,
    /// Independent events.
    pub events: usize,
    /// The sum of their group sizes.
    pub individuals: u64,
}

/// Counts the events of a period, without the intervals and curves of a report, which take longer.
pub fn summarize(
    data: &Dataset,
    period: Period,
    group_by: GroupBy,
    classifications: &[String],
) -> Result<Summary, UnknownNamesError> {
    let request = Request {
        group_by,
        classifications: classifications.to_vec(),
        ..Request::seasonal_activity(period.start, period.end)
    };
    let is_counted = request.counted_classes(data)?;
    let base = SurveyBase::new(data);
    let never = CancellationToken::new();
    let visits = Visits::new(data, &request, &base, &is_counted, &never);
    let survey = Survey::new(&visits, period);
    let mut classes: Vec<ClassSummary> = survey
        .events
        .chunk_by(|a, b| a.class == b.class)
        .map(|events| {
            let class = &data.classes[events[0].class as usize];
            ClassSummary {
                classification: class.name.clone(),
                vernacular_name: class.vernacular.clone(),
                events: events.len(),
                individuals: events.iter().map(|event| u64::from(event.group_size)).sum(),
            }
        })
        .collect();
    classes.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.classification.cmp(&b.classification)));
    Ok(Summary {
        period: PeriodRow::new(period),
        effort_days: round_to(survey.effort_days(), 4),
        locations_surveyed: survey.locations.len(),
        deployments_active: survey.deployments_active(),
        events: survey.events.len(),
        individuals: survey.individuals(),
        classes,
        buckets: survey.bucket_rows(),
        excluded: survey.excluded.clone(),
    })
}
