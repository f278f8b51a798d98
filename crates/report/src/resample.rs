//! The interval of an overlap: a smoothed bootstrap of locations.
//!
//! Locations are drawn with replacement, all their events with them, the same for all samples, since
//! both species stood before the same cameras. Where either has events at fewer than
//! [`ENOUGH_LOCATIONS`] the events are drawn. Each
//! event that is drawn moves by a von Mises number of its kernel's width (R `overlap::bootstrap`,
//! `smooth = TRUE`), and each resample is smoothed with a bandwidth of its own. The interval is
//! `basic0` of R `overlap::bootCI`: the percentiles, moved by as much as the resamples lie beside the
//! estimate on average, within 0 and 1.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::activity::bandwidth;
use crate::circular;
use crate::intervals::{Interval, find_percentiles};
use crate::overlap::{Curve, Estimator, draw_curve};
use crate::random::{VonMises, draw_poisson};
use crate::smoothing::Smoother;
use crate::times::Times;

/// Resamples of the bootstrap.
pub const RESAMPLES: usize = 1000;
/// Curves of resamples that are kept at most, which is some hundred MiB; of more samples there are
/// fewer resamples of each, but [`FEWEST`].
pub(crate) const MOST_CURVES: usize = 60_000;
const FEWEST: usize = 200;
/// Parts of the day in a resample: a quarter of an hour, which moves no end of an interval that is
/// shown.
const BINS: usize = 96;
/// Fixed, so that the same data give the same report.
const SEED: u64 = 20_090_322;
/// Samples of more events are resampled by the part of the day.
const EXACT: usize = 2000;
/// Where a sample is of fewer locations events are drawn, not locations.
pub const ENOUGH_LOCATIONS: usize = 6;

/// Made once: making its kernels takes longer than drawing a sample.
static SMOOTHER: LazyLock<Smoother> = LazyLock::new(|| Smoother::new(BINS));

/// The unit of resampling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Locations with all that was seen there.
    Locations,
    /// Single events, where one of the two was at too few locations; it says nothing of other places.
    Events,
}

/// How far two curves overlap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overlap {
    /// How it was estimated.
    pub estimator: Estimator,
    /// Between 0 and 1.
    pub estimate: f64,
    /// Its 95% interval, which contains the estimate.
    pub interval: Interval,
    /// What was resampled for it.
    pub unit: Unit,
}

/// The overlap of each pair of samples that are not empty, with their places in `samples`.
/// `locations` are those that were surveyed.
///
/// Costs one bootstrap for each sample and estimator, not one for each pair. Ends early, with the pairs
/// that are done, once it is cancelled.
pub fn bootstrap_overlaps(
    samples: &[&Times],
    locations: &[u32],
    cancellation: &CancellationToken,
) -> Vec<(usize, usize, Overlap)> {
    // Most species of a comparison are in one period alone.
    if samples.len() < 2 {
        return Vec::new();
    }
    let resamples = (MOST_CURVES / samples.len().max(1)).clamp(FEWEST, RESAMPLES);
    let draws = LocationDraws::new(locations, resamples);
    let count_locations =
        |sample: &&Times| sample.iter().map(|(location, _)| location).collect::<BTreeSet<u32>>().len();
    let occupied: Vec<usize> = samples.iter().map(count_locations).collect();
    let bandwidths: Vec<f64> = samples.iter().map(|sample| bandwidth(sample).unwrap_or(1.0)).collect();
    let mut estimated: BTreeMap<(usize, Estimator), Option<Curve>> = BTreeMap::new();
    let mut curves: BTreeMap<(usize, Estimator, Unit), Vec<Option<Curve>>> = BTreeMap::new();
    let mut found = Vec::new();
    for b in 0..samples.len() {
        for a in 0..b {
            let smaller = samples[a].events().min(samples[b].events());
            if smaller == 0 || cancellation.is_cancelled() {
                continue;
            }
            let estimator = Estimator::for_size(smaller);
            let are_enough = occupied[a].min(occupied[b]) >= ENOUGH_LOCATIONS;
            let unit = if are_enough { Unit::Locations } else { Unit::Events };
            for place in [a, b] {
                estimated.entry((place, estimator)).or_insert_with(|| draw_curve(samples[place], estimator));
                curves.entry((place, estimator, unit)).or_insert_with(|| {
                    let draws = (unit == Unit::Locations).then_some(&draws);
                    let sample = Sample { times: samples[place], number: place, kappa: bandwidths[place] };
                    resample_once(&sample, resamples, estimator, draws, &SMOOTHER)
                });
            }
            if let (Some(one), Some(other)) = (&estimated[&(a, estimator)], &estimated[&(b, estimator)]) {
                let estimate = estimator.estimate(one, other);
                let again = [&curves[&(a, estimator, unit)], &curves[&(b, estimator, unit)]];
                let interval = basic0(estimate, again, estimator);
                found.push((a, b, Overlap { estimator, estimate, interval, unit }));
            }
        }
    }
    found.sort_by_key(|(a, b, _)| (*a, *b));
    found
}

