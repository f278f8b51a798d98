//! Tests of whole reports: their numbers, and the pages that these are laid out on.
//!
//! One program, since each links the PDF engine.

mod coverage;
mod field_data;
mod independent;
mod invariance;
mod layouts;
mod letters;
mod numbers;
mod pages;
mod schema;
mod templates;
mod tools;
