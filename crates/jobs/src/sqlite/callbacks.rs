//! Callbacks.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::Row;

use super::rows::read_job_id;
use super::{SqliteStore, now, to_millis};
use crate::error::StoreError;
use crate::id::JobId;
use crate::job::Callback;
use crate::store::CallbackQueue;

/// The condition of callbacks that are due.
macro_rules! due {
    () => {
        "callback IS NOT NULL AND callback_due <= ?1 AND state IN ('completed', 'failed') AND +expires_at > ?1"
    };
}

#[async_trait]
impl CallbackQueue for SqliteStore {
    async fn claim_callback(&self, reservation: Duration) -> Result<Option<Callback>, StoreError> {
        let now = now();
        // Checks without a lock first, since most calls find none.
        let sql = concat!("SELECT 1 FROM jobs WHERE ", due!(), " LIMIT 1");
        if sqlx::query(sql).bind(now).fetch_optional(&self.readers).await?.is_none() {
            return Ok(None);
        }
        let sql = concat!(
            "UPDATE jobs SET callback_attempt = callback_attempt + 1, callback_due = ?1 + ?2 WHERE seq = \
             (SELECT seq FROM jobs WHERE ",
            due!(),
            " ORDER BY callback_due LIMIT 1) RETURNING job_id, callback, callback_attempt"
        );
        let row = self.fetch_write(sqlx::query(sql).bind(now).bind(to_millis(reservation))).await?;
        let Some(row) = row else { return Ok(None) };
        let (job_id, url, attempt) =
            (read_job_id(&row)?, row.try_get("callback")?, row.try_get("callback_attempt")?);
        Ok(Some(Callback { job_id, url, attempt }))
    }

    async fn settle_callback(&self, job_id: &JobId, retry_in: Option<Duration>) -> Result<(), StoreError> {
        let sql = "UPDATE jobs SET callback = CASE WHEN ?2 IS NULL THEN NULL ELSE callback END, \
                   callback_due = COALESCE(?2, 0) WHERE job_id = ?1";
        let due = retry_in.map(|delay| now() + to_millis(delay));
        self.execute_write(sqlx::query(sql).bind(job_id.as_str()).bind(due)).await?;
        Ok(())
    }
}
