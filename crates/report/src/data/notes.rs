//! What a careful reader would want to know about the data, as numbers.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that may be wrong with the data; `data_notes` are the same as sentences, in the same order. A
/// single number is the count of what the note is about; an offset is in seconds from UTC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "numbers", rename_all = "snake_case")]
pub enum DataNote {
    /// The whole period lies before the first record or after the last.
    PeriodOutsideData {
        /// First day with records.
        #[schemars(with = "String")]
        recorded_from: Date,
        /// Last day with records.
        #[schemars(with = "String")]
        recorded_until: Date,
    },
    /// Rows could not be read.
    RowsSkipped(u64),
    /// Times could not be read.
    TimesLost(u64),
    /// Values make no sense where they stand.
    ValuesIgnored(u64),
    /// Observations have no time.
    NoTime(u64),
    /// Observations lie outside their deployments.
    OutsideDeployment {
        /// Number of observations.
        observations: usize,
        /// Number of those that show animals in the period; they are left out.
        in_period: u64,
    },
    /// Observations have a time in the future.
    InTheFuture(u64),
    /// Deployments have no start.
    NoStart(u64),
    /// Deployments end before they start.
    EndsBeforeStart(u64),
    /// Deployments end in the future.
    FutureEnd(u64),
    /// The data set says that the clocks of deployments were wrong.
    TimestampIssues(u64),
    /// Deployments have records and no end.
    NoEnd(u64),
    /// Deployments have neither an end nor records.
    NoEndNoRecords(u64),
    /// Deployments with effort have no record.
    NoRecords(u64),
    /// Deployments recorded nothing for a long time.
    Silent {
        /// Number of deployments.
        deployments: u64,
        /// Days that they recorded nothing for, or more.
        days: i64,
    },
    /// The data set says that cameras did not always work.
    CameraMalfunction(u64),
    /// Locations have several deployments at a time.
    CamerasTogether(u64),
    /// Deployments lie far from the others of their location.
    CoordinatesDiffer {
        /// Number of deployments.
        deployments: u64,
        /// Distance that they exceed, in degrees.
        degrees: f64,
    },
    /// Times are written with several offsets from UTC.
    MixedTimeZones(u64),
    /// Times have an offset, and the clock of their deployment is not known.
    ClockUnknown(u64),
    /// All times are in UTC, and the cameras' longitude means other clocks.
    LikelyUtc(i32),
    /// Deployments have no coordinates, while others have.
    NoCoordinates(u64),
    /// The cameras' time zone was estimated from their longitude.
    ClockEstimated(i32),
    /// Boxes of a detector are below its threshold.
    BelowThreshold(u64),
    /// Pictures that the results of a detector name were not found.
    PicturesMissing {
        /// Number of missing pictures.
        missing: u64,
        /// Number of pictures that the results name.
        listed: u64,
        /// Number of missing pictures for which the results give no time either.
        without_time: u64,
        /// The folder in which they were looked for.
        folder: String,
    },
    /// Media files are on the web only.
    Remote {
        /// Number of files on the web.
        remote: usize,
        /// Number of media files.
        media: usize,
    },
}

impl DataNote {
    /// Its kind, which is the key of its ids in `data_note_ids`, where it has ids.
    pub(crate) fn kind(&self) -> String {
        let json = serde_json::to_value(self).expect("a note has a JSON form");
        json["kind"].as_str().unwrap_or_default().to_owned()
    }
}
