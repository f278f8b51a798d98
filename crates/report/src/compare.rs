//! Periods held against each other.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::data::{ClassRow, ComparedPeriod, ComparisonRow, NightRow, NotTested, PeriodOverlapRow};
use crate::hours::{Hours, Nights, TestedOverlap, tested_overlaps};
use crate::intervals::{Interval, Sample};
use crate::overlap;
use crate::permutation::{Relabelings, paired};
use crate::ratios::{ALPHA, RateRatio, compatible, holm};
use crate::request::{LabelledPeriod, TimeOfDay};
use crate::rows::{bounded, rounded, significant};
use crate::sun::Sky;
use crate::survey::{Survey, Visits};
use crate::times::Times;

/// Fewer events than this in two periods together are too few to compare them.
pub(crate) const ENOUGH: usize = 20;
/// With effort at fewer locations than this in a period no verdict can be right: permutations are too
/// few.
pub(crate) const ENOUGH_LOCATIONS: usize = 6;
/// A class at fewer locations than this in both periods may be one animal at its den.
pub(crate) const ENOUGH_OCCUPIED: usize = 3;
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

/// Compares the periods that were asked for.
pub(crate) fn compare(visits: &Visits<'_>, sky: &mut Sky<'_>) -> Compared {
    let wanted = &visits.request.comparison_periods;
    if wanted.is_empty() {
        return Compared::default();
    }
    let surveys: Vec<Survey<'_>> =
        wanted.iter().map(|labelled| Survey::new(visits, labelled.period)).collect();
    let nights = Nights::over(&surveys.iter().collect::<Vec<_>>(), sky);
    let far = nights.as_ref().is_some_and(|nights| nights.highest_latitude > SOLAR_ABOVE);
    let wanted_on = if far { TimeOfDay::Solar } else { visits.request.time_of_day };
    let sides: Vec<Side<'_>> = wanted
        .iter()
        .zip(surveys)
        .map(|(label, survey)| Side { label, hours: survey.hours(wanted_on, nights.as_ref(), sky), survey })
        .collect();
    // All sides go by the same nights, and so have the same clock.
    let on = sides.first().map_or(wanted_on, |side| side.hours.on);
    let classes = by_events(&sides);
    let comparisons = comparisons(&sides, &classes);
    Compared {
        periods: sides.iter().map(|side| period(side, &classes, wanted, sky)).collect(),
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
    let name = |class: &u32| &side.survey.data().classes[*class as usize].name;
    classes.sort_by_key(|class| (Reverse(events[class]), name(class)));
    classes
}

fn period(side: &Side<'_>, classes: &[u32], wanted: &[LabelledPeriod], sky: &mut Sky<'_>) -> ComparedPeriod {
    let survey = &side.survey;
    let place = |row: &ClassRow| {
        let number = survey.data().class(&row.classification);
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
        overlapping: wanted.iter().filter(shares_days).map(|other| other.label.clone()).collect(),
        effort_days: rounded(survey.effort_days(), 4),
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
fn pairs(sides: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..sides).flat_map(move |a| (a + 1..sides).map(move |b| (a, b)))
}

/// Two periods, with what is the same for all classes.
struct PeriodPair<'a> {
    sides: [&'a Side<'a>; 2],
    /// Locations with effort in either.
    locations: Vec<u32>,
    relabelings: Relabelings,
}

impl<'a> PeriodPair<'a> {
    fn new(a: &'a Side<'a>, b: &'a Side<'a>) -> Self {
        let surveyed = |side: &Side<'_>| side.survey.locations.clone();
        let mut locations: Vec<u32> =
            surveyed(a).into_iter().chain(surveyed(b)).collect::<BTreeSet<_>>().into_iter().collect();
        locations.sort_unstable_by_key(|at| a.survey.visits.base.location_ranks[*at as usize]);
        let effort = |at: &u32| [a, b].map(|side| side.survey.effort_by_location[*at as usize]);
        let relabelings = Relabelings::new(locations.iter().map(effort).collect());
        Self { sides: [a, b], locations, relabelings }
    }

    /// Events and effort of a class at each location, in both periods.
    fn samples(&self, class: u32) -> [Vec<Sample>; 2] {
        self.sides.map(|side| {
            let mut events = BTreeMap::new();
            for event in side.survey.events_of(class) {
                *events.entry(event.location).or_insert(0.0) += 1.0;
            }
            let sample = |at: &u32| Sample {
                events: events.get(at).copied().unwrap_or(0.0),
                effort: side.survey.effort_by_location[*at as usize],
            };
            self.locations.iter().map(sample).collect()
        })
    }

    /// Why nothing is tested, of the locations at which a class was in either period.
    fn reason_not_to_test(&self, samples: &[Vec<Sample>; 2]) -> Option<NotTested> {
        let events: f64 = samples.iter().map(|samples| Sample::total(samples).events).sum();
        let occupied = samples[0].iter().zip(&samples[1]).filter(|(a, b)| a.events + b.events > 0.0).count();
        let fewest = self.sides.iter().map(|side| side.survey.locations.len()).min().unwrap_or(0);
        if events < ENOUGH as f64 {
            Some(NotTested::FewEvents)
        } else if fewest < ENOUGH_LOCATIONS {
            Some(NotTested::FewLocations)
        } else if occupied < ENOUGH_OCCUPIED {
            Some(NotTested::AtFewLocations)
        } else {
            None
        }
    }
}

/// A class in two periods.
struct ClassPair<'a> {
    class: u32,
    pair: &'a PeriodPair<'a>,
    totals: [Sample; 2],
    ratio: RateRatio,
    tested: Result<f64, NotTested>,
}

