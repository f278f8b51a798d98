//! Jobs on a Redis server, for any number of processes on any number of machines.
//!
//! The record of a job is at `export_job:{job_id}`, as JSON, where other programs read it and
//! may write it. What only workers need (the request, the attempt, leases, the queue) is at
//! `trapline:…`; `lua/common.lua` lists the keys. Each transition is one script, so it happens
//! as a whole or not at all, and takes its time from the server, so that workers' clocks do not
//! matter.
//!
//! A command that was sent and not answered may have been carried out, or may still be. Each
//! transition can therefore be said again: a claim by a worker that has a job gives that job, a
//! completion that was heard is heard again, and everything else is fenced by the attempt.
//!
//! One server, or a master with replicas; not Redis Cluster, since a script reaches keys that it
//! learns on its way.

mod address;
mod link;
mod many;
mod record;
mod scripts;
mod wake;

pub use address::{InvalidAddress, RedisAddress};

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use redis::FromRedisValue;
use serde_json::json;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use crate::id::{JobId, WorkerId};
use crate::job::{Artifact, Callback, Claim, Failure, Held, NewJob, Record, Submitted};
use crate::missing_reason::write_reasons;
use crate::store::{
    AfterFailure, ChangeMessage, Changes, HeldError, JobStore, MostWaiting, OneRecord, Page, Reaped, Stats,
    StoreError, StoreOptions,
};

use link::Link;
use record::{record, record_key};
use scripts::{SCRIPTS, Script, millis};
use wake::Wake;

/// Jobs of each sort that one call of the clock looks at, so that it never holds up the server.
const MOST_REAPED: u32 = 200;

/// A server that was silent for so long is at least not taken for frozen.
const SHORTEST_SILENCE: Duration = Duration::from_secs(2);
/// A key's time to live is at least this for Redis.
const SHORTEST: Duration = Duration::from_millis(1);

/// A store of jobs on a Redis server.
#[derive(Debug)]
pub struct RedisStore {
    link: Arc<Link>,
    options: StoreOptions,
    wake: Arc<Wake>,
    /// The server's time when the clock was last heard, in milliseconds.
    seen: AtomicU64,
    listening: JoinHandle<()>,
}

impl RedisStore {
    /// Uses the server at `address`. One that does not answer yet is no error: requests are told
    /// so until it does.
    ///
    /// [`StoreError::Refused`] when it answers and does not let us in.
    pub async fn open(address: &RedisAddress, options: StoreOptions) -> Result<Self, StoreError> {
        let link = Arc::new(Link::new(address)?);
        match link.connect_first().await {
            Err(refused @ StoreError::Refused(_)) => return Err(refused),
            Err(error) => {
                tracing::warn!(%error, "starting without the job store; it is used as soon as it answers");
            }
            Ok(()) => {}
        }
        let wake = Arc::new(Wake::default());
        let listening = tokio::spawn(wake::listen(Arc::clone(&link), Arc::clone(&wake)));
        Ok(Self { link, options, wake, seen: AtomicU64::new(0), listening })
    }

    async fn call<T: FromRedisValue>(
        &self,
        script: &Script,
        job_id: &str,
        arguments: &[&str],
    ) -> Result<T, StoreError> {
        self.link.call(script, job_id, arguments).await
    }

    /// A transition of the attempt that has a job.
    async fn call_held<T: FromRedisValue>(
        &self,
        script: &Script,
        held: &Held,
        more: &[&str],
    ) -> Result<T, StoreError> {
        let (job_id, attempt) = (held.job_id.as_str(), held.attempt.to_string());
        let arguments: Vec<&str> =
            [job_id, attempt.as_str()].into_iter().chain(more.iter().copied()).collect();
        self.call(script, job_id, &arguments).await
    }

    fn ttl(&self) -> String {
        millis(self.options.ttl.max(SHORTEST))
    }

    fn lease(&self) -> String {
        millis(self.options.lease)
    }
}

/// Id, attempt, kind and request of a job that was claimed, as the script gives them.
type Claimed = (String, u32, String, String);

fn claim((id, attempt, kind, request): &Claimed) -> Result<Claim, StoreError> {
    Ok(Claim {
        held: Held { job_id: job_id(id)?, attempt: *attempt },
        kind: serde_json::from_str(kind).map_err(record::damaged)?,
        request: serde_json::from_str(request).map_err(record::damaged)?,
    })
}

