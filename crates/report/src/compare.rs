//! Periods held against each other.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::bootstrap::Bootstrap;
use crate::data::{ClassRow, ComparedPeriod, ComparisonRow, NightRow, PeriodOverlapRow};
use crate::hours::{Hours, Nights};
use crate::intervals::{Interval, Sample};
use crate::overlap::{self, Overlap};
use crate::ratios::{Corrected, RateRatio, holm};
use crate::request::{LabelledPeriod, TimeOfDay};
use crate::rows::rounded;
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
        Survey::new(whole.data, whole.request, whole.ground, whole.wanted, labelled.period)
    };
    let surveys: Vec<Survey<'_>> = asked.iter().map(survey).collect();
    let nights = Nights::over(&surveys.iter().collect::<Vec<_>>(), sky);
    let far = nights.as_ref().is_some_and(|nights| nights.highest_latitude > SOLAR_ABOVE);
    let on = if far { TimeOfDay::Solar } else { whole.request.time_of_day };
    let sides: Vec<Side<'_>> = asked
        .iter()
        .zip(surveys)
        .map(|(label, survey)| Side { label, hours: survey.hours(on, nights.as_ref(), sky), survey })
        .collect();
    let classes = by_events(&sides);
    let comparisons = comparisons(&sides, &classes);
    Compared {
        periods: sides.iter().map(|side| period(side, &classes, asked, sky)).collect(),
        overlaps: overlaps(&sides, &classes),
        night: nights.as_ref().map(|nights| nights.row(on)),
        on,
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
    let mut rows = Vec::new();
    for class in classes {
        let samples: Vec<Vec<Sample>> = sides
            .iter()
            .map(|side| {
                let all = side.survey.samples(*class, side.survey.period);
                units.iter().map(|unit| all[*unit]).collect()
            })
            .collect();
        let name = &first.survey.data.classes[*class as usize].name;
        for (a, b) in pairs(sides.len()) {
            if let Some(ratio) = RateRatio::new(&samples[b], &samples[a], &bootstrap) {
                rows.push((row(name, &sides[a], &samples[a], &sides[b], &samples[b]), ratio));
            }
        }
    }
    correct(rows)
}

fn row(name: &str, a: &Side<'_>, in_a: &[Sample], b: &Side<'_>, in_b: &[Sample]) -> ComparisonRow {
    let (in_a, in_b) = (Sample::total(in_a), Sample::total(in_b));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let events = |sample: Sample| sample.events as usize;
    ComparisonRow {
        classification: name.into(),
        a: a.label.label.clone(),
        b: b.label.label.clone(),
        events_a: events(in_a),
        events_b: events(in_b),
        rai_a: rounded(in_a.rate() * 100.0, 4),
        rai_b: rounded(in_b.rate() * 100.0, 4),
        rate_ratio: None,
        low: 0.0,
        high: None,
        corrected_low: 0.0,
        corrected_high: None,
        p_value: None,
        differs: false,
        method: crate::ratios::Method::Exact,
    }
}

/// Fills in the intervals, corrected for all rows with enough events.
fn correct(mut rows: Vec<(ComparisonRow, RateRatio)>) -> Vec<ComparisonRow> {
    let enough = |row: &ComparisonRow| row.events_a + row.events_b >= ENOUGH;
    let p_values: Vec<f64> =
        rows.iter().filter(|(row, _)| enough(row)).map(|(_, ratio)| ratio.p_value()).collect();
    let mut corrected = holm(&p_values).into_iter();
    for (row, ratio) in &mut rows {
        let finite = |value: f64| value.is_finite().then(|| rounded(value, 4));
        let Interval { low, high } = ratio.interval(0.05);
        (row.low, row.high) = (rounded(low, 4), finite(high));
        row.rate_ratio = finite(ratio.estimate);
        row.method = ratio.method;
        let own = if enough(row) { corrected.next() } else { None };
        let Interval { low, high } = ratio.interval(own.map_or(0.05, |own: Corrected| own.alpha));
        (row.corrected_low, row.corrected_high) = (rounded(low, 4), finite(high));
        row.p_value = own.map(|own| rounded(own.p_value, 5));
        row.differs = own.is_some_and(|own| own.holds);
    }
    rows.into_iter().map(|(row, _)| row).collect()
}

/// Of the classes with most events that have enough records in two periods at least.
fn overlaps(sides: &[Side<'_>], classes: &[u32]) -> Vec<PeriodOverlapRow> {
    let in_two = |class: &&u32| {
        let enough =
            |side: &&Side<'_>| side.hours.get(class).is_some_and(|hours| hours.len() >= overlap::ENOUGH);
        sides.iter().filter(enough).count() >= 2
    };
    let of_class = |class: &u32| {
        let enough: Vec<(&Side<'_>, &[f64])> = sides
            .iter()
            .filter_map(|side| Some((side, side.hours.get(class)?.as_slice())))
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
