//! The model of a data set, which every reader produces.

use std::path::PathBuf;

use jiff::civil::Date;

use crate::class_groups::ClassGroups;
use crate::clock::{CameraClock, LocalTime};
use crate::media::MediaTable;
use crate::media_files::MediaFiles;
use crate::observations::Observations;
use crate::problems::Problems;
use crate::source_format::SourceFormat;
use crate::taxon::Taxon;
use crate::vocabulary::is_domestic;

/// A survey: where and when cameras were deployed, and what they recorded.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The format it was read from.
    pub format: SourceFormat,
    /// Its title, or the name of its project.
    pub title: String,
    /// How its authors want it to be cited.
    pub citation: Option<String>,
    /// The licences it states.
    pub licences: Vec<Licence>,
    /// What the source says of itself, in the form of Camtrap DP's `datapackage.json`; other formats fill in
    /// what they have.
    pub descriptor: serde_json::Value,
    /// The model that made the detections, if the source is its results.
    pub model_name: Option<String>,
    /// The number of boxes whose confidence was below the threshold; they are not in the data.
    pub below_threshold: u64,
    /// The source does not tell when deployments start and end, so they span their first to last record.
    pub spans_from_records: bool,
    /// Locations, in the order in which deployments name them.
    pub locations: Vec<Location>,
    /// Deployments, in the order of their table.
    pub deployments: Vec<Deployment>,
    /// Classes that observations name, in the order of their first mention.
    pub classes: Vec<Class>,
    /// Which classes are males, females and young.
    pub groups: ClassGroups,
    /// The observations.
    pub observations: Observations,
    /// The pictures and videos.
    pub media: MediaTable,
    /// Reads the media files.
    pub files: MediaFiles,
    /// Rows and values that could not be read.
    pub problems: Problems,
    /// The number of records whose time has an offset, though the clock of their camera is not known.
    pub clock_unknown: u64,
    /// The distinct UTC offsets in which times were written, in seconds, sorted.
    pub offsets_written: Vec<i32>,
    /// What a database holds outside of the selection that was read.
    pub outside_selection: OutsideSelection,
    /// How many pictures were found, if the source is the results of a detector.
    pub pictures: Option<PictureCount>,
}

/// How many of the pictures in results exist. Pictures at an address are not searched for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PictureCount {
    /// Pictures that were searched for.
    pub listed: u64,
    /// Pictures that exist.
    pub found: u64,
    /// Pictures that do not exist and have no time in the results.
    pub without_time: u64,
    /// The folder that was searched.
    pub folder: PathBuf,
}

/// What a database holds outside of the selection that was read. It is empty for a source that was read as a
/// whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutsideSelection {
    /// The number of observations on other days.
    pub observations: u64,
    /// The first and last recorded time, on the camera's clock.
    pub recorded_span: Option<(LocalTime, LocalTime)>,
    /// Times at which the cameras of deployments worked, in addition to those of the observations.
    pub working_times: Vec<(u32, LocalTime)>,
    /// Detections on the selected days that are marked as not to be counted, by reason.
    pub not_counted: Vec<(String, u64)>,
}

/// A licence and what it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    /// Its name or address.
    pub name: String,
    /// `data` or `media`, when stated.
    pub scope: Option<String>,
}

/// A location of one or more deployments.
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    /// `locationID`, else its name.
    pub key: String,
    /// The name to show.
    pub name: String,
    /// Degrees north (WGS 84), from the first deployment that has coordinates.
    pub latitude: Option<f64>,
    /// Degrees east (WGS 84).
    pub longitude: Option<f64>,
}

/// A camera at a location for a span of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deployment {
    /// Its id in the source.
    pub id: String,
    /// Index into [`Dataset::locations`].
    pub location: u32,
    /// Degrees north (WGS 84).
    pub latitude: Option<f64>,
    /// Degrees east (WGS 84).
    pub longitude: Option<f64>,
    /// Start on the camera's clock.
    pub start: Option<LocalTime>,
    /// End on the camera's clock.
    pub end: Option<LocalTime>,
    /// The start was written as a date: effort begins at noon, but records of the whole day count.
    pub start_is_date: bool,
    /// The end was written as a date: effort ends at noon, but records of the whole day count.
    pub end_is_date: bool,
    /// The end that was written is in the future, so it cannot be true and `end` is `None`.
    pub future_end: Option<LocalTime>,
    /// The source says that the clock was wrong (`timestampIssues`), so times of day mean nothing.
    pub has_timestamp_issues: bool,
    /// A malfunction, in the words of the source; `None` if the camera worked or the source does not say.
    pub malfunction: Option<String>,
    /// The clock of its times.
    pub clock: CameraClock,
}

impl Deployment {
    /// Whether start and end are in the wrong order.
    pub fn ends_before_it_starts(&self) -> bool {
        matches!((self.start, self.end), (Some(start), Some(end)) if end < start)
    }
}

/// A classification: a species, or one of a platform's own classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// The name in requests and in the JSON: the scientific name in Camtrap DP.
    pub name: String,
    /// The common name, from the source or from a [`NameTable`](crate::NameTable).
    pub vernacular: Option<String>,
    /// The language of a common name from a table, in three letters; `None` if it is from the source.
    pub vernacular_language: Option<String>,
    /// Its rank and lineage.
    pub taxon: Taxon,
}

impl Class {
    /// Whether it is a domestic animal, by either name.
    pub fn is_domestic(&self) -> bool {
        is_domestic(&self.name) || self.vernacular.as_deref().is_some_and(is_domestic)
    }
}

impl Dataset {
    /// Finds the index of a class by its name.
    pub fn find_class(&self, name: &str) -> Option<u32> {
        self.classes.iter().position(|class| class.name == name).and_then(|at| u32::try_from(at).ok())
    }

    /// Finds the index of a location by its name, else by its key.
    pub fn find_location(&self, name: &str) -> Option<u32> {
        let by = |wanted: fn(&Location) -> &str| {
            self.locations.iter().position(|location| wanted(location) == name)
        };
        by(|location| &location.name)
            .or_else(|| by(|location| &location.key))
            .and_then(|at| u32::try_from(at).ok())
    }

    /// First and last day with records, for messages and suggestions.
    pub fn recorded_days(&self) -> Option<(Date, Date)> {
        let (first, last) = self.outside_selection.recorded_span.or_else(|| self.observations.time_span())?;
        Some((first.date(), last.date()))
    }
}
