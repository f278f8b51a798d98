//! A little chaos with every run of the tests; `scripts/chaos` makes as much as is wanted.

use std::path::Path;
use std::process::Command;

#[test]
fn after_fifteen_seconds_of_chaos_nothing_is_stuck_or_left_over() {
    nothing_is_stuck_or_left_over_after(&["--seconds", "15", "--seed", "3"]);
}

#[test]
fn nor_on_a_platform_with_a_database_an_object_store_and_tokens() {
    nothing_is_stuck_or_left_over_after(&["--seconds", "15", "--seed", "5", "--platform", "20000"]);
}

fn nothing_is_stuck_or_left_over_after(arguments: &[&str]) {
    let chaos = Path::new(env!("CARGO_BIN_EXE_chaos"));
    // The whole workspace is built into one folder.
    let program = chaos.with_file_name("trapline");
    assert!(program.exists(), "run the tests of the whole workspace: cargo nextest run --workspace");
    let mut command = Command::new(chaos);
    let output = command.args(arguments).arg("--program").arg(program).output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}\n{}", String::from_utf8_lossy(&output.stderr));
    eprintln!("{report}");
    let compared = report.lines().find_map(|line| line.strip_prefix("crops compared"));
    let compared = compared.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    assert!(compared.is_some_and(|crops: u64| crops > 0), "no crop was compared");
}
