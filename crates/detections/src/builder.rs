//! A data set on its way: what every reader fills, whatever its format.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::class_groups::ClassGroups;
use crate::clock::{CameraClock, LocalTime, Written};
use crate::error::SourceError;
use crate::location_builder::LocationBuilder;
use crate::media::MediaTable;
use crate::media_files::MediaFiles;
use crate::model::{Class, Dataset, Deployment, Licence, PictureCount, Rest, SourceFormat};
use crate::observations::{ObservationType, Observations};
use crate::problems::{Consequence, Problems, RowProblem};
use crate::source::ReadOptions;
use crate::table::{Column, Row, SourceConventions, Step, Table, TableFile};
use crate::taxon::{StatedTaxon, describe_taxa};
use crate::text::Names;
use crate::unicode_forms::compose_text;
use crate::vocabulary::{Meaning, fold, meaning_of};

/// The tables read so far.
pub(crate) struct Builder {
    pub time_zone: Option<TimeZone>,
    /// How its tables are written.
    pub conventions: Arc<SourceConventions>,
    pub problems: Problems,
    pub deployments: Vec<Deployment>,
    pub locations: LocationBuilder,
    pub media: MediaTable,
    /// The media row after the one that an observation named last.
    pub next_media: u32,
    pub classes: Names,
    pub vernacular: HashMap<u32, String>,
    /// What the source says of the ranks of classes.
    pub stated_taxa: HashMap<u32, StatedTaxon>,
    pub groups: ClassGroups,
    pub observations: Observations,
    pub clock_unknown: u64,
    pub made_by: Option<String>,
    pub unsure: u64,
    pub spans_from_records: bool,
    pub rest: Rest,
    /// The present on any clock.
    now: LocalTime,
    pub pictures: Option<PictureCount>,
    /// Numbers of the classes by their folded names.
    folded_classes: HashMap<String, u32>,
    /// What the names that were read mean.
    meanings: HashMap<String, Meaning>,
    deployment_ids: Names,
    offsets: BTreeSet<i32>,
}

/// What a source says of itself.
pub(crate) struct Description {
    pub format: SourceFormat,
    pub title: String,
    pub citation: Option<String>,
    pub licences: Vec<Licence>,
    pub descriptor: serde_json::Value,
}

/// Names whose meaning is kept.
const MOST_MEANINGS: usize = 10_000;
/// Seconds in a day: an animal that is there for longer comes several times.
const LONGEST_VISIT: i64 = 24 * 60 * 60;

impl Builder {
    /// A builder that takes ids to be distinct when it is `trusting`, and asks at the end.
    pub fn new(options: &ReadOptions, trusting: bool) -> Self {
        let now = LocalTime::from(jiff::ZonedDateTime::now().datetime());
        Self {
            time_zone: options.time_zone.clone(),
            conventions: Arc::new(SourceConventions { stated: options.date_order }),
            problems: Problems::default(),
            deployments: Vec::new(),
            locations: LocationBuilder::joining_within(options.join_locations),
            now,
            media: MediaTable::new(options.keep, trusting),
            next_media: 0,
            classes: Names::default(),
            vernacular: HashMap::new(),
            stated_taxa: HashMap::new(),
            groups: options.groups.replace_in(ClassGroups::of_any_source()),
            observations: Observations::new(options.keep, trusting, now),
            clock_unknown: 0,
            made_by: None,
            unsure: 0,
            spans_from_records: false,
            rest: Rest::default(),
            pictures: None,
            folded_classes: HashMap::new(),
            meanings: HashMap::new(),
            deployment_ids: Names::default(),
            offsets: BTreeSet::new(),
        }
    }

