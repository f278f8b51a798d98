//! Tests of whole reports as a reader sees them.
//!
//! One program, since each links the PDF engine.

mod layouts;
mod letters;
mod pages;
mod rendering;
mod templates;
#[path = "../../../report/tests/reports/tools.rs"]
mod tools;
