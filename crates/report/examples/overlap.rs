//! Overlap of activity of each pair of classes in a table of times.
//!
//! `cargo run --example overlap TIMES.csv`, where the second column is the class and the third
//! the time of day as a part of 24 hours. Prints one line for each pair: the two classes and
//! their sizes, the estimator that a report would choose with its estimate and interval, both
//! estimates, and the probability of samples that overlap as little, were they of one curve. Each row
//! is taken for an event, and since nothing is known of locations, events are resampled.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

use report::activity_test::p_values;
use report::overlap::{Estimator, estimate};
use report::resample::bootstrap_overlaps;
use report::times::Times;
use tokio_util::sync::CancellationToken;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("expected the path of a table")?;
    let mut hours: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for line in std::fs::read_to_string(path)?.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').map(|cell| cell.trim_matches('"')).collect();
        let [_, class, time] = cells[..] else {
            return Err(format!("three columns expected: {line}").into());
        };
        hours.entry(class.to_owned()).or_default().push(time.parse::<f64>()? * 24.0);
    }
    let names: Vec<&String> = hours.keys().collect();
    let samples: Vec<Times> = hours.values().map(|hours| Times::of_events(hours)).collect();
    let samples: Vec<&Times> = samples.iter().collect();
    let begun = Instant::now();
    let found = bootstrap_overlaps(&samples, &[0], &CancellationToken::new());
    let pairs: Vec<(&Times, &Times)> = found.iter().map(|(a, b, _)| (samples[*a], samples[*b])).collect();
    let p = p_values(&pairs, &CancellationToken::new());
    eprintln!("{} pairs in {} ms", found.len(), begun.elapsed().as_millis());
    for ((a, b, found), p) in found.into_iter().zip(p) {
        println!(
            "{:10} {:10} {:4} {:4} {:?} {:.4} ({:.4} to {:.4}) Dhat1 {:.4} Dhat4 {:.4} p {p:.4}",
            names[a],
            names[b],
            samples[a].events(),
            samples[b].events(),
            found.estimator,
            found.estimate,
            found.interval.low,
            found.interval.high,
            estimate(samples[a], samples[b], Estimator::Dhat1).unwrap_or_default(),
            estimate(samples[a], samples[b], Estimator::Dhat4).unwrap_or_default(),
        );
    }
    Ok(())
}
