//! Jobs on a Redis server, for any number of processes on any number of machines.
//!
//! The record of a job is JSON at `export_job:{job_id}`, where other programs read it and may write it. Data
//! for workers (the request, the attempt, leases, the queue) are at `trapline:…`; `lua/common.lua` lists the
//! keys. Each transition is one script, so it is atomic. It uses the time of the server, so the clocks of
//! workers do not matter.
//!
//! A command without an answer may have been executed, or may still be. So each transition can be repeated: a
//! claim by a worker that has a job returns that job, a repeated completion succeeds, and the attempt fences
//! everything else.
//!
//! It works with one server, or a master with replicas; not with Redis Cluster, since scripts compute some of
//! their keys.

mod address;
mod batches;
mod connection;
mod notifications;
mod record;
mod scripts;

pub use address::{InvalidAddress, RedisAddress};

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use redis::FromRedisValue;
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use crate::id::{JobId, WorkerId};
use crate::job::{Artifact, Callback, Claim, Failure, JobRecord, Lease, NewJob, Submission};
use crate::missing_reason::write_reasons;
use crate::store::{
    AfterFailure, ChangeMessage, Changes, JobStore, LeaseError, Page, QueueLimits, ReapReport, RecordResult,
    Stats, StoreError, StoreOptions,
};

use connection::ServerConnection;
use notifications::Notifications;
use record::{parse_record, record_key};
use scripts::{SCRIPTS, Script, format_millis};

/// Jobs of each state that one call of `reap` handles, so that it never blocks the server for long.
const MAX_REAPED: u32 = 200;

/// A pause between two calls of `reap` that is shorter than this never counts as an outage of the server.
const MIN_OUTAGE: Duration = Duration::from_secs(2);
/// The shortest time to live that Redis accepts.
const MIN_TTL: Duration = Duration::from_millis(1);

/// A store of jobs on a Redis server.
#[derive(Debug)]
pub struct RedisStore {
    connection: Arc<ServerConnection>,
    options: StoreOptions,
    notifications: Arc<Notifications>,
    /// The server's time at the last call of `reap`, in milliseconds.
    last_reap: AtomicU64,
    listener: JoinHandle<()>,
}

impl RedisStore {
    /// Uses the server at `address`. A server that does not answer yet is not an error: requests fail until
    /// it does.
    ///
    /// [`StoreError::Refused`] if the server answers and refuses the connection.
    pub async fn open(address: &RedisAddress, options: StoreOptions) -> Result<Self, StoreError> {
        let connection = Arc::new(ServerConnection::new(address)?);
        match connection.connect_first().await {
            Err(refused @ StoreError::Refused(_)) => return Err(refused),
            Err(error) => {
                tracing::warn!(%error, "the job store does not answer yet; it is used as soon as it does");
            }
            Ok(()) => {}
        }
        let notifications = Arc::new(Notifications::default());
        let listener =
            tokio::spawn(notifications::listen(Arc::clone(&connection), Arc::clone(&notifications)));
        Ok(Self { connection, options, notifications, last_reap: AtomicU64::new(0), listener })
    }

    async fn call<T: FromRedisValue>(
        &self,
        script: &Script,
        job_id: &str,
        arguments: &[&str],
    ) -> Result<T, StoreError> {
        self.connection.call(script, job_id, arguments).await
    }

    /// Calls the script of a transition that only the current attempt may make.
    async fn call_held<T: FromRedisValue>(
        &self,
        script: &Script,
        held: &Lease,
        more: &[&str],
    ) -> Result<T, StoreError> {
        let (job_id, attempt) = (held.job_id.as_str(), held.attempt.to_string());
        let arguments: Vec<&str> =
            [job_id, attempt.as_str()].into_iter().chain(more.iter().copied()).collect();
        self.call(script, job_id, &arguments).await
    }

    /// Fails a claimed job whose request cannot be read.
    async fn fail_unreadable(&self, claimed: &ClaimAnswer, error: &StoreError) -> Result<(), StoreError> {
        let (id, attempt, ..) = claimed;
        tracing::error!(job_id = id, %error, "the request of a job cannot be read; the job fails");
        let reason = json_text(&Failure::unreadable_request().message);
        let (attempt, most) = (attempt.to_string(), self.options.max_attempts.to_string());
        let arguments = [id, attempt.as_str(), &reason, "0", &most, "0", &self.ttl()];
        self.call::<Option<String>>(&SCRIPTS.fail, id, &arguments).await.map(|_| ())
    }

    fn ttl(&self) -> String {
        format_millis(self.options.ttl.max(MIN_TTL))
    }

    fn lease(&self) -> String {
        format_millis(self.options.lease)
    }
}

/// The id, attempt, kind and request of a claimed job, as the script returns them.
type ClaimAnswer = (String, u32, String, String);