fn comparisons(sides: &[Side<'_>], classes: &[u32]) -> Vec<ComparisonRow> {
    let period_pairs: Vec<PeriodPair<'_>> =
        pairs(sides.len()).map(|(a, b)| PeriodPair::new(&sides[a], &sides[b])).collect();
    let compared: Vec<(u32, &PeriodPair<'_>)> =
        classes.iter().flat_map(|class| period_pairs.iter().map(move |pair| (*class, pair))).collect();
    let class_pair = |(class, pair): &(u32, &PeriodPair<'_>)| -> Option<ClassPairParts> {
        let samples = pair.samples(*class);
        let ratio = RateRatio::new(&samples[1], &samples[0])?;
        let tested = match pair.reason_not_to_test(&samples) {
            Some(reason) => Err(reason),
            None => Ok(pair.relabelings.p_value(&paired(&samples[0], &samples[1]))),
        };
        Some((samples.map(|samples| Sample::total(&samples)), ratio, tested))
    };
    let computed: Vec<Option<ClassPairParts>> = compared.par_iter().map(class_pair).collect();
    let all: Vec<ClassPair<'_>> = compared
        .iter()
        .zip(computed)
        .filter_map(|((class, pair), parts)| {
            let (totals, ratio, tested) = parts?;
            Some(ClassPair { class: *class, pair, totals, ratio, tested })
        })
        .collect();
    correct(&all)
}

/// Totals of both periods, their ratio, and what a test says of it.
type ClassPairParts = ([Sample; 2], RateRatio, Result<f64, NotTested>);

/// The rows, corrected for all that were tested.
fn correct(all: &[ClassPair<'_>]) -> Vec<ComparisonRow> {
    let p_values: Vec<f64> = all.iter().filter_map(|pair| pair.tested.ok()).collect();
    let mut adjusted = holm(&p_values).into_iter();
    all.iter()
        .map(|pair| pair.row(pair.tested.ok().and_then(|p| Some((p, adjusted.next()?))), p_values.len()))
        .collect()
}

impl ClassPair<'_> {
    /// `p` is the p-value and that after correction, where there is one, for so many tests.
    fn row(&self, p: Option<(f64, f64)>, tests: usize) -> ComparisonRow {
        let [a, b] = self.pair.sides;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let [events_a, events_b] = self.totals.map(|total| total.events as usize);
        let [rai_a, rai_b] = self.totals.map(|total| rounded(total.rate() * 100.0, 4));
        let agreeing = |alpha: f64, p: Option<f64>| {
            let interval = self.ratio.interval(alpha)?;
            Some(p.map_or(interval, |p| compatible(interval, self.ratio.estimate, significant(p) < ALPHA)))
        };
        let own = agreeing(ALPHA, p.map(|(p, _)| p));
        let corrected = p.and_then(|(_, adjusted)| agreeing(ALPHA / tests as f64, Some(adjusted)));
        let low = |interval: Option<Interval>| interval.map(|interval| rounded(interval.low, 4));
        let high = |interval: Option<Interval>| interval.and_then(|interval| bounded(interval.high, 4));
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
            rate_ratio: bounded(self.ratio.estimate, 4),
            low: low(own),
            high: high(own),
            corrected_low: low(corrected),
            corrected_high: high(corrected),
            p_value: p.map(|(p, _)| significant(p)),
            p_adjusted: p.map(|(_, adjusted)| significant(adjusted)),
            smallest_p: p.map(|_| significant(self.pair.relabelings.smallest_p())),
            differs: p.is_some_and(|(_, adjusted)| significant(adjusted) < ALPHA),
            not_tested: self.tested.err(),
            method: self.ratio.method,
        }
    }
}

/// Of every class with enough events in two periods at least.
fn overlaps(sides: &[Side<'_>], classes: &[u32]) -> Vec<PeriodOverlapRow> {
    let locations: BTreeSet<u32> =
        sides.iter().flat_map(|side| side.survey.locations.iter().copied()).collect();
    let Some(visits) = sides.first().map(|side| side.survey.visits) else { return Vec::new() };
    let stop = visits.stop;
    let mut locations: Vec<u32> = locations.into_iter().collect();
    locations.sort_unstable_by_key(|at| visits.base.location_ranks[*at as usize]);
    let of_class = |class: &u32| -> Vec<PeriodOverlapRow> {
        let enough: Vec<(&Side<'_>, &Times)> = sides
            .iter()
            .filter_map(|side| Some((side, side.hours.of(*class)?)))
            .filter(|(_, times)| times.events() >= overlap::ENOUGH)
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
                estimator: tested.overlap.estimator,
                estimate: rounded(tested.overlap.estimate, 4),
                low: rounded(tested.overlap.interval.low, 4),
                high: rounded(tested.overlap.interval.high, 4),
                resampled: tested.overlap.unit,
                p_value: significant(tested.p_value),
                p_adjusted: 1.0,
                differs: false,
            }
        };
        tested_overlaps(&samples, &locations, stop).into_iter().map(row).collect()
    };
    let mut rows: Vec<PeriodOverlapRow> = classes.iter().flat_map(of_class).collect();
    let adjusted = holm(&rows.iter().map(|row| row.p_value).collect::<Vec<_>>());
    for (row, p_adjusted) in rows.iter_mut().zip(adjusted) {
        row.p_adjusted = significant(p_adjusted);
        row.differs = row.p_adjusted < ALPHA;
    }
    rows
}
