//! Slices of a database.

use std::collections::HashSet;

use jiff::ToSpan;
use jiff::civil::Date;
use sqlx::Row;

use super::error::DatabaseError;
use super::link::Database;
use super::outline::{Ground, Known};
use super::session::Session;
use super::slice::Slice;
use super::sql::{Sql, Statement};
use crate::model::{Dataset, Location};
use crate::names::{ResolvedNames, UnknownNames};
use crate::select::Selection;
use crate::source::Keep;

impl Database {
    /// Reads a slice. Reports need no texts ([`Keep::Numbers`]), and get none.
    ///
    /// `stop` is asked several times a second whether it is still wanted.
    pub async fn load(
        &self,
        slice: &Slice,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Dataset, DatabaseError> {
        let known = self.known(stop).await?;
        self.within(stop, async |session: &mut Session<'_>| {
            let keep = if matches!(slice, Slice::Days { .. }) { Keep::Numbers } else { Keep::All };
            let mut ground = Ground::new(self.inner(), &known.types, keep);
            ground.locations(session).await?;
            session.limit(keep == Keep::All);
            match slice {
                Slice::Days { from, to } => ground.days(session, *from, *to).await?,
                Slice::Ids { ids, people } => {
                    ground.chosen(session, &known, &ground.sql().with_ids(ids), *people).await?;
                }
                Slice::Selected { selection, people } => {
                    // Of this moment: a place may be newer than what is known.
                    let locations = ids_of(&ground.builder.locations.locations, &selection.locations);
                    let statement = ground.sql().selected(selection, &locations);
                    ground.chosen(session, &known, &statement, *people).await?;
                }
            }
            Ok(ground.finish())
        })
        .await
    }

    /// How many detections of each class a selection wants, whose names are those of the database.
    pub async fn count(
        &self,
        selection: &Selection,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<(String, u64)>, DatabaseError> {
        let known = self.known(stop).await?;
        let statement =
            self.sql(&known).count(selection, &ids_of(&known.outline.locations, &selection.locations));
        self.within(stop, async |session: &mut Session<'_>| session.counts(&statement).await).await
    }

    /// How the server would find the rows of a slice, as `EXPLAIN` tells it.
    pub async fn explain(&self, slice: &Slice) -> Result<String, DatabaseError> {
        let known = self.known(&|| false).await?;
        let sql = self.sql(&known);
        let statement = match slice {
            Slice::Days { from, to } => sql.on_days(*from, *to),
            Slice::Ids { ids, .. } => sql.with_ids(ids),
            Slice::Selected { selection, .. } => {
                sql.selected(selection, &ids_of(&known.outline.locations, &selection.locations))
            }
        };
        self.within(&|| false, async |session: &mut Session<'_>| {
            let mut plan = String::new();
            session
                .each(&statement.explained(), |row| {
                    plan += row.try_get::<&str, _>(0)?;
                    plan.push('\n');
                    Ok(())
                })
                .await?;
            Ok(plan)
        })
        .await
    }

    /// The names of classes and locations as the database has them, for names that somebody typed: those
    /// that were not known a minute ago are looked for anew.
    pub async fn resolve_names(
        &self,
        classes: &[String],
        locations: &[String],
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Result<ResolvedNames, UnknownNames>, DatabaseError> {
        let outline = self.outline(stop).await?;
        if let Ok(resolved) = outline.resolve_names(classes, locations) {
            return Ok(Ok(resolved));
        }
        let outline = self.outline_now(stop).await?;
        Ok(outline.resolve_names(classes, locations))
    }

    pub(super) fn sql<'a>(&'a self, known: &'a Known) -> Sql<'a> {
        let inner = self.inner();
        Sql { mapping: &inner.options.mapping, types: &known.types, zone: inner.time_zone.as_ref() }
    }
}

/// Days read before and after those asked for, so that a visit that lasts over midnight is known as one:
/// it belongs to the day on which it began.
const DAYS_AROUND: i64 = 2;

fn with_visits(from: Date, to: Date) -> (Date, Date) {
    let days = DAYS_AROUND.days();
    (from.saturating_sub(days), to.saturating_add(days))
}

/// The ids of the locations with these names or ids.
fn ids_of(locations: &[Location], names: &[String]) -> Vec<String> {
    let find = |name: &String| {
        let by_name = locations.iter().find(|location| location.name == *name);
        by_name.or_else(|| locations.iter().find(|location| location.key == *name))
    };
    names.iter().filter_map(find).map(|location| location.key.clone()).collect()
}

impl Ground<'_> {
    /// What a report on some days is made of.
    async fn days(&mut self, session: &mut Session<'_>, from: Date, to: Date) -> Result<(), DatabaseError> {
        let numbers = self.classes(session).await?;
        let mut seen = 0_u64;
        let (first, last) = with_visits(from, to);
        let [timeless, to_come] = self.sql().strays(first, last);
        for statement in [self.sql().on_days(first, last), timeless, to_come] {
            session
                .each(&statement, |row| {
                    seen += 1;
                    self.detection(&row)
                })
                .await?;
        }
        let total: u64 = numbers.iter().map(|(_, number)| number).sum();
        self.builder.rest.observations = total.saturating_sub(seen);
        self.not_counted(session, from, to).await?;
        session
            .each(&self.sql().days_with_pictures(from, to), |row| {
                let location: Option<&str> = row.try_get(0).unwrap_or_default();
                let Some(camera) = location.and_then(|location| self.camera(location, None)) else {
                    return Ok(());
                };
                for column in [1, 2] {
                    let (time, _) = self.time(row.try_get(column)?);
                    self.builder.rest.worked.push((camera, time));
                }
                Ok(())
            })
            .await
    }

    async fn not_counted(
        &mut self,
        session: &mut Session<'_>,
        from: Date,
        to: Date,
    ) -> Result<(), DatabaseError> {
        let Some(statement) = self.sql().not_counted(from, to) else { return Ok(()) };
        let reasons: Vec<String> = self.inner.options.mapping.not_counted.0.keys().cloned().collect();
        for row in session.all(&statement).await? {
            for (column, reason) in reasons.iter().enumerate() {
                let number: i64 = row.try_get(column).map_err(|error| self.inner.told(&error))?;
                self.builder.rest.not_counted.push((reason.clone(), number.unsigned_abs()));
            }
        }
        Ok(())
    }

    /// The detections of a statement and, when wanted, the people on their pictures and visits.
    async fn chosen(
        &mut self,
        session: &mut Session<'_>,
        known: &Known,
        statement: &Statement,
        people: bool,
    ) -> Result<(), DatabaseError> {
        for (class, _) in &known.numbers {
            self.identify(class);
        }
        let (mut images, mut events) = (HashSet::new(), HashSet::new());
        session
            .each(statement, |row| {
                if people {
                    images.extend(
                        row.try_get::<Option<String>, _>(super::sql::column::IMAGE).unwrap_or_default(),
                    );
                    events.extend(
                        row.try_get::<Option<String>, _>(super::sql::column::EVENT).unwrap_or_default(),
                    );
                }
                self.detection(&row)
            })
            .await?;
        let [images, events] = [images, events].map(|ids| ids.into_iter().collect::<Vec<String>>());
        for (statement, ids) in self.sql().people(&images, &events).iter().zip([&images, &events]) {
            if !ids.is_empty() {
                session.each(statement, |row| self.detection(&row)).await?;
            }
        }
        Ok(())
    }
}
