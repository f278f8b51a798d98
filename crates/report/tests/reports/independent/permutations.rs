//! Tests by permutation, drawn with a generator of their own, or gone through one by one.

use super::circular::{Times, overlap};
use super::intervals::{Pair, sum_of};

/// Draws whole numbers (xorshift, Marsaglia 2003).
struct Generator(u64);

impl Generator {
    fn draw_below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.draw_below(last + 1));
        }
    }
}

/// A p-value, and in how many permutations it was found when not in all that there are.
#[derive(Clone, Copy, Debug)]
pub struct PValue {
    pub value: f64,
    pub drawn: Option<usize>,
}

impl PValue {
    /// How far another calculation may be off, which draws `others` permutations: five standard errors, and
    /// a little for p-values near 0.
    pub fn tolerance(self, others: f64) -> f64 {
        let Some(drawn) = self.drawn else { return 2e-4 };
        let error = (self.value * (1.0 - self.value) * (1.0 / drawn as f64 + 1.0 / others)).sqrt();
        5.0 * error + 10.0 / drawn as f64
    }
}

/// The difference of the rates of two periods over its standard error.
fn studentised_difference(pairs: &[Pair]) -> f64 {
    let locations = pairs.len() as f64;
    let (y1, e1) = (sum_of(pairs, |pair| pair.first.0), sum_of(pairs, |pair| pair.first.1));
    let (y2, e2) = (sum_of(pairs, |pair| pair.second.0), sum_of(pairs, |pair| pair.second.1));
    let rate = (y1 + y2) / (e1 + e2);
    let part =
        |pair: &Pair| (pair.first.0 - rate * pair.first.1) / e1 - (pair.second.0 - rate * pair.second.1) / e2;
    let squares = sum_of(pairs, |pair| part(pair).powi(2));
    let variance = (locations / (locations - 1.0) * squares).max(rate * (1.0 / e1 + 1.0 / e2));
    (y1 / e1 - y2 / e2).abs() / variance.sqrt()
}

/// Locations that worked in both periods, and the others, by their places.
fn by_design(pairs: &[Pair]) -> (Vec<usize>, Vec<usize>) {
    (0..pairs.len()).partition(|at| pairs[*at].first.1 > 0.0 && pairs[*at].second.1 > 0.0)
}

fn swap(pair: &mut Pair) {
    (pair.first, pair.second) = (pair.second, pair.first);
}

/// Puts the only period of a location to the first or the second.
fn place(pair: &mut Pair, in_first: bool) {
    if in_first != (pair.first.1 > 0.0) {
        swap(pair);
    }
}

/// Whether the rates of two periods differ: never with a smaller p than Poisson counts would give.
pub fn test_rates(pairs: &[Pair]) -> PValue {
    let permuted = permute(pairs);
    let (y1, e1) = (sum_of(pairs, |pair| pair.first.0), sum_of(pairs, |pair| pair.first.1));
    let (y2, e2) = (sum_of(pairs, |pair| pair.second.0), sum_of(pairs, |pair| pair.second.1));
    let spread = ((y1 + y2) / (e1 + e2) * (1.0 / e1 + 1.0 / e2)).sqrt();
    let poisson = 2.0 * normal_tail((y1 / e1 - y2 / e2).abs() / spread);
    PValue { value: permuted.value.max(poisson), ..permuted }
}

