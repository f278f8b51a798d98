//! Whether two periods differ: a permutation test with locations as blocks. No distribution of counts is
//! assumed; animals may clump as they like.

use rayon::prelude::*;

use statrs::function::erf::erfc;

use crate::tail::{self, Moments};

/// The most relabelings that are drawn; where there are fewer, all of them are used.
pub const RELABELINGS: usize = 10_000;
/// Fixed, so that the same data give the same report.
pub(crate) const SEED: u64 = 20_030_630;
/// With more locations than this relabelings may end early.
const MANY_LOCATIONS: usize = 200;
/// Drawing ends after this many that are as extreme (Besag and Clifford 1991, Biometrika 78:301-304).
const ENOUGH_EXTREME: usize = 100;
/// Statistics that differ by less than this share of each other are equal: sums in another order.
pub(crate) const ROUNDING: f64 = 1e-9;

/// Other labels that the locations of two periods could have without a difference. They are the same for
/// all species, since they depend on the effort alone.
///
/// At a location with effort in both periods their labels may be exchanged; a location with effort in one
/// period may be labelled as the other.
pub struct Relabelings {
    /// Effort of each location in both periods.
    effort: Vec<[f64; 2]>,
    /// The periods are named the other way round, so that their order changes no draw.
    is_turned: bool,
    /// For each relabeling, which locations change places: see [`Relabelings::new`].
    changes: Vec<Vec<u64>>,
    /// The sums of effort under each.
    totals: Vec<[f64; 2]>,
    /// Whether all relabelings are used, so that p is exact.
    pub is_exact: bool,
    /// The smallest p that these relabelings can give.
    pub smallest_p: f64,
}

impl Relabelings {
    /// Of the camera-days of each location in the first and in the second period.
    ///
    /// A bit of `changes` means, for a location with effort in both periods, that they are exchanged, and for
    /// one with effort in one period, that it is labelled as the second.
    pub fn new(mut effort: Vec<[f64; 2]>) -> Self {
        let size = |period: usize| {
            let worked = effort.iter().filter(|effort| effort[period] > 0.0);
            (worked.clone().count(), worked.map(|effort| effort[period]).sum::<f64>())
        };
        let is_turned = size(0) < size(1);
        if is_turned {
            for effort in &mut effort {
                effort.swap(0, 1);
            }
        }
        let worked = |at: usize| effort[at].map(|days| days > 0.0);
        let both: Vec<usize> = (0..effort.len()).filter(|at| worked(*at) == [true, true]).collect();
        let one: Vec<usize> = (0..effort.len()).filter(|at| worked(*at)[0] != worked(*at)[1]).collect();
        let second = one.iter().filter(|at| worked(**at)[1]).count();
        let words = effort.len().div_ceil(64);
        let number = number_of(both.len(), one.len(), second);
        let is_exact = number <= RELABELINGS as f64;
        // With all labels exchanged the rates are as far apart.
        let has_mirror = one.len() == 2 * second;
        let smallest_p = if has_mirror { 2.0 / number } else { 1.0 / number };
        let changes = if is_exact {
            all_changes(&both, &one, second, words)
        } else {
            random_changes(&both, &one, second, words)
        };
        let sums = |bits: &Vec<u64>| {
            (0..effort.len()).fold([0.0, 0.0], |[a, b], at| {
                let [first, other] = relabel(effort[at], has_bit(bits, at), both_worked(effort[at]));
                [a + first, b + other]
            })
        };
        let totals = changes.iter().map(sums).collect();
        Self { effort, is_turned, changes, totals, is_exact, smallest_p }
    }

    /// Probability of rates at least as far apart as these without a difference; `events` are those of each
    /// location in both periods. Never 0.
    ///
    /// The statistic is the difference of the rates over its standard error, of the score
    /// contributions of the locations with the rate of both periods together; studentised, it holds
    /// for periods of different length too (Janssen 1997, Statistics and Probability Letters 36:9-21;
    /// Chung and Romano 2013, Annals of Statistics 41:484-507). Never smaller than Poisson counts with
    /// these rates would give, since animals do not come more evenly than by chance. With very many
    /// locations relabelings end early, once a hundred are as extreme.
    pub fn p_value(&self, events: &[[f64; 2]]) -> f64 {
        let turned: Vec<[f64; 2]> =
            events.iter().map(|[a, b]| if self.is_turned { [*b, *a] } else { [*a, *b] }).collect();
        let cells = Cells::new(&self.effort, &turned);
        let mut observed = vec![0; self.effort.len().div_ceil(64)];
        let identity = self.effort.iter().map(|effort| !both_worked(*effort) && effort[1] > 0.0);
        identity.enumerate().filter(|(_, is_set)| *is_set).for_each(|(at, _)| set_bit(&mut observed, at));
        let totals = self.effort.iter().fold([0.0, 0.0], |[a, b], effort| [a + effort[0], b + effort[1]]);
        let poisson = cells.poisson_p(&observed, totals);
        let observed = cells.statistic(&observed, totals) * (1.0 - ROUNDING);
        let may_end_early = !self.is_exact && self.effort.len() > MANY_LOCATIONS;
        let (mut extreme, mut drawn, mut moments) = (0, 0, Moments::default());
        for (bits, totals) in self.changes.iter().zip(&self.totals) {
            let found = cells.statistic(bits, *totals);
            extreme += usize::from(found >= observed);
            drawn += 1;
            moments = moments.add(found.powi(2));
            if may_end_early && extreme >= ENOUGH_EXTREME {
                break;
            }
        }
        let permuted = if self.is_exact {
            extreme as f64 / drawn as f64
        } else {
            tail::p_value(extreme, drawn, || moments.tail_above(observed.powi(2)))
        };
        permuted.max(poisson)
    }
}

