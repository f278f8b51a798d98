//! Definitions and settings used, and everything left out.

use detections::{CameraClock, SourceFormat};

use crate::compare::{self, Compared};
use crate::data::RatioRow;
use crate::events::Since;
use crate::hours::Nights;
use crate::intervals::MIN_DEPLOYMENTS;
use crate::overlap;
use crate::request::{Coordinates, TimeOfDay};
use crate::survey::Survey;
use crate::words::{count, list, measure, whole};

/// What was found on the way, that the sentences tell of.
pub(crate) struct Told<'a> {
    pub nights: Option<&'a Nights>,
    /// The clock that activity is on.
    pub on: TimeOfDay,
    /// Records without a time on it.
    pub left_out: usize,
    pub ratios: &'a [RatioRow],
    pub compared: &'a Compared,
}

pub(crate) fn methods(survey: &Survey<'_>, told: &Told<'_>) -> Vec<String> {
    let mut methods = vec![
        period(survey),
        clock(survey),
        counted(survey),
        left_out(survey),
        effort(survey),
        events(survey),
    ];
    methods.extend(measures(survey, told));
    methods.extend(compared_periods(told.compared));
    methods.push(night(survey, told));
    methods.push(places(survey));
    methods
}

fn period(survey: &Survey<'_>) -> String {
    let classes = &survey.request.classifications;
    let which =
        if classes.is_empty() { "all classes".into() } else { format!("the classes {}", list(classes, 20)) };
    format!(
        "Period: {}, from the start of the first day to the end of the last, for {which}. Data set: {} ({}).",
        survey.period.in_words(),
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
    let with_effort =
        || survey.ground.event_level.iter().zip(&survey.effort).filter(|(_, days)| **days > 0.0);
    let on_events = with_effort().filter(|(event_level, _)| **event_level).count();
    let on_media = with_effort().count() - on_events;
    format!(
        "Counted: observations of animals only, on one level for each deployment so that no animal counts twice: \
         event level where anything was reviewed on it ({}), else media level ({}), where a person's word on a file \
         stands before a model's. A record is one class in one event or file; its group size is the sum of the \
         counts in it.",
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
        (excluded.replaced_by_person, "of a model, on files that a person classified"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("; {} {what}", whole(number)))
    .collect();
    let judged: String = survey
        .data
        .rest
        .not_counted
        .iter()
        .filter(|(_, number)| *number > 0)
        .map(|(reason, number)| format!("; {} marked {reason} in the database", whole(*number)))
        .collect();
    format!("Observations left out: {inside}{elsewhere}{judged}.")
}

fn effort(survey: &Survey<'_>) -> String {
    if survey.data.spans_from_records {
        let (tells, camera) = match survey.data.format {
            SourceFormat::Postgres => ("database tells", "location"),
            _ => ("data tell", "folder of pictures"),
        };
        return format!(
            "Effort: the {tells} of pictures and not of deployments, so each {camera} is taken for one camera, at work from the day of its first picture to the day of its last; {} camera-days in all. Days \
             before and after, on which it saw nothing, are not in it, so rates may be too high.",
            measure(survey.effort_days()),
        );
    }
    format!(
        "Effort: for each deployment the days, fractions too, of its span inside the period; {} camera-days in all. \
         A deployment without an end runs to its last record; one with bare dates \
         runs from noon to noon. A period without effort is marked so, which is not zero.",
        measure(survey.effort_days()),
    )
}

fn events(survey: &Survey<'_>) -> String {
    match survey.request.independence_minutes {
        0 => "Events: every record counts as an event of its own.".into(),
        minutes => format!(
            "Independent events: records of one class at one location; a new event starts when more than {minutes} \
             minutes have passed since {}. Individuals: the largest group of each event, added up; the \
             same animal may count in several events. (O'Brien, Kinnaird and Wibisono 2003; R camtrapR.)",
            match survey.request.independence_since {
                Since::LastRecord => "the end of the last record",
                Since::LastEvent => "the end of the record that started the last event",
            }
        ),
    }
}

/// Such as `, but for 3 without a sunrise to go by`.
fn without_sunrise(left_out: usize) -> String {
    match left_out {
        0 => String::new(),
        number => format!(", but for {} without a sunrise to go by", whole(number as u64)),
    }
}

fn measures(survey: &Survey<'_>, told: &Told<'_>) -> Vec<String> {
    let on = match told.on {
        TimeOfDay::Clock => "clock times",
        TimeOfDay::Solar => "solar times",
    };
    vec![
        "Events in 100 camera-days: the relative abundance index (RAI). It compares how often a class was recorded, \
         not how many animals there are (O'Brien et al. 2003)."
            .into(),
        "Naive occupancy: the share of locations with effort at which a class was recorded at least once; animals \
         that were there unseen are not allowed for (MacKenzie et al. 2002)."
            .into(),
        format!(
            "Activity: circular kernel density (von Mises) of the {on} of all records{}, bandwidth as in R overlap \
             (kmax 3), scaled to a mean of 1 (Ridout and Linkie 2009; Peral et al. 2022).",
            without_sunrise(told.left_out)
        ),
        format!(
            "Overlap of activity: Dhat1 where the smaller sample is under 75 records, else Dhat4 (Ridout and Linkie \
             2009; R overlap), of the {} classes with most records and at least {} of them; interval by 1,000 \
             resamples of the records (by the part of the day for samples above 2,000), each kernel keeping the width \
             of its whole sample.",
            overlap::MOST_CLASSES,
            overlap::ENOUGH,
        ),
        "Accumulation of classes: the number expected in so many camera-days drawn at random, a camera-day being a \
         deployment on a civil day (Colwell, Mao and Chang 2004), and Chao2 for those that were missed (Chao 1987). \
         Each class counts as one species, whatever its rank."
            .into(),
        format!(
            "Sex ratio and recruitment: independent events of males (buck, mature, mid, young) and of young (fawn) for \
             each event of females (doe){}; {}.",
            if survey.request.sex_and_age {
                ", and for other classes of animals whose sex and life stage were recorded"
            } else {
                ""
            },
            if told.ratios.is_empty() { "no class here tells them apart" } else { "intervals as for rates" },
        ),
        format!(
            "Intervals: 95 %. For rates and their ratios a bootstrap over deployments with 2,000 resamples, where \
             there are at least {MIN_DEPLOYMENTS}, else the exact Poisson interval for rates and the exact \
             conditional binomial one for ratios; the highest of several periods is held against the rest with \
             Bonferroni's correction. For shares of events the interval of Wilson (1927)."
        ),
    ]
}

fn compared_periods(compared: &Compared) -> Option<String> {
    (!compared.periods.is_empty()).then(|| {
        let labels: Vec<String> =
            compared.periods.iter().map(|period| format!("{} ({})", period.label, period.words)).collect();
        let on = match compared.on {
            TimeOfDay::Solar => format!(
                "solar time, with sunrise and sunset anchored to their mean over all periods (Vazquez et al. 2019), since \
                 day length would pose as behaviour{}",
                without_sunrise(compared.left_out)
            ),
            TimeOfDay::Clock if compared.night.is_none() => "clock time, since no coordinates are known".into(),
            TimeOfDay::Clock => "clock time".into(),
        };
        format!(
            "Comparison of {}: ratio of events per camera-day, the later named over the earlier, for each class with at \
             least {} events in the two periods together; bootstrap over deployments with {} resamples, drawn apart for \
             deployments that worked in the same periods, where each period has at least {MIN_DEPLOYMENTS}, else exact; \
             {} tests, corrected by Holm's method (1979). Activity of periods is compared on {on}.",
            list(&labels, 5),
            compare::ENOUGH,
            whole(compare::RESAMPLES as u64),
            whole(compared.tested as u64),
        )
    })
}

fn night(survey: &Survey<'_>, told: &Told<'_>) -> String {
    let in_vain = if survey.request.time_of_day == TimeOfDay::Solar && told.on == TimeOfDay::Clock {
        " Solar time was asked for, but there is no sunrise to go by, so activity is on clock time."
    } else {
        ""
    };
    let Some(nights) = told.nights else {
        return format!(
            "Day and night: not told apart, since no deployment at work has coordinates.{in_vain}"
        );
    };
    let without = match nights.without_coordinates.len() {
        0 => String::new(),
        number => format!("; {} without coordinates left out", count(number, "deployment", "deployments")),
    };
    format!("Day and night: from sunrise and sunset at the coordinates of each deployment{without}.{in_vain}")
}

fn places(survey: &Survey<'_>) -> String {
    match survey.request.coordinates {
        Coordinates::Rounded => {
            "Coordinates: rounded to 0.1 degree, about 11 km, to protect sensitive places.".into()
        }
        Coordinates::Exact => "Coordinates: exact, as asked for.".into(),
    }
}
