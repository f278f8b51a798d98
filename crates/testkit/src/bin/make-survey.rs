//! Writes a seeded Camtrap DP package, for measuring and looking at: `make-survey FOLDER OBSERVATIONS`
//! of any size, or `make-survey FOLDER wide` with more and longer names than a page has room for.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, observations] = arguments.as_slice() else {
        eprintln!("usage: make-survey FOLDER OBSERVATIONS|wide");
        std::process::exit(2);
    };
    if observations == "wide" {
        std::fs::create_dir_all(folder)?;
        testkit::wide().write_to(Path::new(folder));
        return Ok(());
    }
    let total: u64 = observations.parse().expect("a number of observations");
    testkit::write_survey(Path::new(folder), total)
}
