//! An overview of a data set, for `trapline info`, `GET /api/datasets/{name}` and `trapline check`.

mod parts;

use std::collections::BTreeSet;

use detections::{DatabaseError, Dataset, SourceFormat};
use jiff::civil::Date;
use report::{GroupBy, Period};
use serde::Serialize;
use utoipa::ToSchema;

use crate::source::Source;
use archive::count;

pub use parts::{
    ClassifiedCounts, ClockOverview, FileOverview, LocationOverview, NonAnimalCounts, PictureCounts,
    SpeciesOverview, YearEffort,
};

/// The most years whose effort is listed. A clock that was never set can stretch a survey over thousands.
const MAX_YEARS: usize = 200;

/// What the overview of a database does not contain, because all of its rows would have to be read.
const LEFT_OUT_OF_DATABASES: [&str; 2] =
    ["Unreadable rows of a database are counted only in exports", "Pictures of a database are not checked"];

/// What a data set holds.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(examples(json!({
    "name": "algar", "title": "Algar restoration project", "format": "Wildlife Insights export", "format_version": null,
    "first_day": "2018-04-12", "last_day": "2019-11-14", "observations": 15290, "observations_of_visits": 0,
    "effort_by_year": [{"year": 2018, "camera_days": 8420.5}],
    "deployments": 114,
    "locations": [{"location": "ALG027", "deployments": 3, "latitude": 56.4, "longitude": -112.5}],
    "coordinates": "rounded",
    "species": [{"classification": "Odocoileus virginianus", "vernacular_name": "white-tailed deer", "observations": 4790}],
    "domestic_animals": [], "unnamed_animals": 0,
    "not_animals": {"blank": 2633, "human": 105, "vehicle": 0, "unknown": 340, "unclassified": 0},
    "classified_by": null,
    "pictures": {"listed": 15290, "found": 0, "missing": 15290, "remote": 0, "in_bucket": 0},
    "files": [{"file": "images.csv", "rows": 15290, "rows_lost": 0, "values_lost": 0, "first_problems": []}],
    "clocks": [{"clock": "not known", "deployments": 114}], "offsets_written": [],
    "left_out": []
})))]
pub struct DatasetOverview {
    /// Its name in requests.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Its format.
    pub format: String,
    /// The version of its format, where it states one.
    pub format_version: Option<String>,
    /// The day of its first record.
    #[schema(value_type = Option<String>, format = Date)]
    pub first_day: Option<Date>,
    /// The day of its last record.
    #[schema(value_type = Option<String>, format = Date)]
    pub last_day: Option<Date>,
    /// Observations, whatever they show.
    pub observations: u64,
    /// How many of them are of whole visits, and not of one file. A package may have both for the same
    /// animals.
    pub observations_of_visits: u64,
    /// Camera-days in each year that has any.
    pub effort_by_year: Vec<YearEffort>,
    /// Deployments.
    pub deployments: u64,
    /// Locations, by name.
    pub locations: Vec<LocationOverview>,
    /// Whether the coordinates of locations are `rounded` to a tenth of a degree, or `exact`.
    pub coordinates: String,
    /// Species of wild animals, the most frequent first.
    pub species: Vec<SpeciesOverview>,
    /// Animals that people keep.
    pub domestic_animals: Vec<SpeciesOverview>,
    /// Observations of animals whose species is not named.
    pub unnamed_animals: u64,
    /// Observations of anything else.
    pub not_animals: NonAnimalCounts,
    /// Who classified the observations; `null` when that is not known.
    pub classified_by: Option<ClassifiedCounts>,
    /// Pictures that were looked for; `null` when none were.
    pub pictures: Option<PictureCounts>,
    /// The files that it was read from, with what could not be read.
    pub files: Vec<FileOverview>,
    /// The clocks of the deployments.
    pub clocks: Vec<ClockOverview>,
    /// Offsets from UTC in which times were written.
    pub offsets_written: Vec<String>,
    /// What was not looked at, and why.
    pub left_out: Vec<String>,
}

impl DatasetOverview {
    /// Makes the overview of a data set with this name. Blocks while pictures are looked for or a database is
    /// queried; `waits` limits the time of a query because a client waits for it.
    pub fn new(name: &str, source: &Source, is_exact: bool, waits: bool) -> Result<Self, DatabaseError> {
        let (data, counts) = source.overview(waits)?;
        let (effort_by_year, mut left_out) = compute_effort(&data);
        if matches!(source, Source::Database(_)) {
            left_out.extend(LEFT_OUT_OF_DATABASES.map(str::to_owned));
        }
        let (first_day, last_day) = counts.days.unzip();
        Ok(Self {
            name: name.into(),
            title: data.title.clone(),
            format: data.format.name().into(),
            format_version: format_version(&data),
            first_day,
            last_day,
            observations: counts.observations,
            observations_of_visits: counts.on_event_level,
            effort_by_year,
            deployments: data.deployments.len() as u64,
            locations: parts::list_locations(&data, &counts, is_exact),
            coordinates: if is_exact { "exact" } else { "rounded" }.into(),
            species: parts::list_species(&data, &counts.species),
            domestic_animals: parts::list_species(&data, &counts.domestic),
            unnamed_animals: counts.unnamed_animals,
            not_animals: counts.non_animals.into(),
            classified_by: counts.classified_by.map(ClassifiedCounts::from),
            pictures: counts.pictures.map(PictureCounts::from),
            files: parts::list_files(&data),
            clocks: parts::list_clocks(&data),
            offsets_written: data.offsets_written.iter().copied().map(parts::offset_name).collect(),
            left_out,
        })
    }

