//! Building a data set, whatever its format.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::class_groups::ClassGroups;
use crate::clock::{CameraClock, LocalTime, WrittenTime};
use crate::error::SourceError;
use crate::location_builder::LocationBuilder;
use crate::media::MediaTable;
use crate::media_files::MediaFiles;
use crate::model::{Class, Dataset, Deployment, Licence, OutsideSelection, PictureCount};
use crate::observations::{ObservationType, Observations};
use crate::options::ReadOptions;
use crate::parallel::run_both;
use crate::problems::{Consequence, Problems, RowError};
use crate::source_format::SourceFormat;
use crate::table::{Column, Row, SourceConventions, Step, Table, TableFile};
use crate::taxon::{StatedTaxon, describe_taxa};
use crate::text::Interner;
use crate::unicode_forms::compose_text;
use crate::vocabulary::{Meaning, find_meaning, fold};

/// The data set under construction.
pub(crate) struct Builder {
    pub time_zone: Option<TimeZone>,
    /// How the tables of the source are written.
    pub conventions: Arc<SourceConventions>,
    pub problems: Problems,
    pub deployments: Vec<Deployment>,
    pub locations: LocationBuilder,
    pub media: MediaTable,
    /// The media row after the last one that an observation named.
    pub next_media: u32,
    pub classes: Interner,
    pub vernacular: HashMap<u32, String>,
    /// The taxonomy of classes in the source.
    pub stated_taxa: HashMap<u32, StatedTaxon>,
    pub groups: ClassGroups,
    pub observations: Observations,
    pub clock_unknown: u64,
    pub model_name: Option<String>,
    pub below_threshold: u64,
    pub spans_from_records: bool,
    pub outside_selection: OutsideSelection,
    /// The latest present time on any clock.
    now: LocalTime,
    pub pictures: Option<PictureCount>,
    /// Numbers of the classes by their folded names.
    folded_classes: HashMap<String, u32>,
    /// Cached meanings of names.
    meanings: HashMap<String, Meaning>,
    deployment_ids: Interner,
    offsets: BTreeSet<i32>,
}

/// The description of a source.
pub(crate) struct Description {
    pub format: SourceFormat,
    pub title: String,
    pub citation: Option<String>,
    pub licences: Vec<Licence>,
    pub descriptor: serde_json::Value,
}

impl Description {
    /// A description that has only a title.
    pub fn new(format: SourceFormat, title: String) -> Self {
        Self { format, title, citation: None, licences: Vec::new(), descriptor: serde_json::Value::Null }
    }
}

/// Rows of a table after which the number of the others is estimated.
pub(crate) const SAMPLED_ROWS: u64 = 4096;
/// The most rows that there is room made for at once.
const MOST_RESERVED: u64 = 1 << 20;
/// The number of names whose meaning is cached.
const MOST_MEANINGS: usize = 10_000;
/// The longest plausible visit in seconds; an animal that stays longer comes several times.
const LONGEST_VISIT: i64 = 24 * 60 * 60;

impl Builder {
    /// An empty builder. `trust_ids` defers the check that ids are distinct to the end.
    pub fn new(options: &ReadOptions, trust_ids: bool) -> Self {
        let now = LocalTime::from(jiff::ZonedDateTime::now().datetime());
        Self {
            time_zone: options.time_zone.clone(),
            conventions: Arc::new(SourceConventions { stated: options.date_order }),
            problems: Problems::default(),
            deployments: Vec::new(),
            locations: LocationBuilder::with_distance(options.join_locations),
            now,
            media: MediaTable::new(options.keep, trust_ids),
            next_media: 0,
            classes: Interner::default(),
            vernacular: HashMap::new(),
            stated_taxa: HashMap::new(),
            groups: options.groups.apply_to(ClassGroups::common()),
            observations: Observations::new(options.keep, trust_ids, now),
            clock_unknown: 0,
            model_name: None,
            below_threshold: 0,
            spans_from_records: false,
            outside_selection: OutsideSelection::default(),
            pictures: None,
            folded_classes: HashMap::new(),
            meanings: HashMap::new(),
            deployment_ids: Interner::default(),
            offsets: BTreeSet::new(),
        }
    }

