//! Definitions and settings used, and everything left out.

use detections::CameraClock;

use crate::compute::Survey;
use crate::intervals::MIN_DEPLOYMENTS;
use crate::words::{count, list, measure, whole};

pub(crate) fn methods(survey: &Survey<'_>) -> Vec<String> {
    let mut methods = vec![
        period(survey),
        clock(survey),
        counted(survey),
        left_out(survey),
        effort(survey),
        events(survey),
    ];
    methods.extend(measures());
    methods
}

fn period(survey: &Survey<'_>) -> String {
    let classes = &survey.request.classifications;
    let which =
        if classes.is_empty() { "all classes".into() } else { format!("the classes {}", list(classes, 20)) };
    format!(
        "Period: {}, from the start of the first day to the end of the last, for {which}. Data set: {} ({}).",
        survey.request.period.in_words(),
        survey.data.title,
        survey.data.format.name(),
    )
}

fn clock(survey: &Survey<'_>) -> String {
    let clocks = || survey.data.deployments.iter().map(|deployment| &deployment.clock);
    let which = if clocks().any(|clock| matches!(clock, CameraClock::Zone(_))) {
        "in the time zone that was asked for"
    } else if clocks().any(|clock| matches!(clock, CameraClock::Offset(_))) {
        "on the camera's own clock: times written with another offset from UTC are brought to the offset of the \
         start of their deployment"
    } else {
        "on the camera's own clock, as written"
    };
    format!("Time of day: {which}.")
}

fn counted(survey: &Survey<'_>) -> String {
    let with_effort = || survey.found.event_level.iter().zip(&survey.effort).filter(|(_, days)| **days > 0.0);
    let on_events = with_effort().filter(|(event_level, _)| **event_level).count();
    let on_media = with_effort().count() - on_events;
    format!(
        "Counted: observations of animals only, on one level for each deployment so that no animal counts twice: \
         event level where there are animal observations on it ({}), else media level ({}). A record is one class \
         in one event or file; its group size is the sum of the counts in it.",
        count(on_events, "deployment", "deployments"),
        count(on_media, "deployment", "deployments"),
    )
}

fn left_out(survey: &Survey<'_>) -> String {
    let excluded = &survey.found.excluded;
    let reasons: Vec<String> = [
        (excluded.blank, "blank"),
        (excluded.human, "of people"),
        (excluded.vehicle, "of vehicles"),
        (excluded.unknown, "of something unknown"),
        (excluded.unclassified, "not classified yet"),
        (excluded.outside_deployment, "outside the span of their deployment"),
        (excluded.other_classes, "of other classes"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("{} {what}", whole(number)))
    .collect();
    let inside = if reasons.is_empty() { "none inside the period".into() } else { list(&reasons, 9) };
    let elsewhere: String = [
        (excluded.outside_period, "outside the period"),
        (excluded.no_timestamp, "without a time"),
        (excluded.other_level, "on the level that is not counted"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("; {} {what}", whole(number)))
    .collect();
    format!("Observations left out: {inside}{elsewhere}.")
}

fn effort(survey: &Survey<'_>) -> String {
    format!(
        "Effort: for each deployment the days, fractions too, of its span inside the period; {} camera-days in all. \
         A deployment without an end runs to its last record; one whose end is a bare date ends at that midnight. \
         A period without effort is marked so, which is not zero.",
        measure(survey.effort_days()),
    )
}

fn events(survey: &Survey<'_>) -> String {
    match survey.request.independence_minutes {
        0 => "Events: every record counts as an event of its own.".into(),
        minutes => format!(
            "Independent events: records of one class at one location; a new event starts when more than {minutes} \
             minutes have passed since the last record. Individuals: the largest group of each event, added up; the \
             same animal may count in several events. (O'Brien, Kinnaird and Wibisono 2003; R camtrapR.)"
        ),
    }
}

fn measures() -> [String; 4] {
    [
        "Events in 100 camera-days: the relative abundance index (RAI). It compares how often a class was recorded, \
         not how many animals there are (O'Brien et al. 2003)."
            .into(),
        "Naive occupancy: the share of locations with effort at which a class was recorded at least once; animals \
         that were there unseen are not allowed for (MacKenzie et al. 2002)."
            .into(),
        "Activity: circular kernel density (von Mises) of the clock times of all records, bandwidth as in R overlap \
         (kmax 3), scaled to a mean of 1 (Ridout and Linkie 2009; Peral et al. 2022)."
            .into(),
        format!(
            "Intervals: 95 %. For rates and their ratios a bootstrap over deployments with 2,000 resamples, where \
             there are at least {MIN_DEPLOYMENTS}, else the exact Poisson interval for rates and none for ratios; \
             the highest of several periods is held against the rest with Bonferroni's correction. For shares of \
             events the interval of Wilson (1927)."
        ),
    ]
}
