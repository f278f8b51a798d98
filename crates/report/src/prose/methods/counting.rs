//! What was counted: period, clock, level, effort, events, night and coordinates.

use detections::Coordinates;

use crate::data::{ClockSource, EffortSource, MethodFacts, ReportData};
use crate::prose::format::{camera_days, count, format_decimal, list, whole};
use crate::request::{Cameras, IndependenceSince, TimeOfDay};
use crate::rows::COORDINATE_DIGITS;

/// Names of classes in a sentence before the rest is counted.
const MOST_CLASSES: usize = 20;
/// Kilometres in a degree of latitude.
const KM_IN_DEGREE: f64 = 111.2;
/// Reasons in a sentence before the rest is counted.
const MOST_REASONS: usize = 9;

pub(super) fn write_counting(data: &ReportData) -> Vec<String> {
    vec![
        describe_period(data),
        describe_clock(data.method_facts.clock),
        describe_levels(&data.method_facts),
        describe_left_out(data),
        describe_effort(data),
        describe_events(data),
    ]
}

fn describe_period(data: &ReportData) -> String {
    let which = match data.request.classifications.as_slice() {
        [] => "all".into(),
        classes => list(classes, MOST_CLASSES),
    };
    let without = match data.request.without.as_slice() {
        [] => String::new(),
        classes => format!(" without {}", list(classes, MOST_CLASSES)),
    };
    format!(
        "Period: {} (inclusive). Species: {which}{without}. Data set: {} ({}).",
        data.period.words, data.source.title, data.source.format,
    )
}

fn describe_clock(clock: ClockSource) -> String {
    let which = match clock {
        ClockSource::TimeZone => "the requested time zone",
        ClockSource::DeploymentOffset => {
            "the camera's own clock; times written with another offset from UTC are converted to the offset at the \
             start of their deployment"
        }
        ClockSource::AsWritten => "the camera's own clock, as written",
    };
    format!("Time of day: {which}.")
}

fn describe_levels(facts: &MethodFacts) -> String {
    format!(
        "Counted: observations of animals, on one level per deployment so that no animal counts twice: event level \
         where anything was reviewed on it ({}), otherwise media level ({}), where a person's classification of a file \
         overrides a model's. A record is one species in one event or file; its group size is the sum of its counts.",
        count(facts.event_level_deployments, "deployment", "deployments"),
        count(facts.media_level_deployments, "deployment", "deployments"),
    )
}

fn describe_left_out(data: &ReportData) -> String {
    let excluded = &data.excluded;
    let reasons = name_reasons(&[
        (excluded.blank, "blank"),
        (excluded.human, "people"),
        (excluded.vehicle, "vehicles"),
        (excluded.unknown, "unidentified"),
        (excluded.unclassified, "not classified yet"),
        (excluded.camera_setup, "of people setting up cameras"),
        (excluded.time_lapse, "time-lapse pictures"),
        (excluded.no_effort, "at locations without effort"),
        (excluded.outside_deployment, "outside their deployment"),
        (excluded.other_classes, "of other species"),
    ]);
    let inside =
        if reasons.is_empty() { "none inside the period".into() } else { list(&reasons, MOST_REASONS) };
    let elsewhere = name_reasons(&[
        (excluded.outside_period, "outside the period"),
        (excluded.no_timestamp, "without a time"),
        (excluded.other_level, "on the level that is not counted"),
        (excluded.replaced_by_person, "by a model on files that a person classified"),
    ]);
    let marked = data.method_facts.marked_in_database.iter();
    let marked = marked.map(|(reason, number)| format!("{} marked {reason} in the database", whole(*number)));
    let all: Vec<String> = [inside].into_iter().chain(elsewhere).chain(marked).collect();
    format!("Observations left out: {}.", all.join("; "))
}

/// Those of the reasons that apply, with their number of observations.
fn name_reasons(reasons: &[(u64, &str)]) -> Vec<String> {
    let applying = reasons.iter().filter(|(number, _)| *number > 0);
    applying.map(|(number, what)| format!("{} {what}", whole(*number))).collect()
}

fn describe_effort(data: &ReportData) -> String {
    let (source, camera) = match data.method_facts.effort_source {
        EffortSource::Deployments => return describe_deployments(data),
        EffortSource::LocationRecords => ("database lists", "location"),
        EffortSource::FolderRecords => ("data list", "folder of pictures"),
    };
    format!(
        "Effort: the {source} pictures and no deployments, so each {camera} counts as one camera that ran from the day of \
         its first picture to the day of its last; {} in total. Days before and after, on which it recorded nothing, \
         are missing, so rates may be too high.",
        camera_days(data.effort_days),
    )
}

fn describe_deployments(data: &ReportData) -> String {
    let together = match data.cameras {
        Cameras::Together => "cameras at one location at the same time count once",
        Cameras::Independent => "each camera counts separately, as requested",
    };
    format!(
        "Effort: camera-days, with fractions, of each location's deployments within the period; {} in total; {together}. \
         A deployment without an end runs to its last record. A date without a time counts as noon, so the first and \
         last day are half days (R camtrapR); records of both days count. Where there is no effort, rates are unknown, \
         not zero.",
        camera_days(data.effort_days),
    )
}

fn describe_events(data: &ReportData) -> String {
    match data.independence_minutes {
        0 => "Events: every record counts as a separate event.".into(),
        minutes => format!(
            "Independent events: records of one species at one {}; a new event starts when more than {minutes} \
             minutes have passed since {} (exactly {minutes} is still the same event, as in O'Brien, Kinnaird and \
             Wibisono 2003; R camtrapR starts a new one there). Events are formed from all days of the data set, \
             and those that begin in the period are counted. Individuals: the largest group of each event, added up; \
             the same animal may count in several events.",
            match data.cameras {
                Cameras::Together => "location",
                Cameras::Independent => "camera",
            },
            match data.independence_since {
                IndependenceSince::LastRecord => "the end of the last record",
                IndependenceSince::LastEvent => "the end of the record that started the last event",
            }
        ),
    }
}

pub(super) fn describe_night(data: &ReportData) -> String {
    let facts = &data.method_facts;
    let is_solar_in_vain =
        data.request.time_of_day == TimeOfDay::Solar && data.time_of_day == TimeOfDay::Clock;
    let in_vain = if is_solar_in_vain {
        " Solar time was requested, but sunrise is not known, so activity is on clock time."
    } else {
        ""
    };
    if data.night.is_none() {
        return format!(
            "Day and night: not distinguished, since no deployment in the period has coordinates.{in_vain}"
        );
    }
    let without = match facts.without_coordinates {
        0 => String::new(),
        number => format!("; {} without coordinates excluded", count(number, "deployment", "deployments")),
    };
    format!("Day and night: from sunrise and sunset at the coordinates of each deployment{without}.{in_vain}")
}

/// How exact rounded coordinates are, in degrees and kilometres.
pub(in crate::prose) fn coordinate_precision() -> String {
    let degrees = 10_f64.powi(-i32::from(COORDINATE_DIGITS));
    let km = format_decimal(degrees * KM_IN_DEGREE, 0);
    format!("{} degree, about {km} km", format_decimal(degrees, COORDINATE_DIGITS))
}

pub(super) fn describe_coordinates(coordinates: Coordinates) -> String {
    match coordinates {
        Coordinates::Rounded => {
            format!("Coordinates: rounded to {}, to protect sensitive places.", coordinate_precision())
        }
        Coordinates::Exact => "Coordinates: exact, as requested.".into(),
    }
}
