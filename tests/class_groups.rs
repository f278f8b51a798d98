//! Which classes are males, females and young, as users say it.

use std::process::Output;

use testkit::Package;

use crate::support::program;

fn run(arguments: &[&str]) -> (Output, String) {
    let mut package = Package::new();
    package.sighting("o1", "dep1", "2023-10-01T06:00:00Z", "hind", 1);
    package.sighting("o2", "dep1", "2023-10-02T06:00:00Z", "stag", 1);
    let data = package.write();
    let folder = tempfile::tempdir().unwrap();
    let data = data.path().to_str().unwrap();
    let arguments: Vec<&str> =
        arguments.iter().map(|&argument| if argument == "DATA" { data } else { argument }).collect();
    let output = program().current_dir(folder.path()).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, said)
}

const REPORT: [&str; 8] =
    ["report", "--from", "2023-09-01", "--to", "2024-01-31", "-o", "report.json", "--data"];

#[test]
fn names_of_groups_are_taken_wherever_data_are_read() {
    let groups = ["--males", "stag,Buck", "--females", " hind ", "--juveniles", ""];
    for command in [&REPORT[..], &["info"], &["check", "--listen", "127.0.0.1:0", "--data"]] {
        let (output, said) = run(&[command, &["DATA"], &groups[..]].concat());
        assert!(output.status.success(), "{command:?}: {said}");
    }
}

#[test]
fn a_class_in_two_groups_is_refused_with_both_flags() {
    let groups = ["--males", "stag,young", "--juveniles", "fawn,YOUNG"];
    for command in [&REPORT[..], &["info"], &["check", "--listen", "127.0.0.1:0", "--data"]] {
        let (output, said) = run(&[command, &["DATA"], &groups[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{command:?}: {said}");
        let expected = "--males, --juveniles: the class “YOUNG” is among the males and among the juveniles";
        assert!(said.contains(expected), "{command:?}: {said}");
    }
}
