//! `trapline demo`, as `make demo` runs it.

use crate::support::program;

#[test]
fn the_demo_writes_reports_and_an_archive() {
    let folder = tempfile::tempdir().unwrap();
    let output = program().arg("demo").current_dir(&folder).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    let report = std::fs::read(folder.path().join("trapline-demo/report.pdf")).unwrap();
    assert!(report.starts_with(b"%PDF-") && report.len() > 50_000);
    let comparison = std::fs::read(folder.path().join("trapline-demo/comparison.pdf")).unwrap();
    assert!(comparison.starts_with(b"%PDF-") && comparison.len() > 50_000);
    let archive = std::fs::File::open(folder.path().join("trapline-demo/detections.zip")).unwrap();
    let zip = zip::ZipArchive::new(archive).unwrap();
    let crops = zip.file_names().flatten().filter(|name| name.starts_with("crops/")).count();
    assert_eq!(crops, 10, "ten crops of a heron");
    for said in ["completed in", "detections: 10 of 10", "Then try:"] {
        assert!(told.contains(said), "“{said}” is not in:\n{told}");
    }
}
