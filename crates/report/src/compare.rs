//! Periods held against each other.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::bootstrap::Bootstrap;
use crate::data::{ClassRow, ComparedPeriod, ComparisonRow, NightRow, PeriodOverlapRow};
use crate::hours::{Hours, Nights};
use crate::intervals::Sample;
use crate::overlap::{self, Overlap};
use crate::ratios::{Corrected, RateRatio, holm};
use crate::request::{LabelledPeriod, TimeOfDay};
use crate::rows::{bounded, rounded};
use crate::sun::Sky;
use crate::survey::Survey;

/// Fewer events than this in two periods together are too few to compare them.
pub(crate) const ENOUGH: usize = 20;
/// Resamples of the deployments: enough for the ends of intervals that are corrected for some
/// dozens of comparisons.
pub(crate) const RESAMPLES: usize = 10_000;
/// Above this latitude, degrees, day length differs so much over the year that it would pose as
/// behaviour.
pub(crate) const SOLAR_ABOVE: f64 = 20.0;

/// What comes out of a comparison; all empty when none was asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compared {
    pub periods: Vec<ComparedPeriod>,
    pub comparisons: Vec<ComparisonRow>,
    pub overlaps: Vec<PeriodOverlapRow>,
    /// The clock that activity is compared on.
    pub on: TimeOfDay,
    /// Records without a time on that clock.
    pub left_out: usize,
    /// When it is night, over all periods.
    pub night: Option<NightRow>,
    /// Classes whose rates were compared, times pairs of periods.
    pub tested: usize,
}

/// A period of the comparison on its way.
struct Side<'a> {
    label: &'a LabelledPeriod,
    survey: Survey<'a>,
    hours: Hours,
}

/// Compares the periods that were asked for, of the same data and classes as `whole`.
pub(crate) fn compare(whole: &Survey<'_>, sky: &mut Sky<'_>) -> Compared {
    let asked = &whole.request.comparison_periods;
    if asked.is_empty() {
        return Compared::default();
    }
    let survey = |labelled: &LabelledPeriod| {
        Survey::new(whole.data, whole.request, whole.ground, whole.wanted, labelled.period, whole.stop)
    };
    let surveys: Vec<Survey<'_>> = asked.iter().map(survey).collect();
    let nights = Nights::over(&surveys.iter().collect::<Vec<_>>(), sky);
    let far = nights.as_ref().is_some_and(|nights| nights.highest_latitude > SOLAR_ABOVE);
    let asked_on = if far { TimeOfDay::Solar } else { whole.request.time_of_day };
    let sides: Vec<Side<'_>> = asked
        .iter()
        .zip(surveys)
        .map(|(label, survey)| Side { label, hours: survey.hours(asked_on, nights.as_ref(), sky), survey })
        .collect();
    // All sides go by the same nights, and so have the same clock.
    let on = sides.first().map_or(asked_on, |side| side.hours.on);
    let classes = by_events(&sides);
    let comparisons = comparisons(&sides, &classes);
    Compared {
        periods: sides.iter().map(|side| period(side, &classes, asked, sky)).collect(),
        overlaps: overlaps(&sides, &classes),
        night: nights.as_ref().map(|nights| nights.row(on)),
        on,
        left_out: sides.iter().map(|side| side.hours.left_out).sum(),
        tested: comparisons.iter().filter(|row| row.p_value.is_some()).count(),
        comparisons,
    }
}

/// Classes that any of the periods has, most events first.
fn by_events(sides: &[Side<'_>]) -> Vec<u32> {
    let mut events: BTreeMap<u32, usize> = BTreeMap::new();
    for event in sides.iter().flat_map(|side| &side.survey.events) {
        *events.entry(event.class).or_default() += 1;
    }
    let mut classes: Vec<u32> = events.keys().copied().collect();
    let Some(side) = sides.first() else { return classes };
    classes.sort_by_key(|class| (Reverse(events[class]), &side.survey.data.classes[*class as usize].name));
    classes
}

fn period(side: &Side<'_>, classes: &[u32], asked: &[LabelledPeriod], sky: &mut Sky<'_>) -> ComparedPeriod {
    let survey = &side.survey;
    let place = |row: &ClassRow| {
        let number = survey.data.class(&row.classification);
        classes.iter().position(|class| Some(*class) == number)
    };
    let mut rows = survey.class_rows();
    rows.sort_by_key(place);
    let own = side.label;
    let shares_days = |other: &&LabelledPeriod| other.label != own.label && other.period.overlaps(own.period);
    ComparedPeriod {
        label: own.label.clone(),
        start: own.period.start,
        end: own.period.end,
        words: own.period.in_words(),
        days: own.period.days(),
        overlapping: asked.iter().filter(shares_days).map(|other| other.label.clone()).collect(),
        effort_days: rounded(survey.effort_days(), 4),
        locations_surveyed: survey.surveyed().len(),
        deployments_active: survey.deployments_active(),
        events: survey.events.len(),
        individuals: survey.individuals(),
        activity: survey.activity_rows(&rows, &side.hours, sky),
        classes: rows,
        buckets: survey.bucket_rows(),
        excluded: survey.found.excluded.clone(),
    }
}

/// Each pair of sides, the earlier named first.
fn pairs(sides: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..sides).flat_map(move |a| (a + 1..sides).map(move |b| (a, b)))
}

