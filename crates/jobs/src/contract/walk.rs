//! The promise to follow the protocol: random walks through the life of a job in a real store.

use std::sync::Arc;
use std::time::Duration;

use super::protocol::{Answer, Life, Step};
use super::{Harness, failure, long_options, new_job, wait_until};
use crate::{AfterFailure, Artifact, JobId, JobState, JobStore, Lease, LeaseError, StoreOptions, WorkerId};

/// A walk through the life of a job in a real store, with two workers.
struct Walk {
    store: Arc<dyn JobStore>,
    job_id: JobId,
    workers: [WorkerId; 2],
}

impl Walk {
    /// Makes a call of the store.
    async fn execute(&self, step: Step) -> Answer {
        let held = |attempt: u8| Lease { job_id: self.job_id.clone(), attempt: attempt.into() };
        let done = |answer: Result<(), LeaseError>| match answer {
            Ok(()) => Answer::Done,
            Err(LeaseError::Lost) => Answer::Lost,
            Err(LeaseError::Store(error)) => panic!("{error}"),
        };
        match step {
            Step::Submit => {
                let new = crate::NewJob { job_id: self.job_id.clone(), ..new_job(None) };
                self.store.submit(&new).await.map_or(Answer::Nothing, |_| Answer::Done)
            }
            Step::Claim(worker) => {
                match self.store.claim(&self.workers[usize::from(worker)]).await.unwrap() {
                    Some(claim) => Answer::Claimed(u8::try_from(claim.held.attempt).unwrap()),
                    None => Answer::Nothing,
                }
            }
            Step::Heartbeat(attempt) => done(self.store.heartbeat(&held(attempt), None).await),
            Step::Release(attempt) => done(self.store.release(&held(attempt)).await),
            Step::Complete(attempt) => {
                let artifact =
                    Artifact { filename: format!("file_{attempt}"), size: 1, ..Artifact::default() };
                done(self.store.complete(&held(attempt), &artifact).await)
            }
            Step::Fail(attempt, may_pass) => {
                match self.store.fail(&held(attempt), &failure(may_pass)).await {
                    Ok(AfterFailure::Retry) => Answer::Done,
                    Ok(AfterFailure::Failed) => Answer::Failed,
                    other => done(other.map(|_| ())),
                }
            }
            Step::Delete => match self.store.delete(&self.job_id).await.unwrap() {
                Some(_) => Answer::Done,
                None => Answer::Nothing,
            },
            Step::Reap => {
                let reaped = self.store.reap().await.unwrap();
                match (reaped.requeued.len(), reaped.failed.len()) {
                    (1, 0) => Answer::Done,
                    (0, 1) => Answer::Failed,
                    _ => Answer::Nothing,
                }
            }
        }
    }

    /// Makes a call, and compares the answer and the record with the protocol.
    async fn compare(&self, before: Life, step: Step, max_attempts: u8) -> Life {
        let (after, expected) = before.apply(step, max_attempts);
        let mut answer = self.execute(step).await;
        if step == Step::Reap && expected != Answer::Nothing {
            // A lease expires by the clock.
            wait_until("the lease to expire", async || {
                if answer == Answer::Nothing {
                    answer = self.execute(step).await;
                }
                answer != Answer::Nothing
            })
            .await;
        }
        assert_eq!(answer, expected, "{step:?} in {before:?}");
        let record = self.store.get(&self.job_id).await.unwrap();
        let actual = record.as_ref().map(|record| (record.state, record.attempt));
        let expected = match after {
            Life::NotSubmitted | Life::Gone => None,
            Life::Queued(attempts) => Some((JobState::Queued, attempts.attempt)),
            Life::Running(attempts, _) => Some((JobState::Running, attempts.attempt)),
            Life::Completed(attempt) => Some((JobState::Completed, attempt)),
            Life::Failed(attempt) => Some((JobState::Failed, attempt)),
        };
        assert_eq!(
            actual,
            expected.map(|(state, attempt)| (state, u32::from(attempt))),
            "{step:?} in {before:?}"
        );
        after
    }
}

/// A deterministic generator of random numbers (Marsaglia, “Xorshift RNGs”, 2003).
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    /// A random call; `current` is the current attempt.
    fn choose_step(&mut self, current: u8) -> Step {
        // One call in four is by the attempt before the current one.
        let attempt = if self.throw(4) == 0 { current.saturating_sub(1) } else { current };
        match self.throw(16) {
            0..5 => Step::Claim(u8::try_from(self.throw(2)).unwrap_or(0)),
            5..7 => Step::Heartbeat(attempt),
            7 => Step::Complete(attempt),
            8..10 => Step::Fail(attempt, true),
            10 => Step::Fail(attempt, false),
            11..13 => Step::Release(attempt),
            13..15 => Step::Reap,
            _ => Step::Delete,
        }
    }
}

/// On random walks through all calls the store answers like the protocol.
pub async fn the_store_follows_the_protocol(harness: &impl Harness) {
    const MAX_ATTEMPTS: u8 = 3;
    let options =
        StoreOptions { lease: Duration::from_millis(1), max_attempts: MAX_ATTEMPTS.into(), ..long_options() };
    let store = harness.open(options).await;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..150 {
        let workers = [WorkerId::random(), WorkerId::random()];
        let walk = Walk { store: Arc::clone(&store), job_id: JobId::random(), workers };
        let (mut life, mut current) = (walk.compare(Life::NotSubmitted, Step::Submit, MAX_ATTEMPTS).await, 0);
        for _ in 0..12 {
            let step = dice.choose_step(current);
            life = walk.compare(life, step, MAX_ATTEMPTS).await;
            current = life.holder().unwrap_or(current);
        }
        store.delete(&walk.job_id).await.unwrap();
    }
}
