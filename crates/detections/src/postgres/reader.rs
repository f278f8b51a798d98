//! Fills a data set with what a database holds.

use std::collections::HashMap;

use sqlx::Row;
use sqlx::postgres::PgRow;

use super::error::DatabaseError;
use super::inner::Inner;
use super::session::Session;
use super::sql::{Sql, Types};
use crate::builder::{Builder, Description};
use crate::class_groups::ClassGroups;
use crate::clock::{CameraClock, LocalTime, WrittenTime, whole_days};
use crate::excerpt::excerpt;
use crate::keep::Keep;
use crate::location_builder::LocationKeys;
use crate::model::{Dataset, Deployment};
use crate::names::apply_names;
use crate::observations::ObservationType;
use crate::options::ReadOptions;
use crate::problems::Consequence;
use crate::source_format::SourceFormat;
use crate::vocabulary::{Meaning, find_meaning};

/// Builds a data set from the rows of a database.
pub(super) struct DatabaseReader<'a> {
    pub inner: &'a Inner,
    pub types: &'a Types,
    pub builder: Builder,
    /// What is known of the classes that were read.
    known_classes: HashMap<String, (ObservationType, Option<u32>)>,
    /// Deployments by the id of their location.
    pub deployments: HashMap<String, u32>,
    /// Number, name and coordinates of each location by its id.
    pub(super) locations: HashMap<String, (u32, String, Option<f64>, Option<f64>)>,
}

impl<'a> DatabaseReader<'a> {
    pub fn new(inner: &'a Inner, types: &'a Types, keep: Keep) -> Self {
        let options = ReadOptions { keep, ..inner.read.clone() };
        let mut builder = Builder::new(&options, false);
        builder.spans_from_records = true;
        if inner.options.mapping.has_default_classes() {
            builder.groups = options.groups.apply_to(ClassGroups::platform());
        }
        let (known_classes, deployments, locations) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { inner, types, builder, known_classes, deployments, locations }
    }

    pub fn sql(&self) -> Sql<'a> {
        Sql { mapping: &self.inner.options.mapping, types: self.types, zone: self.inner.time_zone.as_ref() }
    }

    /// Converts seconds from the database to the camera's clock.
    pub fn to_local_time(&self, seconds: i64) -> (LocalTime, Option<i32>) {
        let local = LocalTime::from_seconds(seconds);
        let offset = (!self.types.local_times).then_some(0);
        self.choose_clock().read(WrittenTime { local, offset, date_only: false })
    }

    fn choose_clock(&self) -> CameraClock {
        self.inner.time_zone.clone().map_or(CameraClock::Unknown, CameraClock::Zone)
    }

    pub async fn read_locations(&mut self, session: &mut Session<'_>) -> Result<(), DatabaseError> {
        let statement = self.sql().select_locations();
        session.for_each_row(&statement, |row| self.add_location(&row)).await
    }

    fn add_location(&mut self, row: &PgRow) -> Result<(), sqlx::Error> {
        let id = self.read_text(row, 0, "location.id").to_owned();
        if id.is_empty() {
            self.add_problem("location.id", "no id; expected one".into(), Consequence::RowSkipped);
            return Ok(());
        }
        let name = match self.read_text(row, 1, "location.name") {
            "" => id.clone(),
            name => name.to_owned(),
        };
        let latitude = self.read_degrees(row, 2, "location.latitude", 90.0);
        let longitude = self.read_degrees(row, 3, "location.longitude", 180.0);
        let (latitude, longitude) = latitude.zip(longitude).unzip();
        let coordinates = latitude.zip(longitude);
        let place = self.builder.locations.find_or_add(LocationKeys {
            id: &id,
            name: &name,
            deployment: &id,
            coordinates,
        });
        self.locations.insert(id.clone(), (place, name, latitude, longitude));
        let span: (Option<i64>, Option<i64>) = (row.try_get(4)?, row.try_get(5)?);
        if let (Some(first), Some(last)) = span {
            let ((first, _), (last, _)) = (self.to_local_time(first), self.to_local_time(last));
            self.find_or_add_deployment(&id, Some(whole_days(first, last)));
            let (begin, end) = self.builder.outside_selection.recorded_span.get_or_insert((first, last));
            (*begin, *end) = ((*begin).min(first), (*end).max(last));
        }
        Ok(())
    }

    /// Reads a coordinate. `NA` means that there is none.
    fn read_degrees(&mut self, row: &PgRow, column: usize, name: &str, most: f64) -> Option<f64> {
        let text = self.read_text(row, column, name).trim();
        let degrees = text.parse().ok().filter(|degrees: &f64| degrees.abs() <= most);
        if degrees.is_none() && !matches!(text, "" | "NA") {
            let message = format!("“{}”; expected degrees from -{most} to {most}", excerpt(text));
            self.add_problem(name, message, Consequence::ValueIgnored);
        }
        degrees
    }

    /// Finds the deployment at a location, or adds it; `None` if no location has the id.
    pub fn find_or_add_deployment(
        &mut self,
        location: &str,
        span: Option<(LocalTime, LocalTime)>,
    ) -> Option<u32> {
        if let Some(number) = self.deployments.get(location) {
            return Some(*number);
        }
        let (place, name, latitude, longitude) = self.locations.get(location)?.clone();
        let number = u32::try_from(self.builder.deployments.len()).expect("fewer than 2^32 locations");
        self.builder.deployments.push(Deployment {
            id: name,
            location: place,
            latitude,
            longitude,
            start: span.map(|(start, _)| start),
            end: span.map(|(_, end)| end),
            clock: self.choose_clock(),
            ..Deployment::default()
        });
        self.deployments.insert(location.to_owned(), number);
        Some(number)
    }

    /// Adds the classes, and returns the number of detections of each.
    pub async fn read_classes(
        &mut self,
        session: &mut Session<'_>,
    ) -> Result<Vec<(String, u64)>, DatabaseError> {
        let numbers = session.fetch_counts(&self.sql().count_classes()).await?;
        for (class, _) in &numbers {
            self.identify_class(class);
        }
        Ok(numbers)
    }

    /// The observation type of a class; its number too if it is a class of animals, people or vehicles.
    pub fn identify_class(&mut self, class: &str) -> (ObservationType, Option<u32>) {
        use ObservationType::{Animal, Human, Vehicle};
        if let Some(known) = self.known_classes.get(class) {
            return *known;
        }
        let kind = self.inner.options.mapping.classes.kind(class);
        let is_named = matches!(kind, Animal | Human | Vehicle)
            && (kind != Animal || find_meaning(class) != Meaning::UnnamedAnimal);
        let identified = (kind, is_named.then(|| self.builder.classes.intern(class)));
        self.known_classes.insert(class.to_owned(), identified);
        identified
    }

    pub fn finish(self) -> Dataset {
        let citation = self.inner.options.mapping.citation.clone();
        let description =
            Description { citation, ..Description::new(SourceFormat::Postgres, self.inner.title()) };
        let mut data =
            self.builder.finish(description, self.inner.files.clone()).expect("ids were checked one by one");
        apply_names(&mut data, &self.inner.read.names);
        data
    }
}
