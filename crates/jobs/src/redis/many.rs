//! Several jobs at once, in as few commands as there can be.

use redis::{FromRedisValue, ParsingError, Pipeline, Value};

use super::RedisStore;
use super::record::{damaged, record, record_key};
use super::scripts::SCRIPTS;
use crate::id::JobId;
use crate::store::{OneRecord, StoreError};

/// Jobs that one command is about, so that it never holds up the server.
const MAX_JOBS: usize = 1000;
/// What `PTTL` says of a key that there is not.
const NO_KEY: i64 = -2;
/// What `PTTL` says of a key that stays.
const NO_END: i64 = -1;

impl RedisStore {
    /// The records with the times that they have left, which are one command for each job.
    pub(super) async fn read_records(&self, job_ids: &[JobId]) -> Result<Vec<OneRecord>, StoreError> {
        let mut records = Vec::with_capacity(job_ids.len());
        for part in job_ids.chunks(MAX_JOBS) {
            let mut commands = texts_of(part);
            for job_id in part {
                commands.pttl(record_key(job_id));
            }
            let answers: Vec<Value> = self.link.pipe("MGET PTTL", "", &commands).await?;
            let (texts, left) = split(answers).map_err(damaged)?;
            let all = part.iter().zip(texts).zip(left);
            records.extend(all.map(|((job_id, text), left)| one_record(job_id, text, left)));
        }
        Ok(records)
    }

    /// The records without the times that they have left.
    pub(super) async fn peek_at_records(&self, job_ids: &[JobId]) -> Result<Vec<OneRecord>, StoreError> {
        let mut records = Vec::with_capacity(job_ids.len());
        for part in job_ids.chunks(MAX_JOBS) {
            let answers: Vec<Value> = self.link.pipe("MGET", "", &texts_of(part)).await?;
            let (texts, _) = split(answers).map_err(damaged)?;
            let all = part.iter().zip(texts);
            records.extend(all.map(|(job_id, text)| one_record(job_id, text, NO_END)));
        }
        Ok(records)
    }

    /// The places of jobs in the queue.
    pub(super) async fn read_positions(&self, job_ids: &[JobId]) -> Result<Vec<Option<u64>>, StoreError> {
        let mut positions = Vec::with_capacity(job_ids.len());
        for part in job_ids.chunks(MAX_JOBS) {
            let ids: Vec<&str> = part.iter().map(JobId::as_str).collect();
            let about = if let [one] = ids[..] { one } else { "" };
            let places: Vec<u64> = self.call(&SCRIPTS.position, about, &ids).await?;
            positions.extend(places.into_iter().map(|place| (place > 0).then_some(place)));
        }
        Ok(positions)
    }
}

/// Asks for the texts of some records.
fn texts_of(job_ids: &[JobId]) -> Pipeline {
    let mut commands = redis::pipe();
    commands.cmd("MGET");
    for job_id in job_ids {
        commands.arg(record_key(job_id));
    }
    commands
}

/// The texts of records, and the times that they have left.
type Answers = (Vec<Option<Vec<u8>>>, Vec<i64>);

/// What `MGET` answers, and each `PTTL` after it.
fn split(answers: Vec<Value>) -> Result<Answers, ParsingError> {
    let mut answers = answers.into_iter();
    let texts = Vec::from_redis_value(answers.next().unwrap_or(Value::Nil))?;
    Ok((texts, answers.map(i64::from_redis_value).collect::<Result<_, _>>()?))
}

/// One record out of several. It may expire between the reading of its text and of its time.
fn one_record(job_id: &JobId, text: Option<Vec<u8>>, left: i64) -> OneRecord {
    let Some(text) = text.filter(|_| left != NO_KEY) else { return Ok(None) };
    let text = String::from_utf8(text).map_err(|error| damaged(format!("export_job:{job_id} {error}")))?;
    record(job_id, &text, left).map(Some)
}
