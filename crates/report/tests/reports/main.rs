//! Tests of whole reports: their numbers.

mod coverage;
mod field_data;
mod independent;
mod invariance;
mod numbers;
mod schema;
mod tools;
