//! The transitions of workers and of the clock.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::rows::{damage_error, store_error};
use super::{SqliteStore, now, to_millis};
use crate::id::WorkerId;
use crate::job::{Artifact, Claim, Failure, Lease};
use crate::missing_reason::write_reasons;
use crate::store::{AfterFailure, LeaseError, ReapReport, StoreError};

impl SqliteStore {
    pub(super) async fn claim_for(&self, worker: &WorkerId) -> Result<Option<Claim>, StoreError> {
        loop {
            let Some(row) = self.claim_row(worker).await? else { return Ok(None) };
            // A permit wakes one worker, which wakes the next one, until there is nothing left to claim.
            self.work.notify_one();
            match read_claim(&row) {
                Ok(claim) => {
                    self.changes.add_change(&claim.held.job_id);
                    return Ok(Some(claim));
                }
                // Otherwise this worker would get the same job again and again.
                Err(error) => self.fail_unreadable(&row, &error).await?,
            }
        }
    }

    /// Claims the job that the worker has already, whose answer was lost, or else the next job.
    async fn claim_row(&self, worker: &WorkerId) -> Result<Option<SqliteRow>, StoreError> {
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
        .await
        .map_err(store_error)?;
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
            .await
            .map_err(store_error)?
        };
        transaction.commit().await?;
        Ok(row)
    }

    /// Fails a claimed job whose request cannot be read.
    async fn fail_unreadable(&self, row: &SqliteRow, error: &StoreError) -> Result<(), StoreError> {
        let id: String = row.try_get("job_id").map_err(store_error)?;
        let attempt: u32 = row.try_get("attempt").map_err(store_error)?;
        tracing::error!(job_id = id, %error, "the request of a job cannot be read; the job fails");
        match self.fail_attempt(&id, attempt, &Failure::unreadable_request()).await {
            Ok(_) | Err(LeaseError::Lost) => {
                id.parse().iter().for_each(|job_id| self.changes.add_change(job_id));
                Ok(())
            }
            Err(LeaseError::Store(error)) => Err(error),
        }
    }

    pub(super) async fn renew(&self, held: &Lease, processed_count: Option<u64>) -> Result<(), LeaseError> {
        let now = now();
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "UPDATE jobs SET lease_until = ?3 + ?4, expires_at = ?3 + ?5, \
             processed_count = CASE WHEN total_detections IS NULL THEN NULL ELSE COALESCE(?6, processed_count) END \
             WHERE job_id = ?1 AND attempt = ?2 AND state = 'running'",
        )
        .bind(held.job_id.as_str())
        .bind(held.attempt)
        .bind(now)
        .bind(to_millis(self.options.lease))
        .bind(self.ttl())
        .bind(processed_count.map(|n| i64::try_from(n).unwrap_or(i64::MAX)))
        .execute(transaction.connection())
        .await
        .map_err(store_error)?;
        transaction.commit().await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(LeaseError::Lost) }
    }

    pub(super) async fn complete_with(&self, held: &Lease, artifact: &Artifact) -> Result<(), LeaseError> {
        let now = now();
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "UPDATE jobs SET state = 'completed', completed_at = ?3, expires_at = ?3 + ?4, filename = ?5, \
             file_size_bytes = ?6, missing_count = ?7, sha256 = ?8, missing_reasons = ?9, remote_pictures = ?10, \
             processed_count = total_detections, worker = NULL, lease_until = NULL \
             WHERE job_id = ?1 AND attempt = ?2 AND state = 'running'",
        )
        .bind(held.job_id.as_str())
        .bind(held.attempt)
        .bind(now)
        .bind(self.ttl())
        .bind(&artifact.filename)
        .bind(i64::try_from(artifact.size).unwrap_or(i64::MAX))
        .bind(artifact.missing.map(|n| i64::try_from(n).unwrap_or(i64::MAX)))
        .bind(&artifact.sha256)
        .bind(write_reasons(&artifact.missing_reasons))
        .bind(artifact.remote_pictures.map(|n| i64::try_from(n).unwrap_or(i64::MAX)))
        .execute(transaction.connection())
        .await
        .map_err(store_error)?;
        transaction.commit().await?;
        if done.rows_affected() == 1 || self.has_completed(held, artifact).await? {
            return Ok(());
        }
        Err(LeaseError::Lost)
    }

    /// Whether this attempt has already completed the job with this file.
    async fn has_completed(&self, held: &Lease, artifact: &Artifact) -> Result<bool, StoreError> {
        let found = sqlx::query(
            "SELECT 1 FROM jobs WHERE job_id = ? AND attempt = ? AND state = 'completed' AND filename = ?",
        )
        .bind(held.job_id.as_str())
        .bind(held.attempt)
        .bind(&artifact.filename)
        .fetch_optional(&self.readers)
        .await;
        Ok(found.map_err(store_error)?.is_some())
    }

    pub(super) async fn fail_attempt(
        &self,
        job_id: &str,
        attempt: u32,
        failure: &Failure,
    ) -> Result<AfterFailure, LeaseError> {
        let now = now();
        let mut transaction = self.begin().await?;
        let row = sqlx::query(
            "UPDATE jobs SET \
             state = CASE WHEN ?5 AND attempt - handed_back < ?6 THEN 'queued' ELSE 'failed' END, \
             completed_at = CASE WHEN ?5 AND attempt - handed_back < ?6 THEN NULL ELSE ?3 END, \
             error = CASE WHEN ?5 AND attempt - handed_back < ?6 THEN NULL ELSE ?7 END, \
             not_before = ?3 + ?8, expires_at = ?3 + ?4, worker = NULL, lease_until = NULL \
             WHERE job_id = ?1 AND attempt = ?2 AND state = 'running' RETURNING state = 'failed' AS failed",
        )
        .bind(job_id)
        .bind(attempt)
        .bind(now)
        .bind(self.ttl())
        .bind(failure.may_pass)
        .bind(self.options.max_attempts)
        .bind(&failure.message)
        .bind(to_millis(self.options.retry_delay_after(attempt)))
        .fetch_optional(transaction.connection())
        .await
        .map_err(store_error)?;
        transaction.commit().await?;
        let failed: bool = row.ok_or(LeaseError::Lost)?.try_get("failed").map_err(store_error)?;
        Ok(if failed { AfterFailure::Failed } else { AfterFailure::Retry })
    }

    pub(super) async fn hand_back(&self, held: &Lease) -> Result<(), LeaseError> {
        let now = now();
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "UPDATE jobs SET state = 'queued', handed_back = handed_back + 1, not_before = 0, \
             expires_at = ?3 + ?4, worker = NULL, lease_until = NULL \
             WHERE job_id = ?1 AND attempt = ?2 AND state = 'running'",
        )
        .bind(held.job_id.as_str())
        .bind(held.attempt)
        .bind(now)
        .bind(self.ttl())
        .execute(transaction.connection())
        .await
        .map_err(store_error)?;
        transaction.commit().await?;
        if done.rows_affected() == 0 {
            return Err(LeaseError::Lost);
        }
        self.work.notify_one();
        Ok(())
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
        .await
        .map_err(store_error)?;
        let requeued = sqlx::query(
            "UPDATE jobs SET state = 'queued', not_before = 0, expires_at = ?1 + ?2, worker = NULL, \
             lease_until = NULL WHERE state = 'running' AND lease_until <= ?1 RETURNING job_id",
        )
        .bind(now)
        .bind(self.ttl())
        .fetch_all(transaction.connection())
        .await
        .map_err(store_error)?;
        sqlx::query(
            "UPDATE jobs SET expires_at = ?1 + ?2 \
             WHERE state = 'queued' AND expires_at BETWEEN ?1 + 1 AND ?1 + ?2 / 2",
        )
        .bind(now)
        .bind(self.ttl())
        .execute(transaction.connection())
        .await
        .map_err(store_error)?;
        let expired = sqlx::query("DELETE FROM jobs WHERE expires_at <= ?1 RETURNING job_id, filename")
            .bind(now)
            .fetch_all(transaction.connection())
            .await
            .map_err(store_error)?;
        transaction.commit().await?;
        Ok(ReapReport {
            failed: failed.iter().map(read_job_id).collect::<Result<_, _>>()?,
            requeued: requeued.iter().map(read_job_id).collect::<Result<_, _>>()?,
            expired: expired
                .iter()
                .map(|row| Ok((read_job_id(row)?, row.try_get("filename").map_err(store_error)?)))
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
        .await;
        Ok(found.map_err(store_error)?.is_some())
    }
}

fn read_job_id(row: &SqliteRow) -> Result<crate::JobId, StoreError> {
    let text: String = row.try_get("job_id").map_err(store_error)?;
    text.parse().map_err(damage_error)
}

fn read_claim(row: &SqliteRow) -> Result<Claim, StoreError> {
    let kind: String = row.try_get("kind").map_err(store_error)?;
    let request: String = row.try_get("request").map_err(store_error)?;
    Ok(Claim {
        held: Lease { job_id: read_job_id(row)?, attempt: row.try_get("attempt").map_err(store_error)? },
        kind: kind.parse().map_err(|()| damage_error(format!("a job of the kind {kind}")))?,
        request: serde_json::from_str(&request).map_err(damage_error)?,
    })
}
