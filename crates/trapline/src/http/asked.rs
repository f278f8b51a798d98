//! What is asked for, as the description of the interface tells it.
//!
//! Requests are read by `report_request` and `archive_request`, field by field, so that everything
//! that is wrong with one can be told at once; these types describe what they take, and a test
//! sends what they allow and what they do not.

// They are there to be described.
#![allow(dead_code)]

use archive::{Layout, Media};
use report::{Cameras, GroupBy, Season};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::report_request::{self, REPORT_TYPES, SINCE, TIMES_OF_DAY};

/// A report. Its period is `start_date` and `end_date`, or `season` and `year`.
#[derive(ToSchema)]
#[schema(examples(json!({
    "report_type": "seasonal_activity",
    "start_date": "2018-09-01",
    "end_date": "2019-01-31",
    "group_by": "month",
    "title": "Autumn on the seismic lines",
    "dataset": "algar"
})))]
pub struct ReportBody {
    /// Which report.
    pub report_type: ReportTypeName,
    /// First day, in local time of the cameras. Before `end_date`, and not in the future.
    #[schema(format = Date)]
    pub start_date: Option<String>,
    /// Last day, which is inside. At most 365 days after the first, and not in the future.
    #[schema(format = Date)]
    pub end_date: Option<String>,
    /// A season in place of the two dates, as it is on the half of the earth that the data set is of; it needs
    /// a `year`.
    pub season: Option<SeasonName>,
    /// The year in which the season begins.
    #[schema(minimum = 1980, maximum = 9998)]
    pub year: Option<u32>,
    /// What the columns of the activity over the period stand for.
    #[schema(default = "month")]
    pub group_by: Option<GroupByName>,
    /// Whether there are charts.
    #[schema(default = true)]
    pub include_charts: Option<bool>,
    /// Whether there are tables.
    #[schema(default = true)]
    pub include_tables: Option<bool>,
    /// Whether what stands out is told in words.
    #[schema(default = true)]
    pub include_insights: Option<bool>,
    /// Only these classes; all of them when it is empty or missing.
    pub classifications: Option<Vec<String>>,
    /// These classes are left out; `domestic` stands for all animals that people keep.
    pub without: Option<Vec<String>>,
    /// The title; made from the dates without one.
    #[schema(max_length = 200)]
    pub title: Option<String>,
    /// The periods that a `comparison` compares, each with its own label.
    #[schema(min_items = 2, max_items = 5)]
    pub comparison_periods: Option<Vec<ComparisonPeriod>>,
    /// Name of a template; a `custom` report needs one.
    pub template: Option<String>,
    /// PDF/A-2a, to be kept for decades.
    #[schema(default = false)]
    pub archival: Option<bool>,
    /// Records of one class at one place that are closer than this are one event, in minutes.
    #[schema(minimum = 0, maximum = 1440, default = 30)]
    pub independence_minutes: Option<u32>,
    /// From what the minutes are counted.
    #[schema(default = "last_record")]
    pub independence_since: Option<SinceName>,
    /// The time of the clock, or that of the sun.
    #[schema(default = "clock")]
    pub time_of_day: Option<TimeOfDayName>,
    /// Whether the coordinates of places are rounded to a tenth of a degree.
    #[schema(default = "rounded")]
    pub coordinates: Option<PlacesName>,
    /// Whether cameras that stand at one location at the same time count as one, or each for itself.
    #[schema(default = "together")]
    pub cameras: Option<CamerasName>,
    /// Whether sex ratio and recruitment are told.
    #[schema(default = false)]
    pub sex_and_age: Option<bool>,
    /// Name of the data set; the server's first without one.
    pub dataset: Option<String>,
    /// An https address at which the end of the export is told, signed after Standard Webhooks.
    #[schema(max_length = 2000)]
    pub callback_url: Option<String>,
}

/// A period of a comparison.
#[derive(ToSchema)]
pub struct ComparisonPeriod {
    /// First day.
    #[schema(format = Date)]
    pub start_date: String,
    /// Last day, which is inside.
    #[schema(format = Date)]
    pub end_date: String,
    /// What it is called.
    #[schema(min_length = 1, max_length = 80)]
    pub label: String,
}

