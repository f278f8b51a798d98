//! Whether the months of a period differ at all: the permutation test of [`crate::permutation`] for more
//! than two buckets.

use rayon::prelude::*;
use tokio_util::sync::CancellationToken;

use crate::permutation::{RELABELINGS, ROUNDING, SEED};
use crate::tail::{self, Moments};

/// Cells of buckets that are exchanged in all: with very many there are fewer relabelings, but
/// [`FEWEST`].
const ALL_CELLS: usize = 150_000_000;
pub(crate) const FEWEST: usize = 999;
/// Relabelings between two looks at the token, whose lock all threads share.
const BATCH: usize = 32;

/// Whether the buckets of a period differ: for each species the probability of buckets as different
/// as these or more, were all alike. `cells` has for each location its buckets with effort: number of
/// the bucket and camera-days; `events` for each species those of the same cells. 1 once it is cancelled.
///
/// The statistic is the sum over the buckets of `(y - r e)^2 / (r e)`; the buckets of a location are
/// exchanged among each other. The relabelings are the same for all species. Never 0.
pub fn bucket_p_values(
    cells: &[Vec<(usize, f64)>],
    events: &[Vec<Vec<f64>>],
    buckets: usize,
    cancellation: &CancellationToken,
) -> Vec<f64> {
    let species: Vec<SpeciesCells> = events.iter().map(|events| SpeciesCells::new(events)).collect();
    let number =
        cells.iter().map(Vec::len).sum::<usize>() + species.iter().map(|one| one.seen.len()).sum::<usize>();
    let relabelings = (ALL_CELLS / number.max(1)).clamp(FEWEST, RELABELINGS);
    let order: Vec<Vec<usize>> = cells.iter().map(|of_one| (0..of_one.len()).collect()).collect();
    // `order` says of each cell which place it takes.
    let statistics = |order: &[Vec<usize>]| -> Vec<f64> {
        let mut effort = vec![0.0; buckets];
        for (of_one, order) in cells.iter().zip(order) {
            for ((_, days), to) in of_one.iter().zip(order) {
                effort[of_one[*to].0] += days;
            }
        }
        species.iter().map(|one| one.statistic(cells, order, &effort)).collect()
    };
    let observed: Vec<f64> = statistics(&order).iter().map(|value| value * (1.0 - ROUNDING)).collect();
    let draw = |number: usize| -> Vec<f64> {
        let mut random = fastrand::Rng::with_seed(SEED + number as u64);
        let mut order = order.clone();
        for of_one in &mut order {
            random.shuffle(of_one);
        }
        statistics(&order)
    };
    let draw_batch = |numbers: Vec<usize>| {
        let is_cancelled = cancellation.is_cancelled();
        let draw = |number| if is_cancelled { vec![f64::INFINITY; species.len()] } else { draw(number) };
        numbers.into_iter().map(draw).collect::<Vec<_>>()
    };
    let drawn: Vec<Vec<f64>> =
        (0..relabelings).into_par_iter().chunks(BATCH).flat_map_iter(draw_batch).collect();
    let p_of = |(place, observed): (usize, &f64)| {
        let values = || drawn.iter().map(|values| values[place]);
        let extreme = values().filter(|value| value >= observed).count();
        tail::p_value(extreme, relabelings, || {
            values().fold(Moments::default(), Moments::add).tail_above(*observed)
        })
    };
    observed.iter().enumerate().map(p_of).collect()
}

/// Where a species was seen, and how often: location, cell and events.
struct SpeciesCells {
    seen: Vec<(usize, usize, f64)>,
    total: f64,
}

impl SpeciesCells {
    fn new(events: &[Vec<f64>]) -> Self {
        let of_location = |(location, cells): (usize, &Vec<f64>)| -> Vec<(usize, usize, f64)> {
            let seen = cells.iter().enumerate().filter(|(_, events)| **events > 0.0);
            seen.map(|(cell, events)| (location, cell, *events)).collect()
        };
        let seen: Vec<(usize, usize, f64)> = events.iter().enumerate().flat_map(of_location).collect();
        let total = seen.iter().map(|(.., events)| events).sum();
        Self { seen, total }
    }

    fn statistic(&self, cells: &[Vec<(usize, f64)>], order: &[Vec<usize>], effort: &[f64]) -> f64 {
        let mut seen = vec![0.0; effort.len()];
        for (location, cell, events) in &self.seen {
            seen[cells[*location][order[*location][*cell]].0] += events;
        }
        let rate = self.total / effort.iter().sum::<f64>();
        let part = |(seen, effort): (&f64, &f64)| {
            let expected = rate * effort;
            if expected > 0.0 { (seen - expected).powi(2) / expected } else { 0.0 }
        };
        seen.iter().zip(effort).map(part).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_that_differ_are_found_and_those_that_do_not_are_not() {
        let cells: Vec<Vec<(usize, f64)>> = vec![(0..4).map(|bucket| (bucket, 30.0)).collect(); 12];
        let alike = vec![vec![3.0, 2.0, 3.0, 2.0]; 12];
        let apart = vec![vec![1.0, 1.0, 6.0, 1.0]; 12];
        let found = bucket_p_values(&cells, &[alike, apart], 4, &CancellationToken::new());
        assert!(found[1] < 0.001, "{found:?}");
        let shifted: Vec<Vec<f64>> =
            (0..12).map(|at| (0..4).map(|b| f64::from((at + b) % 4)).collect()).collect();
        assert!(bucket_p_values(&cells, &[shifted], 4, &CancellationToken::new())[0] > 0.5);
    }
}