fn basic0(estimate: f64, [a, b]: [&Vec<Option<Curve>>; 2], estimator: Estimator) -> Interval {
    // A resample without any event of one of the two says nothing.
    let both = a.iter().zip(b).filter_map(|(a, b)| a.as_ref().zip(b.as_ref()));
    let again: Vec<f64> = both.map(|(a, b)| estimator.estimate(a, b)).collect();
    let bias = again.iter().sum::<f64>() / again.len() as f64 - estimate;
    let Some(Interval { low, high }) = find_percentiles(again, 0.05) else {
        return Interval { low: 0.0, high: 1.0 };
    };
    Interval { low: (low - bias).clamp(0.0, estimate), high: (high - bias).clamp(estimate, 1.0) }
}

/// How often each location is drawn in each resample.
struct LocationDraws {
    places: BTreeMap<u32, usize>,
    times: Vec<Vec<u8>>,
}

impl LocationDraws {
    fn new(locations: &[u32], resamples: usize) -> Self {
        let draw = |number: usize| {
            let mut random = fastrand::Rng::with_seed(SEED + number as u64);
            let mut times = vec![0_u8; locations.len()];
            for _ in 0..locations.len() {
                let drawn = &mut times[random.usize(..locations.len())];
                *drawn = drawn.saturating_add(1);
            }
            times
        };
        let places = locations.iter().copied().zip(0..).collect();
        Self { places, times: (0..resamples).into_par_iter().map(draw).collect() }
    }
}

/// An event on a clock of [`BINS`] parts.
struct Visit {
    place: usize,
    /// Part of the day and weight.
    parts: Vec<(u16, f32)>,
}

/// A sample that is not empty.
struct Sample<'a> {
    times: &'a Times,
    /// Its place among the samples.
    number: usize,
    /// The concentration of its kernel.
    kappa: f64,
}

/// The curve of each resample of a sample; `None` where no event was drawn.
fn resample_once(
    sample: &Sample<'_>,
    resamples: usize,
    estimator: Estimator,
    draws: Option<&LocationDraws>,
    smoother: &Smoother,
) -> Vec<Option<Curve>> {
    let Sample { times, number, kappa } = *sample;
    let noise = VonMises::new(kappa, BINS);
    let visits = visits(times, draws);
    let histograms = (visits.len() > EXACT).then(|| Histograms::new(&visits, kappa, smoother));
    let draw = |resample: usize| {
        // A generator of its own for each, so that the number of cores changes nothing.
        let seed = SEED ^ (number as u64 + 1) << 32 ^ resample as u64;
        let mut random = fastrand::Rng::with_seed(seed);
        let (weights, events) = match (draws, &histograms) {
            (Some(draws), Some(histograms)) => histograms.sum(&draws.times[resample]),
            (None, Some(histograms)) => histograms.vary(visits.len(), &mut random),
            (Some(draws), None) => {
                let times_of = |visit: &Visit| draws.times[resample][visit.place];
                let all = visits.iter().flat_map(|visit| (0..times_of(visit)).map(move |_| visit));
                add_up(all, &noise, &mut random)
            }
            (None, None) => {
                let picked: Vec<usize> = (0..visits.len()).map(|_| random.usize(..visits.len())).collect();
                add_up(picked.iter().map(|at| &visits[*at]), &noise, &mut random)
            }
        };
        (events > 0.0).then(|| smoother.curve(weights, events, estimator))
    };
    (0..resamples).into_par_iter().map(draw).collect()
}

fn visits(times: &Times, draws: Option<&LocationDraws>) -> Vec<Visit> {
    let visit = |(location, hours): (u32, &[f64])| {
        // Events are at locations with effort; one that is not would never be drawn.
        let place = draws.map_or(Some(0), |draws| draws.places.get(&location).copied())?;
        let weight = 1.0 / hours.len() as f32;
        let mut parts: Vec<(u16, f32)> = Vec::with_capacity(1);
        for hour in hours {
            let bin = u16::try_from(circular::find_bin(*hour, BINS)).unwrap_or(0);
            match parts.last_mut() {
                Some(part) if part.0 == bin => part.1 += weight,
                _ => parts.push((bin, weight)),
            }
        }
        Some(Visit { place, parts })
    };
    times.iter().filter_map(visit).collect()
}

/// The weights of visits, each moved by a number of its own, and how many they are.
fn add_up<'a>(
    visits: impl Iterator<Item = &'a Visit>,
    noise: &VonMises,
    random: &mut fastrand::Rng,
) -> (Vec<f32>, f64) {
    let mut weights = vec![0.0; BINS];
    let mut events = 0.0;
    for visit in visits {
        let by = noise.draw(random);
        events += 1.0;
        for (bin, weight) in &visit.parts {
            let moved = usize::from(*bin) + by;
            weights[if moved < BINS { moved } else { moved - BINS }] += weight;
        }
    }
    (weights, events)
}

