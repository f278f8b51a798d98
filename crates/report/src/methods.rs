//! Definitions and settings used, and everything left out.

use detections::{CameraClock, SourceFormat};

use crate::compare::{self, Compared};
use crate::data::{AccumulationRow, RatioRow};
use crate::events::Since;
use crate::findings::ENOUGH_FOR_OVERLAP;
use crate::hours::Nights;
use crate::overlap;
use crate::period::GroupBy;
use crate::permutation;
use crate::prose::{camera_days, count, list, whole};
use crate::request::{Cameras, Coordinates, TimeOfDay};
use crate::resample;
use crate::survey::Survey;

/// What was found on the way that the sentences speak of.
pub(crate) struct MethodsInput<'a> {
    pub nights: Option<&'a Nights>,
    /// The clock that activity is on.
    pub on: TimeOfDay,
    /// Records without a time on it.
    pub left_out: usize,
    pub ratios: &'a [RatioRow],
    pub accumulation: Option<&'a AccumulationRow>,
    pub compared: &'a Compared,
}

/// What stands in place of the smallest p that counting what was drawn could give.
const SMALL_P: &str = "Small p: where no permutation of labels and no deal of events that was drawn is as extreme as \
    the data, p is the tail of a Pearson type III distribution with the mean, variance and skewness of those drawn (Mielke and Berry \
    2001). Of very many locations or species fewer permutations are drawn, at least 999.";

pub(crate) fn methods(survey: &Survey<'_>, input: &MethodsInput<'_>) -> Vec<String> {
    let mut methods = vec![
        period(survey),
        clock(survey),
        counted(survey),
        left_out(survey),
        effort(survey),
        events(survey),
    ];
    methods.extend(measures(survey, input));
    methods.extend(compared_periods(input.compared));
    methods.push(SMALL_P.into());
    methods.push(night(survey, input));
    methods.push(places(survey));
    methods
}

fn period(survey: &Survey<'_>) -> String {
    let request = survey.request();
    let which = match request.classifications.as_slice() {
        [] => "all species".into(),
        classes => format!("the species {}", list(classes, 20)),
    };
    let without = match request.without.as_slice() {
        [] => String::new(),
        classes => format!(" without {}", list(classes, 20)),
    };
    format!(
        "Period: {}, from the start of the first day to the end of the last, for {which}{without}. Data set: {} ({}).",
        survey.period.in_words(),
        survey.data().title,
        survey.data().format.name(),
    )
}

fn clock(survey: &Survey<'_>) -> String {
    let clocks = || survey.data().deployments.iter().map(|deployment| &deployment.clock);
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
        || survey.visits.base.event_level.iter().zip(&survey.effort).filter(|(_, days)| **days > 0.0);
    let on_events = with_effort().filter(|(event_level, _)| **event_level).count();
    let on_media = with_effort().count() - on_events;
    format!(
        "Counted: observations of animals only, on one level for each deployment so that no animal counts twice: \
         event level where anything was reviewed on it ({}), else media level ({}), where a person's word on a file \
         stands before a model's. A record is one species in one event or file; its group size is the sum of the \
         counts in it.",
        count(on_events, "deployment", "deployments"),
        count(on_media, "deployment", "deployments"),
    )
}

