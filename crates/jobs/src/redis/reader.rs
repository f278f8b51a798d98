//! Reading jobs and their changes.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::broadcast;

use super::record::{parse_record, record_key};
use super::scripts::SCRIPTS;
use super::{RedisStore, parse_job_id};
use crate::error::StoreError;
use crate::id::JobId;
use crate::record::JobRecord;
use crate::store::{ChangeMessage, Changes, JobReader, Page, PlacedResult, RecordResult, Stats};

#[async_trait]
impl JobReader for RedisStore {
    async fn get(&self, job_id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        let key = record_key(job_id);
        let mut both = redis::pipe();
        both.get(&key).pttl(&key);
        match self.connection.pipe("GET PTTL", job_id.as_str(), &both).await? {
            // The second case: it has expired between the two commands.
            (None, _) | (_, -2) => Ok(None),
            (Some(text), left) => {
                let text: String = text;
                parse_record(job_id, &text, left).map(Some)
            }
        }
    }

    async fn get_many(&self, job_ids: &[JobId]) -> Result<Vec<RecordResult>, StoreError> {
        self.read_records(job_ids, true).await
    }

    async fn peek_many(&self, job_ids: &[JobId]) -> Result<Vec<RecordResult>, StoreError> {
        self.read_records(job_ids, false).await
    }

    async fn get_placed(&self, job_ids: &[JobId]) -> Result<Vec<PlacedResult>, StoreError> {
        // A queued job that waits for another attempt has its place elsewhere.
        self.add_positions(self.read_placed(job_ids).await?).await
    }

    async fn queue_positions(&self, job_ids: &[JobId]) -> Result<Vec<Option<u64>>, StoreError> {
        self.read_positions(job_ids).await
    }

    async fn list(&self, from: Option<u64>, limit: u32) -> Result<Page, StoreError> {
        let found: Vec<(String, u64, String, i64)> =
            self.call(&SCRIPTS.list, "", &[("before", &from), ("limit", &limit)]).await?;
        let next = found.last().filter(|_| found.len() == limit as usize).map(|(_, place, ..)| *place);
        // Skips records that another program made unreadable.
        let records = found.iter().filter_map(|(id, place, text, left)| {
            Some((*place, parse_record(&parse_job_id(id).ok()?, text, *left).ok()?))
        });
        Ok(Page { records: records.collect(), next })
    }

    async fn changes(&self, since: Option<u64>) -> Result<Changes, StoreError> {
        let (now, known, ids): (u64, u8, Vec<String>) =
            self.call(&SCRIPTS.changes, "", &[("since", &since)]).await?;
        let jobs = (known == 1).then(|| ids.iter().map(|id| parse_job_id(id)).collect::<Result<_, _>>());
        Ok(Changes { now, jobs: jobs.transpose()? })
    }

    fn subscribe(&self) -> broadcast::Receiver<ChangeMessage> {
        self.notifications.subscribe()
    }

    fn is_subscribed(&self) -> bool {
        self.notifications.is_subscribed()
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.call::<u8>(&SCRIPTS.ping, "", &[]).await.map(|_| ())
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        let (queued, running, all, created, now, claimed): (u64, u64, u64, String, i64, String) =
            self.call(&SCRIPTS.stats, "", &[]).await?;
        let created = serde_json::from_str::<jiff::Timestamp>(&created).ok();
        let waited = created.map(|at| now.saturating_sub(at.as_millisecond()).max(0).unsigned_abs());
        Ok(Stats {
            queued,
            running,
            ended: all.saturating_sub(queued + running),
            waited: waited.map(Duration::from_millis),
            since_claim: claimed
                .parse::<f64>()
                .ok()
                .map(|at| Duration::from_secs_f64((now as f64 - at).max(0.0) / 1000.0)),
        })
    }
}