/// The smoothed weights of each location, for samples so large that single events do not matter.
struct Histograms {
    /// By location: weights and events.
    of_places: Vec<(Vec<f32>, f64)>,
}

impl Histograms {
    fn new(visits: &[Visit], kappa: f64, smoother: &Smoother) -> Self {
        let places = visits.iter().map(|visit| visit.place + 1).max().unwrap_or(0);
        let mut of_places = vec![(vec![0.0; BINS], 0.0); places];
        for visit in visits {
            let (weights, events) = &mut of_places[visit.place];
            *events += 1.0;
            for (bin, weight) in &visit.parts {
                weights[usize::from(*bin)] += f64::from(*weight);
            }
        }
        let kernel = smoother.kernel(kappa);
        let smooth = |(weights, events): (Vec<f64>, f64)| {
            if events == 0.0 {
                return (vec![0.0; BINS], events);
            }
            // The mean of a smoothed curve is 1 in each part of the day.
            let scale = events / smoother.bins as f64;
            #[allow(clippy::cast_possible_truncation)]
            let weight = |density: f64| (density * scale) as f32;
            (kernel.smooth(&weights).into_iter().map(weight).collect(), events)
        };
        Self { of_places: of_places.into_iter().map(smooth).collect() }
    }

    fn sum(&self, times: &[u8]) -> (Vec<f32>, f64) {
        let mut sum = (vec![0.0; BINS], 0.0);
        for ((weights, events), times) in self.of_places.iter().zip(times).filter(|(_, times)| **times > 0) {
            sum.1 += f64::from(*times) * events;
            let times = f32::from(*times);
            sum.0.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += times * weight);
        }
        sum
    }

    /// Each part of the day as a Poisson number (Hanley and `MacGibbon` 2006, Computer Methods and
    /// Programs in Biomedicine 83:57-62), which costs the same whatever the size of the sample.
    fn vary(&self, events: usize, random: &mut fastrand::Rng) -> (Vec<f32>, f64) {
        let weights = self.of_places.first().map(|(weights, _)| weights.as_slice()).unwrap_or_default();
        #[allow(clippy::cast_possible_truncation)]
        let vary = |weight: &f32| draw_poisson(f64::from(*weight), random) as f32;
        (weights.iter().map(vary).collect(), events as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events around a middle, spread over some locations.
    fn draw_around(middle: f64, spread: f64, size: usize, locations: u32, seed: u64) -> Times {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut times = Times::default();
        for _ in 0..size {
            let hour = (middle + spread * (random.f64() + random.f64() - 1.0)).rem_euclid(24.0);
            times.add_event(random.u32(..locations), [hour, (hour + 0.1).rem_euclid(24.0)]);
        }
        times
    }

    fn overlap(a: &Times, b: &Times, locations: u32) -> Overlap {
        bootstrap_overlaps(&[a, b], &(0..locations).collect::<Vec<_>>(), &CancellationToken::new())
            .pop()
            .unwrap()
            .2
    }

    #[test]
    fn the_interval_contains_the_estimate() {
        for (size, locations, unit) in
            [(40, 12, Unit::Locations), (40, 3, Unit::Events), (150, 12, Unit::Locations)]
        {
            let same = draw_around(6.0, 5.0, size, locations, 1);
            for other in
                [draw_around(6.0, 5.0, size, locations, 2), draw_around(12.0, 4.0, size, locations, 3)]
            {
                let found = overlap(&same, &other, locations);
                assert_eq!(found.unit, unit);
                assert!(found.interval.low <= found.estimate && found.estimate <= found.interval.high);
                assert!((0.0..=1.0).contains(&found.interval.low) && found.interval.high <= 1.0);
                assert!(found.interval.high - found.interval.low > 0.02, "{found:?}");
            }
        }
    }

    #[test]
    fn day_and_night_do_not_overlap() {
        let (day, night) = (draw_around(12.0, 2.0, 100, 10, 1), draw_around(0.0, 2.0, 100, 10, 2));
        assert!(overlap(&day, &night, 10).interval.high < 0.05);
        assert!(
            bootstrap_overlaps(&[&day, &Times::default()], &[0, 1], &CancellationToken::new()).is_empty()
        );
    }

    #[test]
    fn resampling_by_the_part_of_the_day_is_resampling_events() {
        // One event more than are drawn one by one; the intervals must hardly differ.
        for locations in [12, 3] {
            let sample = |size, seed| draw_around(5.0, 6.0, size, locations, seed);
            let other = |size, seed| draw_around(9.0, 8.0, size, locations, seed);
            let many = overlap(&sample(EXACT + 1, 1), &other(EXACT + 1, 2), locations);
            let fewer = overlap(&sample(EXACT, 1), &other(EXACT, 2), locations);
            assert!((many.interval.low - fewer.interval.low).abs() < 0.012, "{many:?} {fewer:?}");
            assert!((many.interval.high - fewer.interval.high).abs() < 0.012, "{many:?} {fewer:?}");
        }
    }
}
