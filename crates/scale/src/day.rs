//! A day of exports.

use fastrand::Rng;

use crate::Arguments;
use crate::queue::Export;

/// Seconds in a day.
pub const DAY: f64 = 86_400.0;
/// The share of a day's exports that come in each hour of it: working hours have most.
const HOURS: [f64; 24] = [
    0.4, 0.3, 0.3, 0.3, 0.4, 0.7, 1.5, 4.0, 8.0, 10.5, 10.5, 9.0, 7.0, 8.5, 9.5, 9.0, 7.5, 4.5, 2.5, 1.8,
    1.4, 1.1, 0.8, 0.5,
];
/// One client in forty submits a batch, such as a report for each place of an agency, so half of all
/// exports come in batches.
const BATCHES: f64 = 1.0 / 40.0;
const BATCH: u32 = 40;

/// What a day is made of.
pub struct Day {
    rng: Rng,
    number: u32,
    report: f64,
    archive: f64,
    reports: f64,
}

impl Day {
    pub fn of(arguments: &Arguments) -> Self {
        let &Arguments { exports, report, archive, reports, seed, .. } = arguments;
        Self { rng: Rng::with_seed(seed), number: exports, report, archive, reports }
    }

    /// All exports, in the order in which they come.
    pub fn exports(mut self) -> Vec<Export> {
        let mut exports = Vec::with_capacity(self.number as usize);
        while exports.len() < self.number as usize {
            let at = self.moment();
            let many = if self.rng.f64() < BATCHES { BATCH } else { 1 };
            for _ in 0..many {
                let takes = self.takes();
                exports.push(Export { at, takes });
            }
        }
        exports.truncate(self.number as usize);
        exports.sort_by(|a, b| a.at.total_cmp(&b.at));
        exports
    }

    /// A moment of the day, in seconds.
    fn moment(&mut self) -> f64 {
        let mut left = self.rng.f64() * HOURS.iter().sum::<f64>();
        for (hour, share) in HOURS.iter().enumerate() {
            if left < *share {
                return (hour as f64 + left / share) * 3600.0;
            }
            left -= share;
        }
        DAY - 1.0
    }

    /// Seconds that an export takes: exponential around what was measured, since periods and
    /// selections differ; an archive has from ten crops to ten thousand, most of them few.
    fn takes(&mut self) -> f64 {
        let spread = -(1.0 - self.rng.f64()).ln();
        if self.rng.f64() < self.reports {
            return self.report * (0.5 + 0.5 * spread);
        }
        let crops = 10.0_f64.powf(1.0 + 3.0 * self.rng.f64().powi(2));
        self.archive * crops / 1000.0 * (0.5 + 0.5 * spread) + 0.05
    }
}
