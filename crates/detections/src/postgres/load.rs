//! Reading slices of a database.

use std::collections::HashSet;

use jiff::ToSpan;
use jiff::civil::Date;
use sqlx::Row;
use tokio_util::sync::CancellationToken;

use super::cached_outline::CachedOutline;
use super::database::Database;
use super::error::DatabaseError;
use super::reader::DatabaseReader;
use super::rows::find_id;
use super::session::Session;
use super::slice::Slice;
use super::sql::{Sql, Statement, column};
use crate::builder::SAMPLED_ROWS;
use crate::keep::Keep;
use crate::model::{Dataset, Location};
use crate::names::{ResolvedNames, UnknownNamesError};
use crate::select::Selection;

impl Database {
    /// Reads a slice. For reports ([`Keep::Numbers`]) texts are not read.
    ///
    /// The token cancels the call.
    pub async fn load(
        &self,
        slice: &Slice,
        cancellation: &CancellationToken,
    ) -> Result<Dataset, DatabaseError> {
        let cached = self.find_outline(cancellation).await?;
        self.run_in_transaction(cancellation, async |session: &mut Session<'_>| {
            let keep = if matches!(slice, Slice::Days { .. }) { Keep::Numbers } else { Keep::All };
            let mut reader = DatabaseReader::new(self.inner(), &cached.types, keep);
            reader.read_locations(session).await?;
            session.limit_rows(keep == Keep::All);
            match slice {
                Slice::Days { from, to } => reader.read_days(session, &cached, *from, *to).await?,
                Slice::Ids { ids, people } => {
                    reader.read_detections(session, &cached, &reader.sql().select_ids(ids), *people).await?;
                }
                Slice::Selected { selection, people } => {
                    // These locations are from this transaction. The cached ones may lack a new location.
                    let locations =
                        find_location_ids(&reader.builder.locations.locations, &selection.locations);
                    let statement = reader.sql().select_matching(selection, &locations);
                    reader.read_detections(session, &cached, &statement, *people).await?;
                }
            }
            Ok(reader.finish())
        })
        .await
    }

    /// Counts the detections of each class that match a selection, whose names are those of the database.
    pub async fn count_matching(
        &self,
        selection: &Selection,
        cancellation: &CancellationToken,
    ) -> Result<Vec<(String, u64)>, DatabaseError> {
        let cached = self.find_outline(cancellation).await?;
        let statement = self
            .sql(&cached)
            .count_matching(selection, &find_location_ids(&cached.outline.locations, &selection.locations));
        self.run_in_transaction(cancellation, async |session: &mut Session<'_>| {
            session.fetch_counts(&statement).await
        })
        .await
    }

    /// The plan of the server (`EXPLAIN`) for the rows of a slice.
    pub async fn explain(&self, slice: &Slice) -> Result<String, DatabaseError> {
        let cached = self.find_outline(&CancellationToken::new()).await?;
        let sql = self.sql(&cached);
        let statement = match slice {
            Slice::Days { from, to } => sql.select_days(*from, *to),
            Slice::Ids { ids, .. } => sql.select_ids(ids),
            Slice::Selected { selection, .. } => sql.select_matching(
                selection,
                &find_location_ids(&cached.outline.locations, &selection.locations),
            ),
        };
        self.run_in_transaction(&CancellationToken::new(), async |session: &mut Session<'_>| {
            let mut plan = String::new();
            session
                .for_each_row(&statement.to_explain(), |row| {
                    plan += row.try_get::<&str, _>(0)?;
                    plan.push('\n');
                    Ok(())
                })
                .await?;
            Ok(plan)
        })
        .await
    }

    /// Finds the classes and locations of the database by names that people typed. If a name is not in
    /// the cached outline, the outline is read again.
    pub async fn resolve_names(
        &self,
        classes: &[String],
        locations: &[String],
        cancellation: &CancellationToken,
    ) -> Result<Result<ResolvedNames, UnknownNamesError>, DatabaseError> {
        let outline = self.load_outline(cancellation).await?;
        if let Ok(resolved) = outline.resolve_names(classes, locations) {
            return Ok(Ok(resolved));
        }
        let outline = self.reload_outline(cancellation).await?;
        Ok(outline.resolve_names(classes, locations))
    }

    pub(super) fn sql<'a>(&'a self, cached: &'a CachedOutline) -> Sql<'a> {
        let inner = self.inner();
        Sql { mapping: &inner.options.mapping, types: &cached.types, zone: inner.time_zone.as_ref() }
    }
}

