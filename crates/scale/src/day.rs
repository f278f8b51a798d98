//! A random day of exports.

use fastrand::Rng;

use crate::Arguments;

/// Seconds in a day.
pub const DAY_LENGTH: f64 = 86_400.0;
/// The share of a day's exports that come in each hour of it: working hours have most.
const HOURS: [f64; 24] = [
    0.4, 0.3, 0.3, 0.3, 0.4, 0.7, 1.5, 4.0, 8.0, 10.5, 10.5, 9.0, 7.0, 8.5, 9.5, 9.0, 7.5, 4.5, 2.5, 1.8,
    1.4, 1.1, 0.8, 0.5,
];
/// One client in forty submits a batch, such as a report for each place of an agency, so half of all
/// exports come in batches.
const BATCH_SHARE: f64 = 1.0 / 40.0;
const BATCH_SIZE: u32 = 40;

/// An export.
#[derive(Clone, Copy, Debug)]
pub struct Export {
    /// When it comes, in seconds of the day.
    pub at: f64,
    /// How long a worker needs, in seconds.
    pub duration: f64,
}

/// Draws the exports of a day.
pub struct Day {
    rng: Rng,
    exports: u32,
    /// Seconds that a report takes.
    report: f64,
    /// Seconds that an archive of a thousand crops takes.
    archive: f64,
    /// The share of reports.
    reports: f64,
}

impl Day {
    pub fn new(arguments: &Arguments) -> Self {
        let &Arguments { exports, report, archive, reports, seed, .. } = arguments;
        Self { rng: Rng::with_seed(seed), exports, report, archive, reports }
    }

    /// Draws all exports, in the order in which they come.
    pub fn draw_exports(mut self) -> Vec<Export> {
        let mut exports = Vec::with_capacity(self.exports as usize);
        while exports.len() < self.exports as usize {
            let at = self.draw_time();
            let size = if self.rng.f64() < BATCH_SHARE { BATCH_SIZE } else { 1 };
            for _ in 0..size {
                let duration = self.draw_duration();
                exports.push(Export { at, duration });
            }
        }
        exports.truncate(self.exports as usize);
        exports.sort_by(|a, b| a.at.total_cmp(&b.at));
        exports
    }

    /// Draws a time of day, in seconds.
    fn draw_time(&mut self) -> f64 {
        let mut left = self.rng.f64() * HOURS.iter().sum::<f64>();
        for (hour, share) in HOURS.iter().enumerate() {
            if left < *share {
                return (hour as f64 + left / share) * 3600.0;
            }
            left -= share;
        }
        DAY_LENGTH - 1.0
    }

    /// Draws the seconds that an export takes: exponential around what was measured, since periods and
    /// selections differ; an archive has from ten crops to ten thousand, most of them few.
    fn draw_duration(&mut self) -> f64 {
        let spread = -(1.0 - self.rng.f64()).ln();
        if self.rng.f64() < self.reports {
            return self.report * (0.5 + 0.5 * spread);
        }
        let crops = 10.0_f64.powf(1.0 + 3.0 * self.rng.f64().powi(2));
        self.archive * crops / 1000.0 * (0.5 + 0.5 * spread) + 0.05
    }
}