    /// How many rows could not be read.
    pub fn rows_lost(&self) -> u64 {
        self.files.iter().map(|file| file.rows_lost).sum()
    }

    /// How many values were left out of rows that could be read.
    pub fn values_lost(&self) -> u64 {
        self.files.iter().map(|file| file.values_lost).sum()
    }

    /// The most important facts in a line.
    pub fn summary_line(&self) -> String {
        let species = (self.species.len() + self.domestic_animals.len()) as u64;
        let days = self.first_day.zip(self.last_day);
        let mut parts = vec![format!(
            "{} of {} at {}{}",
            count(self.observations, "observation", "observations"),
            count(species, "species", "species"),
            count(self.locations.len() as u64, "location", "locations"),
            days.map(|(first, last)| format!(", {first} to {last}")).unwrap_or_default(),
        )];
        parts.extend(self.pictures.as_ref().map(PictureCounts::describe));
        let (rows, values) = (self.rows_lost(), self.values_lost());
        if rows + values > 0 {
            let (rows, values) = (count(rows, "row", "rows"), count(values, "value", "values"));
            parts.push(format!("{rows} and {values} could not be read"));
        }
        parts.join("; ")
    }
}

/// Computes the camera-days in each year with a deployment, as a report on that year does. Returns them and
/// what is left out.
fn compute_effort(data: &Dataset) -> (Vec<YearEffort>, Vec<String>) {
    let spans = report::effort::find_spans(data);
    let years = spans.iter().flatten().flat_map(|span| span.start.date().year()..=span.end.date().year());
    let years: BTreeSet<i16> = years.collect();
    let number = years.len();
    let left_out = (number > MAX_YEARS).then(|| {
        format!("Effort is shown for the last {MAX_YEARS} of {number} years: check the starts and ends of deployments")
    });
    let effort = |year: i16| {
        let [start, end] = [(1, 1), (12, 31)].map(|(month, day)| Date::new(year, month, day).ok());
        let period = Period { start: start?, end: end? };
        let summary = report::summarize(data, period, GroupBy::Month, &[]).ok()?;
        let camera_days = summary.effort_days;
        (camera_days > 0.0).then_some(YearEffort { year: year.into(), camera_days })
    };
    let last = years.iter().rev().take(MAX_YEARS).rev();
    (last.filter_map(|year| effort(*year)).collect(), left_out.into_iter().collect())
}

/// Finds the version in the address of a Camtrap DP profile.
fn format_version(data: &Dataset) -> Option<String> {
    let profile = data.descriptor["profile"].as_str().filter(|_| data.format == SourceFormat::CamtrapDp)?;
    let is_version = |part: &&str| part.starts_with(|first: char| first.is_ascii_digit());
    profile.split('/').find(is_version).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use detections::ReadOptions;

    use super::*;

    fn example(name: &str, is_exact: bool) -> DatasetOverview {
        let path = testkit::examples().join(name);
        let data = detections::open(&path, &ReadOptions::default()).unwrap();
        DatasetOverview::new(name, &Source::Read(Arc::new(data)), is_exact, false).unwrap()
    }

    #[test]
    fn the_effort_of_a_year_is_that_of_a_report_on_it() {
        let data = detections::open(&testkit::examples().join("algar.zip"), &ReadOptions::default()).unwrap();
        let (years, left_out) = compute_effort(&data);
        assert!(left_out.is_empty() && years.len() >= 2, "{years:?}");
        for YearEffort { year, camera_days } in years {
            let day = |end: &str| format!("{year}-{end}").parse().unwrap();
            let request = report::Request::seasonal_activity(day("01-01"), day("12-31"));
            let report = report::compute(&data, &request).unwrap();
            assert!((report.effort_days - camera_days).abs() < 1e-9, "{year}");
        }
    }

    #[test]
    fn the_observations_of_a_package_are_all_accounted_for() {
        let overview = example("camtrap-dp", false);
        assert_eq!(overview.format_version.as_deref(), Some("1.0.2"));
        assert!(overview.observations_of_visits > 0);
        let of_animals = overview.species.iter().chain(&overview.domestic_animals);
        let animals: u64 = of_animals.map(|species| species.observations).sum();
        let others = &overview.not_animals;
        let rest = others.blank + others.human + others.vehicle + others.unknown + others.unclassified;
        assert_eq!(animals + overview.unnamed_animals + rest, overview.observations);
        let pictures = overview.pictures.unwrap();
        assert_eq!((pictures.found, pictures.listed), (10, 423));
        assert_eq!(pictures.remote + pictures.missing + pictures.found, pictures.listed);
    }

    #[test]
    fn places_are_rounded_unless_they_are_asked_for_exactly() {
        let [rounded, exact] = [false, true].map(|is_exact| example("camtrap-dp", is_exact));
        assert_eq!((rounded.coordinates.as_str(), exact.coordinates.as_str()), ("rounded", "exact"));
        for (rounded, exact) in rounded.locations.iter().zip(&exact.locations) {
            let (rounded, exact) = (rounded.latitude.unwrap(), exact.latitude.unwrap());
            assert!((rounded * 10.0 - (rounded * 10.0).round()).abs() < 1e-9, "{rounded}");
            assert!((rounded - exact).abs() <= 0.05 + 1e-9, "{rounded} {exact}");
        }
    }

    #[test]
    fn a_line_says_the_most_important() {
        let line = example("camtrap-dp", false).summary_line();
        for part in ["549 observations of ", " species at 4 locations, 2020-0", "; 10 of 423 pictures found"]
        {
            assert!(line.contains(part), "{line}");
        }
    }
}
