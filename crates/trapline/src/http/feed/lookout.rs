//! The one who looks at the job store on behalf of all who wait.

use std::sync::Arc;
use std::time::Duration;

use jobs::{ChangeMessage, JobId, JobStore, OneRecord, StoreError};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Instant, sleep, sleep_until};

use super::shared_status::{found, read_places, read_statuses, waiting_jobs};
use super::watchers::{Change, WatchedJob, Watchers, fingerprint};

/// Between two looks. Messages that come meanwhile are handled together, so a busy store costs 50
/// looks a second and not one for each message.
const PACE: Duration = Duration::from_millis(20);
/// How often it is asked whether messages were lost.
const ASK: Duration = Duration::from_secs(1);
/// The same while no messages come at all.
const ASK_WITHOUT_MESSAGES: Duration = Duration::from_millis(100);
/// How often watched jobs are looked at of which no message may tell: their place in the queue moves,
/// another program writes their record, or they expire.
const PEEK: Duration = Duration::from_secs(1);
/// Wait after the store did not answer.
const AGAIN: Duration = Duration::from_secs(1);

/// Looks at the store while anybody watches.
pub struct Lookout {
    store: Arc<dyn JobStore>,
    watchers: Arc<Watchers>,
}

/// A change of a job, which has not been read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct JobChange {
    number: u64,
    job_id: JobId,
    is_heartbeat: bool,
}

/// What messages tell.
#[derive(Default)]
struct News {
    changes: Vec<JobChange>,
    /// Something may be missing.
    missed: bool,
}

impl Lookout {
    pub fn new(store: Arc<dyn JobStore>, watchers: Arc<Watchers>) -> Self {
        Self { store, watchers }
    }

    /// Looks, for ever.
    pub async fn run(self) {
        let mut messages = self.store.subscribe();
        let (mut must_ask, mut asked, mut peek_at) = (true, Instant::now(), Instant::now() + PEEK);
        loop {
            if self.watchers.may_rest() {
                self.watchers.wait_until_wanted().await;
                (must_ask, peek_at) = (true, Instant::now() + PEEK);
            }
            let ask_at = asked + if self.store.is_subscribed() { ASK } else { ASK_WITHOUT_MESSAGES };
            let mut news = News { missed: must_ask, ..News::default() };
            if !must_ask {
                tokio::select! {
                    message = messages.recv() => news.add(message),
                    () = sleep_until(ask_at.min(peek_at)) => {}
                }
            }
            news.drain(&mut messages);
            let now = Instant::now();
            news.missed |= now >= ask_at;
            let (asks, peeks) = (news.missed, now >= peek_at);
            let answer = self.look(news, peeks).await;
            must_ask = answer.is_err();
            if asks {
                asked = now;
            }
            if peeks {
                peek_at = now + PEEK;
            }
            if let Err(error) = answer {
                tracing::warn!(%error, "requests that wait are not told what happens to jobs for the moment");
                self.watchers.send_to_each(&Change::Unavailable);
                sleep(AGAIN).await;
            }
            sleep(PACE).await;
        }
    }

    /// Tells what happened, by messages or, when they do not tell all of it, by the word of the store.
    async fn look(&self, news: News, peeks: bool) -> Result<(), StoreError> {
        let Some(since) = self.watchers.since() else { return Ok(()) };
        let (now, changes) = match news.changes_after(since) {
            Some(changes) => (changes.last().map_or(since, |change| change.number), changes),
            None => self.ask(since).await?,
        };
        self.tell(changes).await?;
        self.watchers.advance(now);
        if peeks { self.peek(now).await } else { Ok(()) }
    }

    /// Asks what happened.
    async fn ask(&self, since: u64) -> Result<(u64, Vec<JobChange>), StoreError> {
        let changes = self.store.changes(Some(since)).await?;
        let number = changes.now;
        if changes.jobs.is_none() {
            self.watchers.send_to_all(&Change::Unknown { number });
        }
        let jobs = changes.jobs.unwrap_or_default().into_iter();
        Ok((number, jobs.map(|job_id| JobChange { number, job_id, is_heartbeat: false }).collect()))
    }

