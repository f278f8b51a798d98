//! Whether two activity curves differ: a randomisation test.
//!
//! The events of both are put together and dealt out anew; p is how often two samples of the same
//! sizes overlap as little as these if there is only one curve (Ridout and Linkie 2009; Rowcliffe,
//! Kays, Kranstauber, Carbone and Jansen 2014, Methods in Ecology and Evolution 5:1170-1179; R
//! `activity::compareCkern`). An event counts with the time at which it began.

use std::sync::LazyLock;

use rayon::prelude::*;
use tokio_util::sync::CancellationToken;

use crate::circular;
use crate::overlap::Estimator;
use crate::random::draw_hypergeometric;
use crate::smoothing::Smoother;
use crate::tail::{self, Moments};
use crate::times::Times;

/// Parts of the day on which curves are compared: half hours, the same for what was seen and for what
/// is dealt.
const BINS: usize = 48;
/// Fixed, so that the same data give the same report.
const SEED: u64 = 20_141_170;
/// Deals that are drawn for a pair.
const DEALS: usize = 1999;
/// Deals for all pairs together: with thousands of pairs there are fewer of each, but [`FEWEST`].
const ALL_DEALS: usize = 4_000_000;
const FEWEST: usize = 499;
/// After this many deals that overlap as little, more would not change the conclusion.
const ENOUGH_AS_LITTLE: usize = 100;
/// The same where there are many pairs.
const ENOUGH_OF_MANY: usize = 20;
const MANY: usize = 500;
/// Deals drawn between two checks whether they are enough.
const CHUNK: usize = 250;
/// Larger samples are dealt by the part of the day.
const LARGE: usize = 1000;

/// Made once: making its kernels takes longer than drawing for a pair.
static SMOOTHER: LazyLock<Smoother> = LazyLock::new(|| Smoother::new(BINS));

/// Probability of samples that overlap as little as each of `pairs` if both had the same curve; never 0.
///
/// Drawing ends early once many deals overlap as little (Besag and Clifford 1991, Biometrika 78:301-304).
/// Where none does, p is the tail of the deals' distribution, so that a difference can
/// hold after correction for any number of pairs. Once it is cancelled, p is 1 for the remaining pairs.
pub fn p_values(pairs: &[(&Times, &Times)], cancellation: &CancellationToken) -> Vec<f64> {
    if pairs.is_empty() {
        return Vec::new();
    }
    let deals = DEALS.min((ALL_DEALS / pairs.len().max(1)).max(FEWEST));
    let enough = if pairs.len() > MANY { ENOUGH_OF_MANY } else { ENOUGH_AS_LITTLE };
    pairs
        .par_iter()
        .enumerate()
        .map(|(number, (a, b))| {
            if cancellation.is_cancelled() {
                1.0
            } else {
                Deal::new(a, b).p_value(number, (deals, enough), &SMOOTHER)
            }
        })
        .collect()
}

/// The events of two samples, by the part of the day.
struct Deal {
    /// Of the first sample.
    first: Vec<usize>,
    /// Of both.
    both: Vec<usize>,
    /// Events in the first sample, and in the second.
    sizes: (usize, usize),
    estimator: Estimator,
}

impl Deal {
    fn new(a: &Times, b: &Times) -> Self {
        let by_bin = |times: &Times| {
            let mut events = vec![0_usize; BINS];
            times.beginnings().iter().for_each(|hour| events[circular::find_bin(*hour, BINS)] += 1);
            events
        };
        let (first, second) = (by_bin(a), by_bin(b));
        Self {
            both: first.iter().zip(&second).map(|(a, b)| a + b).collect(),
            first,
            sizes: (a.events(), b.events()),
            estimator: Estimator::for_size(a.events().min(b.events())),
        }
    }

