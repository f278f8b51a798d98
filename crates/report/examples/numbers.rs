//! How long the numbers of a report take, without reading the data and without pages.
//!
//! `cargo run --example numbers PACKAGE FROM TO`. Prints the milliseconds of the first time and of the
//! median of ten more.

use std::error::Error;
use std::time::Instant;

use report::Request;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [package, from, to] = &arguments[..] else {
        return Err("expected a package and two dates".into());
    };
    let data = detections::open(package.as_ref(), &detections::ReadOptions::default())?;
    let request = Request::seasonal_activity(from.parse()?, to.parse()?);
    let mut times = Vec::new();
    for _ in 0..11 {
        let begun = Instant::now();
        report::compute(&data, &request)?;
        times.push(begun.elapsed().as_millis());
    }
    let first = times.remove(0);
    times.sort_unstable();
    println!("first {first} ms, then {} ms", times[times.len() / 2]);
    Ok(())
}