    /// Reads the changed jobs that somebody watches, and tells of them.
    async fn tell(&self, mut changes: Vec<JobChange>) -> Result<(), StoreError> {
        changes.retain(|change| self.watchers.is_watched(&change.job_id, change.is_heartbeat));
        let job_ids: Vec<JobId> = changes.iter().map(|change| change.job_id.clone()).collect();
        let statuses = read_statuses(&*self.store, &job_ids).await?;
        for (JobChange { number, job_id, .. }, status) in changes.into_iter().zip(statuses) {
            match status {
                Ok(status) => {
                    let change = Change::Job { number, job_id: job_id.clone(), status };
                    self.watchers.send(&job_id, change);
                }
                // Whoever reads it is told what is wrong with it.
                Err(_) => self.watchers.send_to_job(&job_id, Change::Unknown { number }),
            }
        }
        Ok(())
    }

    /// Looks at all watched jobs, and tells of those that are not as they were when they were told
    /// last. `number` is the last change.
    async fn peek(&self, number: u64) -> Result<(), StoreError> {
        let jobs = self.watchers.watched_jobs();
        if jobs.is_empty() {
            return Ok(());
        }
        let job_ids: Vec<JobId> = jobs.iter().map(|job| job.job_id.clone()).collect();
        let records = self.store.peek_many(&job_ids).await?;
        let moved = self.find_moved(jobs, &records).await?;
        let statuses = read_statuses(&*self.store, &moved).await?;
        for (job_id, status) in moved.into_iter().zip(statuses) {
            let change = match status {
                Ok(status) => Change::Job { number, job_id: job_id.clone(), status },
                Err(_) => Change::Unknown { number },
            };
            self.watchers.send_to_job(&job_id, change);
        }
        Ok(())
    }

    /// The jobs of which those who watch them are to be told.
    async fn find_moved(
        &self,
        jobs: Vec<WatchedJob>,
        records: &[OneRecord],
    ) -> Result<Vec<JobId>, StoreError> {
        let listened_to = jobs.iter().zip(records).filter(|(job, _)| job.has_listeners);
        let waiting = waiting_jobs(listened_to.filter_map(|(_, record)| found(record)));
        let places = read_places(&*self.store, waiting).await?;
        let has_moved = |(job, record): &(WatchedJob, &OneRecord)| match record {
            Err(_) => true,
            Ok(record) if job.has_listeners => {
                let place = places.get(&job.job_id).copied();
                job.fingerprint != Some(fingerprint(record.as_ref(), place))
            }
            Ok(record) => record.as_ref().is_none_or(|record| record.state.is_final()),
        };
        let moved = jobs.into_iter().zip(records).filter(has_moved);
        Ok(moved.map(|(job, _)| job.job_id).collect())
    }
}

impl News {
    fn add(&mut self, message: Result<ChangeMessage, RecvError>) {
        match message {
            Ok(ChangeMessage::Changed { number, job_id, is_heartbeat }) => {
                self.changes.push(JobChange { number, job_id, is_heartbeat });
            }
            Ok(ChangeMessage::Missed) | Err(_) => self.missed = true,
        }
    }

    /// Takes all messages that have come.
    fn drain(&mut self, messages: &mut Receiver<ChangeMessage>) {
        loop {
            match messages.try_recv() {
                Ok(message) => self.add(Ok(message)),
                Err(TryRecvError::Lagged(_)) => self.missed = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    /// What happened after the change numbered `since`, each job once, in the order of their last
    /// changes; `None` when messages do not tell all of it.
    fn changes_after(&self, since: u64) -> Option<Vec<JobChange>> {
        if self.missed {
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
            // More than a heartbeat if anything was.
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
    fn messages_tell_all_when_no_number_is_missing() {
        let changes =
            vec![change(4, "a", false), change(5, "a", false), change(6, "b", true), change(7, "a", true)];
        let news = News { changes, missed: false };
        let all = vec![change(6, "b", true), change(7, "a", false)];
        assert_eq!(news.changes_after(4), Some(all.clone()));
        assert_eq!(news.changes_after(3), Some(all));
        assert_eq!(news.changes_after(6), Some(vec![change(7, "a", true)]));
        assert_eq!(news.changes_after(9), Some(Vec::new()), "all is known already");
        assert_eq!(news.changes_after(2), None);
        let gap = News { changes: vec![change(4, "a", false), change(6, "a", false)], missed: false };
        assert_eq!(gap.changes_after(3), None);
        assert_eq!(News { changes: Vec::new(), missed: true }.changes_after(3), None);
    }
}
