//! Reading several jobs in as few commands as possible.

use redis::{FromRedisValue, ParsingError, RedisResult, Value};
use serde_json::json;

use super::RedisStore;
use super::record::{parse_record, record_key};
use super::scripts::SCRIPTS;
use crate::error::StoreError;
use crate::id::JobId;
use crate::record::{JobRecord, JobState};
use crate::store::{PlacedResult, RecordResult};

/// The most jobs in one command, so that it never blocks the server for long.
const MAX_JOBS: usize = 1000;
/// The jobs in the queue, as `common.lua` names them.
const QUEUE: &str = "trapline:queue";
/// The answer of `PTTL` for a missing key.
const NO_KEY: i64 = -2;
/// The answer of `PTTL` for a key without an expiry.
const NO_EXPIRY: i64 = -1;

impl RedisStore {
    /// Reads records; with `expiry` also their times to live, which need a command for each job.
    pub(super) async fn read_records(
        &self,
        job_ids: &[JobId],
        expiry: bool,
    ) -> Result<Vec<RecordResult>, StoreError> {
        let mut records = Vec::with_capacity(job_ids.len());
        for part in job_ids.chunks(MAX_JOBS) {
            let commands = build_read(part, expiry);
            let name = if expiry { "MGET PTTL" } else { "MGET" };
            let answers: Vec<Value> = self.connection.pipe(name, "", &commands).await?;
            let (texts, times) = split_answers(answers).map_err(StoreError::from_damage)?;
            let times = times.into_iter().map(Some).chain(std::iter::repeat(None));
            let all = part.iter().zip(texts).zip(times);
            records.extend(all.map(|((job_id, text), left)| read_record(job_id, text, left)));
        }
        Ok(records)
    }

    /// Reads records with their times to live and, of those that no attempt has delayed, their places in the queue:
    /// all in one round trip, since each of these jobs may be queued.
    pub(super) async fn read_placed(&self, job_ids: &[JobId]) -> Result<Vec<PlacedResult>, StoreError> {
        let mut records = Vec::with_capacity(job_ids.len());
        for part in job_ids.chunks(MAX_JOBS) {
            let mut commands = build_read(part, true);
            for job_id in part {
                commands.zrank(QUEUE, job_id.as_str());
            }
            // Only a queued job needs its place, so that a damaged queue hides no other.
            let needed = part.len() + 1;
            let mut answers = self.connection.pipe_each("MGET PTTL ZRANK", &mut commands, needed).await?;
            let ranks = answers.split_off(needed.min(answers.len()));
            let answers = answers.into_iter().flatten().collect();
            let (texts, times) = split_answers(answers).map_err(StoreError::from_damage)?;
            for (((job_id, text), left), rank) in part.iter().zip(texts).zip(times).zip(ranks) {
                records.push(
                    read_record(job_id, text, Some(left))
                        .and_then(|found| found.map(|record| add_place(record, rank)).transpose()),
                );
            }
        }
        Ok(records)
    }

    /// Reads the positions of jobs in the queue.
    pub(super) async fn read_positions(&self, job_ids: &[JobId]) -> Result<Vec<Option<u64>>, StoreError> {
        let mut positions = Vec::with_capacity(job_ids.len());
        for part in job_ids.chunks(MAX_JOBS) {
            let about = if let [one] = part { one.as_str() } else { "" };
            let answers: Vec<u64> =
                self.call(&SCRIPTS.queue_positions, about, &[("job_ids", &json!(part))]).await?;
            positions.extend(answers.into_iter().map(|position| (position > 0).then_some(position)));
        }
        Ok(positions)
    }
}

/// Adds the place of a queued job to its record; others have none.
fn add_place(record: JobRecord, rank: RedisResult<Value>) -> Result<(JobRecord, Option<u64>), StoreError> {
    if record.state != JobState::Queued {
        return Ok((record, None));
    }
    let damaged = |error: &dyn std::fmt::Display| StoreError::from_damage(format!("{QUEUE}: {error}"));
    let rank = rank.map_err(|error| damaged(&error))?;
    let rank = Option::<u64>::from_redis_value(rank).map_err(|error| damaged(&error))?;
    Ok((record, rank.map(|rank| rank + 1)))
}

/// Builds the commands that read records and, with `expiry`, their times to live.
fn build_read(job_ids: &[JobId], expiry: bool) -> redis::Pipeline {
    let keys: Vec<String> = job_ids.iter().map(record_key).collect();
    let mut commands = redis::pipe();
    commands.cmd("MGET").arg(&keys);
    for key in keys.iter().filter(|_| expiry) {
        commands.pttl(key);
    }
    commands
}

/// The texts of records, and their times to live.
type Answers = (Vec<Option<Vec<u8>>>, Vec<i64>);

/// Splits the answers of an `MGET` and of each `PTTL` after it.
fn split_answers(answers: Vec<Value>) -> Result<Answers, ParsingError> {
    let mut answers = answers.into_iter();
    let texts = Vec::from_redis_value(answers.next().unwrap_or(Value::Nil))?;
    Ok((texts, answers.map(i64::from_redis_value).collect::<Result<_, _>>()?))
}

/// Parses one of several records. It may have expired after its text was read. `left` is its time to live in
/// milliseconds, [`NO_KEY`] for a missing key, and `None` if it was not read.
fn read_record(job_id: &JobId, text: Option<Vec<u8>>, left: Option<i64>) -> RecordResult {
    let text = match (text, left) {
        (_, Some(NO_KEY)) | (None, None) => return Ok(None),
        (None, Some(_)) => return Err(StoreError::from_damage(format!("export_job:{job_id} is not a text"))),
        (Some(text), _) => text,
    };
    let text = String::from_utf8(text)
        .map_err(|error| StoreError::from_damage(format!("export_job:{job_id} {error}")))?;
    parse_record(job_id, &text, left.unwrap_or(NO_EXPIRY)).map(Some)
}
