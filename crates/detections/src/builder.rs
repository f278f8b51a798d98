//! A data set on its way: what every reader fills, whatever its format.

use std::collections::{BTreeSet, HashMap};

use jiff::tz::TimeZone;

use crate::clock::{CameraClock, LocalTime, Written};
use crate::container::Container;
use crate::error::SourceError;
use crate::media::MediaTable;
use crate::media_files::MediaFiles;
use crate::model::{Class, Dataset, Deployment, Licence, LocationBuilder, Rest, SourceFormat};
use crate::observations::Observations;
use crate::problems::{Problems, RowProblem};
use crate::source::ReadOptions;
use crate::table::{Column, Row, Step, Table};
use crate::text::Names;

/// The tables read so far.
pub(crate) struct Builder {
    pub time_zone: Option<TimeZone>,
    pub problems: Problems,
    pub deployments: Vec<Deployment>,
    pub locations: LocationBuilder,
    pub media: MediaTable,
    /// The media row after the one that an observation named last.
    pub next_media: u32,
    pub classes: Names,
    pub vernacular: HashMap<u32, String>,
    pub observations: Observations,
    pub clock_unknown: u64,
    pub made_by: Option<String>,
    pub unsure: u64,
    pub spans_from_records: bool,
    pub rest: Rest,
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

/// A file of a table, and how it is written.
pub(crate) struct TableFile<'a> {
    pub name: &'a str,
    pub delimiter: u8,
    /// Why it has to be there, for the message when it is not.
    pub needed: &'a str,
}

impl Builder {
    /// A builder that takes ids to be distinct when it is `trusting`, and asks at the end.
    pub fn new(options: &ReadOptions, trusting: bool) -> Self {
        let now = LocalTime::from(jiff::ZonedDateTime::now().datetime());
        Self {
            time_zone: options.time_zone.clone(),
            problems: Problems::default(),
            deployments: Vec::new(),
            locations: LocationBuilder::default(),
            media: MediaTable::new(options.keep, trusting),
            next_media: 0,
            classes: Names::default(),
            vernacular: HashMap::new(),
            observations: Observations::new(options.keep, trusting, now),
            clock_unknown: 0,
            made_by: None,
            unsure: 0,
            spans_from_records: false,
            rest: Rest::default(),
            deployment_ids: Names::default(),
            offsets: BTreeSet::new(),
        }
    }

    /// Finds the columns of a table and hands over its rows; one that is broken or refused is
    /// noted and the next is read.
    pub fn read<C>(
        &mut self,
        container: &Container,
        file: &TableFile<'_>,
        columns: impl Fn(&Table<'_>) -> Result<C, SourceError>,
        each: impl Fn(&mut Self, &C, &Row<'_>) -> Result<(), RowProblem>,
    ) -> Result<(), SourceError> {
        let reader = container.open_table(file.name, file.needed)?;
        let mut table = Table::open(reader, file.name, file.delimiter)?;
        let found = columns(&table)?;
        loop {
            let outcome = match table.step()? {
                Step::Row(row) => each(self, &found, &row),
                Step::Broken(problem) => Err(problem),
                Step::End => return Ok(()),
            };
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

    /// Takes the id of a new deployment, which no earlier row may have.
    pub fn new_deployment_id<'t>(&mut self, row: &'t Row<'_>, column: Column) -> Result<&'t str, RowProblem> {
        let id = row.text(column);
        if id.is_empty() || self.deployment_ids.insert_new(id).is_none() {
            return Err(row.problem(column, id, "an id that no earlier row has"));
        }
        Ok(id)
    }

    /// The deployment that a row names.
    pub fn deployment_of(&self, row: &Row<'_>, column: Column) -> Result<u32, RowProblem> {
        let id = row.text(column);
        self.deployment_ids
            .find(id)
            .ok_or_else(|| row.problem(column, id, "the id of a row of the table deployments"))
    }

    /// Adds a deployment, which is kept even when its span is no span: its observations would
    /// have nowhere to go.
    pub fn add_deployment(&mut self, deployment: Deployment, row: &Row<'_>, end: Column) {
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
        if self.media.close() || self.observations.close() {
            return None;
        }
        let classes = (0..)
            .zip(self.classes.iter())
            .map(|(number, name)| Class {
                name: name.into(),
                vernacular: self.vernacular.get(&number).cloned(),
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
            observations: self.observations,
            media: self.media,
            files,
            problems: self.problems,
            clock_unknown: self.clock_unknown,
            offsets_written: self.offsets.into_iter().collect(),
            rest: self.rest,
        })
    }
}
