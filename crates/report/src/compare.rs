//! Comparison of periods: rates, and overlaps of activity.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::data::{ClassRow, ComparedPeriod, ComparisonRow, NightRow, NotTested, PeriodOverlapRow};
use crate::hours::{Hours, TestedOverlap, test_overlaps};
use crate::intervals::{Interval, LocationSample};
use crate::nights::Nights;
use crate::overlap;
use crate::permutation::Relabelings;
use crate::ratios::{ALPHA, RateRatio, adjust_by_holm, make_compatible};
use crate::request::{LabelledPeriod, TimeOfDay};
use crate::rows::{round_finite, round_p, round_to};
use crate::sun::Sky;
use crate::survey::{Survey, Visits};
use crate::thresholds::LIMITS;
use crate::times::Times;

/// Above this latitude, degrees, day length varies so much over the year that it could look like a change
/// in behaviour.
const SOLAR_ABOVE: f64 = 20.0;

/// The results of a comparison; empty when none was requested.
#[derive(Clone, Debug, Default)]
pub(crate) struct ComparisonResult {
    pub periods: Vec<ComparedPeriod>,
    pub comparisons: Vec<ComparisonRow>,
    pub overlaps: Vec<PeriodOverlapRow>,
    /// The clock that activity is compared on.
    pub clock: TimeOfDay,
    /// Records without a sunrise, which have no time on the sun's clock.
    pub without_sunrise: usize,
    /// When it is night, over all periods.
    pub night: Option<NightRow>,
}

/// One period of the comparison, with its survey and times of day.
struct Side<'a> {
    label: &'a LabelledPeriod,
    survey: Survey<'a>,
    hours: Hours,
}

/// Compares the requested periods.
pub(crate) fn compare(visits: &Visits<'_>, sky: &mut Sky<'_>) -> ComparisonResult {
    let wanted = &visits.request.comparison_periods;
    if wanted.is_empty() {
        return ComparisonResult::default();
    }
    let surveys: Vec<Survey<'_>> =
        wanted.iter().map(|labelled| Survey::new(visits, labelled.period())).collect();
    let nights = Nights::new(&surveys.iter().collect::<Vec<_>>(), sky);
    let far = nights.as_ref().is_some_and(|nights| nights.highest_latitude > SOLAR_ABOVE);
    let requested = if far { TimeOfDay::Solar } else { visits.request.time_of_day };
    let sides: Vec<Side<'_>> = wanted
        .iter()
        .zip(surveys)
        .map(|(label, survey)| Side { label, hours: survey.hours(requested, nights.as_ref(), sky), survey })
        .collect();
    // All periods share the same nights, and so the same clock.
    let clock = sides.first().map_or(requested, |side| side.hours.clock);
    let classes = order_by_events(&sides);
    let comparisons = compare_rates(&sides, &classes);
    ComparisonResult {
        periods: sides.iter().map(|side| build_period(side, &classes, sky)).collect(),
        overlaps: compare_activity(&sides, &classes),
        night: nights.as_ref().map(|nights| nights.row(clock)),
        clock,
        without_sunrise: sides.iter().map(|side| side.hours.without_sunrise).sum(),
        comparisons,
    }
}

/// Classes that any of the periods has, most events first.
fn order_by_events(sides: &[Side<'_>]) -> Vec<u32> {
    let mut events: BTreeMap<u32, usize> = BTreeMap::new();
    for event in sides.iter().flat_map(|side| &side.survey.events) {
        *events.entry(event.class).or_default() += 1;
    }
    let mut classes: Vec<u32> = events.keys().copied().collect();
    let Some(side) = sides.first() else { return classes };
    let name = |class: &u32| &side.survey.data().classes[*class as usize].name;
    classes.sort_by_key(|class| (Reverse(events[class]), name(class)));
    classes
}

fn build_period(side: &Side<'_>, classes: &[u32], sky: &mut Sky<'_>) -> ComparedPeriod {
    let survey = &side.survey;
    let place = |row: &ClassRow| {
        let number = survey.data().find_class(&row.classification);
        classes.iter().position(|class| Some(*class) == number)
    };
    let mut rows = survey.class_rows();
    rows.sort_by_key(place);
    let own = side.label;
    let shares_days =
        |other: &&LabelledPeriod| other.label != own.label && other.period().overlaps(own.period());
    let wanted = &survey.request().comparison_periods;
    ComparedPeriod {
        label: own.label.clone(),
        start: own.start_date,
        end: own.end_date,
        words: own.period().in_words(),
        days: own.period().days(),
        overlapping: wanted.iter().filter(shares_days).map(|other| other.label.clone()).collect(),
        effort_days: round_to(survey.effort_days(), 4),
        locations_surveyed: survey.locations.len(),
        deployments_active: survey.deployments_active(),
        events: survey.events.len(),
        individuals: survey.individuals(),
        activity: survey.activity_rows(&rows, &side.hours, sky),
        classes: rows,
        buckets: survey.bucket_rows(),
        excluded: survey.excluded.clone(),
    }
}

/// Each pair of sides, the earlier named first.
fn list_pairs(sides: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..sides).flat_map(move |a| (a + 1..sides).map(move |b| (a, b)))
}