fn parse_claim((id, attempt, kind, request): &ClaimAnswer) -> Result<Claim, StoreError> {
    Ok(Claim {
        held: Lease { job_id: parse_job_id(id)?, attempt: *attempt },
        kind: serde_json::from_str(kind).map_err(StoreError::from_damage)?,
        request: serde_json::from_str(request).map_err(StoreError::from_damage)?,
    })
}

impl Drop for RedisStore {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// Converts the answer of a transition: 1, or 0 if the attempt has lost the job.
fn check_held(answer: u8) -> Result<(), LeaseError> {
    if answer == 1 { Ok(()) } else { Err(LeaseError::Lost) }
}

fn parse_job_id(text: &str) -> Result<JobId, StoreError> {
    text.parse().map_err(StoreError::from_damage)
}

fn json_text(text: &str) -> String {
    json!(text).to_string()
}

#[async_trait]
impl JobStore for RedisStore {
    async fn submit(&self, job: &NewJob) -> Result<Submission, StoreError> {
        let (kind, request) = (json_text(job.kind.name()), job.request.to_string());
        let title = json_text(&job.title);
        let total = job.total_detections.map(|total| total.to_string()).unwrap_or_default();
        let (key, fingerprint) = match &job.idempotency {
            Some(idempotency) => (idempotency.key.as_str(), idempotency.fingerprint.as_str()),
            None => ("", ""),
        };
        let id = job.job_id.as_str();
        let callback = job.callback_url.as_deref().unwrap_or_default();
        let owner = job.owner.as_deref().map(json_text).unwrap_or_default();
        let details = job.details.as_ref().map(Value::to_string).unwrap_or_default();
        let QueueLimits { total: max_total, per_owner } = self.options.queue_limits;
        let (max_total, per_owner) = (max_total.to_string(), per_owner.to_string());
        let arguments = [
            id,
            &kind,
            &request,
            &total,
            &self.ttl(),
            key,
            fingerprint,
            &title,
            callback,
            &owner,
            &max_total,
            &per_owner,
            &details,
        ];
        let answer: scripts::SubmitAnswer = self.call(&SCRIPTS.submit, id, &arguments).await?;
        match answer.outcome.as_str() {
            "exists" => Err(StoreError::Exists(job.job_id.clone())),
            "taken" => Err(StoreError::KeyTaken),
            "full" => Err(StoreError::Full),
            "owner full" => Err(StoreError::OwnerFull),
            outcome => {
                let job_id = parse_job_id(&answer.job_id)?;
                let record = parse_record(&job_id, &answer.text, answer.left)?;
                Ok(if outcome == "new" { Submission::New(record) } else { Submission::Repeated(record) })
            }
        }
    }

    async fn claim(&self, worker: &WorkerId) -> Result<Option<Claim>, StoreError> {
        let arguments = [worker.as_str(), &self.ttl(), &self.lease()];
        loop {
            let answer: Option<ClaimAnswer> = self.call(&SCRIPTS.claim, "", &arguments).await?;
            let Some(claimed) = answer else { return Ok(None) };
            // A message wakes one worker, which wakes the next one, until there is nothing left to claim.
            self.notifications.wake_worker();
            match parse_claim(&claimed) {
                Ok(claim) => return Ok(Some(claim)),
                // Otherwise this worker would get the same job again and again.
                Err(error) => self.fail_unreadable(&claimed, &error).await?,
            }
        }
    }

    async fn heartbeat(&self, held: &Lease, processed_count: Option<u64>) -> Result<(), LeaseError> {
        let processed = processed_count.map(|count| count.to_string()).unwrap_or_default();
        let more = [processed.as_str(), &self.ttl(), &self.lease()];
        check_held(self.call_held(&SCRIPTS.heartbeat, held, &more).await?)
    }

    async fn is_held(&self, held: &Lease) -> Result<bool, StoreError> {
        self.call_held::<u8>(&SCRIPTS.held, held, &[]).await.map(|answer| answer == 1)
    }

    async fn complete(&self, held: &Lease, artifact: &Artifact) -> Result<(), LeaseError> {
        let (filename, url) = (json_text(&artifact.filename), json_text(&artifact.download_url()));
        let number = |count: Option<u64>| count.map_or_else(|| "null".to_owned(), |count| count.to_string());
        let (missing, remote) = (number(artifact.missing), number(artifact.remote_pictures));
        let reasons = write_reasons(&artifact.missing_reasons).unwrap_or_else(|| "null".to_owned());
        let size = artifact.size.to_string();
        let sha256 = json!(artifact.sha256).to_string();
        let name = artifact.filename.as_str();
        let more = [name, &filename, &url, &size, &self.ttl(), &missing, &sha256, &reasons, &remote];
        check_held(self.call_held(&SCRIPTS.complete, held, &more).await?)
    }

