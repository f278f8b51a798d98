//! Claiming a row.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{SqliteStore, now, to_millis};
use crate::error::{LeaseError, StoreError};
use crate::id::WorkerId;
use crate::job::Failure;

impl SqliteStore {
    /// Claims the job that the worker has already, whose answer was lost, or else the next job.
    pub(super) async fn claim_row(&self, worker: &WorkerId) -> Result<Option<SqliteRow>, StoreError> {
        let now = now();
        let mut transaction = self.begin().await?;
        let held = sqlx::query(
            "UPDATE jobs SET lease_until = ?2 + ?3 WHERE state = 'running' AND worker = ?1 AND +expires_at > ?2 \
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
                 WHERE seq = (SELECT seq FROM jobs WHERE state = 'queued' AND not_before <= ?2 AND +expires_at > ?2 \
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
}
