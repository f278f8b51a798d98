//! Measures and tests, with the constants of the calculation and the sources of the formulas.

use crate::data::{AccumulationRow, ReportData};
use crate::period::GroupBy;
use crate::prose::format::{bucket_word, count, list, percent, text_if, whole};
use crate::ratios::ALPHA;
use crate::request::TimeOfDay;
use crate::{activity, bucket_permutation, overlap, permutation, resample};

/// Names of classes in a sentence before the rest is counted.
const MOST_CLASSES: usize = 12;

pub(super) fn write_measures(data: &ReportData) -> Vec<String> {
    let mut measures: Vec<String> = vec![
        "Events per 100 camera-days: the relative abundance index (RAI). It compares how often a species was \
         recorded, not how many animals there are (O'Brien et al. 2003)."
            .into(),
        describe_intervals(),
        "Naive occupancy: the share of locations with effort at which a species was recorded at least once, with the \
         interval of Wilson (1927); species that were present but not recorded are not corrected for \
         (MacKenzie et al. 2002)."
            .into(),
        describe_activity(data),
        describe_overlap(data),
        describe_accumulation(data.accumulation.as_ref()),
    ];
    measures.extend(describe_ratios(data));
    measures.extend(describe_bucket_tests(data.group_by));
    measures.extend(describe_comparison(data));
    measures.push(describe_small_p());
    measures
}

fn describe_intervals() -> String {
    format!(
        "Intervals: {}, with locations as units, since deployments, pictures and events of one place share its richness \
         in animals (Hurlbert 1984). Rates and their ratios: ratio estimator clustered by location on the \
         logarithmic scale, Student's t, never narrower than Poisson (Cochran 1977). Shares of events: the same on \
         the scale of log odds. With one location there is no interval.",
        percent(1.0 - ALPHA),
    )
}

fn describe_activity(data: &ReportData) -> String {
    let times = match data.time_of_day {
        TimeOfDay::Clock => "clock times",
        TimeOfDay::Solar => "solar times",
    };
    format!(
        "Activity: circular kernel density (von Mises) of the {times} of all records{}, with the records of one event \
         sharing its weight; bandwidth as in R overlap (kmax {}) for the number of events; scaled to a mean of 1 \
         (Ridout and Linkie 2009; Peral et al. 2022).",
        without_sunrise(data.method_facts.without_sunrise),
        activity::K_MAX,
    )
}

/// Such as `, except 3 without a sunrise`.
fn without_sunrise(records: usize) -> String {
    text_if(records > 0, format!(", except {} without a sunrise", whole(records)))
}

fn describe_overlap(data: &ReportData) -> String {
    format!(
        "Overlap of activity: Dhat1 where the smaller sample is under {} events, else Dhat4 (Ridout and Linkie 2009), \
         for every two species with at least {} events; pages show those with {}. Interval: {} smoothed resamples of \
         locations, fewer of them for more than {} species (of events where one of the two species was at fewer than \
         {} locations), corrected for bias (basic0 of R overlap). Whether two curves differ is a randomisation test of \
         the pooled events (R activity, compareCkern), corrected by Holm's method.",
        overlap::LARGE,
        overlap::MIN_EVENTS,
        data.limits.overlap_events,
        whole(resample::RESAMPLES),
        resample::MOST_CURVES / resample::RESAMPLES,
        resample::ENOUGH_LOCATIONS,
    )
}

fn describe_accumulation(row: Option<&AccumulationRow>) -> String {
    let left_out = row.map_or(&[][..], |row| row.not_counted.as_slice());
    format!(
        "Accumulation of species: the number of species expected in a random sample of camera-days (one location on one \
         calendar day; Colwell, Mao and Chang 2004), and Chao2 for those that were missed (Chao 1987). Only species count, \
         and coarser names within which no species was found{}.",
        text_if(!left_out.is_empty(), format!("; not counted: {}", list(left_out, MOST_CLASSES))),
    )
}

/// Only where a report has such ratios, or they were requested.
fn describe_ratios(data: &ReportData) -> Option<String> {
    let is_requested = data.request.sex_and_age;
    (is_requested || !data.ratios.is_empty()).then(|| {
        format!(
            "Sex ratio and recruitment: visits with males per visit with females; visits with young per visit with \
             females; young per female by animals (group sizes), where young were counted{}; {}. A ratio from \
             cameras is an index: males tend to be recorded more often than females.",
            text_if(
                is_requested,
                ". For species whose sex and life stage were recorded, “Adult + Juvenile” is an adult with young"
            ),
            if data.ratios.is_empty() { "these data do not tell them apart" } else { "intervals as for rates" },
        )
    })
}

/// Days are not tested, since a visit on one day is followed by others on the next.
fn describe_bucket_tests(group_by: GroupBy) -> Option<String> {
    (group_by != GroupBy::Day).then(|| {
        format!(
            "Whether {}s differ: a permutation test of their labels within locations (up to {} permutations), corrected \
             by Holm's method. Only then is the highest named, with an interval corrected for the choice (Bonferroni).",
            bucket_word(group_by),
            whole(permutation::RELABELINGS),
        )
    })
}

fn describe_comparison(data: &ReportData) -> Option<String> {
    let labels: Vec<String> =
        data.periods.iter().map(|period| format!("{} ({})", period.label, period.words)).collect();
    let clock = match data.periods_time_of_day? {
        TimeOfDay::Solar => format!(
            "solar time, with sunrise and sunset anchored to their mean over all periods (Vazquez et al. 2019), since \
             changing day length could look like a change in behaviour{}",
            without_sunrise(data.method_facts.periods_without_sunrise)
        ),
        TimeOfDay::Clock if data.periods_night.is_none() => {
            "clock time, since no coordinates are known".into()
        }
        TimeOfDay::Clock => "clock time".into(),
    };
    let tests = data.comparisons.iter().filter(|row| row.p_value.is_some()).count();
    Some(format!(
        "Comparison of {}: ratio of events per camera-day, the second-named period over the first. p comes from \
         up to {} permutations of the labels of periods within locations, and of locations with effort in one period only \
         (all of them where there are fewer), and is never smaller than Poisson counts alone would allow; {}, corrected by Holm's method \
         (1979), which decides. Not tested: fewer than {} events in the two periods together, fewer than {} locations with \
         effort in one of them, or a species at fewer than {} locations. The corrected interval is {} for all \
         comparisons together (Bonferroni) and agrees with the verdict. Activity of periods is compared on {clock}.",
        list(&labels, labels.len()),
        whole(permutation::RELABELINGS),
        count(tests, "test", "tests"),
        data.limits.test_events,
        data.limits.test_locations,
        data.limits.test_occupied,
        percent(1.0 - ALPHA),
    ))
}

/// What stands in place of the smallest p that counting what was drawn could give.
fn describe_small_p() -> String {
    format!(
        "Small p: where none of the random permutations is as extreme as the data, p is the tail of a Pearson type III \
         distribution with their mean, variance and skewness (Mielke and Berry 2001). With very many locations or \
         species fewer permutations are drawn, at least {}.",
        bucket_permutation::FEWEST,
    )
}
