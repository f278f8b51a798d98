//! Which classes are males, females and young, as users say it.

use testkit::Package;

use crate::support::{CallResult, trapline};

/// Calls the program with a data set in place of `DATA`.
fn call(arguments: &[&str]) -> CallResult {
    let mut package = Package::new();
    package.sighting("o1", "dep1", "2023-10-01T06:00:00Z", "hind", 1);
    package.sighting("o2", "dep1", "2023-10-02T06:00:00Z", "stag", 1);
    let data = package.write();
    let data = data.path().to_str().unwrap();
    let arguments: Vec<&str> =
        arguments.iter().map(|&argument| if argument == "DATA" { data } else { argument }).collect();
    trapline(tempfile::tempdir().unwrap(), &arguments)
}

const REPORT: [&str; 8] =
    ["report", "--from", "2023-09-01", "--to", "2024-01-31", "-o", "report.json", "--data"];

#[test]
fn names_of_groups_are_taken_wherever_data_are_read() {
    let groups = ["--males", "stag,Buck", "--females", " hind ", "--juveniles", ""];
    for command in [&REPORT[..], &["info"], &["check", "--listen", "127.0.0.1:0", "--data"]] {
        call(&[command, &["DATA"], &groups[..]].concat()).assert_told(0, &[]);
    }
}

#[test]
fn a_class_in_two_groups_is_refused_with_both_flags() {
    let groups = ["--males", "stag,young", "--juveniles", "fawn,YOUNG"];
    let expected = "--males, --juveniles: the class “YOUNG” is among the males and among the juveniles";
    for command in [&REPORT[..], &["info"], &["check", "--listen", "127.0.0.1:0", "--data"]] {
        call(&[command, &["DATA"], &groups[..]].concat()).assert_told(2, &[expected]);
    }
}