/// Locations with effort in any of the periods, in the order of their keys.
fn merge_locations(sides: &[&Side<'_>]) -> Vec<u32> {
    let all: BTreeSet<u32> = sides.iter().flat_map(|side| side.survey.locations.iter().copied()).collect();
    let mut locations: Vec<u32> = all.into_iter().collect();
    if let Some(side) = sides.first() {
        locations.sort_unstable_by_key(|at| side.survey.visits.base.location_ranks[*at as usize]);
    }
    locations
}

/// Two periods, with what all classes share.
struct PeriodPair<'a> {
    sides: [&'a Side<'a>; 2],
    /// Locations with effort in either.
    locations: Vec<u32>,
    relabelings: Relabelings,
}

impl<'a> PeriodPair<'a> {
    fn new(a: &'a Side<'a>, b: &'a Side<'a>) -> Self {
        let locations = merge_locations(&[a, b]);
        let effort = |at: &u32| [a, b].map(|side| side.survey.effort_by_location[*at as usize]);
        let relabelings = Relabelings::new(locations.iter().map(effort).collect());
        Self { sides: [a, b], locations, relabelings }
    }

    /// Events and effort of a class at each location, in both periods.
    fn samples(&self, class: u32) -> [Vec<LocationSample>; 2] {
        self.sides.map(|side| side.survey.samples_at(&self.locations, &side.survey.count_events(class)))
    }

    /// Why the rates of a class are not tested; `None` where they are.
    fn reason_not_to_test(&self, samples: &[Vec<LocationSample>; 2]) -> Option<NotTested> {
        let events: f64 = samples.iter().map(|samples| LocationSample::total(samples).events).sum();
        let occupied = samples[0].iter().zip(&samples[1]).filter(|(a, b)| a.events + b.events > 0.0).count();
        let fewest = self.sides.iter().map(|side| side.survey.locations.len()).min().unwrap_or(0);
        let reasons = [
            (events < LIMITS.test_events as f64, NotTested::FewEvents),
            (fewest < LIMITS.test_locations, NotTested::FewLocations),
            (occupied < LIMITS.test_occupied, NotTested::AtFewLocations),
        ];
        reasons.into_iter().find(|(applies, _)| *applies).map(|(_, reason)| reason)
    }
}

/// A class in two periods.
struct ClassPair<'a> {
    class: u32,
    pair: &'a PeriodPair<'a>,
    totals: [LocationSample; 2],
    ratio: RateRatio,
    /// The p-value, or why there is none.
    tested: Result<f64, NotTested>,
}

