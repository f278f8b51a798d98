//! Rendering pages, and reading them back with poppler-utils.

use std::collections::BTreeMap;

use report::{BuiltIn, Pages, ReportData, Template};
pub use testkit::{pdf_text, pdf_tool};

use crate::tools::json;

/// Pages by one of the program's own templates.
pub fn render(numbers: &ReportData, built_in: BuiltIn) -> Vec<u8> {
    let pages = Pages { template: Template::BuiltIn(built_in), ..Pages::default() };
    pages::render_as(&json(numbers), &pages).unwrap()
}

/// The text of such pages.
pub fn pages_of(numbers: &ReportData, built_in: BuiltIn) -> String {
    pdf_text(&render(numbers, built_in))
}

/// What `pdfinfo` tells, by name.
pub fn fields_of(pdf: &[u8]) -> BTreeMap<String, String> {
    let info = pdf_tool("pdfinfo", &["PDF"], pdf);
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