/// An archive: of these detections, or of those that a filter selects.
#[derive(ToSchema)]
#[schema(examples(json!({
    "filter": {"start_date": "2021-04-11", "end_date": "2021-04-11", "classifications": ["Ardea"]},
    "crop_size": 512,
    "dataset": "heron"
})))]
pub struct ArchiveBody {
    /// Ids of detections, in the order in which they are wanted.
    #[schema(min_items = 1, max_items = 10_000)]
    pub detection_ids: Option<Vec<String>>,
    /// Which detections, in place of their ids.
    pub filter: Option<Filter>,
    /// At most so many of those that the filter selects.
    #[schema(minimum = 1)]
    pub max: Option<u32>,
    /// A random sample of those that the filter selects.
    pub sample: Option<SampleOf>,
    /// How the archive is laid out.
    #[schema(default = "crops")]
    pub layout: Option<LayoutName>,
    /// Which pictures the layouts `camtrap-dp` and `coco` hold: `whole` ones, of which a Camtrap DP package
    /// names those that stay on the web by their addresses; `crops`; none, and the addresses of those that
    /// are on the web (`remote`, in `camtrap-dp` alone); or none, and their names in the source (`none`).
    #[schema(default = "whole")]
    pub media: Option<MediaName>,
    /// Whether the layout `crops` holds crops.
    #[schema(default = true)]
    pub include_crops: Option<bool>,
    /// Whether the layout `crops` holds whole pictures.
    #[schema(default = false)]
    pub include_originals: Option<bool>,
    /// Whether the layout `crops` holds a table of the detections.
    #[schema(default = true)]
    pub include_metadata_csv: Option<bool>,
    /// Whether people and vehicles may be on the pictures, and on those that are named by their addresses.
    #[schema(default = false)]
    pub include_humans: Option<bool>,
    /// Whether crops of damaged pictures are in it, which may show what was not there.
    #[schema(default = false)]
    pub include_damaged: Option<bool>,
    /// The longer side of a crop, in pixels.
    #[schema(minimum = 128, maximum = 1024, default = 300)]
    pub crop_size: Option<u32>,
    /// Whether the coordinates of places are rounded to a tenth of a degree.
    #[schema(default = "rounded")]
    pub coordinates: Option<PlacesName>,
    /// Name of the data set; the server's first without one.
    pub dataset: Option<String>,
    /// An https address at which the end of the export is told, signed after Standard Webhooks.
    #[schema(max_length = 2000)]
    pub callback_url: Option<String>,
}

/// Detections that fit all of what is said here.
#[derive(ToSchema)]
pub struct Filter {
    /// First day, in local time of the cameras.
    #[schema(format = Date)]
    pub start_date: Option<String>,
    /// Last day, which is inside.
    #[schema(format = Date)]
    pub end_date: Option<String>,
    /// Of one of these classes.
    pub classifications: Option<Vec<String>>,
    /// At one of these locations.
    pub locations: Option<Vec<String>>,
    /// Of at least this confidence.
    #[schema(minimum = 0, maximum = 1)]
    pub min_confidence: Option<f64>,
}

/// A random sample, which can be drawn again.
#[derive(ToSchema)]
pub struct SampleOf {
    /// The same seed draws the same sample.
    #[schema(minimum = 0)]
    pub seed: u64,
    /// At most so many of each class.
    #[schema(minimum = 1)]
    pub per_class: Option<u32>,
}

/// A name out of those that a request may hold.
macro_rules! names {
    ($($(#[doc = $doc:literal])* $name:ident = $all:expr;)*) => {
        $(
            $(#[doc = $doc])*
            pub struct $name;

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    let names = $all.into_iter().map(|(name, _)| name);
                    let object = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
                    object.description(Some(concat!($($doc),*).trim())).into()
                }
            }

            impl ToSchema for $name {}
        )*
    };
}

names! {
    /// A kind of report.
    ReportTypeName = REPORT_TYPES;
    /// A season. South of the equator spring is from September to November, summer from December to February,
    /// fall from March to May and winter from June to August; the rut is that of white-tailed deer in the north.
    SeasonName = Season::ALL;
    /// A length of time.
    GroupByName = GroupBy::ALL;
    /// From what the time between two events is counted.
    SinceName = SINCE;
    /// Which time of day.
    TimeOfDayName = TIMES_OF_DAY;
    /// How places are written.
    PlacesName = report_request::COORDINATES;
    /// How cameras at one location are counted: as one, or each for itself.
    CamerasName = Cameras::ALL;
    /// A layout of archives.
    LayoutName = Layout::ALL;
    /// Which pictures.
    MediaName = Media::ALL;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{archive_request, report_request};

    fn properties<T: PartialSchema>() -> Vec<String> {
        match T::schema() {
            RefOr::T(Schema::Object(object)) => object.properties.keys().cloned().collect(),
            _ => panic!("the schema of a body is an object"),
        }
    }

    fn sorted(names: &[&str]) -> Vec<String> {
        let mut names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        names.sort();
        names
    }

    /// A field that is described and not in the list would be skipped before anybody reads it.
    #[test]
    fn the_fields_that_are_read_are_those_that_are_described() {
        for (mut described, read) in [
            (properties::<ReportBody>(), sorted(&report_request::FIELDS)),
            (properties::<ArchiveBody>(), sorted(&archive_request::FIELDS)),
        ] {
            described.sort();
            assert_eq!(described, read);
        }
    }
}