fn comparisons(sides: &[Side<'_>], classes: &[u32]) -> Vec<ComparisonRow> {
    let Some(first) = sides.first() else { return Vec::new() };
    // The units are the deployments at work in any period; a stratum is those of the same periods.
    let worked = |unit: usize| sides.iter().map(move |side| side.survey.effort[unit] > 0.0);
    let stratum = |unit: usize| worked(unit).fold(0, |bits, at_work| bits << 1 | u32::from(at_work));
    let units: Vec<usize> = (0..first.survey.effort.len()).filter(|unit| stratum(*unit) > 0).collect();
    let strata: Vec<u32> = units.iter().map(|unit| stratum(*unit)).collect();
    let bootstrap = Bootstrap::new(&strata, RESAMPLES);
    let mut held = Vec::new();
    for class in classes {
        let samples: Vec<Vec<Sample>> = sides
            .iter()
            .map(|side| {
                let all = side.survey.samples(*class, side.survey.period);
                units.iter().map(|unit| all[*unit]).collect()
            })
            .collect();
        for (a, b) in pairs(sides.len()) {
            if let Some(ratio) = RateRatio::new(&samples[b], &samples[a], &bootstrap) {
                let totals = [Sample::total(&samples[a]), Sample::total(&samples[b])];
                held.push(Held { class: *class, sides: [&sides[a], &sides[b]], totals, ratio });
            }
        }
    }
    correct(&held)
}

/// A class in two periods.
struct Held<'a> {
    class: u32,
    sides: [&'a Side<'a>; 2],
    totals: [Sample; 2],
    ratio: RateRatio,
}

/// The rows, corrected for all that have enough events to be compared.
fn correct(held: &[Held<'_>]) -> Vec<ComparisonRow> {
    let compared = || held.iter().filter(|held| held.has_enough());
    let p_values: Vec<f64> = compared().map(|held| held.ratio.p_value()).collect();
    let mut corrected = holm(&p_values).into_iter();
    held.iter().map(|held| held.row(if held.has_enough() { corrected.next() } else { None })).collect()
}

impl Held<'_> {
    fn events(&self) -> [usize; 2] {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        self.totals.map(|total| total.events as usize)
    }

    fn has_enough(&self) -> bool {
        self.events().iter().sum::<usize>() >= ENOUGH
    }

    fn row(&self, corrected: Option<Corrected>) -> ComparisonRow {
        let [a, b] = self.sides;
        let [events_a, events_b] = self.events();
        let [rai_a, rai_b] = self.totals.map(|total| rounded(total.rate() * 100.0, 4));
        let own = self.ratio.interval(0.05);
        let widened = self.ratio.interval(corrected.map_or(0.05, |corrected| corrected.alpha));
        ComparisonRow {
            classification: a.survey.data.classes[self.class as usize].name.clone(),
            a: a.label.label.clone(),
            b: b.label.label.clone(),
            events_a,
            events_b,
            rai_a,
            rai_b,
            rate_ratio: bounded(self.ratio.estimate, 4),
            low: rounded(own.low, 4),
            high: bounded(own.high, 4),
            corrected_low: rounded(widened.low, 4),
            corrected_high: bounded(widened.high, 4),
            p_value: corrected.map(|corrected| rounded(corrected.p_value, 5)),
            differs: corrected.is_some_and(|corrected| corrected.holds),
            method: self.ratio.method,
        }
    }
}

/// Of the classes with most events that have enough records in two periods at least.
fn overlaps(sides: &[Side<'_>], classes: &[u32]) -> Vec<PeriodOverlapRow> {
    let in_two = |class: &&u32| {
        let enough =
            |side: &&Side<'_>| side.hours.of(**class).is_some_and(|hours| hours.len() >= overlap::ENOUGH);
        sides.iter().filter(enough).count() >= 2
    };
    let of_class = |class: &u32| {
        let enough: Vec<(&Side<'_>, &[f64])> = sides
            .iter()
            .filter_map(|side| Some((side, side.hours.of(*class)?)))
            .filter(|(_, hours)| hours.len() >= overlap::ENOUGH)
            .collect();
        let samples: Vec<&[f64]> = enough.iter().map(|(_, hours)| *hours).collect();
        let row = |(a, b, found): (usize, usize, Overlap)| PeriodOverlapRow {
            classification: enough[a].0.survey.data.classes[*class as usize].name.clone(),
            a: enough[a].0.label.label.clone(),
            b: enough[b].0.label.label.clone(),
            records_a: samples[a].len(),
            records_b: samples[b].len(),
            estimator: found.estimator,
            estimate: rounded(found.estimate, 4),
            low: rounded(found.interval.low, 4),
            high: rounded(found.interval.high, 4),
        };
        overlap::pairs(&samples).into_iter().map(row).collect::<Vec<_>>()
    };
    classes.iter().filter(in_two).take(overlap::MOST_CLASSES).flat_map(of_class).collect()
}
