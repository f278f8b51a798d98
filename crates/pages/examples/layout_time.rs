//! Fifty charts and a thousand rows of tables: how long the pages take and how large they are.
//!
//! `cargo run --example layout_time PACKAGE FROM TO`. Prints the milliseconds of the first time and of
//! the median of ten more, and the bytes of the file.

use std::error::Error;
use std::time::Instant;

use report::{Pages, Period, Request, Template};

/// Draws activity curves, bars and tables until there are so many of them.
const TEMPLATE: &str = r#"
#import "parts.typ": *
#import "charts.typ": *
#import "theme.typ": *
#let data = json("report.json")
#show: report-page.with(data)
#title-block(data)
#let colours = colours-of(data.classes)
#std.grid(columns: 3, row-gutter: 9pt, ..range(44).map(at => {
  let row = data.activity.at(calc.rem(at, data.activity.len()))
  drawing("Activity of " + row.classification, activity-curves(((curve: row.curve, colour: palette.at(calc.rem(at, 7))),), data.night.shares))
}))
#for _ in range(6) { drawing("Bars", stacked-bars(bars-of(data.buckets, data.classes, colours))) }
#for _ in range(calc.ceil(1000 / data.locations.len())) { location-table(data.locations) }
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [package, from, to] = &arguments[..] else {
        return Err("expected a package and two dates".into());
    };
    let data = detections::open(package.as_ref(), &detections::ReadOptions::default())?;
    let request = Request::seasonal_activity(from.parse()?, to.parse()?);
    let Period { start, end } = request.period(data.hemisphere()).unwrap().expect("a period");
    let numbers = serde_json::to_value(report::compute(&data, &request)?)?;
    let path = std::env::temp_dir().join(format!("trapline-pages-{start}-{end}.typ"));
    std::fs::write(&path, TEMPLATE)?;
    let pages = Pages { template: Template::Own(path), ..Pages::default() };
    let mut times = Vec::new();
    let mut size = 0;
    for _ in 0..11 {
        let begun = Instant::now();
        size = pages::render_as(&numbers, &pages)?.len();
        times.push(begun.elapsed().as_millis());
    }
    let first = times.remove(0);
    times.sort_unstable();
    println!("first {first} ms, then {} ms, {size} bytes", times[times.len() / 2]);
    Ok(())
}
