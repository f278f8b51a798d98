//! What a database holds, without its rows: what requests are checked against.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use sqlx::Row;
use sqlx::postgres::PgRow;
use tokio::time::Instant;

use super::error::DatabaseError;
use super::link::{Database, Inner};
use super::session::Session;
use super::sql::{Sql, Types};
use crate::builder::{Builder, Description};
use crate::class_groups::ClassGroups;
use crate::clock::{CameraClock, LocalTime, Written, whole_days};
use crate::excerpt::excerpt;
use crate::location_builder::Place;
use crate::model::{Dataset, Deployment, SourceFormat};
use crate::names::apply_names;
use crate::observations::ObservationType;
use crate::problems::Consequence;
use crate::source::{Keep, ReadOptions};
use crate::vocabulary::{Meaning, meaning_of};

/// What was found is believed for so long.
const BELIEVED: Duration = Duration::from_mins(1);

/// What is known of a database.
#[derive(Debug)]
pub(super) struct Known {
    pub at: Instant,
    pub types: Types,
    /// Its locations, their spans and its classes, without observations.
    pub outline: Arc<Dataset>,
    /// Detections of each class.
    pub numbers: Vec<(String, u64)>,
}

impl Database {
    /// The data set without its observations: its classes, its locations with their spans, and how
    /// many observations there are ([`Rest::observations`](crate::Rest)). It may be a minute old.
    pub async fn outline(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<Arc<Dataset>, DatabaseError> {
        Ok(Arc::clone(&self.known(stop).await?.outline))
    }

    /// The same, found anew: for a name that was not there a moment ago.
    pub async fn outline_now(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<Arc<Dataset>, DatabaseError> {
        Ok(Arc::clone(&self.find_out(stop).await?.outline))
    }

    pub(super) async fn known(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<Arc<Known>, DatabaseError> {
        let known = self.inner().known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known.filter(|known| known.at.elapsed() < BELIEVED) {
            Some(known) => Ok(known),
            None => self.find_out(stop).await,
        }
    }

    async fn find_out(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<Arc<Known>, DatabaseError> {
        let known =
            self.within(stop, async |session: &mut Session<'_>| known(self.inner(), session).await).await?;
        let known = Arc::new(known);
        *self.inner().known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&known));
        Ok(known)
    }
}

async fn known(inner: &Inner, session: &mut Session<'_>) -> Result<Known, DatabaseError> {
    let types = types(inner, session).await?;
    let mut ground = Ground::new(inner, &types, Keep::All);
    ground.locations(session).await?;
    let numbers = ground.classes(session).await?;
    ground.builder.rest.observations = numbers.iter().map(|(_, number)| number).sum();
    let outline = Arc::new(ground.finish());
    Ok(Known { at: Instant::now(), types, outline, numbers })
}

async fn types(inner: &Inner, session: &mut Session<'_>) -> Result<Types, DatabaseError> {
    let found = session.types(&Sql::types(&inner.options.mapping)).await?;
    let [time, image_id, detection_id, location_id, event] = &found[..] else {
        return Err(DatabaseError::Refused("the columns of the mapping are not as many as they are".into()));
    };
    match time.as_str() {
        "TIMESTAMP" | "TIMESTAMPTZ" => Ok(Types {
            local_times: time == "TIMESTAMP",
            image_id: image_id.clone(),
            detection_id: detection_id.clone(),
            location_id: location_id.clone(),
            event: event.clone(),
        }),
        other => {
            tracing::error!(r#type = other, "image.time in the mapping is no timestamp; cast it to one");
            Err(DatabaseError::Refused(format!(
                "the time of pictures is of type {other}, which is no timestamp"
            )))
        }
    }
}

/// A data set of which the locations and classes are known, on its way.
pub(super) struct Ground<'a> {
    pub inner: &'a Inner,
    pub types: &'a Types,
    pub builder: Builder,
    /// Deployments by the id of their location.
    pub cameras: HashMap<String, u32>,
    /// Numbers of locations by their id.
    pub(super) places: HashMap<String, (u32, String, Option<f64>, Option<f64>)>,
}

impl<'a> Ground<'a> {
    pub fn new(inner: &'a Inner, types: &'a Types, keep: Keep) -> Self {
        let options = ReadOptions { keep, ..inner.read.clone() };
        let mut builder = Builder::new(&options, false);
        builder.spans_from_records = true;
        if inner.options.mapping.has_usual_classes() {
            builder.groups = options.groups.replace_in(ClassGroups::of_platform());
        }
        Self { inner, types, builder, cameras: HashMap::new(), places: HashMap::new() }
    }

    pub fn sql(&self) -> Sql<'a> {
        Sql { mapping: &self.inner.options.mapping, types: self.types, zone: self.inner.time_zone.as_ref() }
    }

    /// Seconds of the database on the camera's clock.
    pub fn time(&self, seconds: i64) -> (LocalTime, Option<i32>) {
        let local = LocalTime::from_seconds(seconds);
        let offset = (!self.types.local_times).then_some(0);
        self.clock().read(Written { local, offset, date_only: false })
    }

    fn clock(&self) -> CameraClock {
        self.inner.time_zone.clone().map_or(CameraClock::Unknown, CameraClock::Zone)
    }

    pub async fn locations(&mut self, session: &mut Session<'_>) -> Result<(), DatabaseError> {
        let statement = self.sql().locations();
        session.each(&statement, |row| self.location(&row)).await
    }

    fn location(&mut self, row: &PgRow) -> Result<(), sqlx::Error> {
        let id = self.text(row, 0, "location.id").to_owned();
        if id.is_empty() {
            self.problem("location.id", "no id; expected one".into(), Consequence::RowSkipped);
            return Ok(());
        }
        let name = match self.text(row, 1, "location.name") {
            "" => id.clone(),
            name => name.to_owned(),
        };
        let latitude = self.degrees(row, 2, "location.latitude", 90.0);
        let longitude = self.degrees(row, 3, "location.longitude", 180.0);
        let (latitude, longitude) = latitude.zip(longitude).unzip();
        let coordinates = latitude.zip(longitude);
        let place =
            self.builder.locations.place(Place { id: &id, name: &name, deployment: &id, coordinates });
        self.places.insert(id.clone(), (place, name, latitude, longitude));
        let span: (Option<i64>, Option<i64>) = (row.try_get(4)?, row.try_get(5)?);
        if let (Some(first), Some(last)) = span {
            let ((first, _), (last, _)) = (self.time(first), self.time(last));
            self.camera(&id, Some(whole_days(first, last)));
            let (begin, end) = self.builder.rest.recorded.get_or_insert((first, last));
            (*begin, *end) = ((*begin).min(first), (*end).max(last));
        }
        Ok(())
    }

    /// A coordinate; `NA` is none.
    fn degrees(&mut self, row: &PgRow, column: usize, name: &str, most: f64) -> Option<f64> {
        let text = self.text(row, column, name).trim();
        let degrees = text.parse().ok().filter(|degrees: &f64| degrees.abs() <= most);
        if degrees.is_none() && !matches!(text, "" | "NA") {
            let message = format!("“{}”; expected degrees from -{most} to {most}", excerpt(text));
            self.problem(name, message, Consequence::ValueIgnored);
        }
        degrees
    }

    /// The deployment at a location, which is made when it is not there; `None` for an id that no
    /// location has.
    pub fn camera(&mut self, location: &str, span: Option<(LocalTime, LocalTime)>) -> Option<u32> {
        if let Some(number) = self.cameras.get(location) {
            return Some(*number);
        }
        let (place, name, latitude, longitude) = self.places.get(location)?.clone();
        let number = u32::try_from(self.builder.deployments.len()).expect("fewer than 2^32 locations");
        self.builder.deployments.push(Deployment {
            id: name,
            location: place,
            latitude,
            longitude,
            start: span.map(|(start, _)| start),
            end: span.map(|(_, end)| end),
            clock: self.clock(),
            ..Deployment::default()
        });
        self.cameras.insert(location.to_owned(), number);
        Some(number)
    }

    /// Makes the classes known, and returns how many detections each has.
    pub async fn classes(&mut self, session: &mut Session<'_>) -> Result<Vec<(String, u64)>, DatabaseError> {
        let numbers = session.counts(&self.sql().classes()).await?;
        for (class, _) in &numbers {
            self.identify(class);
        }
        Ok(numbers)
    }

    /// The type of a class; its number when it is one of animals, people or vehicles.
    pub fn identify(&mut self, class: &str) -> (ObservationType, Option<u32>) {
        use ObservationType::{Animal, Human, Vehicle};
        let kind = self.inner.options.mapping.classes.kind(class);
        let is_named = matches!(kind, Animal | Human | Vehicle)
            && (kind != Animal || meaning_of(class) != Meaning::UnnamedAnimal);
        (kind, is_named.then(|| self.builder.classes.intern(class)))
    }

    pub fn finish(self) -> Dataset {
        let description = Description {
            format: SourceFormat::Postgres,
            title: self.inner.title(),
            citation: self.inner.options.mapping.citation.clone(),
            licences: Vec::new(),
            descriptor: serde_json::Value::Null,
        };
        let mut data = self
            .builder
            .finish(description, self.inner.files.clone())
            .expect("ids that are asked for one by one are no surprise");
        apply_names(&mut data, &self.inner.read.names);
        data
    }
}