impl RedisStore {
    /// Ends a job that was claimed and cannot be read.
    async fn fail_unreadable(&self, claimed: &Claimed, error: &StoreError) -> Result<(), StoreError> {
        let (id, attempt, ..) = claimed;
        tracing::error!(job_id = id, %error, "a job cannot be read, and fails");
        let reason = json_text(&Failure::unreadable_request().message);
        let (attempt, most) = (attempt.to_string(), self.options.max_attempts.to_string());
        let arguments = [id, attempt.as_str(), &reason, "0", &most, "0", &self.ttl()];
        self.call::<Option<String>>(&SCRIPTS.fail, id, &arguments).await.map(|_| ())
    }
}

impl Drop for RedisStore {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// A transition that a script answers with 1, or 0 when the job is another's.
fn done(answer: u8) -> Result<(), HeldError> {
    if answer == 1 { Ok(()) } else { Err(HeldError::Lost) }
}

fn job_id(text: &str) -> Result<JobId, StoreError> {
    text.parse().map_err(record::damaged)
}

fn json_text(text: &str) -> String {
    json!(text).to_string()
}

#[async_trait]
impl JobStore for RedisStore {
    async fn submit(&self, job: &NewJob) -> Result<Submitted, StoreError> {
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
        let MostWaiting { all, each } = self.options.most_waiting;
        let (all, each) = (all.to_string(), each.to_string());
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
            &all,
            &each,
        ];
        let answer: scripts::Submission = self.call(&SCRIPTS.submit, id, &arguments).await?;
        match answer.what.as_str() {
            "exists" => Err(StoreError::Exists(job.job_id.clone())),
            "taken" => Err(StoreError::KeyTaken),
            "full" => Err(StoreError::Full),
            "owner full" => Err(StoreError::OwnerFull),
            what => {
                let job_id = job_id(&answer.job_id)?;
                let record = record(&job_id, &answer.text, answer.left)?;
                Ok(if what == "new" { Submitted::New(record) } else { Submitted::Before(record) })
            }
        }
    }

    async fn claim(&self, worker: &WorkerId) -> Result<Option<Claim>, StoreError> {
        let arguments = [worker.as_str(), &self.ttl(), &self.lease()];
        loop {
            let answer: Option<Claimed> = self.call(&SCRIPTS.claim, "", &arguments).await?;
            let Some(claimed) = answer else { return Ok(None) };
            // One message wakes one worker: that one wakes the next, until nothing is left to claim.
            self.wake.one();
            match claim(&claimed) {
                Ok(claim) => return Ok(Some(claim)),
                // It would be given to this worker again for ever, and nobody else's job be done.
                Err(error) => self.fail_unreadable(&claimed, &error).await?,
            }
        }
    }

    async fn heartbeat(&self, held: &Held, processed_count: Option<u64>) -> Result<(), HeldError> {
        let processed = processed_count.map(|count| count.to_string()).unwrap_or_default();
        let more = [processed.as_str(), &self.ttl(), &self.lease()];
        done(self.call_held(&SCRIPTS.heartbeat, held, &more).await?)
    }

    async fn is_held(&self, held: &Held) -> Result<bool, StoreError> {
        self.call_held::<u8>(&SCRIPTS.held, held, &[]).await.map(|answer| answer == 1)
    }

    async fn complete(&self, held: &Held, artifact: &Artifact) -> Result<(), HeldError> {
        let (filename, url) = (json_text(&artifact.filename), json_text(&artifact.download_url()));
        let number = |count: Option<u64>| count.map_or_else(|| "null".to_owned(), |count| count.to_string());
        let (missing, remote) = (number(artifact.missing), number(artifact.remote_pictures));
        let reasons = write_reasons(&artifact.missing_reasons).unwrap_or_else(|| "null".to_owned());
        let size = artifact.size.to_string();
        let sha256 = json!(artifact.sha256).to_string();
        let name = artifact.filename.as_str();
        let more = [name, &filename, &url, &size, &self.ttl(), &missing, &sha256, &reasons, &remote];
        done(self.call_held(&SCRIPTS.complete, held, &more).await?)
    }

    async fn fail(&self, held: &Held, failure: &Failure) -> Result<AfterFailure, HeldError> {
        let may_pass = if failure.may_pass { "1" } else { "0" };
        let (most, delay) =
            (self.options.max_attempts.to_string(), millis(self.options.backoff(held.attempt)));
        let (reason, ttl) = (json_text(&failure.message), self.ttl());
        let more = [reason.as_str(), may_pass, &most, &delay, &ttl];
        let answer: Option<String> = self.call_held(&SCRIPTS.fail, held, &more).await?;
        match answer.as_deref() {
            Some("retry") => Ok(AfterFailure::Retry),
            Some(_) => Ok(AfterFailure::Failed),
            None => Err(HeldError::Lost),
        }
    }

    async fn release(&self, held: &Held) -> Result<(), HeldError> {
        done(self.call_held(&SCRIPTS.release, held, &[&self.ttl()]).await?)
    }

