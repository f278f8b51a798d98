//! What stands in texts and on the pages of a PDF.

use std::process::Command;

/// Asserts that a text has all of these parts.
///
/// # Panics
/// When one is not in it.
#[track_caller]
pub fn assert_contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "“{part}” is not in:\n{text}");
    }
}

/// Asserts that a text begins like this.
///
/// # Panics
/// When it does not.
#[track_caller]
pub fn assert_starts_with(text: &str, start: &str) {
    assert!(text.starts_with(start), "“{start}” is not the beginning of:\n{text}");
}

/// What a command says about a PDF, whose path stands for `PDF`.
///
/// # Panics
/// When the command is not installed or fails.
pub fn pdf_tool(name: &str, arguments: &[&str], pdf: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), pdf).expect("a PDF is written");
    let path = file.path().to_str().expect("a path in UTF-8");
    let arguments = arguments.iter().map(|argument| if *argument == "PDF" { path } else { argument });
    let output =
        Command::new(name).args(arguments).output().expect("poppler-utils; scripts/setup installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The text of a PDF in the order in which it stands in the file, without line breaks.
pub fn pdf_text(pdf: &[u8]) -> String {
    pdf_tool("pdftotext", &["-raw", "PDF", "-"], pdf).split_whitespace().collect::<Vec<_>>().join(" ")
}