/// Probability above a number of standard deviations, by Simpson's rule on the density.
fn normal_tail(from: f64) -> f64 {
    let steps = 2000;
    let width = 40.0 / f64::from(steps);
    let density = |step: i32| {
        let at = from + f64::from(step) * width;
        (-at * at / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
    };
    let weight = |step: i32| match step {
        0 => 1.0,
        step if step == steps => 1.0,
        step if step % 2 == 1 => 4.0,
        _ => 2.0,
    };
    (0..=steps).map(|step| weight(step) * density(step)).sum::<f64>() * width / 3.0
}

fn permute(pairs: &[Pair]) -> PValue {
    let (both, single) = by_design(pairs);
    let in_first = single.iter().filter(|at| pairs[**at].first.1 > 0.0).count();
    let found = studentised_difference(pairs) * (1.0 - 1e-9);
    // Ways to choose those that are in the first period.
    let ways = (0..in_first).fold(1.0, |ways, i| ways * (single.len() - i) as f64 / (i + 1) as f64);
    if ways * (both.len() as f64).exp2() <= 10_000.0 {
        return go_through(pairs, &both, &single, found);
    }
    let mut random = Generator(88_172_645_463_325_252);
    let mut labels: Vec<bool> = single.iter().map(|at| pairs[*at].first.1 > 0.0).collect();
    let drawn = 3000;
    let mut extreme = 1;
    for _ in 0..drawn {
        let mut other = pairs.to_vec();
        for at in &both {
            if random.draw_below(2) == 1 {
                swap(&mut other[*at]);
            }
        }
        random.shuffle(&mut labels);
        for (at, label) in single.iter().zip(&labels) {
            place(&mut other[*at], *label);
        }
        extreme += usize::from(studentised_difference(&other) >= found);
    }
    PValue { value: extreme as f64 / (drawn + 1) as f64, drawn: Some(drawn) }
}

fn go_through(pairs: &[Pair], both: &[usize], single: &[usize], found: f64) -> PValue {
    let in_first = single.iter().filter(|at| pairs[**at].first.1 > 0.0).count();
    let has_bit = |bits: u64, at: usize| (bits >> at) & 1 == 1;
    let (mut all, mut extreme) = (0_usize, 0_usize);
    for swaps in 0..(1_u64 << both.len()) {
        for firsts in (0..(1_u64 << single.len())).filter(|bits| bits.count_ones() as usize == in_first) {
            let mut other = pairs.to_vec();
            for (bit, at) in both.iter().enumerate() {
                if has_bit(swaps, bit) {
                    swap(&mut other[*at]);
                }
            }
            for (bit, at) in single.iter().enumerate() {
                place(&mut other[*at], has_bit(firsts, bit));
            }
            all += 1;
            extreme += usize::from(studentised_difference(&other) >= found);
        }
    }
    PValue { value: extreme as f64 / all as f64, drawn: None }
}

/// What a location has in a bucket: its number, camera-days and events.
pub type Cell = (usize, f64, f64);

/// The sum over the buckets of the squared distance from what one rate would give, over that.
fn distance_of_buckets(locations: &[Vec<Cell>], buckets: usize) -> f64 {
    let sum_in = |bucket: usize, value: fn(&Cell) -> f64| -> f64 {
        locations.iter().flatten().filter(|cell| cell.0 == bucket).map(value).sum()
    };
    let all = |value: fn(&Cell) -> f64| locations.iter().flatten().map(value).sum::<f64>();
    let rate = all(|cell| cell.2) / all(|cell| cell.1);
    let part = |bucket: usize| {
        let expected = rate * sum_in(bucket, |cell| cell.1);
        if expected > 0.0 { (sum_in(bucket, |cell| cell.2) - expected).powi(2) / expected } else { 0.0 }
    };
    (0..buckets).map(part).sum()
}

/// Whether the buckets of a period differ.
pub fn test_buckets(locations: &[Vec<Cell>], buckets: usize) -> PValue {
    let found = distance_of_buckets(locations, buckets) * (1.0 - 1e-9);
    let mut random = Generator(521_288_629);
    let drawn = 1000;
    let mut extreme = 1;
    for _ in 0..drawn {
        let mut other = locations.to_vec();
        for (dealt, kept) in other.iter_mut().zip(locations) {
            random.shuffle(dealt);
            dealt.iter_mut().zip(kept).for_each(|(dealt, kept)| dealt.0 = kept.0);
        }
        extreme += usize::from(distance_of_buckets(&other, buckets) >= found);
    }
    PValue { value: extreme as f64 / (drawn + 1) as f64, drawn: Some(drawn) }
}

/// Whether two samples of events come at the same hours: how often as small an overlap comes of dealing all
/// their times out again.
pub fn test_activity(a: &[f64], b: &[f64]) -> PValue {
    let overlap_of = |pooled: &[f64]| {
        let (one, other) = pooled.split_at(a.len());
        overlap(&Times::of_events(one), &Times::of_events(other))
    };
    let mut pooled = [a, b].concat();
    let found = overlap_of(&pooled) * (1.0 + 1e-9);
    let mut random = Generator(362_436_069);
    let drawn = 200;
    let mut small = 1;
    for _ in 0..drawn {
        random.shuffle(&mut pooled);
        small += usize::from(overlap_of(&pooled) <= found);
    }
    PValue { value: small as f64 / (drawn + 1) as f64, drawn: Some(drawn) }
}
