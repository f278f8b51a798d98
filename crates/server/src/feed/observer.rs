//! The task that reads changes from the job store for all watchers.

use std::sync::Arc;
use std::time::Duration;

use jobs::{ChangeMessage, JobId, JobReader, RecordResult, StoreError};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Instant, sleep, sleep_until};

use super::shared_status::{queued_jobs, read_queue_positions, read_statuses, readable_record};
use super::watchers::{Change, WatchedJob, Watchers, compute_fingerprint};

/// Interval between two rounds. Messages in between are handled together, so a busy store causes 50 rounds a
/// second and not one for each message.
const ROUND_INTERVAL: Duration = Duration::from_millis(20);
/// Interval between checks for lost messages.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// The same while the store sends no messages at all.
const CHECK_INTERVAL_WITHOUT_MESSAGES: Duration = Duration::from_millis(100);
/// Interval between reads of all watched jobs, for changes without a message: a position in the queue moves,
/// another program writes a record, or a job expires.
const PEEK_INTERVAL: Duration = Duration::from_secs(1);
/// Wait after the store did not answer.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Reads changes from the store while any client watches.
pub struct Observer {
    pub store: Arc<dyn JobReader>,
    pub watchers: Arc<Watchers>,
}

/// A change of a job whose status has not been read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct JobChange {
    number: u64,
    job_id: JobId,
    is_heartbeat: bool,
}

/// Changes that messages announced.
#[derive(Default)]
struct MessageBatch {
    changes: Vec<JobChange>,
    /// Whether messages may be missing.
    is_incomplete: bool,
}

impl Observer {
    /// Runs until it is dropped.
    pub async fn run(self) {
        let mut messages = self.store.subscribe();
        let (mut must_check, mut checked, mut peek_at) =
            (true, Instant::now(), Instant::now() + PEEK_INTERVAL);
        loop {
            if self.watchers.may_pause() {
                self.watchers.wait_for_watchers().await;
                (must_check, peek_at) = (true, Instant::now() + PEEK_INTERVAL);
            }
            let interval =
                if self.store.is_subscribed() { CHECK_INTERVAL } else { CHECK_INTERVAL_WITHOUT_MESSAGES };
            let check_at = checked + interval;
            let mut batch = MessageBatch { is_incomplete: must_check, ..MessageBatch::default() };
            if !must_check {
                tokio::select! {
                    message = messages.recv() => batch.add(message),
                    () = sleep_until(check_at.min(peek_at)) => {}
                }
            }
            batch.drain(&mut messages);
            let now = Instant::now();
            batch.is_incomplete |= now >= check_at;
            let (checks, peeks) = (batch.is_incomplete, now >= peek_at);
            let outcome = self.send_changes(batch, peeks).await;
            must_check = outcome.is_err();
            if checks {
                checked = now;
            }
            if peeks {
                peek_at = now + PEEK_INTERVAL;
            }
            if let Err(error) = outcome {
                tracing::warn!(%error, "waiting requests get no updates until the job store answers");
                self.watchers.send_to_each(&Change::Unavailable);
                sleep(RETRY_DELAY).await;
            }
            sleep(ROUND_INTERVAL).await;
        }
    }

    /// Sends the changes that messages announced; if messages are missing, those that the store lists.
    async fn send_changes(&self, batch: MessageBatch, peeks: bool) -> Result<(), StoreError> {
        let Some(since) = self.watchers.position() else { return Ok(()) };
        let (now, changes) = match batch.changes_after(since) {
            Some(changes) => (changes.last().map_or(since, |change| change.number), changes),
            None => self.list_changes(since).await?,
        };
        self.send_statuses(changes).await?;
        self.watchers.advance(now);
        if peeks { self.peek(now).await } else { Ok(()) }
    }

    /// Asks the store for the changes after the one numbered `since`.
    async fn list_changes(&self, since: u64) -> Result<(u64, Vec<JobChange>), StoreError> {
        let changes = self.store.changes(Some(since)).await?;
        let number = changes.now;
        if changes.jobs.is_none() {
            self.watchers.send_to_all(&Change::Unknown { number });
        }
        let jobs = changes.jobs.unwrap_or_default().into_iter();
        Ok((number, jobs.map(|job_id| JobChange { number, job_id, is_heartbeat: false }).collect()))
    }

    /// Reads the changed jobs that are watched, and sends their statuses.
    async fn send_statuses(&self, mut changes: Vec<JobChange>) -> Result<(), StoreError> {
        changes.retain(|change| self.watchers.is_watched(&change.job_id, change.is_heartbeat));
        let job_ids: Vec<JobId> = changes.iter().map(|change| change.job_id.clone()).collect();
        let statuses = read_statuses(&*self.store, &job_ids).await?;
        for (JobChange { number, job_id, .. }, status) in changes.into_iter().zip(statuses) {
            match status {
                Ok(status) => {
                    let change = Change::Job { number, job_id: job_id.clone(), status };
                    self.watchers.send(&job_id, change);
                }
                // A watcher that reads the job itself gets the error.
                Err(_) => self.watchers.send_to_job(&job_id, Change::Unknown { number }),
            }
        }
        Ok(())
    }

