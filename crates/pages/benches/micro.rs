//! Times of the pages of a report, on the bundled data of Algar.

use detections::ReadOptions;
use divan::{Bencher, black_box};
use jiff::civil::date;
use pages::render;
use report::{ReportData, Request};

fn main() {
    divan::main();
}

/// The numbers of a season.
fn compute_numbers() -> ReportData {
    let path = testkit::examples().join("algar.zip");
    let data = detections::open(&path, &ReadOptions::default()).expect("the bundled example");
    let request = Request::seasonal_activity(date(2018, 5, 1), date(2018, 8, 31));
    report::compute(&data, &request).expect("numbers")
}

/// Without what the layout of earlier reports left in memory.
#[divan::bench(name = "pages of a season of Algar", sample_count = 10)]
fn render_anew(bencher: Bencher) {
    let numbers = compute_numbers();
    bencher
        .with_inputs(|| comemo::evict(0))
        .bench_local_values(|()| render(black_box(&numbers)).expect("pages"));
}

/// A worker that has laid out the same report remembers its parts.
#[divan::bench(name = "pages of a season of Algar, laid out before", sample_count = 10)]
fn render_again(bencher: Bencher) {
    let numbers = compute_numbers();
    render(&numbers).expect("pages");
    bencher.bench_local(|| render(black_box(&numbers)).expect("pages"));
}