/// Rows of each class and each two periods, corrected for all that were tested.
fn compare_rates(sides: &[Side<'_>], classes: &[u32]) -> Vec<ComparisonRow> {
    let period_pairs: Vec<PeriodPair<'_>> =
        list_pairs(sides.len()).map(|(a, b)| PeriodPair::new(&sides[a], &sides[b])).collect();
    let compared: Vec<(u32, &PeriodPair<'_>)> =
        classes.iter().flat_map(|class| period_pairs.iter().map(move |pair| (*class, pair))).collect();
    let all: Vec<ClassPair<'_>> =
        compared.par_iter().filter_map(|(class, pair)| ClassPair::new(*class, pair)).collect();
    let p_values: Vec<f64> = all.iter().filter_map(|pair| pair.tested.ok()).collect();
    let mut adjusted = adjust_by_holm(&p_values).into_iter();
    all.iter()
        .map(|pair| pair.row(pair.tested.ok().and_then(|p| Some((p, adjusted.next()?))), p_values.len()))
        .collect()
}

impl<'a> ClassPair<'a> {
    fn new(class: u32, pair: &'a PeriodPair<'a>) -> Option<Self> {
        let samples = pair.samples(class);
        let ratio = RateRatio::new(&samples[1], &samples[0])?;
        let pairs = samples[0].iter().zip(&samples[1]);
        let events: Vec<[f64; 2]> = pairs.map(|(a, b)| [a.events, b.events]).collect();
        let tested = match pair.reason_not_to_test(&samples) {
            Some(reason) => Err(reason),
            None => Ok(pair.relabelings.p_value(&events)),
        };
        let totals = samples.map(|samples| LocationSample::total(&samples));
        Some(Self { class, pair, totals, ratio, tested })
    }

    /// `p` is the p-value before and after correction for `tests` tests, where the class was tested.
    fn row(&self, p: Option<(f64, f64)>, tests: usize) -> ComparisonRow {
        let [a, b] = self.pair.sides;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let [events_a, events_b] = self.totals.map(|total| total.events as usize);
        let [rai_a, rai_b] = self.totals.map(|total| round_to(total.rate() * 100.0, 4));
        let agreeing = |alpha: f64, p: Option<f64>| {
            let interval = self.ratio.interval(alpha)?;
            Some(p.map_or(interval, |p| make_compatible(interval, self.ratio.estimate, round_p(p) < ALPHA)))
        };
        let own = agreeing(ALPHA, p.map(|(p, _)| p));
        let corrected = p.and_then(|(_, adjusted)| agreeing(ALPHA / tests as f64, Some(adjusted)));
        let low = |interval: Option<Interval>| interval.map(|interval| round_to(interval.low, 4));
        let high = |interval: Option<Interval>| interval.and_then(|interval| round_finite(interval.high, 4));
        ComparisonRow {
            classification: a.survey.data().classes[self.class as usize].name.clone(),
            a: a.label.label.clone(),
            b: b.label.label.clone(),
            events_a,
            events_b,
            locations_a: a.survey.locations.len(),
            locations_b: b.survey.locations.len(),
            rai_a,
            rai_b,
            rate_ratio: round_finite(self.ratio.estimate, 4),
            low: low(own),
            high: high(own),
            corrected_low: low(corrected),
            corrected_high: high(corrected),
            p_value: p.map(|(p, _)| round_p(p)),
            p_adjusted: p.map(|(_, adjusted)| round_p(adjusted)),
            smallest_p: p.map(|_| round_p(self.pair.relabelings.smallest_p)),
            differs: p.is_some_and(|(_, adjusted)| round_p(adjusted) < ALPHA),
            not_tested: self.tested.err(),
            method: self.ratio.method,
        }
    }
}

/// Overlaps of the activity of each class that has enough events in two periods at least.
fn compare_activity(sides: &[Side<'_>], classes: &[u32]) -> Vec<PeriodOverlapRow> {
    let Some(cancellation) = sides.first().map(|side| side.survey.visits.cancellation) else {
        return Vec::new();
    };
    let locations = merge_locations(&sides.iter().collect::<Vec<_>>());
    let of_class = |class: &u32| -> Vec<PeriodOverlapRow> {
        let enough: Vec<(&Side<'_>, &Times)> = sides
            .iter()
            .filter_map(|side| Some((side, side.hours.times_of(*class)?)))
            .filter(|(_, times)| times.events() >= overlap::MIN_EVENTS)
            .collect();
        let samples: Vec<&Times> = enough.iter().map(|(_, times)| *times).collect();
        let row = |tested: TestedOverlap| {
            let (a, b) = tested.pair;
            PeriodOverlapRow {
                classification: enough[a].0.survey.data().classes[*class as usize].name.clone(),
                a: enough[a].0.label.label.clone(),
                b: enough[b].0.label.label.clone(),
                records_a: samples[a].records(),
                records_b: samples[b].records(),
                events_a: samples[a].events(),
                events_b: samples[b].events(),
                test: tested.to_row(1.0),
            }
        };
        test_overlaps(&samples, &locations, cancellation).into_iter().map(row).collect()
    };
    let mut rows: Vec<PeriodOverlapRow> = classes.iter().flat_map(of_class).collect();
    let adjusted = adjust_by_holm(&rows.iter().map(|row| row.test.p_value).collect::<Vec<_>>());
    for (row, p_adjusted) in rows.iter_mut().zip(adjusted) {
        row.test.correct(p_adjusted);
    }
    rows
}