fn left_out(survey: &Survey<'_>) -> String {
    let excluded = &survey.excluded;
    let reasons: Vec<String> = [
        (excluded.blank, "blank"),
        (excluded.human, "people"),
        (excluded.vehicle, "vehicles"),
        (excluded.unknown, "unidentified"),
        (excluded.unclassified, "not classified yet"),
        (excluded.camera_setup, "of people setting up a camera"),
        (excluded.time_lapse, "time-lapse pictures"),
        (excluded.no_effort, "at locations without effort"),
        (excluded.outside_deployment, "before the start or after the end of their deployment"),
        (excluded.other_classes, "of other species"),
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
        .data()
        .rest
        .not_counted
        .iter()
        .filter(|(_, number)| *number > 0)
        .map(|(reason, number)| format!("; {} marked {reason} in the database", whole(*number)))
        .collect();
    format!("Observations left out: {inside}{elsewhere}{judged}.")
}

fn effort(survey: &Survey<'_>) -> String {
    if survey.data().spans_from_records {
        let (source, camera) = match survey.data().format {
            SourceFormat::Postgres => ("database lists", "location"),
            _ => ("data list", "folder of pictures"),
        };
        return format!(
            "Effort: the {source} pictures and no deployments, so each {camera} counts as one camera that worked from \
             the day of its first picture to the day of its last; {} in all. Days before and after, on which it \
             recorded nothing, are missing, so rates may be too high.",
            camera_days(survey.effort_days()),
        );
    }
    let together = match survey.request().cameras {
        Cameras::Together => {
            "cameras that stand together at a location count once for the time that they share"
        }
        Cameras::Independent => "each camera counts for itself, as asked for",
    };
    format!(
        "Effort: the days, fractions too, of the spans of each location's deployments inside the period; {} in all; \
         {together}. A deployment without an end runs to its last record; a bare date is noon, so that the first and \
         the last day are half days (R camtrapR), and records of both count. Without effort nothing can be recorded, \
         which is not zero.",
        camera_days(survey.effort_days()),
    )
}

fn events(survey: &Survey<'_>) -> String {
    match survey.request().independence_minutes {
        0 => "Events: every record counts as an event of its own.".into(),
        minutes => format!(
            "Independent events: records of one species at one {}; a new event starts when more than {minutes} \
             minutes have passed since {} (exactly {minutes} is still the same event, as in O'Brien, Kinnaird and \
             Wibisono 2003; R camtrapR starts a new one there). Events are made of all days; the period has those \
             that begin in it. Individuals: the largest group of each event, added up; the same animal may count in \
             several events.",
            match survey.request().cameras {
                Cameras::Together => "location",
                Cameras::Independent => "camera",
            },
            match survey.request().independence_since {
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

fn measures(survey: &Survey<'_>, input: &MethodsInput<'_>) -> Vec<String> {
    let on = match input.on {
        TimeOfDay::Clock => "clock times",
        TimeOfDay::Solar => "solar times",
    };
    let mut measures: Vec<String> = vec![
        "Events per 100 camera-days: the relative abundance index (RAI). It compares how often a species was \
         recorded, not how many animals there are (O'Brien et al. 2003)."
            .into(),
        "Intervals are of 95%, with locations as units, since deployments, pictures and events of one place share its \
         richness in animals (Hurlbert 1984). Rates and their ratios: ratio estimator clustered by location on the \
         logarithmic scale, Student's t, never narrower than Poisson (Cochran 1977). Shares of events: the same on \
         the scale of log odds. With one location there is none."
            .into(),
        "Naive occupancy: the share of locations with effort at which a species was recorded at least once, with the \
         interval of Wilson (1927); animals that were there unseen are not allowed for (MacKenzie et al. 2002)."
            .into(),
        format!(
            "Activity: circular kernel density (von Mises) of the {on} of all records{}, where the records of one \
             event share its weight; bandwidth as in R overlap (kmax 3) for the number of events; scaled to a mean of \
             1 (Ridout and Linkie 2009; Peral et al. 2022).",
            without_sunrise(input.left_out)
        ),
        format!(
            "Overlap of activity: Dhat1 where the smaller sample is under 75 events, else Dhat4 (Ridout and Linkie \
             2009), of every two species with at least {} events; pages show those with {ENOUGH_FOR_OVERLAP}. Interval: {} \
             smoothed resamples of locations, fewer of them for more than 60 species (of events where one of the two \
             species was at fewer than {} locations), corrected for bias (basic0 of R overlap). Whether two curves differ \
             is a randomisation test of the pooled events (R activity, compareCkern), corrected by Holm's method.",
            overlap::ENOUGH,
            whole(resample::RESAMPLES as u64),
            resample::ENOUGH_LOCATIONS,
        ),
        accumulation(input.accumulation),
    ];
    measures.extend(ratios(survey, input.ratios));
    measures.extend(bucket_differences(survey));
    measures
}

/// Only where a report has such ratios, or was asked for them.
fn ratios(survey: &Survey<'_>, rows: &[RatioRow]) -> Option<String> {
    let is_asked = survey.request().sex_and_age;
    (is_asked || !rows.is_empty()).then(|| {
        format!(
            "Sex ratio and recruitment: visits with males for each visit with females; visits with young for each visit \
             with females; young for each female by animals (group sizes), where young were counted{}; {}. A ratio from \
             cameras is an index: males tend to be recorded more often than females.",
            if is_asked {
                ". For species whose sex and life stage were recorded, “Adult + Juvenile” is a grown animal with young"
            } else {
                ""
            },
            if rows.is_empty() { "here nothing says which is which" } else { "intervals as for rates" },
        )
    })
}

/// Days are not tested, since a visit on one day is followed by others on the next.
fn bucket_differences(survey: &Survey<'_>) -> Option<String> {
    let buckets = match survey.request().group_by {
        GroupBy::Day => return None,
        GroupBy::Week => "weeks",
        GroupBy::Month => "months",
    };
    Some(format!(
        "Whether {buckets} differ: a permutation test of their labels within locations (up to {} permutations), corrected by \
         Holm's method; only then the highest is named, with an interval corrected for the choice (Bonferroni).",
        whole(permutation::RELABELINGS as u64),
    ))
}

fn accumulation(row: Option<&AccumulationRow>) -> String {
    let left_out = row.map_or(&[][..], |row| row.not_counted.as_slice());
    format!(
        "Accumulation of species: the number expected in so many camera-days drawn at random, a camera-day being a \
         location on a civil day (Colwell, Mao and Chang 2004), and Chao2 for those that were missed (Chao 1987). Only \
         names of species count, and coarser ones of which no species was found{}.",
        if left_out.is_empty() { String::new() } else { format!("; not counted: {}", list(left_out, 12)) },
    )
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
            "Comparison of {}: ratio of events per camera-day, the later named over the earlier. p by up to {} permutations \
             of the labels of periods within locations, and of locations that worked in one period only (all of them where \
             there are fewer), and never smaller than Poisson counts alone would allow; {}, corrected by Holm's method \
             (1979), which decides. Not tested: under {} events in the two periods together, under {} \
             locations with effort in one of them, or a species at under {} locations. \
             The corrected interval is of 95% for all comparisons together (Bonferroni) and agrees with the verdict. \
             Activity of periods is compared on {on}.",
            list(&labels, 5),
            whole(permutation::RELABELINGS as u64),
            count(compared.tested, "test", "tests"),
            compare::ENOUGH,
            compare::ENOUGH_LOCATIONS,
            compare::ENOUGH_OCCUPIED,
        )
    })
}

fn night(survey: &Survey<'_>, input: &MethodsInput<'_>) -> String {
    let in_vain = if survey.request().time_of_day == TimeOfDay::Solar && input.on == TimeOfDay::Clock {
        " Solar time was asked for, but there is no sunrise to go by, so activity is on clock time."
    } else {
        ""
    };
    let Some(nights) = input.nights else {
        return format!(
            "Day and night: not distinguished, since no deployment at work has coordinates.{in_vain}"
        );
    };
    let without = match nights.without_coordinates.len() {
        0 => String::new(),
        number => format!("; {} without coordinates left out", count(number, "deployment", "deployments")),
    };
    format!("Day and night: from sunrise and sunset at the coordinates of each deployment{without}.{in_vain}")
}

fn places(survey: &Survey<'_>) -> String {
    match survey.request().coordinates {
        Coordinates::Rounded => {
            "Coordinates: rounded to 0.1 degree, about 11 km, to protect sensitive places.".into()
        }
        Coordinates::Exact => "Coordinates: exact, as asked for.".into(),
    }
}