    /// Reads all watched jobs, and sends those that differ from what was sent last. `number` is that of the
    /// latest change.
    async fn peek(&self, number: u64) -> Result<(), StoreError> {
        let jobs = self.watchers.watched_jobs();
        if jobs.is_empty() {
            return Ok(());
        }
        let job_ids: Vec<JobId> = jobs.iter().map(|job| job.job_id.clone()).collect();
        let records = self.store.peek_many(&job_ids).await?;
        let changed = self.find_changed(jobs, &records).await?;
        let statuses = read_statuses(&*self.store, &changed).await?;
        for (job_id, status) in changed.into_iter().zip(statuses) {
            let change = match status {
                Ok(status) => Change::Job { number, job_id: job_id.clone(), status },
                Err(_) => Change::Unknown { number },
            };
            self.watchers.send_to_job(&job_id, change);
        }
        Ok(())
    }

    /// The jobs that differ from what their watchers were sent.
    async fn find_changed(
        &self,
        jobs: Vec<WatchedJob>,
        records: &[RecordResult],
    ) -> Result<Vec<JobId>, StoreError> {
        let listened_to = jobs.iter().zip(records).filter(|(job, _)| job.has_listeners);
        let queued = queued_jobs(listened_to.filter_map(|(_, record)| readable_record(record)));
        let positions = read_queue_positions(&*self.store, queued).await?;
        let has_changed = |(job, record): &(WatchedJob, &RecordResult)| match record {
            Err(_) => true,
            Ok(record) if job.has_listeners => {
                let position = positions.get(&job.job_id).copied();
                job.fingerprint != Some(compute_fingerprint(record.as_ref(), position))
            }
            Ok(record) => record.as_ref().is_none_or(|record| record.state.is_final()),
        };
        let changed = jobs.into_iter().zip(records).filter(has_changed);
        Ok(changed.map(|(job, _)| job.job_id).collect())
    }
}

impl MessageBatch {
    fn add(&mut self, message: Result<ChangeMessage, RecvError>) {
        match message {
            Ok(ChangeMessage::Changed { number, job_id, is_heartbeat }) => {
                self.changes.push(JobChange { number, job_id, is_heartbeat });
            }
            Ok(ChangeMessage::Missed) | Err(_) => self.is_incomplete = true,
        }
    }

    /// Takes all messages that have come.
    fn drain(&mut self, messages: &mut Receiver<ChangeMessage>) {
        loop {
            match messages.try_recv() {
                Ok(message) => self.add(Ok(message)),
                Err(TryRecvError::Lagged(_)) => self.is_incomplete = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    /// The changes after the one numbered `since`, each job once, in the order of their last changes; `None`
    /// if messages are missing.
    fn changes_after(&self, since: u64) -> Option<Vec<JobChange>> {
        if self.is_incomplete {
            return None;
        }
        let mut last = since;
        let mut changes: Vec<JobChange> = Vec::new();
        for change in &self.changes {
            if change.number <= last {
                continue;
            }
            if change.number != last + 1 {
                return None;
            }
            last = change.number;
            let before = changes.iter().position(|other| other.job_id == change.job_id);
            let before = before.map(|at| changes.remove(at));
            // A heartbeat only if all changes of the job were heartbeats.
            let is_heartbeat = change.is_heartbeat && before.is_none_or(|before| before.is_heartbeat);
            changes.push(JobChange { is_heartbeat, ..change.clone() });
        }
        Some(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(number: u64, job_id: &str, is_heartbeat: bool) -> JobChange {
        JobChange { number, job_id: job_id.parse().unwrap(), is_heartbeat }
    }

    #[test]
    fn messages_are_complete_when_no_number_is_missing() {
        let changes =
            vec![change(4, "a", false), change(5, "a", false), change(6, "b", true), change(7, "a", true)];
        let batch = MessageBatch { changes, is_incomplete: false };
        let all = vec![change(6, "b", true), change(7, "a", false)];
        assert_eq!(batch.changes_after(4), Some(all.clone()));
        assert_eq!(batch.changes_after(3), Some(all));
        assert_eq!(batch.changes_after(6), Some(vec![change(7, "a", true)]));
        assert_eq!(batch.changes_after(9), Some(Vec::new()), "all is known already");
        assert_eq!(batch.changes_after(2), None);
        let gap = MessageBatch {
            changes: vec![change(4, "a", false), change(6, "a", false)],
            is_incomplete: false,
        };
        assert_eq!(gap.changes_after(3), None);
        assert_eq!(MessageBatch { changes: Vec::new(), is_incomplete: true }.changes_after(3), None);
    }
}
