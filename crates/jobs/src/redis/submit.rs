//! Submission and deletion.

use async_trait::async_trait;
use redis::{FromRedisValue, ParsingError, Value};
use serde_json::json;

use super::arguments::Arguments;
use super::record::{parse_record, unreadable_record};
use super::scripts::SCRIPTS;
use super::{RedisStore, parse_job_id};
use crate::error::{StoreError, SubmitError};
use crate::id::JobId;
use crate::job::NewJob;
use crate::options::QueueLimits;
use crate::record::JobRecord;
use crate::record::Submission;
use crate::store::JobSubmitter;

#[async_trait]
impl JobSubmitter for RedisStore {
    async fn submit(&self, job: &NewJob) -> Result<Submission, SubmitError> {
        let idempotency = job.idempotency.as_ref();
        let QueueLimits { total, per_owner } = self.options.queue_limits;
        let arguments: &Arguments<'_> = &[
            ("job_id", &job.job_id),
            ("kind", &json!(job.kind.name())),
            ("title", &json!(job.title)),
            ("request", &job.request),
            ("details", &job.details),
            ("total_detections", &job.total_detections),
            ("owner", &job.owner.as_ref().map(|owner| json!(owner))),
            ("callback_url", &job.callback_url),
            ("idempotency_key", &idempotency.map(|idempotency| idempotency.key.as_str())),
            ("fingerprint", &idempotency.map(|idempotency| idempotency.fingerprint.as_str())),
            ("max_queued", &total),
            ("max_queued_per_owner", &per_owner),
            ("ttl_ms", &self.ttl()),
        ];
        let answer: SubmitAnswer = self.call(&SCRIPTS.submit, job.job_id.as_str(), arguments).await?;
        match answer.outcome.as_str() {
            "exists" => Err(SubmitError::Exists(job.job_id.clone())),
            "taken" => Err(SubmitError::KeyTaken),
            "full" => Err(SubmitError::Full),
            "owner full" => Err(SubmitError::OwnerFull),
            outcome => {
                let job_id = parse_job_id(&answer.job_id)?;
                let record = parse_record(&job_id, &answer.text, answer.left)?;
                Ok(if outcome == "new" { Submission::New(record) } else { Submission::Repeated(record) })
            }
        }
    }

    async fn delete(&self, job_id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        let answer: Option<(String, i64)> =
            self.call(&SCRIPTS.delete, job_id.as_str(), &[("job_id", job_id)]).await?;
        // A record that cannot be read is deleted too.
        Ok(answer.map(|(text, left)| {
            parse_record(job_id, &text, left).unwrap_or_else(|_| unreadable_record(job_id))
        }))
    }
}

/// The answer of `submit.lua`.
struct SubmitAnswer {
    /// `new`, `before`, `exists`, `taken`, `full` or `owner full`. Only the first two have a record.
    outcome: String,
    text: String,
    /// The time to live in milliseconds.
    left: i64,
    job_id: String,
}

impl FromRedisValue for SubmitAnswer {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let mut parts = Vec::<Value>::from_redis_value(value)?.into_iter();
        let outcome = parts.next().map_or(Ok(String::new()), String::from_redis_value)?;
        if parts.len() == 0 {
            return Ok(Self { outcome, text: String::new(), left: 0, job_id: String::new() });
        }
        let mut next = || parts.next().unwrap_or(Value::Nil);
        let text = String::from_redis_value(next())?;
        let left = i64::from_redis_value(next())?;
        Ok(Self { outcome, text, left, job_id: String::from_redis_value(next())? })
    }
}