fn both_worked(effort: [f64; 2]) -> bool {
    effort[0] > 0.0 && effort[1] > 0.0
}

/// The two periods of a location under a relabeling.
fn relabel(cells: [f64; 2], is_set: bool, both: bool) -> [f64; 2] {
    match (both, is_set) {
        (true, false) => cells,
        (true, true) => [cells[1], cells[0]],
        (false, false) => [cells[0] + cells[1], 0.0],
        (false, true) => [0.0, cells[0] + cells[1]],
    }
}

fn has_bit(bits: &[u64], at: usize) -> bool {
    bits[at / 64] >> (at % 64) & 1 == 1
}

fn set_bit(bits: &mut [u64], at: usize) {
    bits[at / 64] |= 1 << (at % 64);
}

/// The number of all relabelings, with the observed one.
fn number_of(both: usize, one: usize, second: usize) -> f64 {
    let choose = (0..second).map(|i| (one - i) as f64 / (i + 1) as f64).product::<f64>();
    2_f64.powi(i32::try_from(both).unwrap_or(i32::MAX)) * choose
}

fn all_changes(both: &[usize], one: &[usize], second: usize, words: usize) -> Vec<Vec<u64>> {
    let mut found = Vec::new();
    choose(one, second, &mut vec![0; words], &mut found);
    for at in both {
        let mut exchanged = found.clone();
        for bits in &mut exchanged {
            set_bit(bits, *at);
        }
        found.extend(exchanged);
    }
    found
}

/// All choices of `number` of the locations for the second period.
fn choose(of: &[usize], number: usize, bits: &mut Vec<u64>, found: &mut Vec<Vec<u64>>) {
    if number == 0 {
        found.push(bits.clone());
        return;
    }
    for (i, at) in of.iter().enumerate().take((of.len() + 1).saturating_sub(number)) {
        set_bit(bits, *at);
        choose(&of[i + 1..], number - 1, bits, found);
        bits[at / 64] &= !(1 << (at % 64));
    }
}

fn random_changes(both: &[usize], one: &[usize], second: usize, words: usize) -> Vec<Vec<u64>> {
    let draw = |number: usize| {
        // A generator of its own for each, so that the number of cores changes nothing.
        let mut random = fastrand::Rng::with_seed(SEED + number as u64);
        let mut bits = vec![0; words];
        both.iter().filter(|_| random.bool()).for_each(|at| set_bit(&mut bits, *at));
        let mut left = one.to_vec();
        for drawn in 0..second {
            left.swap(drawn, random.usize(drawn..one.len()));
            set_bit(&mut bits, left[drawn]);
        }
        bits
    };
    (0..RELABELINGS).into_par_iter().map(draw).collect()
}

/// Events of a species at each location, and what of them a statistic needs.
#[derive(Default)]
struct Cells {
    /// Events, and squares of the residuals, that belong to the first period under a relabeling with
    /// no bit set.
    events: Vec<f64>,
    squares: Vec<f64>,
    /// What a set bit adds to both.
    more_events: Vec<f64>,
    more_squares: Vec<f64>,
    all_events: f64,
    all_squares: f64,
    /// Products of the residuals of both periods, which an exchange does not change.
    products: f64,
    rate: f64,
}

impl Cells {
    fn new(effort: &[[f64; 2]], events: &[[f64; 2]]) -> Self {
        let sum = |cells: &[[f64; 2]]| cells.iter().flatten().sum::<f64>();
        let rate = sum(events) / sum(effort);
        let mut cells = Self { all_events: sum(events), rate, ..Self::default() };
        for (effort, events) in effort.iter().zip(events) {
            let residuals = [events[0] - rate * effort[0], events[1] - rate * effort[1]];
            let squares = residuals.map(|residual| residual * residual);
            let both = both_worked(*effort);
            let ([events, changed_events], [square, changed_square]) = (
                [false, true].map(|bit| relabel(*events, bit, both)[0]),
                [false, true].map(|bit| relabel(squares, bit, both)[0]),
            );
            cells.events.push(events);
            cells.squares.push(square);
            cells.more_events.push(changed_events - events);
            cells.more_squares.push(changed_square - square);
            cells.all_squares += squares[0] + squares[1];
            cells.products += residuals[0] * residuals[1];
        }
        cells
    }

