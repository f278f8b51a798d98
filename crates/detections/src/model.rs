//! What every reader produces.

use std::path::PathBuf;

use jiff::civil::Date;

use crate::class_groups::ClassGroups;
use crate::clock::{CameraClock, LocalTime};
use crate::media::MediaTable;
use crate::media_files::MediaFiles;
use crate::observations::Observations;
use crate::problems::Problems;
use crate::taxon::Taxon;
use crate::vocabulary::is_domestic;

/// The format a data set was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceFormat {
    /// A Camera Trap Data Package, <https://camtrap-dp.tdwg.org>.
    CamtrapDp,
    /// An export of Wildlife Insights, <https://www.wildlifeinsights.org>.
    WildlifeInsights,
    /// Results of MegaDetector, in its batch output format.
    MegaDetector,
    /// Predictions of SpeciesNet.
    SpeciesNet,
    /// The tables of a platform in PostgreSQL.
    Postgres,
}

impl SourceFormat {
    /// The name that a reader of a report knows.
    pub fn name(self) -> &'static str {
        match self {
            Self::CamtrapDp => "Camtrap DP",
            Self::WildlifeInsights => "Wildlife Insights export",
            Self::MegaDetector => "MegaDetector results",
            Self::SpeciesNet => "SpeciesNet predictions",
            Self::Postgres => "PostgreSQL database",
        }
    }
}

/// A survey: where cameras stood, when, and what they saw.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The format it was read from.
    pub format: SourceFormat,
    /// Its title, or the name of its project.
    pub title: String,
    /// How its authors want it cited.
    pub citation: Option<String>,
    /// The licences it states.
    pub licences: Vec<Licence>,
    /// What the source says of itself in the words of Camtrap DP's `datapackage.json`; other formats
    /// have as much of it as they tell.
    pub descriptor: serde_json::Value,
    /// The model that made the detections, when a file of its results was read.
    pub made_by: Option<String>,
    /// Boxes that were not read, since their detector was not sure enough of them.
    pub unsure: u64,
    /// Deployments have no start and end of their own: theirs are the first and last record.
    pub spans_from_records: bool,
    /// Places, in the order in which deployments name them.
    pub locations: Vec<Location>,
    /// Deployments, in the order of their table.
    pub deployments: Vec<Deployment>,
    /// Classes that observations name, in the order of their first mention.
    pub classes: Vec<Class>,
    /// Which classes are males, females and young.
    pub groups: ClassGroups,
    /// What was seen.
    pub observations: Observations,
    /// The pictures and videos.
    pub media: MediaTable,
    /// Where their files are.
    pub files: MediaFiles,
    /// Rows and values that could not be read.
    pub problems: Problems,
    /// Records whose time had an offset while nothing is known of their camera's own clock.
    pub clock_unknown: u64,
    /// The offsets, in seconds east of UTC, in which times were written, each once, sorted.
    pub offsets_written: Vec<i32>,
    /// What of a database was not read, since it was not asked for.
    pub rest: Rest,
    /// How many of the pictures were found, when the results of a detector were read.
    pub pictures: Option<PictureCount>,
}

/// How many of the pictures that results name are there. One that has an address in place of a path is
/// not looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PictureCount {
    /// Pictures that were looked for.
    pub listed: u64,
    /// Those that are there.
    pub found: u64,
    /// Those that are not there and of which the results do not say when they were taken either.
    pub without_time: u64,
    /// The folder in which they were looked for.
    pub folder: PathBuf,
}

/// What a source holds beside what was read of it: a database is asked for a part. Of a source that is
/// read whole it is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rest {
    /// Observations of other days.
    pub observations: u64,
    /// First and last moment of which there is anything, on the camera's clock.
    pub recorded: Option<(LocalTime, LocalTime)>,
    /// Moments at which a deployment's camera worked, beside those of its observations.
    pub worked: Vec<(u32, LocalTime)>,
    /// Detections on the days asked for that the source says not to count, by the reason.
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

/// A place where one or more deployments stood.
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    /// `locationID`, else its name.
    pub key: String,
    /// The name that is shown.
    pub name: String,
    /// Degrees north (WGS 84), from the first deployment that has coordinates.
    pub latitude: Option<f64>,
    /// Degrees east (WGS 84).
    pub longitude: Option<f64>,
}

/// One camera at one place for one span of time.
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
    /// The start was written as a date: effort begins at noon of that day, while a record of any hour
    /// of it lies inside the deployment.
    pub start_is_date: bool,
    /// The end was written as a date: effort ends at noon of that day, while a record of any hour of it
    /// lies inside the deployment.
    pub end_is_date: bool,
    /// The end that was written is still to come. It cannot be true, so `end` is `None`.
    pub future_end: Option<LocalTime>,
    /// The source says that the clock was wrong (`timestampIssues`): times of day mean nothing.
    pub has_timestamp_issues: bool,
    /// What the source says did not work, in its own words; nothing where it says that the camera worked, or
    /// does not say.
    pub malfunction: Option<String>,
    /// The clock its times are shown on.
    pub clock: CameraClock,
}

impl Deployment {
    /// Both ends are known and the wrong way round.
    pub fn ends_before_it_starts(&self) -> bool {
        matches!((self.start, self.end), (Some(start), Some(end)) if end < start)
    }
}

/// A classification: a species, or one of a platform's own classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// The name that requests and the JSON use: scientific, in Camtrap DP.
    pub name: String,
    /// The everyday name, when the source has one or a [`NameTable`](crate::NameTable) does.
    pub vernacular: Option<String>,
    /// The language of an everyday name out of a table, in three letters; nothing where the source has
    /// it.
    pub vernacular_language: Option<String>,
    /// What it is as a taxon.
    pub taxon: Taxon,
}

impl Class {
    /// It is an animal that people keep, by either of its names.
    pub fn is_domestic(&self) -> bool {
        is_domestic(&self.name) || self.vernacular.as_deref().is_some_and(is_domestic)
    }
}

impl Dataset {
    /// Index of a class by its name.
    pub fn class(&self, name: &str) -> Option<u32> {
        self.classes.iter().position(|class| class.name == name).and_then(|at| u32::try_from(at).ok())
    }

    /// Index of a location by its name, else by its key.
    pub fn location(&self, name: &str) -> Option<u32> {
        let by = |wanted: fn(&Location) -> &str| {
            self.locations.iter().position(|location| wanted(location) == name)
        };
        by(|location| &location.name)
            .or_else(|| by(|location| &location.key))
            .and_then(|at| u32::try_from(at).ok())
    }

    /// First and last day on which anything was recorded, for messages and suggestions.
    pub fn recorded_days(&self) -> Option<(Date, Date)> {
        let (first, last) = self.rest.recorded.or_else(|| self.observations.time_span())?;
        Some((first.date(), last.date()))
    }
}
