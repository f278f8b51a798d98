//! Submission, and the queue that it leads to.

use sqlx::{Row, SqliteConnection};

use super::rows::{record, store_error};
use super::{SqliteStore, now};
use crate::id::JobId;
use crate::job::{Idempotency, NewJob, Record, Submitted};
use crate::store::StoreError;

impl SqliteStore {
    pub(super) async fn submit_new(&self, job: &NewJob) -> Result<Submitted, StoreError> {
        let mut transaction = self.begin().await?;
        let submitted = self.insert(job, transaction.connection()).await;
        match submitted {
            Ok(submitted) => {
                transaction.commit().await?;
                if let Submitted::New(record) = &submitted {
                    self.feed.changed(&record.job_id);
                    self.work.notify_one();
                }
                Ok(submitted)
            }
            // What the caller did wrong is no fault of the connection.
            Err(
                error @ (StoreError::Exists(_)
                | StoreError::Full
                | StoreError::OwnerFull
                | StoreError::KeyTaken),
            ) => {
                transaction.roll_back().await?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    async fn insert(&self, job: &NewJob, connection: &mut SqliteConnection) -> Result<Submitted, StoreError> {
        if let Some(idempotency) = &job.idempotency
            && let Some(before) = submitted_before(connection, idempotency).await?
        {
            return Ok(Submitted::Before(before));
        }
        let owner = job.owner.as_deref();
        self.has_room(connection, owner).await?;
        let turn = next_turn(connection, owner).await?;
        let now = now();
        let sql = concat!(
            "INSERT INTO jobs (job_id, kind, request, state, created_at, expires_at, total_detections, \
             processed_count, idempotency_key, fingerprint, title, callback, owner, turn) \
             VALUES (?1, ?2, ?3, 'queued', ?4, ?5, ?6, CASE WHEN ?6 IS NULL THEN NULL ELSE 0 END, ?7, ?8, ?9, ?10, ?11, ?12) \
             RETURNING ",
            columns!()
        );
        let inserted = sqlx::query(sql)
            .bind(job.job_id.as_str())
            .bind(job.kind.name())
            .bind(job.request.to_string())
            .bind(now)
            .bind(now + self.ttl())
            .bind(job.total_detections.map(|n| i64::try_from(n).unwrap_or(i64::MAX)))
            .bind(job.idempotency.as_ref().map(|idempotency| &idempotency.key))
            .bind(job.idempotency.as_ref().map(|idempotency| &idempotency.fingerprint))
            .bind(&job.title)
            .bind(&job.callback_url)
            .bind(&job.owner)
            .bind(turn)
            .fetch_one(&mut *connection)
            .await;
        let row = inserted.map_err(|error| match error.as_database_error() {
            Some(database) if database.is_unique_violation() => StoreError::Exists(job.job_id.clone()),
            _ => store_error(error),
        })?;
        record(&row).map(Submitted::New)
    }

    /// Whether one job more may wait.
    async fn has_room(
        &self,
        connection: &mut SqliteConnection,
        owner: Option<&str>,
    ) -> Result<(), StoreError> {
        let sql = "SELECT COUNT(*), COUNT(*) FILTER (WHERE owner = ?1) FROM jobs WHERE state = 'queued'";
        let counts = sqlx::query_as(sql).bind(owner).fetch_one(connection).await;
        let (all, own): (i64, i64) = counts.map_err(store_error)?;
        match self.options.most_waiting {
            most if all >= i64::from(most.all) => Err(StoreError::Full),
            most if own >= i64::from(most.each) => Err(StoreError::OwnerFull),
            _ => Ok(()),
        }
    }

    pub(super) async fn place_in_queue(&self, job_id: &JobId) -> Result<Option<u64>, StoreError> {
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM jobs AS other WHERE other.state = 'queued' \
             AND (other.turn, other.seq) <= (jobs.turn, jobs.seq)) \
             AS place FROM jobs WHERE job_id = ?1 AND state = 'queued' AND expires_at > ?2",
        )
        .bind(job_id.as_str())
        .bind(now())
        .fetch_optional(&self.readers)
        .await
        .map_err(store_error)?;
        let place: Option<i64> = row.map(|row| row.try_get("place")).transpose().map_err(store_error)?;
        Ok(place.and_then(|place| u64::try_from(place).ok()))
    }
}

/// The turn of a new job of an owner. Each owner's next turn is one after their last, and nobody
/// waits for turns that were before they came (start-time fair queueing).
async fn next_turn(connection: &mut SqliteConnection, owner: Option<&str>) -> Result<i64, StoreError> {
    let sql = "SELECT 1 + MAX(COALESCE((SELECT MAX(turn) FROM jobs WHERE owner IS ?1), 0), \
               COALESCE((SELECT MAX(turn) FROM jobs WHERE state <> 'queued'), 0), \
               COALESCE((SELECT MIN(turn) FROM jobs WHERE state = 'queued'), 1) - 1)";
    sqlx::query_scalar(sql).bind(owner).fetch_one(connection).await.map_err(store_error)
}

/// The living job of an idempotency key; [`StoreError::KeyTaken`] when its request was another.
async fn submitted_before(
    connection: &mut SqliteConnection,
    idempotency: &Idempotency,
) -> Result<Option<Record>, StoreError> {
    let now = now();
    // An expired job that nobody has reaped yet holds its key no more.
    sqlx::query("UPDATE jobs SET idempotency_key = NULL WHERE idempotency_key = ?1 AND expires_at <= ?2")
        .bind(&idempotency.key)
        .bind(now)
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    let sql = concat!("SELECT fingerprint, ", columns!(), " FROM jobs WHERE idempotency_key = ?1");
    let found = sqlx::query(sql).bind(&idempotency.key).fetch_optional(&mut *connection).await;
    let Some(row) = found.map_err(store_error)? else { return Ok(None) };
    let fingerprint: String = row.try_get("fingerprint").map_err(store_error)?;
    if fingerprint == idempotency.fingerprint { record(&row).map(Some) } else { Err(StoreError::KeyTaken) }
}
