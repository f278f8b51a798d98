//! Reports: from detections to numbers, and to the sentences about them.
//!
//! The numbers are pure functions, a file for each measure: [`effort`], [`records`], [`events`],
//! [`sun`], [`activity`], [`overlap`], [`richness`]; [`intervals`] and [`ratios`] say how far they can
//! be trusted, [`permutation`] and [`activity_test`] whether two of them differ, [`resample`] bounds an
//! overlap. The unit of all of these is the location.
//! [`compute`] puts them together as [`ReportData`], which is the `.json` form of a report, and `prose`
//! writes the sentences out of it. The crate `pages` makes the PDF out of that JSON and nothing else.
//!
//! ```no_run
//! # let data = detections::open("examples/algar.zip".as_ref(), &Default::default())?;
//! let request = report::Request::seasonal_activity("2018-05-01".parse()?, "2019-04-30".parse()?);
//! let numbers = report::compute(&data, &request)?;
//! std::fs::write("report.json", serde_json::to_vec(&numbers)?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accumulation;
pub mod activity;
pub mod activity_test;
pub mod base;
mod bessel;
pub mod bucket_permutation;
mod bucket_tests;
mod circular;
mod compare;
mod compute;
mod data;
mod demography;
pub mod effort;
pub mod events;
mod facts;
mod findings;
mod hours;
pub mod intervals;
mod nights;
mod notes;
pub mod overlap;
mod period;
pub mod permutation;
mod prose;
mod random;
pub mod ratios;
pub mod records;
mod request;
pub mod resample;
pub mod richness;
mod rows;
mod schema;
mod season;
mod smoothing;
mod summary;
pub mod sun;
mod survey;
mod tail;
mod template;
mod thresholds;
pub mod times;

pub use compute::{ComputeError, compute, compute_unless};
pub use data::*;
pub use period::{FIRST_YEAR, GroupBy, Period};
pub use prose::write_captions;
pub use request::*;
pub use schema::schema;
pub use season::{Season, SeasonError};
pub use summary::{ClassSummary, Summary, summarize};
pub use template::{BuiltIn, Pages, Template};
