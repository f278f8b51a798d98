//! Data sets and requests, and reading pages back with poppler-utils.

use std::collections::BTreeMap;
use std::process::Command;

use detections::{Dataset, ReadOptions};
use report::{LabelledPeriod, Period};
use testkit::Package;

/// A bundled example.
pub fn example(name: &str) -> Dataset {
    detections::open(&testkit::examples().join(name), &ReadOptions::default()).unwrap()
}

/// A package, read.
pub fn read(package: &Package) -> Dataset {
    detections::open(package.write().path(), &ReadOptions::default()).unwrap()
}

pub fn period(from: &str, to: &str) -> Period {
    Period { start: from.parse().unwrap(), end: to.parse().unwrap() }
}

pub fn label_period(label: &str, period: Period) -> LabelledPeriod {
    LabelledPeriod::new(label, period)
}

/// What a command says about a PDF, whose path stands for `PDF`.
pub fn tool(name: &str, arguments: &[&str], pdf: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pdf).unwrap();
    let path = file.path().to_str().unwrap();
    let arguments = arguments.iter().map(|argument| if *argument == "PDF" { path } else { argument });
    let output =
        Command::new(name).args(arguments).output().expect("poppler-utils; scripts/setup installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The text in the order in which it stands in the file, without line breaks.
pub fn text(pdf: &[u8]) -> String {
    tool("pdftotext", &["-raw", "PDF", "-"], pdf).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What `pdfinfo` tells, by name.
pub fn fields_of(pdf: &[u8]) -> BTreeMap<String, String> {
    let info = tool("pdfinfo", &["PDF"], pdf);
    let field = |line: &str| line.split_once(':').map(|(name, value)| (name.into(), value.trim().into()));
    info.lines().filter_map(field).collect()
}

/// Asserts that the parts stand in a text one after the other.
pub fn assert_in_order(text: &str, parts: &[&str]) {
    let mut from = 0;
    for part in parts {
        let found = text[from..].find(part);
        from += found.unwrap_or_else(|| panic!("“{part}” is not after {from} of:\n{text}"));
    }
}