    async fn delete(&self, job_id: &JobId) -> Result<Option<Record>, StoreError> {
        let answer: Option<(String, i64)> =
            self.call(&SCRIPTS.delete, job_id.as_str(), &[job_id.as_str()]).await?;
        // One that cannot be read is gone as well.
        Ok(answer
            .map(|(text, left)| record(job_id, &text, left).unwrap_or_else(|_| record::unreadable(job_id))))
    }

    async fn get(&self, job_id: &JobId) -> Result<Option<Record>, StoreError> {
        let key = record_key(job_id);
        let mut both = redis::pipe();
        both.get(&key).pttl(&key);
        match self.link.pipe("GET PTTL", job_id.as_str(), &both).await? {
            // It expires between the two.
            (None, _) | (_, -2) => Ok(None),
            (Some(text), left) => {
                let text: String = text;
                record(job_id, &text, left).map(Some)
            }
        }
    }

    async fn get_many(&self, job_ids: &[JobId]) -> Result<Vec<OneRecord>, StoreError> {
        self.read_records(job_ids).await
    }

    async fn peek_many(&self, job_ids: &[JobId]) -> Result<Vec<OneRecord>, StoreError> {
        self.peek_at_records(job_ids).await
    }

    async fn queue_positions(&self, job_ids: &[JobId]) -> Result<Vec<Option<u64>>, StoreError> {
        self.read_positions(job_ids).await
    }

    async fn list(&self, from: Option<u64>, limit: u32) -> Result<Page, StoreError> {
        let before = from.map_or("+inf".to_owned(), |place| place.to_string());
        let found: Vec<(String, u64, String, i64)> =
            self.call(&SCRIPTS.list, "", &[&before, &limit.to_string()]).await?;
        let next = found.last().filter(|_| found.len() == limit as usize).map(|(_, place, ..)| *place);
        // What another program made unreadable does not hide the others.
        let records = found.iter().filter_map(|(id, place, text, left)| {
            Some((*place, record(&job_id(id).ok()?, text, *left).ok()?))
        });
        Ok(Page { records: records.collect(), next })
    }

    async fn changes(&self, since: Option<u64>) -> Result<Changes, StoreError> {
        let since = since.map(|number| number.to_string()).unwrap_or_default();
        let (now, known, ids): (u64, u8, Vec<String>) = self.call(&SCRIPTS.changes, "", &[&since]).await?;
        let jobs = (known == 1).then(|| ids.iter().map(|id| job_id(id)).collect::<Result<_, _>>());
        Ok(Changes { now, jobs: jobs.transpose()? })
    }

    fn subscribe(&self) -> broadcast::Receiver<ChangeMessage> {
        self.wake.subscribe()
    }

    fn is_subscribed(&self) -> bool {
        self.wake.is_subscribed()
    }

    async fn callback(&self, hold: Duration) -> Result<Option<Callback>, StoreError> {
        let found: Option<(String, String, u32)> = self.call(&SCRIPTS.callback, "", &[&millis(hold)]).await?;
        let told = |(id, url, attempt): (String, _, _)| Ok(Callback { job_id: job_id(&id)?, url, attempt });
        found.map(told).transpose()
    }

    async fn callback_done(&self, job_id: &JobId, again: Option<Duration>) -> Result<(), StoreError> {
        let (id, again) = (job_id.as_str(), again.map(millis).unwrap_or_default());
        self.call::<u8>(&SCRIPTS.callback_done, id, &[id, &again]).await.map(|_| ())
    }

    async fn reap(&self) -> Result<Reaped, StoreError> {
        let arguments = [
            self.ttl(),
            self.options.max_attempts.to_string(),
            json_text(&self.options.given_up()),
            MOST_REAPED.to_string(),
            self.seen.load(Ordering::Relaxed).to_string(),
            // A worker renews a lease long before half of it is over.
            millis(SHORTEST_SILENCE.max(self.options.lease / 2)),
        ];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (requeued, failed, expired, now): (Vec<String>, Vec<String>, Vec<(String, String)>, u64) =
            self.call(&SCRIPTS.reap, "", &arguments).await?;
        self.seen.store(now, Ordering::Relaxed);
        let gone = |(id, file): &(String, String)| {
            Ok((job_id(id)?, Some(file.clone()).filter(|file| !file.is_empty())))
        };
        Ok(Reaped {
            requeued: requeued.iter().map(|id| job_id(id)).collect::<Result<_, _>>()?,
            failed: failed.iter().map(|id| job_id(id)).collect::<Result<_, _>>()?,
            expired: expired.iter().map(gone).collect::<Result<_, StoreError>>()?,
        })
    }

    async fn work(&self) {
        self.wake.wait().await;
    }

    async fn check(&self) -> Result<(), StoreError> {
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
