//! The transitions of workers and of the clock.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::rows::read_job_id;
use super::transaction::WriteStatement;
use super::{SqliteStore, now, to_millis};
use crate::id::WorkerId;
use crate::job::{Artifact, Failure, Lease};
use crate::store::{AfterFailure, LeaseError, ReapReport, StoreError};

impl SqliteStore {
    /// Claims the job that the worker has already, whose answer was lost, or else the next job.
    pub(super) async fn claim_row(&self, worker: &WorkerId) -> Result<Option<SqliteRow>, StoreError> {
        let now = now();
        let mut transaction = self.begin().await?;
        let held = sqlx::query(
            "UPDATE jobs SET lease_until = ?2 + ?3 WHERE state = 'running' AND worker = ?1 AND expires_at > ?2 \
             RETURNING job_id, kind, request, attempt",
        )
        .bind(worker.as_str())
        .bind(now)
        .bind(to_millis(self.options.lease))
        .fetch_optional(transaction.connection())
        .await?;
        let row = if held.is_some() {
            held
        } else {
            sqlx::query(
                "UPDATE jobs SET state = 'running', attempt = attempt + 1, worker = ?1, started_at = ?2, \
                 lease_until = ?2 + ?3, expires_at = ?2 + ?4, \
                 processed_count = CASE WHEN processed_count IS NULL THEN NULL ELSE 0 END \
                 WHERE seq = (SELECT seq FROM jobs WHERE state = 'queued' AND not_before <= ?2 AND expires_at > ?2 \
                 ORDER BY turn, seq LIMIT 1) RETURNING job_id, kind, request, attempt",
            )
            .bind(worker.as_str())
            .bind(now)
            .bind(to_millis(self.options.lease))
            .bind(self.ttl())
            .fetch_optional(transaction.connection())
            .await?
        };
        transaction.commit().await?;
        Ok(row)
    }

    /// Fails a claimed job whose request cannot be read.
    pub(super) async fn fail_unreadable(
        &self,
        row: &SqliteRow,
        error: &StoreError,
    ) -> Result<(), StoreError> {
        let id: String = row.try_get("job_id")?;
        let attempt: u32 = row.try_get("attempt")?;
        tracing::error!(job_id = id, %error, "the request of a job cannot be read; the job fails");
        match self.fail_attempt(&id, attempt, &Failure::unreadable_request()).await {
            Ok(_) | Err(LeaseError::Lost) => {
                id.parse().iter().for_each(|job_id| self.changes.add_change(job_id));
                Ok(())
            }
            Err(LeaseError::Store(error)) => Err(error),
        }
    }

    /// Builds a transition that only the current attempt may make. Its first parameters are the job, the attempt, the
    /// time and the time to live.
    pub(super) fn build_transition(&self, sql: &'static str, job_id: &str, attempt: u32) -> WriteStatement {
        sqlx::query(sql).bind(job_id).bind(attempt).bind(now()).bind(self.ttl())
    }

    /// Whether this attempt has already completed the job with this file.
    pub(super) async fn has_completed(&self, held: &Lease, artifact: &Artifact) -> Result<bool, StoreError> {
        let found = sqlx::query(
            "SELECT 1 FROM jobs WHERE job_id = ? AND attempt = ? AND state = 'completed' AND filename = ?",
        )
        .bind(held.job_id.as_str())
        .bind(held.attempt)
        .bind(&artifact.filename)
        .fetch_optional(&self.readers)
        .await?;
        Ok(found.is_some())
    }

    pub(super) async fn fail_attempt(
        &self,
        job_id: &str,
        attempt: u32,
        failure: &Failure,
    ) -> Result<AfterFailure, LeaseError> {
        let sql = "UPDATE jobs SET \
                   state = CASE WHEN ?5 AND attempt - handed_back < ?6 THEN 'queued' ELSE 'failed' END, \
                   completed_at = CASE WHEN ?5 AND attempt - handed_back < ?6 THEN NULL ELSE ?3 END, \
                   error = CASE WHEN ?5 AND attempt - handed_back < ?6 THEN NULL ELSE ?7 END, \
                   not_before = ?3 + ?8, expires_at = ?3 + ?4, worker = NULL, lease_until = NULL \
                   WHERE job_id = ?1 AND attempt = ?2 AND state = 'running' RETURNING state = 'failed' AS failed";
        let statement = self
            .build_transition(sql, job_id, attempt)
            .bind(failure.may_pass)
            .bind(self.options.max_attempts)
            .bind(&failure.message)
            .bind(to_millis(self.options.retry_delay_after(attempt)));
        let failed: bool = self.fetch_write(statement).await?.ok_or(LeaseError::Lost)?.try_get("failed")?;
        Ok(if failed { AfterFailure::Failed } else { AfterFailure::Retry })
    }

    pub(super) async fn reap_now(&self) -> Result<ReapReport, StoreError> {
        let now = now();
        if !self.has_reapable(now).await? {
            return Ok(ReapReport::default());
        }
        let mut transaction = self.begin().await?;
        let failed = sqlx::query(
            "UPDATE jobs SET state = 'failed', completed_at = ?1, error = ?2, expires_at = ?1 + ?3, \
             worker = NULL, lease_until = NULL \
             WHERE state = 'running' AND lease_until <= ?1 AND attempt - handed_back >= ?4 \
             RETURNING job_id",
        )
        .bind(now)
        .bind(self.options.give_up_message())
        .bind(self.ttl())
        .bind(self.options.max_attempts)
        .fetch_all(transaction.connection())
        .await?;
        let requeued = sqlx::query(
            "UPDATE jobs SET state = 'queued', not_before = 0, expires_at = ?1 + ?2, worker = NULL, \
             lease_until = NULL WHERE state = 'running' AND lease_until <= ?1 RETURNING job_id",
        )
        .bind(now)
        .bind(self.ttl())
        .fetch_all(transaction.connection())
        .await?;
        sqlx::query(
            "UPDATE jobs SET expires_at = ?1 + ?2 \
             WHERE state = 'queued' AND expires_at BETWEEN ?1 + 1 AND ?1 + ?2 / 2",
        )
        .bind(now)
        .bind(self.ttl())
        .execute(transaction.connection())
        .await?;
        let expired = sqlx::query("DELETE FROM jobs WHERE expires_at <= ?1 RETURNING job_id, filename")
            .bind(now)
            .fetch_all(transaction.connection())
            .await?;
        transaction.commit().await?;
        Ok(ReapReport {
            failed: failed.iter().map(read_job_id).collect::<Result<_, _>>()?,
            requeued: requeued.iter().map(read_job_id).collect::<Result<_, _>>()?,
            expired: expired
                .iter()
                .map(|row| Ok((read_job_id(row)?, row.try_get("filename")?)))
                .collect::<Result<_, StoreError>>()?,
        })
    }

    /// Whether there is anything to reap. Checks without a lock, since most calls find nothing.
    async fn has_reapable(&self, now: i64) -> Result<bool, StoreError> {
        let found = sqlx::query(
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM jobs WHERE expires_at <= ?1) \
             OR EXISTS (SELECT 1 FROM jobs WHERE state = 'running' AND lease_until <= ?1) \
             OR EXISTS (SELECT 1 FROM jobs WHERE state = 'queued' AND expires_at <= ?1 + ?2 / 2)",
        )
        .bind(now)
        .bind(self.ttl())
        .fetch_optional(&self.readers)
        .await?;
        Ok(found.is_some())
    }
}
