//! Simulates a queue and the workers that take jobs from it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::day::{DAY_LENGTH, Export};

/// What a simulation found.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// The mean wait, in seconds.
    pub mean: f64,
    /// Half of all waited no longer than this, in seconds.
    pub median: f64,
    /// 95 % of all waited no longer than this, in seconds.
    pub percentile_95: f64,
    /// 99 % of all waited no longer than this, in seconds.
    pub late: f64,
    /// How many waited at the worst moment.
    pub longest_queue: usize,
    /// The shares of their time in which workers were busy.
    pub busy: Busy,
}

/// Shares of time, 0 to 1.
#[derive(Clone, Copy, Debug)]
pub struct Busy {
    /// Of the whole day.
    pub day: f64,
    /// Of the hour in which there was most to do.
    pub hour: f64,
}

/// A time that can be ordered. Times are never NaN.
#[derive(Clone, Copy, PartialEq)]
struct Moment(f64);

impl Eq for Moment {}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Lets `workers` work through exports in the order in which they come.
///
/// # Panics
/// When there are no workers or no exports.
pub fn simulate(exports: &[Export], workers: usize) -> Outcome {
    let mut free: BinaryHeap<Reverse<Moment>> = (0..workers).map(|_| Reverse(Moment(0.0))).collect();
    let (mut waits, mut begins) = (Vec::with_capacity(exports.len()), Vec::with_capacity(exports.len()));
    let mut hours = [0.0; 24];
    for export in exports {
        let Reverse(Moment(next)) = free.pop().expect("workers");
        let begin = next.max(export.at);
        free.push(Reverse(Moment(begin + export.duration)));
        waits.push(begin - export.at);
        begins.push(begin);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let hour = ((begin / 3600.0) as usize).min(23);
        hours[hour] += export.duration;
    }
    let longest_queue = find_longest_queue(exports, &begins);
    waits.sort_by(f64::total_cmp);
    let work: f64 = exports.iter().map(|export| export.duration).sum();
    let most = hours.iter().copied().fold(0.0, f64::max);
    let busy = Busy { day: work / (workers as f64 * DAY_LENGTH), hour: most / (workers as f64 * 3600.0) };
    Outcome {
        mean: waits.iter().sum::<f64>() / waits.len() as f64,
        median: waits[waits.len() / 2],
        percentile_95: waits[waits.len() * 95 / 100],
        late: waits[waits.len() * 99 / 100],
        longest_queue,
        busy,
    }
}

/// Finds the largest number of exports that have come but not begun. They begin in the order in which they
/// come.
fn find_longest_queue(exports: &[Export], begins: &[f64]) -> usize {
    let (mut begun, mut most) = (0, 0);
    for (come, export) in exports.iter().enumerate() {
        while begun < begins.len() && begins[begun] <= export.at {
            begun += 1;
        }
        most = most.max((come + 1).saturating_sub(begun));
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steady(number: usize, every: f64, duration: f64) -> Vec<Export> {
        (0..number).map(|n| Export { at: n as f64 * every, duration }).collect()
    }

    #[test]
    fn nobody_waits_while_there_are_workers_enough() {
        let outcome = simulate(&steady(1000, 1.0, 1.9), 2);
        assert!(outcome.late < 1e-9, "{outcome:?}");
    }

    #[test]
    fn with_too_few_the_queue_grows_by_what_is_not_done() {
        // Each second one comes, and one in two seconds is done.
        let outcome = simulate(&steady(1000, 1.0, 2.0), 1);
        assert!((outcome.median - 500.0).abs() < 2.0, "{outcome:?}");
        assert!((490..=510).contains(&outcome.longest_queue), "{outcome:?}");
    }

    /// Against the formula of Pollaczek and Khinchine for one worker and exponential times: the mean
    /// wait is load / (1 - load) times the mean service.
    #[test]
    fn a_single_worker_is_as_queueing_theory_has_it() {
        let mut rng = fastrand::Rng::with_seed(7);
        let mut exponential = |mean: f64| -mean * (1.0 - rng.f64()).ln();
        let (mut at, mut exports) = (0.0, Vec::new());
        for _ in 0..400_000 {
            at += exponential(1.0);
            exports.push(Export { at, duration: exponential(0.5) });
        }
        let mut end = 0.0_f64;
        let waits = exports.iter().map(|export| {
            let begin = end.max(export.at);
            end = begin + export.duration;
            begin - export.at
        });
        let mut waits: Vec<f64> = waits.collect();
        let mean: f64 = waits.iter().sum::<f64>() / waits.len() as f64;
        assert!((mean - 0.5).abs() < 0.02, "{mean}");
        waits.sort_by(f64::total_cmp);
        let outcome = simulate(&exports, 1);
        assert!((outcome.median - waits[waits.len() / 2]).abs() < 1e-6);
        assert!((outcome.mean - mean).abs() < 1e-6, "{outcome:?}");
    }
}
