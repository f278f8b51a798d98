//! Reading jobs and their changes.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use sqlx::Row;
use tokio::sync::broadcast;

use super::rows::{read_place, read_record};
use super::{SqliteStore, now};
use crate::error::StoreError;
use crate::id::JobId;
use crate::record::JobRecord;
use crate::store::{ChangeMessage, Changes, JobReader, Page, RecordResult, Stats};

#[async_trait]
impl JobReader for SqliteStore {
    async fn get(&self, job_id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        let sql = concat!("SELECT ", columns!(), " FROM jobs WHERE job_id = ?1 AND +expires_at > ?2");
        let row = sqlx::query(sql).bind(job_id.as_str()).bind(now()).fetch_optional(&self.readers).await?;
        row.as_ref().map(read_record).transpose()
    }

    async fn get_many(&self, job_ids: &[JobId]) -> Result<Vec<RecordResult>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM jobs WHERE job_id IN (SELECT value FROM json_each(?1)) AND +expires_at > ?2"
        );
        let ids = json!(job_ids).to_string();
        let rows = sqlx::query(sql).bind(ids).bind(now()).fetch_all(&self.readers).await?;
        let mut found: HashMap<String, Result<JobRecord, StoreError>> = HashMap::new();
        for row in &rows {
            found.insert(row.try_get("job_id")?, read_record(row));
        }
        Ok(job_ids.iter().map(|job_id| found.get(job_id.as_str()).cloned().transpose()).collect())
    }

    async fn peek_many(&self, job_ids: &[JobId]) -> Result<Vec<RecordResult>, StoreError> {
        self.get_many(job_ids).await
    }

    async fn queue_position(&self, job_id: &JobId) -> Result<Option<u64>, StoreError> {
        let position: Option<i64> = sqlx::query_scalar(
            "SELECT (SELECT COUNT(*) FROM jobs AS other WHERE other.state = 'queued' \
             AND (other.turn, other.seq) <= (jobs.turn, jobs.seq)) \
             AS place FROM jobs WHERE job_id = ?1 AND state = 'queued' AND +expires_at > ?2",
        )
        .bind(job_id.as_str())
        .bind(now())
        .fetch_optional(&self.readers)
        .await?;
        Ok(position.and_then(|position| u64::try_from(position).ok()))
    }

    async fn queue_positions(&self, job_ids: &[JobId]) -> Result<Vec<Option<u64>>, StoreError> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            // Each counts what is between it and the one before it, so that all of them together go through the index
            // of the queue once, and no row of the table is read.
            "WITH wanted AS (SELECT job_id, turn, seq, LAG(turn) OVER (ORDER BY turn, seq) AS turn_before, \
             LAG(seq) OVER (ORDER BY turn, seq) AS seq_before FROM jobs \
             WHERE job_id IN (SELECT value FROM json_each(?1)) AND state = 'queued' AND +expires_at > ?2) \
             SELECT job_id, (SELECT COUNT(*) FROM jobs WHERE state = 'queued' \
             AND (turn, seq) <= (wanted.turn, wanted.seq) \
             AND (turn, seq) > (COALESCE(turn_before, ?3), COALESCE(seq_before, ?3))) \
             FROM wanted ORDER BY turn, seq",
        )
        .bind(json!(job_ids).to_string())
        .bind(now())
        .bind(i64::MIN)
        .fetch_all(&self.readers)
        .await?;
        let mut position = 0;
        let positions: HashMap<String, u64> = rows
            .into_iter()
            .map(|(job_id, more)| {
                position += more.unsigned_abs();
                (job_id, position)
            })
            .collect();
        Ok(job_ids.iter().map(|job_id| positions.get(job_id.as_str()).copied()).collect())
    }

    async fn list(&self, from: Option<u64>, limit: u32) -> Result<Page, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM jobs WHERE seq < ?1 AND +expires_at > ?2 ORDER BY seq DESC LIMIT ?3"
        );
        let before = from.map_or(i64::MAX, |seq| i64::try_from(seq).unwrap_or(i64::MAX));
        let rows = sqlx::query(sql).bind(before).bind(now()).bind(limit).fetch_all(&self.readers).await?;
        let is_full = rows.len() == limit as usize;
        let next = rows.last().filter(|_| is_full).map(read_place).transpose()?;
        // Skips rows that cannot be read.
        let read = |row| Some((read_place(row).ok()?, read_record(row).ok()?));
        Ok(Page { records: rows.iter().filter_map(read).collect(), next })
    }

    async fn changes(&self, since: Option<u64>) -> Result<Changes, StoreError> {
        Ok(self.changes.changes(since))
    }

    fn subscribe(&self) -> broadcast::Receiver<ChangeMessage> {
        self.changes.subscribe()
    }

    fn is_subscribed(&self) -> bool {
        true
    }

    async fn ping(&self) -> Result<(), StoreError> {
        // Takes the write lock without writing anything.
        self.begin().await?.roll_back().await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        // Each number comes from an index alone.
        let sql = "SELECT (SELECT count(*) FROM jobs WHERE state = 'queued' AND +expires_at > ?1), \
                   (SELECT count(*) FROM jobs WHERE state = 'running' AND +expires_at > ?1), \
                   (SELECT count(*) FROM jobs WHERE expires_at > ?1), \
                   (SELECT created_at FROM jobs WHERE state = 'queued' AND +expires_at > ?1 ORDER BY turn, seq LIMIT 1)";
        let (queued, running, all, created): (i64, i64, i64, Option<i64>) =
            sqlx::query_as(sql).bind(now()).fetch_one(&self.readers).await?;
        let since = |at: i64| Duration::from_millis(now().saturating_sub(at).max(0).unsigned_abs());
        let last_claim = self.last_claim.load(Ordering::Relaxed);
        Ok(Stats {
            queued: queued.unsigned_abs(),
            running: running.unsigned_abs(),
            ended: (all - queued - running).unsigned_abs(),
            since_claim: (last_claim > 0).then(|| since(last_claim)),
            waited: created.map(since),
        })
    }
}
