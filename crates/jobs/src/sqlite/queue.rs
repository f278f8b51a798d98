//! The transitions of workers and of their clock.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use sqlx::Row;

use super::rows::{read_claim, read_job_id};
use super::transaction::WriteStatement;
use super::{SqliteStore, now, to_i64, to_millis};
use crate::error::{LeaseError, StoreError};
use crate::id::WorkerId;
use crate::job::{Artifact, Claim, Failure, Lease};
use crate::missing_reason::write_reasons;
use crate::options::StoreOptions;
use crate::store::{AfterFailure, JobQueue, ReapReport};

#[async_trait]
impl JobQueue for SqliteStore {
    async fn claim(&self, worker: &WorkerId) -> Result<Option<Claim>, StoreError> {
        self.last_claim.store(now(), Ordering::Relaxed);
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

    async fn heartbeat(&self, held: &Lease, processed_count: Option<u64>) -> Result<(), LeaseError> {
        let sql = "UPDATE jobs SET lease_until = ?3 + ?5, expires_at = ?3 + ?4, \
                   processed_count = CASE WHEN total_detections IS NULL THEN NULL ELSE COALESCE(?6, processed_count) END \
                   WHERE job_id = ?1 AND attempt = ?2 AND state = 'running'";
        let statement = self.build_transition(sql, held.job_id.as_str(), held.attempt);
        let statement = statement.bind(to_millis(self.options.lease)).bind(processed_count.map(to_i64));
        if self.execute_write(statement).await? == 0 {
            return Err(LeaseError::Lost);
        }
        self.changes.add_heartbeat(&held.job_id);
        Ok(())
    }

    async fn is_held(&self, held: &Lease) -> Result<bool, StoreError> {
        let found = sqlx::query("SELECT 1 FROM jobs WHERE job_id = ? AND attempt = ? AND state = 'running'")
            .bind(held.job_id.as_str())
            .bind(held.attempt)
            .fetch_optional(&self.readers)
            .await?;
        Ok(found.is_some())
    }

    async fn complete(&self, held: &Lease, artifact: &Artifact) -> Result<(), LeaseError> {
        let sql = "UPDATE jobs SET state = 'completed', completed_at = ?3, expires_at = ?3 + ?4, filename = ?5, \
                   file_size_bytes = ?6, missing_count = ?7, sha256 = ?8, missing_reasons = ?9, remote_pictures = ?10, \
                   processed_count = total_detections, worker = NULL, lease_until = NULL \
                   WHERE job_id = ?1 AND attempt = ?2 AND state = 'running'";
        let statement = self
            .build_transition(sql, held.job_id.as_str(), held.attempt)
            .bind(&artifact.filename)
            .bind(to_i64(artifact.size))
            .bind(artifact.missing.map(to_i64))
            .bind(&artifact.sha256)
            .bind(write_reasons(&artifact.missing_reasons))
            .bind(artifact.remote_pictures.map(to_i64));
        if self.execute_write(statement).await? == 0 && !self.has_completed(held, artifact).await? {
            return Err(LeaseError::Lost);
        }
        self.changes.add_change(&held.job_id);
        Ok(())
    }

    async fn fail(&self, held: &Lease, failure: &Failure) -> Result<AfterFailure, LeaseError> {
        let after = self.fail_attempt(held.job_id.as_str(), held.attempt, failure).await?;
        self.changes.add_change(&held.job_id);
        Ok(after)
    }

    async fn release(&self, held: &Lease) -> Result<(), LeaseError> {
        let sql = "UPDATE jobs SET state = 'queued', handed_back = handed_back + 1, not_before = 0, \
                   expires_at = ?3 + ?4, worker = NULL, lease_until = NULL \
                   WHERE job_id = ?1 AND attempt = ?2 AND state = 'running'";
        let statement = self.build_transition(sql, held.job_id.as_str(), held.attempt);
        if self.execute_write(statement).await? == 0 {
            return Err(LeaseError::Lost);
        }
        self.work.notify_one();
        self.changes.add_change(&held.job_id);
        Ok(())
    }

    async fn reap(&self) -> Result<ReapReport, StoreError> {
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
        let reaped = ReapReport {
            failed: failed.iter().map(read_job_id).collect::<Result<_, _>>()?,
            requeued: requeued.iter().map(read_job_id).collect::<Result<_, _>>()?,
            expired: expired
                .iter()
                .map(|row| Ok((read_job_id(row)?, row.try_get("filename")?)))
                .collect::<Result<_, StoreError>>()?,
        };
        let expired = reaped.expired.iter().map(|(job_id, _)| job_id);
        let changed = reaped.failed.iter().chain(&reaped.requeued).chain(expired);
        changed.for_each(|job_id| self.changes.add_change(job_id));
        if !reaped.requeued.is_empty() {
            self.work.notify_one();
        }
        Ok(reaped)
    }

    async fn wait_for_work(&self) {
        self.work.notified().await;
    }

    fn options(&self) -> &StoreOptions {
        &self.options
    }
}

impl SqliteStore {
    /// Builds a transition that only the current attempt may make. Its first parameters are the job, the attempt, the
    /// time and the time to live.
    fn build_transition(&self, sql: &'static str, job_id: &str, attempt: u32) -> WriteStatement {
        sqlx::query(sql).bind(job_id).bind(attempt).bind(now()).bind(self.ttl())
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
        .await?;
        Ok(found.is_some())
    }

    /// Ends an attempt with an error.
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