/// Days that are read before and after those of a report, so that a visit over midnight is complete: it
/// belongs to the day on which it began.
const DAYS_AROUND: i64 = 2;

fn widen_for_visits(from: Date, to: Date) -> (Date, Date) {
    let days = DAYS_AROUND.days();
    (from.saturating_sub(days), to.saturating_add(days))
}

/// Finds the ids of locations by their names or ids.
fn find_location_ids(locations: &[Location], names: &[String]) -> Vec<String> {
    let find = |name: &String| {
        let by_name = locations.iter().find(|location| location.name == *name);
        by_name.or_else(|| locations.iter().find(|location| location.key == *name))
    };
    names.iter().filter_map(find).map(|location| location.key.clone()).collect()
}

impl DatabaseReader<'_> {
    /// Reads the data for a report on some days. The number of detections on other days is that of the outline,
    /// which may be a minute old: counting them would go through the whole table each time.
    async fn read_days(
        &mut self,
        session: &mut Session<'_>,
        cached: &CachedOutline,
        from: Date,
        to: Date,
    ) -> Result<(), DatabaseError> {
        for (class, _) in &cached.class_counts {
            self.identify_class(class);
        }
        let total: u64 = cached.class_counts.iter().map(|(_, number)| number).sum();
        let mut seen = 0_u64;
        let (first, last) = widen_for_visits(from, to);
        let [timeless, to_come] = self.sql().select_impossible_times(first, last);
        for statement in [self.sql().select_days(first, last), timeless, to_come] {
            session
                .for_each_row(&statement, |row| {
                    seen += 1;
                    if seen == SAMPLED_ROWS {
                        // There are at most so many more.
                        self.builder.reserve_rows((0, 0), total as f64 / seen as f64);
                    }
                    self.add_detection(&row)
                })
                .await?;
        }
        self.builder.outside_selection.observations = total.saturating_sub(seen);
        self.read_not_counted(session, from, to).await?;
        session
            .for_each_row(&self.sql().select_days_with_pictures(from, to), |row| {
                let location: Option<&str> = row.try_get(0).unwrap_or_default();
                let Some(camera) = location.and_then(|location| self.find_or_add_deployment(location, None))
                else {
                    return Ok(());
                };
                for column in [1, 2] {
                    let (time, _) = self.to_local_time(row.try_get(column)?);
                    self.builder.outside_selection.working_times.push((camera, time));
                }
                Ok(())
            })
            .await
    }

    async fn read_not_counted(
        &mut self,
        session: &mut Session<'_>,
        from: Date,
        to: Date,
    ) -> Result<(), DatabaseError> {
        let Some(statement) = self.sql().count_not_counted(from, to) else { return Ok(()) };
        let reasons: Vec<String> = self.inner.options.mapping.not_counted.0.keys().cloned().collect();
        for row in session.fetch_all(&statement).await? {
            for (column, reason) in reasons.iter().enumerate() {
                let number: i64 = row.try_get(column).map_err(|error| self.inner.map_error(&error))?;
                self.builder.outside_selection.not_counted.push((reason.clone(), number.unsigned_abs()));
            }
        }
        Ok(())
    }

    /// Reads the detections of a statement and, if `people` is set, the people on their pictures and
    /// visits.
    async fn read_detections(
        &mut self,
        session: &mut Session<'_>,
        cached: &CachedOutline,
        statement: &Statement,
        people: bool,
    ) -> Result<(), DatabaseError> {
        for (class, _) in &cached.class_counts {
            self.identify_class(class);
        }
        let (mut images, mut events) = (HashSet::new(), HashSet::new());
        session
            .for_each_row(statement, |row| {
                if people {
                    images.extend(find_id(&row, column::IMAGE));
                    events.extend(find_id(&row, column::EVENT));
                }
                self.add_detection(&row)
            })
            .await?;
        let [images, events] = [images, events].map(|ids| ids.into_iter().collect::<Vec<String>>());
        for (statement, ids) in self.sql().select_people(&images, &events).iter().zip([&images, &events]) {
            if !ids.is_empty() {
                session.for_each_row(statement, |row| self.add_detection(&row)).await?;
            }
        }
        Ok(())
    }
}
