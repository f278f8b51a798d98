//! From a data set and a request to the numbers of a report.

use detections::{Dataset, UnknownNames};

use crate::base::SurveyBase;
use crate::compare::compare;
use crate::data::{Finding, PeriodRow, ReportData, SCHEMA_VERSION, SourceRow};
use crate::findings::{comparison_findings, findings};
use crate::hours::Nights;
use crate::methods::{MethodsInput, methods};
use crate::notes::notes;
use crate::period::Period;
use crate::request::{ReportType, Request};
use crate::rows::rounded;
use crate::sun::Sky;
use crate::survey::{Survey, Visits};

/// Why a report cannot be computed: the request asks for what the data set does not have, or
/// makes no sense.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum ComputeError {
    /// Classes that no observation names.
    #[error(transparent)]
    UnknownClasses(#[from] UnknownNames),
    /// The first day comes after the last.
    #[error("the period starts on {} and ends before that, on {}", .0.start, .0.end)]
    EmptyPeriod(Period),
    /// A comparison needs two to five periods.
    #[error("a comparison needs 2 to 5 periods, and there are {0}")]
    Periods(usize),
    /// Two periods of a comparison have the same name.
    #[error("two of the periods are called “{0}”; give each a label of its own")]
    SameLabel(String),
    /// Nobody waits for the report any more.
    #[error("the report was stopped")]
    Stopped,
}

/// Computes the numbers of a report.
pub fn compute(data: &Dataset, request: &Request) -> Result<ReportData, ComputeError> {
    compute_unless(data, request, &|| false)
}

/// The same for somebody who may stop waiting: `stop` is asked for each class, and then it ends with
/// [`ComputeError::Stopped`].
pub fn compute_unless(
    data: &Dataset,
    request: &Request,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<ReportData, ComputeError> {
    check(request)?;
    let is_counted = request.counted_classes(data)?;
    let base = SurveyBase::new(data);
    let mut sky = Sky::new(data, &base);
    let visits = Visits::new(data, request, &base, &is_counted, stop);
    let survey = Survey::new(&visits, request.period);
    let nights = Nights::over(&[&survey], &mut sky);
    let hours = survey.hours(request.time_of_day, nights.as_ref(), &mut sky);
    let classes = survey.class_rows();
    let activity = survey.activity_rows(&classes, &hours, &mut sky);
    // What was computed so far lacks the classes that were not come to.
    if stop() {
        return Err(ComputeError::Stopped);
    }
    let overlaps = survey.overlap_rows(&classes, &hours);
    let (on, left_out) = (hours.on, hours.left_out);
    // Of millions of records they take as much as the data themselves.
    drop(hours);
    let compared = compare(&visits, &mut sky);
    if stop() {
        return Err(ComputeError::Stopped);
    }
    let ratios = survey.ratio_rows();
    let notes = notes(&survey, nights.as_ref());
    let bucket_tests = survey.bucket_tests(&classes);
    let accumulation = survey.accumulation();
    let methods = methods(
        &survey,
        &MethodsInput {
            nights: nights.as_ref(),
            on,
            left_out,
            ratios: &ratios,
            accumulation: accumulation.as_ref(),
            compared: &compared,
        },
    );
    let mut numbers = ReportData {
        schema_version: SCHEMA_VERSION,
        report_type: request.report_type,
        title: request.title(),
        period: period_row(request.period),
        group_by: request.group_by,
        independence_minutes: request.independence_minutes,
        independence_since: request.independence_since,
        cameras: request.cameras,
        time_of_day: on,
        coordinates: request.coordinates,
        source: source_row(data),
        include: request.include,
        effort_days: rounded(survey.effort_days(), 4),
        locations_surveyed: survey.locations.len(),
        deployments_active: survey.deployments_active(),
        events: survey.events.len(),
        individuals: survey.individuals(),
        buckets: survey.bucket_rows(),
        bucket_tests,
        locations: survey.location_rows(),
        night: nights.as_ref().map(|nights| nights.row(on)),
        accumulation,
        excluded: survey.excluded.clone(),
        activity,
        overlaps,
        classes,
        findings: Vec::new(),
        insights: Vec::new(),
        methods,
        data_notes: notes.sentences,
        data_note_ids: notes.ids,
        ratios,
        periods_time_of_day: (!compared.periods.is_empty()).then_some(compared.on),
        periods: compared.periods,
        periods_night: compared.night,
        comparisons: compared.comparisons,
        period_overlaps: compared.overlaps,
    };
    // Sentences are about the numbers, so they come last.
    numbers.findings = match request.report_type {
        ReportType::Comparison => comparison_findings(&survey, &numbers),
        ReportType::SeasonalActivity | ReportType::Custom => findings(&survey, &numbers),
    };
    numbers.insights = numbers.findings.iter().map(Finding::sentence).collect();
    Ok(numbers)
}

fn check(request: &Request) -> Result<(), ComputeError> {
    let compared = &request.comparison_periods;
    let periods = compared.iter().map(|labelled| labelled.period).chain([request.period]);
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

fn period_row(period: Period) -> PeriodRow {
    PeriodRow { start: period.start, end: period.end, words: period.in_words() }
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
        recorded: data.recorded_days().map(|(start, end)| period_row(Period { start, end })),
    }
}
