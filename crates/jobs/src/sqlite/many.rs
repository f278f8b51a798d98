//! Several jobs at once.

use std::collections::HashMap;

use serde_json::json;
use sqlx::Row;

use super::rows::{record, store_error};
use super::{SqliteStore, now};
use crate::id::JobId;
use crate::job::Record;
use crate::store::{OneRecord, StoreError};

impl SqliteStore {
    pub(super) async fn read_records(&self, job_ids: &[JobId]) -> Result<Vec<OneRecord>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM jobs WHERE job_id IN (SELECT value FROM json_each(?1)) AND expires_at > ?2"
        );
        let rows = sqlx::query(sql).bind(json!(job_ids).to_string()).bind(now()).fetch_all(&self.readers);
        let mut found: HashMap<String, Result<Record, StoreError>> = HashMap::new();
        for row in &rows.await.map_err(store_error)? {
            found.insert(row.try_get("job_id").map_err(store_error)?, record(row));
        }
        Ok(job_ids.iter().map(|job_id| found.get(job_id.as_str()).cloned().transpose()).collect())
    }

    pub(super) async fn places_in_queue(&self, job_ids: &[JobId]) -> Result<Vec<Option<u64>>, StoreError> {
        let rows = sqlx::query(
            "SELECT job_id, place FROM (SELECT job_id, expires_at, \
             ROW_NUMBER() OVER (ORDER BY turn, seq) AS place FROM jobs WHERE state = 'queued') \
             WHERE job_id IN (SELECT value FROM json_each(?1)) AND expires_at > ?2",
        )
        .bind(json!(job_ids).to_string())
        .bind(now())
        .fetch_all(&self.readers)
        .await
        .map_err(store_error)?;
        let mut places: HashMap<String, u64> = HashMap::new();
        for row in &rows {
            let place: i64 = row.try_get("place").map_err(store_error)?;
            places.insert(row.try_get("job_id").map_err(store_error)?, place.unsigned_abs());
        }
        Ok(job_ids.iter().map(|job_id| places.get(job_id.as_str()).copied()).collect())
    }
}
