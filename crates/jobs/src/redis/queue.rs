//! The transitions of workers and of their clock.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;

use super::arguments::Arguments;
use super::record::download_url;
use super::scripts::SCRIPTS;
use super::{RedisStore, parse_job_id};
use crate::error::{LeaseError, StoreError};
use crate::id::WorkerId;
use crate::job::{Artifact, Claim, Failure, Lease};
use crate::missing_reason::write_reasons;
use crate::options::StoreOptions;
use crate::store::{AfterFailure, JobQueue, ReapReport};

/// Jobs of each state that one call of `reap` handles, so that it never blocks the server for long.
const MAX_REAPED: u32 = 200;

/// A pause between two calls of `reap` that is shorter than this never counts as an outage of the server.
const MIN_OUTAGE: Duration = Duration::from_secs(2);

#[async_trait]
impl JobQueue for RedisStore {
    async fn claim(&self, worker: &WorkerId) -> Result<Option<Claim>, StoreError> {
        let (ttl, lease) = (self.ttl(), self.options.lease);
        let arguments: &Arguments<'_> = &[("worker", worker), ("ttl_ms", &ttl), ("lease_ms", &lease)];
        loop {
            let answer: Option<ClaimAnswer> = self.call(&SCRIPTS.claim, "", arguments).await?;
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
        let more: &Arguments<'_> = &[
            ("processed_count", &processed_count),
            ("ttl_ms", &self.ttl()),
            ("lease_ms", &self.options.lease),
        ];
        check_held(self.call_held(&SCRIPTS.heartbeat, held, more).await?)
    }

    async fn is_held(&self, held: &Lease) -> Result<bool, StoreError> {
        self.call_held::<u8>(&SCRIPTS.is_held, held, &[]).await.map(|answer| answer == 1)
    }

    async fn complete(&self, held: &Lease, artifact: &Artifact) -> Result<(), LeaseError> {
        let more: &Arguments<'_> = &[
            ("filename", &artifact.filename),
            ("filename_json", &json!(artifact.filename)),
            ("download_url", &json!(download_url(&artifact.filename))),
            ("file_size_bytes", &artifact.size),
            ("sha256", &json!(artifact.sha256)),
            ("missing_count", &artifact.missing),
            ("missing_reasons", &write_reasons(&artifact.missing_reasons)),
            ("remote_pictures", &artifact.remote_pictures),
            ("ttl_ms", &self.ttl()),
        ];
        check_held(self.call_held(&SCRIPTS.complete, held, more).await?)
    }

    async fn fail(&self, held: &Lease, failure: &Failure) -> Result<AfterFailure, LeaseError> {
        let job_id = held.job_id.as_str();
        let answer = self.end_in_failure(job_id, held.attempt, failure).await?;
        match answer.as_deref() {
            Some("retry") => Ok(AfterFailure::Retry),
            Some(_) => Ok(AfterFailure::Failed),
            None => Err(LeaseError::Lost),
        }
    }

    async fn release(&self, held: &Lease) -> Result<(), LeaseError> {
        check_held(self.call_held(&SCRIPTS.release, held, &[("ttl_ms", &self.ttl())]).await?)
    }

    async fn reap(&self) -> Result<ReapReport, StoreError> {
        let arguments: &Arguments<'_> = &[
            ("ttl_ms", &self.ttl()),
            ("max_attempts", &self.options.max_attempts),
            ("give_up_message", &json!(self.options.give_up_message())),
            ("max_jobs", &MAX_REAPED),
            ("last_call_ms", &self.last_reap.load(Ordering::Relaxed)),
            // A worker renews its lease long before half of it has passed.
            ("max_pause_ms", &MIN_OUTAGE.max(self.options.lease / 2)),
        ];
        let (requeued, failed, expired, now): (Vec<String>, Vec<String>, Vec<(String, String)>, u64) =
            self.call(&SCRIPTS.reap, "", arguments).await?;
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

    fn options(&self) -> &StoreOptions {
        &self.options
    }
}

impl RedisStore {
    /// Fails a claimed job whose request cannot be read.
    async fn fail_unreadable(&self, claimed: &ClaimAnswer, error: &StoreError) -> Result<(), StoreError> {
        let (id, attempt, ..) = claimed;
        tracing::error!(job_id = id, %error, "the request of a job cannot be read; the job fails");
        self.end_in_failure(id, *attempt, &Failure::unreadable_request()).await.map(|_| ())
    }

    /// Ends an attempt with an error. Returns `retry` or `failed`, or nothing if the attempt has lost the job.
    async fn end_in_failure(
        &self,
        job_id: &str,
        attempt: u32,
        failure: &Failure,
    ) -> Result<Option<String>, StoreError> {
        let arguments: &Arguments<'_> = &[
            ("job_id", &job_id),
            ("attempt", &attempt),
            ("message", &json!(failure.message)),
            ("may_pass", &failure.may_pass),
            ("max_attempts", &self.options.max_attempts),
            ("retry_delay_ms", &self.options.retry_delay_after(attempt)),
            ("ttl_ms", &self.ttl()),
        ];
        self.call(&SCRIPTS.fail, job_id, arguments).await
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

/// Converts the answer of a transition: 1, or 0 if the attempt has lost the job.
fn check_held(answer: u8) -> Result<(), LeaseError> {
    if answer == 1 { Ok(()) } else { Err(LeaseError::Lost) }
}