    /// Events and squares of the first period under a relabeling.
    fn sums(&self, bits: &[u64]) -> (f64, f64) {
        let (mut events, mut squares) = (0.0, 0.0);
        for (at, (kept, square)) in self.events.iter().zip(&self.squares).enumerate() {
            let bit = (bits[at / 64] >> (at % 64) & 1) as f64;
            events += kept + bit * self.more_events[at];
            squares += square + bit * self.more_squares[at];
        }
        (events, squares)
    }

    /// Probability of rates as far apart, were the events of both periods Poisson counts with one rate:
    /// the score test.
    fn poisson_p(&self, bits: &[u64], [effort_a, effort_b]: [f64; 2]) -> f64 {
        let (events, _) = self.sums(bits);
        let difference = events / effort_a - (self.all_events - events) / effort_b;
        let variance = self.rate * (1.0 / effort_a + 1.0 / effort_b);
        erfc(difference.abs() / (2.0 * variance).sqrt())
    }

    /// The difference of the rates over its standard error, without a sign.
    fn statistic(&self, bits: &[u64], [effort_a, effort_b]: [f64; 2]) -> f64 {
        let (events, squares) = self.sums(bits);
        let difference = events / effort_a - (self.all_events - events) / effort_b;
        let contributions = squares / effort_a.powi(2) + (self.all_squares - squares) / effort_b.powi(2)
            - 2.0 * self.products / (effort_a * effort_b);
        let units = self.events.len() as f64;
        let variance =
            (units / (units - 1.0) * contributions).max(self.rate * (1.0 / effort_a + 1.0 / effort_b));
        difference.abs() / variance.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: six locations in both periods, of which the second always has twice as much. Only the
    /// observed labels and their mirror image are as extreme: 2 of 64.
    #[test]
    fn few_relabelings_are_all_gone_through() {
        let relabelings = Relabelings::new(vec![[10.0, 10.0]; 6]);
        assert!(relabelings.is_exact);
        let doubled: Vec<[f64; 2]> = [3.0, 5.0, 4.0, 7.0, 6.0, 5.0].map(|n| [n, 2.0 * n]).to_vec();
        assert!((relabelings.p_value(&doubled) - 2.0 / 64.0).abs() < 1e-12);
        assert!((relabelings.p_value(&[[4.0, 4.0]; 6]) - 1.0).abs() < 1e-12);
    }

    /// By hand: three locations in each period; of the 20 ways to name three of six the observed one
    /// and its mirror image are the most extreme.
    #[test]
    fn locations_of_one_period_change_places() {
        let mut effort = vec![[10.0, 0.0]; 3];
        effort.extend([[0.0, 10.0]; 3]);
        let relabelings = Relabelings::new(effort);
        let mut events = vec![[2.0, 0.0], [3.0, 0.0], [2.0, 0.0]];
        events.extend([[0.0, 8.0], [0.0, 9.0], [0.0, 7.0]]);
        assert!((relabelings.p_value(&events) - 2.0 / 20.0).abs() < 1e-12);
    }

    #[test]
    fn a_visit_at_one_place_is_no_difference() {
        let relabelings = Relabelings::new(vec![[30.0, 30.0]; 40]);
        let mut events = vec![[0.0, 0.0]; 40];
        events[7] = [25.0, 0.0];
        assert!(!relabelings.is_exact);
        assert!(relabelings.p_value(&events) > 0.9);
    }

    #[test]
    fn what_is_plain_is_found_and_p_is_never_nothing() {
        let relabelings = Relabelings::new(vec![[30.0, 30.0]; 40]);
        let events: Vec<[f64; 2]> = (0..40).map(|at| [f64::from(at % 5), f64::from(at % 5 + 6)]).collect();
        let p = relabelings.p_value(&events);
        assert!(0.0 < p && p < 1.0 / 10_001.0, "{p}");
    }

    #[test]
    fn animals_that_come_more_evenly_than_chance_make_no_difference() {
        let relabelings = Relabelings::new(vec![[31.0, 28.0]; 20]);
        assert!(relabelings.p_value(&[[3.0, 3.0]; 20]) > 0.3);
    }

    #[test]
    fn which_period_is_named_first_changes_nothing() {
        let mut effort = vec![[30.0, 20.0]; 9];
        effort.extend([[30.0, 0.0]; 7]);
        effort.extend([[0.0, 20.0]; 5]);
        let turn = |pairs: &[[f64; 2]]| pairs.iter().map(|[a, b]| [*b, *a]).collect::<Vec<_>>();
        let events: Vec<[f64; 2]> = effort
            .iter()
            .zip(0..)
            .map(|(effort, at)| {
                effort.map(|days| if days > 0.0 { f64::from(at % 4) + days / 20.0 } else { 0.0 })
            })
            .collect();
        let there = Relabelings::new(effort.clone()).p_value(&events);
        let back = Relabelings::new(turn(&effort)).p_value(&turn(&events));
        assert!((there - back).abs() < 1e-12, "{there} {back}");
    }
}
