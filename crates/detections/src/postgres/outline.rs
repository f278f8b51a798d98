//! The outline of a database, which requests are checked against: its locations and classes without
//! observations.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::cached_outline::CachedOutline;
use super::database::Database;
use super::error::DatabaseError;
use super::inner::Inner;
use super::reader::DatabaseReader;
use super::session::Session;
use super::sql::{Sql, Types};
use crate::keep::Keep;
use crate::model::Dataset;

/// How long a cached outline is used.
const MAX_AGE: Duration = Duration::from_mins(1);

impl Database {
    /// The outline: classes, locations with their spans, and the number of observations
    /// ([`OutsideSelection::observations`](crate::OutsideSelection)). It may be a minute old.
    pub async fn load_outline(
        &self,
        cancellation: &CancellationToken,
    ) -> Result<Arc<Dataset>, DatabaseError> {
        Ok(Arc::clone(&self.find_outline(cancellation).await?.outline))
    }

    /// Reads the outline again, for a name that was not there a moment ago.
    pub async fn reload_outline(
        &self,
        cancellation: &CancellationToken,
    ) -> Result<Arc<Dataset>, DatabaseError> {
        Ok(Arc::clone(&self.query_outline(cancellation).await?.outline))
    }

    pub(super) async fn find_outline(
        &self,
        cancellation: &CancellationToken,
    ) -> Result<Arc<CachedOutline>, DatabaseError> {
        let cached = self.inner().outline.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match cached.filter(|cached| cached.at.elapsed() < MAX_AGE) {
            Some(cached) => Ok(cached),
            None => self.query_outline(cancellation).await,
        }
    }

    async fn query_outline(
        &self,
        cancellation: &CancellationToken,
    ) -> Result<Arc<CachedOutline>, DatabaseError> {
        let cached = self
            .run_in_transaction(cancellation, async |session: &mut Session<'_>| {
                read_outline(self.inner(), session).await
            })
            .await?;
        let cached = Arc::new(cached);
        *self.inner().outline.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&cached));
        Ok(cached)
    }
}

async fn read_outline(inner: &Inner, session: &mut Session<'_>) -> Result<CachedOutline, DatabaseError> {
    let types = find_types(inner, session).await?;
    let mut reader = DatabaseReader::new(inner, &types, Keep::All);
    reader.read_locations(session).await?;
    let numbers = reader.read_classes(session).await?;
    reader.builder.outside_selection.observations = numbers.iter().map(|(_, number)| number).sum();
    let outline = Arc::new(reader.finish());
    Ok(CachedOutline { at: Instant::now(), types, outline, class_counts: numbers })
}

async fn find_types(inner: &Inner, session: &mut Session<'_>) -> Result<Types, DatabaseError> {
    let found = session.describe_columns(&Sql::select_types(&inner.options.mapping)).await?;
    let [time, image_id, detection_id, location_id, event, image_location, confidence] = &found[..] else {
        return Err(DatabaseError::Refused("the columns of the mapping are not as many as they are".into()));
    };
    match time.as_str() {
        "TIMESTAMP" | "TIMESTAMPTZ" => Ok(Types {
            local_times: time == "TIMESTAMP",
            image_id: image_id.clone(),
            detection_id: detection_id.clone(),
            location_id: location_id.clone(),
            event: event.clone(),
            image_location: image_location.clone(),
            confidence: confidence.clone(),
        }),
        other => {
            tracing::error!(r#type = other, "cast image.time in the mapping to a timestamp: it is not one");
            Err(DatabaseError::Refused(format!(
                "the time of pictures is of type {other}, which is not a timestamp"
            )))
        }
    }
}