    fn p_value(&self, number: usize, (deals, enough): (usize, usize), smoother: &Smoother) -> f64 {
        let observed = self.overlap(&self.first, smoother) + 1e-12;
        let cards: Vec<u8> = if self.sizes.0 + self.sizes.1 > LARGE {
            Vec::new()
        } else {
            (0..).zip(&self.both).flat_map(|(bin, events)| vec![bin; *events]).collect()
        };
        let overlap_of = |deal: usize| {
            let mut random = fastrand::Rng::with_seed(SEED ^ (number as u64) << 32 ^ deal as u64);
            let first =
                if cards.is_empty() { self.deal_bins(&mut random) } else { self.deal(&cards, &mut random) };
            self.overlap(&first, smoother)
        };
        let (mut drawn, mut as_little, mut moments) = (0, 0, Moments::default());
        while drawn < deals && as_little < enough {
            let next = (drawn + CHUNK).min(deals);
            let overlaps: Vec<f64> = (drawn..next).into_par_iter().map(overlap_of).collect();
            as_little += overlaps.iter().filter(|overlap| **overlap <= observed).count();
            moments = overlaps.into_iter().fold(moments, Moments::add);
            drawn = next;
        }
        tail::p_value(as_little, drawn, || moments.tail_below(observed))
    }

    /// How many events of each part of the day fall to the first sample.
    fn deal(&self, cards: &[u8], random: &mut fastrand::Rng) -> Vec<usize> {
        let mut cards = cards.to_vec();
        let mut first = vec![0; BINS];
        // Whichever sample is smaller is dealt; the rest is the other.
        let smaller = self.sizes.0.min(self.sizes.1);
        for at in 0..smaller {
            let from = random.usize(at..cards.len());
            cards.swap(at, from);
            first[usize::from(cards[at])] += 1;
        }
        if smaller < self.sizes.0 {
            first.iter_mut().zip(&self.both).for_each(|(first, both)| *first = both - *first);
        }
        first
    }

    /// The same for large samples.
    fn deal_bins(&self, random: &mut fastrand::Rng) -> Vec<usize> {
        let (mut left, mut wanted) = (self.sizes.0 + self.sizes.1, self.sizes.0);
        self.both
            .iter()
            .map(|events| {
                let drawn = draw_hypergeometric(*events, left, wanted, random);
                left -= events;
                wanted -= drawn;
                drawn
            })
            .collect()
    }

    fn overlap(&self, first: &[usize], smoother: &Smoother) -> f64 {
        let second = first.iter().zip(&self.both).map(|(first, both)| (both - first) as f32).collect();
        let first = first.iter().map(|events| *events as f32).collect();
        let a = smoother.curve(first, self.sizes.0 as f64, self.estimator);
        let b = smoother.curve(second, self.sizes.1 as f64, self.estimator);
        self.estimator.estimate(&a, &b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlap;

    fn draw_around(middle: f64, size: usize, seed: u64) -> Times {
        Times::of_events(&overlap::tests::draw_around(middle, 4.0, size, seed))
    }

    #[test]
    fn what_differs_is_found_in_samples_of_any_size() {
        for size in [40, 200, 3000] {
            let (a, b) = (draw_around(6.0, size, 1), draw_around(9.0, size / 2, 2));
            assert!(p_values(&[(&a, &b)], &CancellationToken::new())[0] < 0.001, "{size}");
        }
    }

    /// Of 400 pairs out of one curve 20 are expected below 0.05; more than 45 or fewer than 3 have a
    /// chance of less than one in a million.
    #[test]
    fn one_curve_differs_from_itself_one_time_in_twenty() {
        for size in [30_usize, 700] {
            let samples: Vec<(Times, Times)> = (0..400)
                .map(|pair| (draw_around(6.0, size, 2 * pair + 1), draw_around(6.0, size, 2 * pair + 2)))
                .collect();
            let pairs: Vec<(&Times, &Times)> = samples.iter().map(|(a, b)| (a, b)).collect();
            let below = p_values(&pairs, &CancellationToken::new()).iter().filter(|p| **p < 0.05).count();
            assert!((3..=45).contains(&below), "{below} of 400 with {size} events");
        }
    }

    #[test]
    fn what_is_plain_holds_among_any_number_of_pairs() {
        let (day, night) = (draw_around(12.0, 40, 1), draw_around(0.0, 40, 2));
        let pairs = vec![(&day, &night); 600];
        assert!(p_values(&pairs, &CancellationToken::new()).iter().all(|p| *p * 600.0 < 0.05));
    }

    #[test]
    fn p_does_not_depend_on_which_is_named_first() {
        let (a, b) = (draw_around(6.0, 60, 1), draw_around(7.0, 90, 2));
        let (there, back) = (
            p_values(&[(&a, &b)], &CancellationToken::new())[0],
            p_values(&[(&b, &a)], &CancellationToken::new())[0],
        );
        assert!((there - back).abs() < 0.02, "{there} {back}");
    }
}