    /// Finds the columns of a table and hands over its rows; one that is broken or refused is
    /// noted and the next is read.
    pub fn read<C>(
        &mut self,
        file: &TableFile,
        columns: impl Fn(&Table<'_>) -> Result<C, SourceError>,
        each: impl Fn(&mut Self, &C, &Row<'_>) -> Result<(), RowProblem>,
    ) -> Result<(), SourceError> {
        let mut table = file.open()?.with_conventions(file, &self.conventions);
        let found = columns(&table)?;
        let name = table.file();
        loop {
            let outcome = match table.step()? {
                Step::Row(row) => each(self, &found, &row),
                Step::Broken(problem) => Err(problem),
                Step::End => return Ok(()),
            };
            if let Some(refusal) = table.refusal() {
                return Err(refusal);
            }
            self.problems.count_row(&name);
            if let Err(problem) = outcome {
                self.problems.add(problem);
            }
        }
    }

    /// The value, or none and the problem noted: for rows that are kept without it.
    pub fn kept<T>(&mut self, parsed: Result<Option<T>, RowProblem>) -> Option<T> {
        parsed.unwrap_or_else(|problem| {
            self.problems.add(problem.ignoring_value());
            None
        })
    }

    /// The type and class of an observation: what its source says it is, held against what the name
    /// means. People and objects are such whatever the type; a type that is not that of an animal stays.
    pub fn identify(&mut self, stated: ObservationType, name: &str) -> (ObservationType, Option<u32>) {
        let meaning = self.find_meaning(name);
        let kind = match (stated, meaning) {
            (ObservationType::Human | ObservationType::Vehicle, _) => stated,
            (_, Meaning::Human | Meaning::Vehicle) | (ObservationType::Animal, Meaning::Blank) => {
                meaning.kind()
            }
            // An animal that is not named is one.
            _ => stated,
        };
        let is_named = match kind {
            ObservationType::Animal => meaning == Meaning::Taxon,
            ObservationType::Human | ObservationType::Vehicle => !name.is_empty(),
            _ => false,
        };
        (kind, is_named.then(|| self.intern_class(name)))
    }

    /// What a name means, looked up once for each name: rows are many and names are few.
    fn find_meaning(&mut self, name: &str) -> Meaning {
        if let Some(meaning) = self.meanings.get(name) {
            return *meaning;
        }
        let meaning = meaning_of(name);
        // Free text could fill the memory.
        if self.meanings.len() < MOST_MEANINGS {
            self.meanings.insert(name.to_owned(), meaning);
        }
        meaning
    }

    /// The number of the class with a name. Names that differ in case, in the form of their accents or
    /// in spaces are of one class, which is called as the first row calls it.
    pub fn intern_class(&mut self, name: &str) -> u32 {
        let name = compose_text(name);
        if let Some(number) = self.classes.find(&name) {
            return number;
        }
        let classes = &mut self.classes;
        *self.folded_classes.entry(fold(&name)).or_insert_with(|| classes.intern(&name))
    }

    /// The seconds from a start to an end. An end that cannot be true is noted, and the record is that of a
    /// moment: one end that is years late would take all later visits of the species into its own.
    pub fn duration(
        &mut self,
        deployment: u32,
        start: Written,
        end: Written,
        row: &Row<'_>,
        column: Option<Column>,
    ) -> u32 {
        let between = end.local.seconds() - start.local.seconds();
        let seconds = match (start.offset, end.offset) {
            (Some(of_start), Some(of_end)) => between + i64::from(of_start) - i64::from(of_end),
            _ => between,
        };
        // A date alone stands for all of its day.
        let is_same_day = end.date_only && end.local.date() == start.local.date();
        let expected = if seconds < 0 && !is_same_day {
            Some("an end after the start")
        } else {
            self.expected_end(deployment, end, seconds)
        };
        if let Some(expected) = expected {
            let problem = row.problem(column, row.text(column), expected);
            self.problems.add(problem.ignoring_value());
            return 0;
        }
        u32::try_from(seconds).unwrap_or(0)
    }

    /// What should have stood in place of an end that is too late to be true; nothing where it may be
    /// true. `seconds` are those from the start.
    fn expected_end(&self, deployment: u32, end: Written, seconds: i64) -> Option<&'static str> {
        let deployment = &self.deployments[deployment as usize];
        let (end, _) = deployment.clock.read(end);
        let last = deployment.end.filter(|_| !deployment.ends_before_it_starts());
        // A day of grace, since clocks differ. Where a date alone was written all of that day belongs to
        // the deployment.
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

    /// The time, or none and its loss noted: the row is kept, and is in no period.
    pub fn kept_time(&mut self, parsed: Result<Option<Written>, RowProblem>) -> Option<Written> {
        parsed.unwrap_or_else(|mut problem| {
            problem.consequence = Consequence::TimeLost;
            self.problems.add(problem);
            None
        })
    }

    /// Takes the id of a new deployment, which no earlier row may have.
    pub fn new_deployment_id(&mut self, id: &str, row: &Row<'_>, column: Column) -> Result<(), RowProblem> {
        if id.is_empty() || self.deployment_ids.insert_new(&compose_text(id)).is_none() {
            return Err(row.problem(column, row.text(column), "an id that no earlier row has"));
        }
        Ok(())
    }

    /// The deployment with an id, which a row names.
    pub fn find_deployment(&self, id: &str, row: &Row<'_>, column: Column) -> Result<u32, RowProblem> {
        self.deployment_ids
            .find(&compose_text(id))
            .ok_or_else(|| row.problem(column, row.text(column), "the id of a row of the table deployments"))
    }

    /// Adds a deployment, which is kept even when its span is no span: its observations would
    /// have nowhere to go.
    ///
    /// An end that is still to come cannot be true, whether it is a slip or stands for "no end yet": it
    /// is kept apart.
    pub fn add_deployment(&mut self, mut deployment: Deployment, row: &Row<'_>, end: Column) {
        // A day of grace, since cameras stand in all time zones.
        if deployment.end.is_some_and(|end| end > self.now.plus_days(1)) {
            deployment.future_end = deployment.end.take();
            deployment.end_is_date = false;
        }
        if deployment.ends_before_it_starts() {
            let problem = row.problem(end, row.text(end), "an end after the start");
            self.problems.add(problem.ignoring_value());
        }
        self.deployments.push(deployment);
    }

    /// The clock of a deployment whose start was written so.
    pub fn clock(&mut self, start: Option<Written>) -> CameraClock {
        let offset = start.and_then(|start| start.offset);
        self.offsets.extend(offset);
        match (&self.time_zone, offset) {
            (Some(zone), _) => CameraClock::Zone(zone.clone()),
            (None, Some(offset)) => CameraClock::Offset(offset),
            (None, None) => CameraClock::Unknown,
        }
    }

    /// A written time on the clock of a deployment, with the offset of that clock.
    pub fn on_clock_of(&mut self, deployment: u32, written: Written) -> (LocalTime, Option<i32>) {
        self.offsets.extend(written.offset);
        self.deployments[deployment as usize].clock.read(written)
    }

    /// The data set; `None` when ids were trusted and two rows have the same.
    pub fn finish(mut self, of: Description, files: MediaFiles) -> Option<Dataset> {
        self.observations.mark_reviewed();
        if self.media.close() || self.observations.close() {
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
            made_by: self.made_by,
            unsure: self.unsure,
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
            rest: self.rest,
            pictures: self.pictures,
        })
    }
}
