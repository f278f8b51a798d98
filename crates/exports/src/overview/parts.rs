//! The parts of an overview.

use std::collections::BTreeMap;

use detections::{
    CameraClock, ClassifiedBy, Dataset, NonAnimals, Overview, PictureSearch, Problems, SpeciesCount,
    TableCount,
};
use serde::Serialize;
use utoipa::ToSchema;

use archive::{count, in_thousands};

/// How many problems of a file are listed.
const LISTED_PROBLEMS: usize = 3;

/// The effort of a year.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct YearEffort {
    /// The year.
    pub year: i32,
    /// Camera-days in it.
    pub camera_days: f64,
}

/// A location.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct LocationOverview {
    /// Its name in requests.
    pub location: String,
    /// How many deployments it has.
    pub deployments: u64,
    /// Degrees north (WGS 84).
    pub latitude: Option<f64>,
    /// Degrees east (WGS 84).
    pub longitude: Option<f64>,
}

/// A class of animals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SpeciesOverview {
    /// Its name in requests.
    pub classification: String,
    /// Its everyday name, where one is known.
    pub vernacular_name: Option<String>,
    /// Observations of it.
    pub observations: u64,
}

/// Observations that show no animal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NonAnimalCounts {
    /// Nothing on the picture.
    pub blank: u64,
    /// People.
    pub human: u64,
    /// Vehicles.
    pub vehicle: u64,
    /// Could not be identified.
    pub unknown: u64,
    /// Not looked at yet.
    pub unclassified: u64,
}

/// Who classified observations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Classified)]
pub struct ClassifiedCounts {
    /// Observations that people classified.
    pub people: u64,
    /// Observations that machines classified.
    pub machines: u64,
    /// Observations of which it is not said.
    pub not_known: u64,
}

/// Pictures and videos that were looked for in the data set and the folder of images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PictureCounts {
    /// Those that the data set lists.
    pub listed: u64,
    /// Those whose file is there.
    pub found: u64,
    /// Those whose file is not there.
    pub missing: u64,
    /// Those that are at an address on another host, where nothing was looked for.
    pub remote: u64,
    /// Those that may be in a bucket, where nothing was looked for.
    pub in_bucket: u64,
}

/// Converts the counts of `detections`, which do not know OpenAPI, to those above.
macro_rules! convert_counts {
    ($($from:ident => $to:ident { $($field:ident),* })*) => {
        $(
            impl From<$from> for $to {
                fn from($from { $($field),* }: $from) -> Self {
                    Self { $($field),* }
                }
            }
        )*
    };
}

convert_counts! {
    NonAnimals => NonAnimalCounts { blank, human, vehicle, unknown, unclassified }
    ClassifiedBy => ClassifiedCounts { people, machines, not_known }
    PictureSearch => PictureCounts { listed, found, missing, remote, in_bucket }
}

impl PictureCounts {
    /// Such as `10 of 423 pictures found, 400 on other hosts`.
    pub fn describe(&self) -> String {
        let listed = count(self.listed, "picture", "pictures");
        let others = [
            (self.missing, "missing"),
            (self.remote, "on other hosts"),
            (self.in_bucket, "not looked for in the bucket"),
        ];
        let mut words = vec![format!("{} of {listed} found", in_thousands(self.found))];
        let others = others.into_iter().filter(|(number, _)| *number > 0);
        words.extend(others.map(|(number, place)| format!("{} {place}", in_thousands(number))));
        words.join(", ")
    }
}

/// A file that a data set was read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FileOverview {
    /// Its name in the data set.
    pub file: String,
    /// Rows that it has, those that could not be read among them; 0 where they are not counted.
    pub rows: u64,
    /// Rows that could not be read.
    pub rows_lost: u64,
    /// Values that were left out of rows that could be read.
    pub values_lost: u64,
    /// The first of what could not be read, with line and column.
    pub first_problems: Vec<String>,
}

/// A clock of cameras.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClockOverview {
    /// An offset from UTC, the name of a zone, or `not known`.
    pub clock: String,
    /// Deployments whose times are on it.
    pub deployments: u64,
}

/// Lists classes with their names.
pub fn list_species(data: &Dataset, counts: &[SpeciesCount]) -> Vec<SpeciesOverview> {
    let named = |count: &SpeciesCount| {
        let class = &data.classes[count.class as usize];
        SpeciesOverview {
            classification: class.name.clone(),
            vernacular_name: class.vernacular.clone(),
            observations: count.observations,
        }
    };
    counts.iter().map(named).collect()
}

/// Lists the locations by name.
pub fn list_locations(data: &Dataset, overview: &Overview, is_exact: bool) -> Vec<LocationOverview> {
    // Adding 0 turns -0 into 0.
    let degrees = |exact: f64| if is_exact { exact } else { (exact * 10.0).round() / 10.0 + 0.0 };
    let counted = overview.locations.iter().map(|count| {
        let location = &data.locations[count.location as usize];
        LocationOverview {
            location: location.name.clone(),
            deployments: count.deployments,
            latitude: location.latitude.map(degrees),
            longitude: location.longitude.map(degrees),
        }
    });
    let mut locations: Vec<LocationOverview> = counted.collect();
    locations.sort_by(|a, b| a.location.cmp(&b.location));
    locations
}

/// Lists the files of a data set with the first problems of each.
pub fn list_files(data: &Dataset) -> Vec<FileOverview> {
    data.problems.tables().iter().map(|table| file_of(&data.problems, table)).collect()
}

fn file_of(problems: &Problems, table: &TableCount) -> FileOverview {
    let of_file = problems.list().iter().filter(|problem| problem.file == table.file);
    FileOverview {
        file: table.file.clone(),
        rows: table.rows,
        rows_lost: table.rows_lost,
        values_lost: table.values_lost + table.times_lost,
        first_problems: of_file.take(LISTED_PROBLEMS).map(ToString::to_string).collect(),
    }
}

/// Lists the clocks of the deployments.
pub fn list_clocks(data: &Dataset) -> Vec<ClockOverview> {
    let mut clocks: BTreeMap<String, u64> = BTreeMap::new();
    for deployment in &data.deployments {
        *clocks.entry(clock_name(&deployment.clock)).or_default() += 1;
    }
    clocks.into_iter().map(|(clock, deployments)| ClockOverview { clock, deployments }).collect()
}

fn clock_name(clock: &CameraClock) -> String {
    match clock {
        CameraClock::Zone(zone) => zone.iana_name().unwrap_or("a zone without a name").into(),
        CameraClock::Offset(seconds) => offset_name(*seconds),
        CameraClock::Unknown => "not known".into(),
    }
}

/// `+02:00`, for seconds east of UTC.
pub fn offset_name(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_written_as_in_times() {
        assert_eq!([0, 7200, -12_600].map(offset_name), ["+00:00", "+02:00", "-03:30"]);
    }
}
