//! Callbacks: messages about the ends of jobs that have not been sent yet.

use std::time::Duration;

use sqlx::Row;

use super::rows::{damage_error, store_error};
use super::{SqliteStore, now, to_millis};
use crate::id::JobId;
use crate::job::Callback;
use crate::store::StoreError;

/// The condition of callbacks that are due.
macro_rules! due {
    () => {
        "callback IS NOT NULL AND callback_due <= ?1 AND state IN ('completed', 'failed') AND expires_at > ?1"
    };
}

impl SqliteStore {
    pub(super) async fn reserve_callback(
        &self,
        reservation: Duration,
    ) -> Result<Option<Callback>, StoreError> {
        let now = now();
        // Checks without a lock first, since most calls find none.
        let sql = concat!("SELECT 1 FROM jobs WHERE ", due!(), " LIMIT 1");
        let any = sqlx::query(sql).bind(now).fetch_optional(&self.readers).await.map_err(store_error)?;
        if any.is_none() {
            return Ok(None);
        }
        let sql = concat!(
            "UPDATE jobs SET callback_attempt = callback_attempt + 1, callback_due = ?1 + ?2 WHERE seq = \
             (SELECT seq FROM jobs WHERE ",
            due!(),
            " ORDER BY callback_due LIMIT 1) RETURNING job_id, callback, callback_attempt"
        );
        let mut transaction = self.begin().await?;
        let row = sqlx::query(sql)
            .bind(now)
            .bind(to_millis(reservation))
            .fetch_optional(transaction.connection())
            .await;
        let row = row.map_err(store_error)?;
        transaction.commit().await?;
        let Some(row) = row else { return Ok(None) };
        let job_id: String = row.try_get("job_id").map_err(store_error)?;
        Ok(Some(Callback {
            job_id: job_id.parse().map_err(damage_error)?,
            url: row.try_get("callback").map_err(store_error)?,
            attempt: row.try_get("callback_attempt").map_err(store_error)?,
        }))
    }

    pub(super) async fn update_callback(
        &self,
        job_id: &JobId,
        retry_in: Option<Duration>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE jobs SET callback = CASE WHEN ?2 IS NULL THEN NULL ELSE callback END, \
                   callback_due = COALESCE(?2, 0) WHERE job_id = ?1";
        let mut transaction = self.begin().await?;
        sqlx::query(sql)
            .bind(job_id.as_str())
            .bind(retry_in.map(|delay| now() + to_millis(delay)))
            .execute(transaction.connection())
            .await
            .map_err(store_error)?;
        transaction.commit().await
    }
}