    /// Reads a table: finds its columns and passes its rows to `each`. A row that is broken or rejected is
    /// noted, and reading continues.
    pub fn read<C>(
        &mut self,
        file: &TableFile,
        columns: impl Fn(&Table<'_>) -> Result<C, SourceError>,
        each: impl Fn(&mut Self, &C, &Row<'_>) -> Result<(), RowError>,
    ) -> Result<(), SourceError> {
        let mut table = file.open()?.with_conventions(file, &self.conventions);
        let found = columns(&table)?;
        let name = table.file();
        let before = (self.media.len(), self.observations.len());
        let mut rows = 0;
        loop {
            let outcome = match table.step()? {
                Step::Row(row) => each(self, &found, &row),
                Step::Broken(problem) => Err(problem),
                Step::End => break,
            };
            if table.is_refused()
                && let Some(refusal) = table.refusal()
            {
                return Err(refusal);
            }
            rows += 1;
            if let Err(problem) = outcome {
                self.problems.add(problem);
            }
            if rows == SAMPLED_ROWS
                && let Some(times) = file.size().and_then(|size| table.share_left(size))
            {
                self.reserve_rows(before, times);
            }
        }
        if rows > 0 {
            self.problems.count_rows(&name, rows);
        }
        if self.media.is_full() || self.observations.is_full() || self.deployment_ids.is_full() {
            let expected = "shorter ids and paths, or the survey in several data sets";
            return Err(SourceError::structure(
                &name,
                (1, 1),
                "a column with more than 4 GiB of text",
                expected,
            ));
        }
        Ok(())
    }

    /// Makes room for `times` as many rows as were added since the tables had so many: growing step by step copies
    /// large tables several times. It is limited, since the size of a file may promise rows that never come.
    pub(crate) fn reserve_rows(&mut self, (media, observations): (usize, usize), times: f64) {
        let times = times.min((MOST_RESERVED / SAMPLED_ROWS) as f64);
        if self.media.len() > media {
            self.media.reserve(times);
        }
        if self.observations.len() > observations {
            self.observations.reserve(times);
        }
    }

    /// Notes a problem whose row is kept without the value.
    pub fn ignore_value(&mut self, problem: RowError) {
        self.problems.add(RowError { consequence: Consequence::ValueIgnored, ..problem });
    }

    /// The value; if it cannot be read, notes the problem and keeps the row without it.
    pub fn keep_value<T>(&mut self, parsed: Result<Option<T>, RowError>) -> Option<T> {
        parsed.unwrap_or_else(|problem| {
            self.ignore_value(problem);
            None
        })
    }

    /// The type and class of an observation, from the type in the source and the meaning of its name. A name
    /// of a person or object overrides the type; a type other than animal is kept otherwise.
    pub fn identify(&mut self, stated: ObservationType, name: &str) -> (ObservationType, Option<u32>) {
        let meaning = self.look_up_meaning(name);
        let kind = match (stated, meaning) {
            (ObservationType::Human | ObservationType::Vehicle, _) => stated,
            (_, Meaning::Human | Meaning::Vehicle) | (ObservationType::Animal, Meaning::Blank) => {
                meaning.kind()
            }
            // An animal without a species name stays an animal.
            _ => stated,
        };
        let is_named = match kind {
            ObservationType::Animal => meaning == Meaning::Taxon,
            ObservationType::Human | ObservationType::Vehicle => !name.is_empty(),
            _ => false,
        };
        (kind, is_named.then(|| self.intern_class(name)))
    }

    /// The meaning of a name, cached because many rows have the same name.
    fn look_up_meaning(&mut self, name: &str) -> Meaning {
        if let Some(meaning) = self.meanings.get(name) {
            return *meaning;
        }
        let meaning = find_meaning(name);
        // The limit keeps free text from filling the memory.
        if self.meanings.len() < MOST_MEANINGS {
            self.meanings.insert(name.to_owned(), meaning);
        }
        meaning
    }

    /// The number of a class by its name, which is added if it is new. Names that differ only in case,
    /// accents or spaces are one class, which keeps the name of the first row.
    pub fn intern_class(&mut self, name: &str) -> u32 {
        let name = compose_text(name);
        if let Some(number) = self.classes.find(&name) {
            return number;
        }
        let classes = &mut self.classes;
        *self.folded_classes.entry(fold(&name)).or_insert_with(|| classes.intern(&name))
    }

    /// The seconds from start to end. An implausible end is noted and the duration is 0: an end that is years
    /// late would absorb all later visits of the species.
    pub fn measure_duration(
        &mut self,
        deployment: u32,
        start: WrittenTime,
        end: WrittenTime,
        row: &Row<'_>,
        column: Option<Column>,
    ) -> u32 {
        let between = end.local.seconds() - start.local.seconds();
        let seconds = match (start.offset, end.offset) {
            (Some(of_start), Some(of_end)) => between + i64::from(of_start) - i64::from(of_end),
            _ => between,
        };
        // A date without a time is the whole day.
        let is_same_day = end.date_only && end.local.date() == start.local.date();
        let expected = if seconds < 0 && !is_same_day {
            Some("an end after the start")
        } else {
            self.find_expected_end(deployment, end, seconds)
        };
        if let Some(expected) = expected {
            self.ignore_value(row.problem(column, row.text(column), expected));
            return 0;
        }
        u32::try_from(seconds).unwrap_or(0)
    }

    /// What was expected instead of an end that is too late to be true; `None` if it may be true. `seconds`
    /// is the duration.
    fn find_expected_end(&self, deployment: u32, end: WrittenTime, seconds: i64) -> Option<&'static str> {
        let deployment = &self.deployments[deployment as usize];
        let (end, _) = deployment.clock.read(end);
        let last = deployment.end.filter(|_| !deployment.ends_before_it_starts());
        // Allow one more day because clocks differ. If the end was written as a date, that whole day belongs
        // to the deployment.
        let grace = if deployment.end_is_date { 2 } else { 1 };
        if end > self.now.plus_days(1) {
            Some("an end that is not in the future")
        } else if last.is_some_and(|last| end > last.plus_days(grace)) {
            Some("an end at most a day after the end of the deployment")
        } else if seconds > LONGEST_VISIT {
            Some("an end at most 24 hours after the start, since no visit lasts longer")
        } else {
            None
        }
    }

    /// The time; if it cannot be read, notes the problem and keeps the row without it, in no period.
    pub fn keep_time(&mut self, parsed: Result<Option<WrittenTime>, RowError>) -> Option<WrittenTime> {
        parsed.unwrap_or_else(|mut problem| {
            problem.consequence = Consequence::TimeLost;
            self.problems.add(problem);
            None
        })
    }

    /// Claims the id of a new deployment, which no earlier row may have.
    pub fn claim_deployment_id(&mut self, id: &str, row: &Row<'_>, column: Column) -> Result<(), RowError> {
        if id.is_empty() || self.deployment_ids.insert_new(&compose_text(id)).is_none() {
            return Err(row.problem(column, row.text(column), "an id that no earlier row has"));
        }
        Ok(())
    }

    /// Finds the deployment that a row names.
    pub fn find_deployment(&self, id: &str, row: &Row<'_>, column: Column) -> Result<u32, RowError> {
        self.deployment_ids
            .find(&compose_text(id))
            .ok_or_else(|| row.problem(column, row.text(column), "the id of a row of the table deployments"))
    }

    /// Adds a deployment. It is kept even if its span is invalid, since its observations need it.
    ///
    /// An end in the future cannot be true, whether it is a mistake or means "no end yet", so it is kept
    /// separately.
    pub fn add_deployment(&mut self, mut deployment: Deployment, row: &Row<'_>, end: Column) {
        // Allow one more day because cameras are in all time zones.
        if deployment.end.is_some_and(|end| end > self.now.plus_days(1)) {
            deployment.future_end = deployment.end.take();
            deployment.end_is_date = false;
        }
        if deployment.ends_before_it_starts() {
            self.ignore_value(row.problem(end, row.text(end), "an end after the start"));
        }
        self.deployments.push(deployment);
    }

    /// Chooses the clock of a deployment from its start.
    pub fn choose_clock(&mut self, start: Option<WrittenTime>) -> CameraClock {
        let offset = start.and_then(|start| start.offset);
        self.offsets.extend(offset);
        match (&self.time_zone, offset) {
            (Some(zone), _) => CameraClock::Zone(zone.clone()),
            (None, Some(offset)) => CameraClock::Offset(offset),
            (None, None) => CameraClock::Unknown,
        }
    }

    /// Converts a written time to the clock of a deployment, and returns the UTC offset of that clock.
    pub fn convert_time(&mut self, deployment: u32, written: WrittenTime) -> (LocalTime, Option<i32>) {
        self.offsets.extend(written.offset);
        self.deployments[deployment as usize].clock.read(written)
    }

    /// The data set; `None` if ids were trusted and two rows have the same id.
    pub fn finish(mut self, of: Description, files: MediaFiles) -> Option<Dataset> {
        self.observations.mark_reviewed();
        let (media, observations) = (&mut self.media, &mut self.observations);
        let repeated = run_both(|| observations.close(), || media.close());
        if repeated.0 || repeated.1 {
            return None;
        }
        let taxa = describe_taxa(&self.classes, &self.stated_taxa, of.format);
        let classes = (0..)
            .zip(self.classes.iter().zip(taxa))
            .map(|(number, (name, taxon))| Class {
                name: name.into(),
                vernacular: self.vernacular.get(&number).cloned(),
                vernacular_language: None,
                taxon,
            })
            .collect();
        Some(Dataset {
            format: of.format,
            title: of.title,
            citation: of.citation,
            licences: of.licences,
            descriptor: of.descriptor,
            model_name: self.model_name,
            below_threshold: self.below_threshold,
            spans_from_records: self.spans_from_records,
            locations: self.locations.locations,
            deployments: self.deployments,
            classes,
            groups: self.groups,
            observations: self.observations,
            media: self.media,
            files,
            problems: self.problems,
            clock_unknown: self.clock_unknown,
            offsets_written: self.offsets.into_iter().collect(),
            outside_selection: self.outside_selection,
            pictures: self.pictures,
        })
    }
}