    async fn fail(&self, held: &Lease, failure: &Failure) -> Result<AfterFailure, LeaseError> {
        let may_pass = if failure.may_pass { "1" } else { "0" };
        let (most, delay) = (
            self.options.max_attempts.to_string(),
            format_millis(self.options.retry_delay_after(held.attempt)),
        );
        let (reason, ttl) = (json_text(&failure.message), self.ttl());
        let more = [reason.as_str(), may_pass, &most, &delay, &ttl];
        let answer: Option<String> = self.call_held(&SCRIPTS.fail, held, &more).await?;
        match answer.as_deref() {
            Some("retry") => Ok(AfterFailure::Retry),
            Some(_) => Ok(AfterFailure::Failed),
            None => Err(LeaseError::Lost),
        }
    }

    async fn release(&self, held: &Lease) -> Result<(), LeaseError> {
        check_held(self.call_held(&SCRIPTS.release, held, &[&self.ttl()]).await?)
    }

    async fn delete(&self, job_id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        let answer: Option<(String, i64)> =
            self.call(&SCRIPTS.delete, job_id.as_str(), &[job_id.as_str()]).await?;
        // A record that cannot be read is deleted too.
        Ok(answer.map(|(text, left)| {
            parse_record(job_id, &text, left).unwrap_or_else(|_| record::unreadable_record(job_id))
        }))
    }

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

    async fn queue_positions(&self, job_ids: &[JobId]) -> Result<Vec<Option<u64>>, StoreError> {
        self.read_positions(job_ids).await
    }

    async fn list(&self, from: Option<u64>, limit: u32) -> Result<Page, StoreError> {
        let before = from.map_or("+inf".to_owned(), |place| place.to_string());
        let found: Vec<(String, u64, String, i64)> =
            self.call(&SCRIPTS.list, "", &[&before, &limit.to_string()]).await?;
        let next = found.last().filter(|_| found.len() == limit as usize).map(|(_, place, ..)| *place);
        // Skips records that another program made unreadable.
        let records = found.iter().filter_map(|(id, place, text, left)| {
            Some((*place, parse_record(&parse_job_id(id).ok()?, text, *left).ok()?))
        });
        Ok(Page { records: records.collect(), next })
    }

    async fn changes(&self, since: Option<u64>) -> Result<Changes, StoreError> {
        let since = since.map(|number| number.to_string()).unwrap_or_default();
        let (now, known, ids): (u64, u8, Vec<String>) = self.call(&SCRIPTS.changes, "", &[&since]).await?;
        let jobs = (known == 1).then(|| ids.iter().map(|id| parse_job_id(id)).collect::<Result<_, _>>());
        Ok(Changes { now, jobs: jobs.transpose()? })
    }

    fn subscribe(&self) -> broadcast::Receiver<ChangeMessage> {
        self.notifications.subscribe()
    }

    fn is_subscribed(&self) -> bool {
        self.notifications.is_subscribed()
    }

    async fn claim_callback(&self, reservation: Duration) -> Result<Option<Callback>, StoreError> {
        let answer: Option<(String, String, u32)> =
            self.call(&SCRIPTS.callback, "", &[&format_millis(reservation)]).await?;
        let parse =
            |(id, url, attempt): (String, _, _)| Ok(Callback { job_id: parse_job_id(&id)?, url, attempt });
        answer.map(parse).transpose()
    }

    async fn settle_callback(&self, job_id: &JobId, retry_in: Option<Duration>) -> Result<(), StoreError> {
        let (id, retry_in) = (job_id.as_str(), retry_in.map(format_millis).unwrap_or_default());
        self.call::<u8>(&SCRIPTS.callback_done, id, &[id, &retry_in]).await.map(|_| ())
    }

    async fn reap(&self) -> Result<ReapReport, StoreError> {
        let arguments = [
            self.ttl(),
            self.options.max_attempts.to_string(),
            json_text(&self.options.give_up_message()),
            MAX_REAPED.to_string(),
            self.last_reap.load(Ordering::Relaxed).to_string(),
            // A worker renews its lease long before half of it has passed.
            format_millis(MIN_OUTAGE.max(self.options.lease / 2)),
        ];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (requeued, failed, expired, now): (Vec<String>, Vec<String>, Vec<(String, String)>, u64) =
            self.call(&SCRIPTS.reap, "", &arguments).await?;
        self.last_reap.store(now, Ordering::Relaxed);
        let parse_expired = |(id, file): &(String, String)| {
            Ok((parse_job_id(id)?, Some(file.clone()).filter(|file| !file.is_empty())))
        };
        Ok(ReapReport {
            requeued: requeued.iter().map(|id| parse_job_id(id)).collect::<Result<_, _>>()?,
            failed: failed.iter().map(|id| parse_job_id(id)).collect::<Result<_, _>>()?,
            expired: expired.iter().map(parse_expired).collect::<Result<_, StoreError>>()?,
        })
    }

    async fn wait_for_work(&self) {
        self.notifications.wait_for_work().await;
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.call::<u8>(&SCRIPTS.check, "", &[]).await.map(|_| ())
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

    fn options(&self) -> &StoreOptions {
        &self.options
    }
}
