//! Finds how many workers a number of exports a day needs, by simulating a queue with several workers.
//!
//! Exports come at random through the day, more of them in working hours, some of them in batches. How long
//! each takes was measured. Docs and figures: docs/SCALING.md.

mod day;
mod exports_file;
mod queue;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use day::{Day, Export};
use queue::{Outcome, simulate};

/// How long exports wait, for a number of workers.
#[derive(Debug, Parser)]
struct Arguments {
    /// Exports in a day
    #[arg(long, default_value_t = 100_000)]
    exports: u32,
    /// Workers; without it the fewest with which 99 % wait no longer than --wait
    #[arg(long)]
    workers: Option<usize>,
    /// The longest that 99 % of all may wait, in seconds
    #[arg(long, default_value_t = 30.0)]
    wait: f64,
    /// Seconds that a report takes
    #[arg(long, default_value_t = 0.6)]
    report: f64,
    /// Seconds that an archive of a thousand crops takes
    #[arg(long, default_value_t = 2.0)]
    archive: f64,
    /// The share of reports among exports, 0 to 1
    #[arg(long, default_value_t = 0.7)]
    reports: f64,
    /// What chance comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A file with exports instead of random ones: on each line the second at which one comes, and the
    /// seconds that a worker needs
    #[arg(long, value_name = "FILE", conflicts_with_all = ["exports", "report", "archive", "reports", "seed"])]
    exports_file: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(file) = &arguments.exports_file {
        return simulate_file(file, &arguments);
    }
    let exports = Day::new(&arguments).draw_exports();
    let workers = arguments.workers.unwrap_or_else(|| find_fewest_workers(&exports, arguments.wait));
    let Outcome { median, late, longest_queue, busy, .. } = simulate(&exports, workers);
    println!("{} exports a day, {workers} workers:", arguments.exports);
    println!("  half wait {median:.2} s, 99 % at most {late:.1} s; {longest_queue} wait at the worst moment");
    println!(
        "  workers are busy {:.0} % of the day, {:.0} % in its busiest hour",
        busy.day * 100.0,
        busy.hour * 100.0
    );
    ExitCode::SUCCESS
}

/// Simulates the exports of a file and prints how long they wait. `scripts/scale-compare` reads this line.
fn simulate_file(file: &Path, arguments: &Arguments) -> ExitCode {
    let exports = match exports_file::read_exports(file) {
        Ok(exports) => exports,
        Err(error) => {
            eprintln!("scale: {error}");
            return ExitCode::FAILURE;
        }
    };
    let workers = arguments.workers.unwrap_or_else(|| find_fewest_workers(&exports, arguments.wait));
    let Outcome { mean, median, percentile_95, late, .. } = simulate(&exports, workers);
    println!("{} exports, {workers} workers, waits:", exports.len());
    println!("  mean {mean:.4} s, median {median:.4} s, 95 % {percentile_95:.4} s, 99 % {late:.4} s");
    ExitCode::SUCCESS
}

/// Finds the fewest workers with which 99 % wait no longer than `longest_wait`, in seconds.
fn find_fewest_workers(exports: &[Export], longest_wait: f64) -> usize {
    let fits = |workers: usize| simulate(exports, workers).late <= longest_wait;
    let mut enough = 1;
    while !fits(enough) {
        enough *= 2;
    }
    let mut low = enough / 2;
    while low + 1 < enough {
        let middle = usize::midpoint(low, enough);
        if fits(middle) { enough = middle } else { low = middle }
    }
    enough
}
