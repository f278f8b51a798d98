//! From a data set and a request to the numbers of a report.

use detections::{Dataset, UnknownNamesError};
use tokio_util::sync::CancellationToken;

use crate::base::SurveyBase;
use crate::compare::compare;
use crate::data::{MethodFacts, PeriodRow, ReportData, SCHEMA_VERSION, SourceRow};
use crate::facts::method_facts;
use crate::findings::{collect_comparison_findings, collect_findings};
use crate::nights::Nights;
use crate::notes::collect_notes;
use crate::period::Period;
use crate::prose::write_sentences;
use crate::request::{LabelledPeriod, ReportType, Request};
use crate::rows::round_to;
use crate::season::SeasonError;
use crate::sun::Sky;
use crate::survey::{Survey, Visits};
use crate::thresholds::LIMITS;

/// Why a report cannot be computed: the request asks for what the data set does not have, or
/// makes no sense.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum ComputeError {
    /// Classes that no observation names.
    #[error(transparent)]
    UnknownClasses(#[from] UnknownNamesError),
    /// The request has no dates, no season and no periods to compare.
    #[error("the request has no period; give start_date and end_date, or season and year")]
    NoPeriod,
    /// The season of the request has no days where the cameras stand.
    #[error(transparent)]
    Season(#[from] SeasonError),
    /// The first day comes after the last.
    #[error("the period starts on {} and ends before that, on {}", .0.start, .0.end)]
    EmptyPeriod(Period),
    /// A comparison needs two to five periods.
    #[error("a comparison needs 2 to 5 periods, and there are {0}")]
    Periods(usize),
    /// Two periods of a comparison have the same name.
    #[error("two of the periods are called “{0}”; give each a label of its own")]
    SameLabel(String),
    /// The calculation was cancelled.
    #[error("the report was stopped")]
    Cancelled,
}

/// Computes the numbers of a report.
pub fn compute(data: &Dataset, request: &Request) -> Result<ReportData, ComputeError> {
    compute_unless(data, request, &CancellationToken::new())
}

/// The same, but it can be cancelled: the token is asked for each class, and the result is then
/// [`ComputeError::Cancelled`].
pub fn compute_unless(
    data: &Dataset,
    request: &Request,
    cancellation: &CancellationToken,
) -> Result<ReportData, ComputeError> {
    let period = request.period(data.hemisphere())?.ok_or(ComputeError::NoPeriod)?;
    check(request, period)?;
    let is_counted = request.counted_classes(data)?;
    let base = SurveyBase::new(data);
    let mut sky = Sky::new(data, &base);
    let visits = Visits::new(data, request, &base, &is_counted, cancellation);
    let survey = Survey::new(&visits, period);
    let nights = Nights::new(&[&survey], &mut sky);
    let hours = survey.hours(request.time_of_day, nights.as_ref(), &mut sky);
    let classes = survey.class_rows();
    let activity = survey.activity_rows(&classes, &hours, &mut sky);
    // A cancelled calculation lacks some classes.
    if cancellation.is_cancelled() {
        return Err(ComputeError::Cancelled);
    }
    let overlaps = survey.overlap_rows(&classes, &hours);
    let (clock, without_sunrise) = (hours.clock, hours.without_sunrise);
    // With millions of records they take as much memory as the data set.
    drop(hours);
    let compared = compare(&visits, &mut sky);
    if cancellation.is_cancelled() {
        return Err(ComputeError::Cancelled);
    }
    let notes = collect_notes(&survey, nights.as_ref());
    let mut numbers = ReportData {
        schema_version: SCHEMA_VERSION,
        report_type: request.report_type,
        title: request.title(period),
        period: PeriodRow::new(period),
        group_by: request.group_by,
        independence_minutes: request.independence_minutes,
        independence_since: request.independence_since,
        cameras: request.cameras,
        time_of_day: clock,
        coordinates: request.coordinates,
        source: source_row(data),
        include: request.include(),
        request: request.clone(),
        effort_days: round_to(survey.effort_days(), 4),
        locations_surveyed: survey.locations.len(),
        deployments_active: survey.deployments_active(),
        events: survey.events.len(),
        individuals: survey.individuals(),
        buckets: survey.bucket_rows(),
        bucket_tests: survey.bucket_tests(&classes),
        locations: survey.location_rows(),
        night: nights.as_ref().map(|nights| nights.row(clock)),
        accumulation: survey.accumulation(),
        excluded: survey.excluded.clone(),
        activity,
        overlaps,
        classes,
        findings: Vec::new(),
        insights: Vec::new(),
        methods: Vec::new(),
        notes: notes.notes,
        data_notes: Vec::new(),
        data_note_ids: notes.ids,
        method_facts: MethodFacts {
            without_sunrise,
            periods_without_sunrise: compared.without_sunrise,
            without_coordinates: nights.as_ref().map_or(0, |nights| nights.without_coordinates.len()),
            ..method_facts(&survey)
        },
        limits: LIMITS,
        ratios: survey.ratio_rows(),
        periods_time_of_day: (!compared.periods.is_empty()).then_some(compared.clock),
        periods: compared.periods,
        periods_night: compared.night,
        comparisons: compared.comparisons,
        period_overlaps: compared.overlaps,
    };
    let findings = match request.report_type {
        ReportType::Comparison => collect_comparison_findings(&survey, &numbers),
        ReportType::SeasonalActivity | ReportType::Custom => collect_findings(&survey, &numbers),
    };
    write_sentences(&mut numbers, findings);
    Ok(numbers)
}

fn check(request: &Request, period: Period) -> Result<(), ComputeError> {
    let compared = &request.comparison_periods;
    let periods = compared.iter().map(LabelledPeriod::period).chain([period]);
    if let Some(period) = periods.into_iter().find(|period| period.end < period.start) {
        return Err(ComputeError::EmptyPeriod(period));
    }
    let needed = request.report_type == ReportType::Comparison || !compared.is_empty();
    if needed && !Request::COMPARED.contains(&compared.len()) {
        return Err(ComputeError::Periods(compared.len()));
    }
    let mut labels: Vec<&str> = compared.iter().map(|labelled| labelled.label.as_str()).collect();
    labels.sort_unstable();
    match labels.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(ComputeError::SameLabel(pair[0].into())),
        None => Ok(()),
    }
}

fn source_row(data: &Dataset) -> SourceRow {
    let licence = |licence: &detections::Licence| match &licence.scope {
        Some(scope) => format!("{} ({scope})", licence.name),
        None => licence.name.clone(),
    };
    SourceRow {
        title: data.title.clone(),
        format: data.format.name().into(),
        citation: data.citation.clone(),
        licences: data.licences.iter().map(licence).collect(),
        recorded: data.recorded_days().map(|(start, end)| PeriodRow::new(Period { start, end })),
    }
}
