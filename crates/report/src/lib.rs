//! Reports: from detections to numbers, from numbers to a PDF.
//!
//! The numbers are pure functions, a file for each measure: [`effort`], [`records`], [`events`],
//! [`sun`], [`activity`], [`overlap`], [`richness`], [`intervals`], [`ratios`].
//! [`compute`] puts them together as [`ReportData`], which is the `.json` form of a report;
//! [`render`] makes the PDF out of that JSON and nothing else.
//!
//! ```no_run
//! # let data = detections::open("examples/algar.zip".as_ref(), &Default::default())?;
//! let request = report::Request::seasonal_activity("2018-05-01".parse()?, "2019-04-30".parse()?);
//! let numbers = report::compute(&data, &request)?;
//! std::fs::write("report.pdf", report::render(&numbers)?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod activity;
mod bessel;
pub mod bootstrap;
mod circular;
mod compare;
mod compute;
mod data;
mod demography;
pub mod effort;
pub mod events;
mod hours;
mod insights;
pub mod intervals;
mod methods;
mod notes;
pub mod overlap;
mod period;
pub mod ratios;
pub mod records;
mod render;
mod request;
pub mod richness;
mod rows;
mod schema;
mod summary;
pub mod sun;
mod survey;
mod words;

pub use compute::{ComputeError, compute, compute_unless};
pub use data::*;
pub use period::{Bucket, FIRST_YEAR, GroupBy, Period};
pub use render::{BuiltIn, Pages, RenderError, Template, render, render_as};
pub use request::{Coordinates, Include, LabelledPeriod, ReportType, Request, Season, TimeOfDay};
pub use schema::schema;
pub use summary::{ClassSummary, Summary, summarize};
