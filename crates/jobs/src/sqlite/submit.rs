//! Submission and deletion.

use async_trait::async_trait;
use serde_json::Value;
use sqlx::{Row, SqliteConnection};

use super::rows::read_record;
use super::{SqliteStore, now, to_i64};
use crate::error::{StoreError, SubmitError};
use crate::id::JobId;
use crate::job::{Idempotency, NewJob};
use crate::record::JobRecord;
use crate::record::Submission;
use crate::store::JobSubmitter;

#[async_trait]
impl JobSubmitter for SqliteStore {
    async fn submit(&self, job: &NewJob) -> Result<Submission, SubmitError> {
        let mut transaction = self.begin().await?;
        let submitted = self.insert(job, transaction.connection()).await;
        match submitted {
            Ok(submitted) => {
                transaction.commit().await?;
                if let Submission::New(record) = &submitted {
                    self.changes.add_change(&record.job_id);
                    self.work.notify_one();
                }
                Ok(submitted)
            }
            Err(SubmitError::Store(error)) => Err(error.into()),
            // The job is refused, and the connection is in order.
            Err(refused) => {
                transaction.roll_back().await?;
                Err(refused)
            }
        }
    }

    async fn delete(&self, job_id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        let sql = concat!("DELETE FROM jobs WHERE job_id = ?1 AND +expires_at > ?2 RETURNING ", columns!());
        let row = self.fetch_write(sqlx::query(sql).bind(job_id.as_str()).bind(now())).await?;
        let deleted = row.as_ref().map(read_record).transpose()?;
        if deleted.is_some() {
            self.changes.add_change(job_id);
        }
        Ok(deleted)
    }
}

impl SqliteStore {
    /// Inserts a job, unless it was submitted before with the same idempotency key.
    async fn insert(
        &self,
        job: &NewJob,
        connection: &mut SqliteConnection,
    ) -> Result<Submission, SubmitError> {
        if let Some(idempotency) = &job.idempotency
            && let Some(record) = find_repeated(connection, idempotency).await?
        {
            return Ok(Submission::Repeated(record));
        }
        let owner = job.owner.as_deref();
        self.check_limits(connection, owner).await?;
        let turn = compute_turn(connection, owner).await?;
        let now = now();
        let sql = concat!(
            "INSERT INTO jobs (job_id, kind, request, state, created_at, expires_at, total_detections, \
             processed_count, idempotency_key, fingerprint, title, callback, owner, turn, details) \
             VALUES (?1, ?2, ?3, 'queued', ?4, ?5, ?6, CASE WHEN ?6 IS NULL THEN NULL ELSE 0 END, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
             RETURNING ",
            columns!()
        );
        let inserted = sqlx::query(sql)
            .bind(job.job_id.as_str())
            .bind(job.kind.name())
            .bind(job.request.to_string())
            .bind(now)
            .bind(now + self.ttl())
            .bind(job.total_detections.map(to_i64))
            .bind(job.idempotency.as_ref().map(|idempotency| &idempotency.key))
            .bind(job.idempotency.as_ref().map(|idempotency| &idempotency.fingerprint))
            .bind(&job.title)
            .bind(&job.callback_url)
            .bind(&job.owner)
            .bind(turn)
            .bind(job.details.as_ref().map(Value::to_string))
            .fetch_one(&mut *connection)
            .await;
        let row = inserted.map_err(|error| match error.as_database_error() {
            Some(database) if database.is_unique_violation() => SubmitError::Exists(job.job_id.clone()),
            _ => error.into(),
        })?;
        Ok(Submission::New(read_record(&row)?))
    }

    /// Checks that one more job may be queued.
    async fn check_limits(
        &self,
        connection: &mut SqliteConnection,
        owner: Option<&str>,
    ) -> Result<(), SubmitError> {
        let sql = "SELECT COUNT(*), COUNT(*) FILTER (WHERE owner = ?1) FROM jobs WHERE state = 'queued'";
        let (all, own): (i64, i64) = sqlx::query_as(sql).bind(owner).fetch_one(connection).await?;
        match self.options.queue_limits {
            limits if all >= i64::from(limits.total) => Err(SubmitError::Full),
            limits if own >= i64::from(limits.per_owner) => Err(SubmitError::OwnerFull),
            _ => Ok(()),
        }
    }
}

/// Computes the turn of a new job (start-time fair queueing). It is one after the owner's last turn, but not
/// before the current turn of the queue, so that an owner does not make up for a time without jobs.
async fn compute_turn(connection: &mut SqliteConnection, owner: Option<&str>) -> Result<i64, StoreError> {
    let sql = "SELECT 1 + MAX(COALESCE((SELECT MAX(turn) FROM jobs WHERE owner IS ?1), 0), \
               COALESCE((SELECT MAX(turn) FROM jobs WHERE state <> 'queued'), 0), \
               COALESCE((SELECT MIN(turn) FROM jobs WHERE state = 'queued'), 1) - 1)";
    Ok(sqlx::query_scalar(sql).bind(owner).fetch_one(connection).await?)
}

/// Finds the job of an idempotency key; [`SubmitError::KeyTaken`] if the key was used for another request.
async fn find_repeated(
    connection: &mut SqliteConnection,
    idempotency: &Idempotency,
) -> Result<Option<JobRecord>, SubmitError> {
    let now = now();
    // Releases the key of an expired job that was not reaped yet.
    sqlx::query("UPDATE jobs SET idempotency_key = NULL WHERE idempotency_key = ?1 AND expires_at <= ?2")
        .bind(&idempotency.key)
        .bind(now)
        .execute(&mut *connection)
        .await?;
    let sql = concat!("SELECT fingerprint, ", columns!(), " FROM jobs WHERE idempotency_key = ?1");
    let found = sqlx::query(sql).bind(&idempotency.key).fetch_optional(&mut *connection).await?;
    let Some(row) = found else { return Ok(None) };
    let fingerprint: String = row.try_get("fingerprint")?;
    if fingerprint == idempotency.fingerprint {
        Ok(Some(read_record(&row)?))
    } else {
        Err(SubmitError::KeyTaken)
    }
}
