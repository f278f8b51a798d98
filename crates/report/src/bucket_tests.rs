//! Whether the months, or weeks, of a period differ, and which was highest.

use std::collections::{BTreeSet, HashMap};

use crate::bucket_permutation::bucket_p_values;
use crate::data::{BucketTest, ClassRow};
use crate::events::Event;
use crate::intervals::LocationSample;
use crate::period::{GroupBy, Period};
use crate::prose::format::label_bucket;
use crate::ratios::{ALPHA, RateRatio, adjust_by_holm};
use crate::rows::{round_finite, round_p, round_to};
use crate::survey::Survey;
use crate::thresholds::LIMITS;

/// Buckets with effort at each location with effort in the period.
struct Cells {
    /// For each location the numbers of its buckets, and the camera-days in them.
    of_locations: Vec<Vec<(usize, f64)>>,
    /// Camera-days of each bucket at all locations.
    effort: Vec<f64>,
}

impl Survey<'_> {
    /// Of each of `classes` with enough events at enough locations. No test for days: visits of
    /// neighbouring days belong together, so days cannot be exchanged.
    pub fn bucket_tests(&self, classes: &[ClassRow]) -> Vec<BucketTest> {
        if self.request().group_by == GroupBy::Day || self.locations.len() < LIMITS.test_locations {
            return Vec::new();
        }
        let cells = self.cells();
        if cells.effort.iter().filter(|days| **days > 0.0).count() < 2 {
            return Vec::new();
        }
        let tested: Vec<(&ClassRow, u32)> = classes
            .iter()
            .filter_map(|row| Some((row, self.data().find_class(&row.classification)?)))
            .filter(|(_, class)| {
                let events = || self.counted_in_buckets(*class);
                let places: BTreeSet<u32> = events().map(|event| event.location).collect();
                events().count() >= LIMITS.test_events && places.len() >= LIMITS.test_occupied
            })
            .collect();
        let counts: Vec<Vec<Vec<f64>>> =
            tested.iter().map(|(_, class)| self.counts_by_cell(*class, &cells)).collect();
        let p_values =
            bucket_p_values(&cells.of_locations, &counts, self.buckets.len(), self.visits.cancellation);
        let adjusted = adjust_by_holm(&p_values);
        tested
            .iter()
            .zip(&counts)
            .zip(p_values.iter().zip(adjusted))
            .map(|(((row, _), counts), (p_value, p_adjusted))| {
                self.bucket_test(&row.classification, &cells, counts, (*p_value, p_adjusted))
            })
            .collect()
    }

    fn counted_in_buckets(&self, class: u32) -> impl Iterator<Item = &Event> {
        self.events_of(class).iter().filter(|event| self.is_in_buckets(event))
    }

    fn cells(&self) -> Cells {
        let by_bucket: Vec<Vec<f64>> =
            self.buckets.iter().map(|bucket| self.watched_in_buckets().days_in(*bucket)).collect();
        let of_location = |location: &u32| {
            let days = |(bucket, days): (usize, &Vec<f64>)| {
                let days = days.get(*location as usize).copied().unwrap_or(0.0);
                (days > 0.0).then_some((bucket, days))
            };
            by_bucket.iter().enumerate().filter_map(days).collect()
        };
        Cells {
            of_locations: self.locations.iter().map(of_location).collect(),
            effort: by_bucket.iter().map(|days| days.iter().sum()).collect(),
        }
    }

    /// Events of a class in each cell. One at a location without effort in its bucket is left out.
    fn counts_by_cell(&self, class: u32, cells: &Cells) -> Vec<Vec<f64>> {
        let mut counts: Vec<Vec<f64>> =
            cells.of_locations.iter().map(|of_one| vec![0.0; of_one.len()]).collect();
        let places: HashMap<u32, usize> = self.locations.iter().copied().zip(0..).collect();
        for event in self.counted_in_buckets(class) {
            let bucket = self.bucket_of(event);
            if let Some(&place) = places.get(&event.location)
                && let Ok(cell) = cells.of_locations[place].binary_search_by_key(&bucket, |cell| cell.0)
            {
                counts[place][cell] += 1.0;
            }
        }
        counts
    }

    fn bucket_test(
        &self,
        classification: &str,
        cells: &Cells,
        counts: &[Vec<f64>],
        (p_value, p_adjusted): (f64, f64),
    ) -> BucketTest {
        let mut seen = vec![0.0; self.buckets.len()];
        for (of_one, counts) in cells.of_locations.iter().zip(counts) {
            of_one.iter().zip(counts).for_each(|((bucket, _), count)| seen[*bucket] += count);
        }
        let rate = |bucket: &usize| seen[*bucket] / cells.effort[*bucket];
        let with_effort = || (0..self.buckets.len()).filter(|bucket| cells.effort[*bucket] > 0.0);
        // Of equals the first.
        let highest = with_effort().rev().max_by(|a, b| rate(a).total_cmp(&rate(b))).unwrap_or(0);
        let (inside, rest) = samples(cells, counts, highest);
        let against = RateRatio::new(&inside, &rest);
        // The highest of several is picked after looking at all of them: Bonferroni.
        let alpha = ALPHA / with_effort().count() as f64;
        let interval = against.and_then(|ratio| ratio.interval(alpha));
        let p_adjusted = round_p(p_adjusted);
        let differs = p_adjusted < ALPHA;
        let rest = LocationSample::total(&rest);
        let Period { start, end } = self.buckets[highest];
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        BucketTest {
            classification: classification.into(),
            p_value: round_p(p_value),
            p_adjusted,
            differs,
            stands_out: differs && interval.is_some_and(|interval| interval.low > 1.0),
            highest: label_bucket(start, self.request().group_by),
            start,
            end,
            events_highest: seen[highest] as usize,
            effort_highest: round_to(cells.effort[highest], 4),
            rai_highest: round_to(100.0 * rate(&highest), 4),
            rai_rest: round_finite(100.0 * rest.rate(), 4),
            rate_ratio: against.and_then(|ratio| round_finite(ratio.estimate, 4)),
            low: interval.map(|interval| round_to(interval.low, 4)),
            high: interval.and_then(|interval| round_finite(interval.high, 4)),
        }
    }
}

/// Events and effort of each location in one bucket, and in all others.
fn samples(cells: &Cells, counts: &[Vec<f64>], bucket: usize) -> (Vec<LocationSample>, Vec<LocationSample>) {
    let sums = |(of_one, counts): (&Vec<(usize, f64)>, &Vec<f64>)| {
        let mut sums = (LocationSample::default(), LocationSample::default());
        for ((at, effort), events) in of_one.iter().zip(counts) {
            let sum = if *at == bucket { &mut sums.0 } else { &mut sums.1 };
            sum.events += events;
            sum.effort += effort;
        }
        sums
    };
    cells.of_locations.iter().zip(counts).map(sums).unzip()
}
