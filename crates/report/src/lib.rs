//! Reports: from detections to numbers, from numbers to a PDF.
//!
//! The numbers are pure functions, a file for each measure:
//! [`effort`], [`records`], [`events`], [`activity`], [`intervals`].
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
mod compute;
mod data;
pub mod effort;
pub mod events;
mod insights;
pub mod intervals;
mod methods;
mod notes;
mod period;
pub mod records;
mod render;
mod request;
mod words;

pub use compute::{ComputeError, compute};
pub use data::{
    ActivityRow, BucketRow, ClassRow, Excluded, Included, LocationRow, PeriodRow, ReportData, SourceRow,
};
pub use period::{Bucket, GroupBy, Period};
pub use render::{RenderError, render};
pub use request::{Include, ReportType, Request};
