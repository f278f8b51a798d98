//! Reading several jobs at once.

use std::collections::HashMap;

use serde_json::json;
use sqlx::Row;

use super::rows::{read_record, store_error};
use super::{SqliteStore, now};
use crate::id::JobId;
use crate::job::JobRecord;
use crate::store::{RecordResult, StoreError};

impl SqliteStore {
    pub(super) async fn read_records(&self, job_ids: &[JobId]) -> Result<Vec<RecordResult>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM jobs WHERE job_id IN (SELECT value FROM json_each(?1)) AND expires_at > ?2"
        );
        let rows = sqlx::query(sql).bind(json!(job_ids).to_string()).bind(now()).fetch_all(&self.readers);
        let mut found: HashMap<String, Result<JobRecord, StoreError>> = HashMap::new();
        for row in &rows.await.map_err(store_error)? {
            found.insert(row.try_get("job_id").map_err(store_error)?, read_record(row));
        }
        Ok(job_ids.iter().map(|job_id| found.get(job_id.as_str()).cloned().transpose()).collect())
    }

    pub(super) async fn read_queue_positions(
        &self,
        job_ids: &[JobId],
    ) -> Result<Vec<Option<u64>>, StoreError> {
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
        let mut positions: HashMap<String, u64> = HashMap::new();
        for row in &rows {
            let position: i64 = row.try_get("place").map_err(store_error)?;
            positions.insert(row.try_get("job_id").map_err(store_error)?, position.unsigned_abs());
        }
        Ok(job_ids.iter().map(|job_id| positions.get(job_id.as_str()).copied()).collect())
    }
}
