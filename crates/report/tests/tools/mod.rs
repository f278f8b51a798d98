//! Reading pages back with poppler-utils.

// Each test program uses some of them.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::process::Command;

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
