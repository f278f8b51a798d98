//! `trapline demo`, as `make demo` runs it.

use crate::support::{program, run, trapline};
use crate::zips::names_in;

#[test]
fn the_demo_writes_reports_and_an_archive() {
    let folder = tempfile::tempdir().unwrap();
    let call = run(program().arg("demo").current_dir(&folder));
    let told =
        ["completed in", "detections: 10 of 10", "Then try:", "--data trapline-demo/examples/algar.zip"];
    call.assert_told(0, &told);
    for data in ["trapline-demo/examples/algar.zip", "trapline-demo/examples/camtrap-dp"] {
        trapline(&folder, &["info", data]).assert_out(0, &["location"]);
    }
    let file = |name: &str| std::fs::read(folder.path().join("trapline-demo").join(name)).unwrap();
    for report in ["report.pdf", "comparison.pdf"] {
        let report = file(report);
        assert!(report.starts_with(b"%PDF-") && report.len() > 50_000);
    }
    let names = names_in(&file("detections.zip"));
    let crops = names.iter().filter(|name| name.starts_with("crops/")).count();
    assert_eq!(crops, 10, "ten crops of a heron");
}
