//! `trapline demo`, as `make demo` runs it.

use crate::support::{program, run};
use crate::zips::names_in;

#[test]
fn the_demo_writes_reports_and_an_archive() {
    let folder = tempfile::tempdir().unwrap();
    let call = run(program().arg("demo").current_dir(&folder));
    let told = ["completed in", "detections: 10 of 10", "Then try:"];
    call.assert_told(0, &told);
    let file = |name: &str| std::fs::read(folder.path().join("trapline-demo").join(name)).unwrap();
    for report in ["report.pdf", "comparison.pdf"] {
        let report = file(report);
        assert!(report.starts_with(b"%PDF-") && report.len() > 50_000);
    }
    let names = names_in(&file("detections.zip"));
    let crops = names.iter().filter(|name| name.starts_with("crops/")).count();
    assert_eq!(crops, 10, "ten crops of a heron");
}
