//! The life of one job as every store has it, as a pure function.
//!
//! It is what a store is compared with, walk by walk ([`the_store_follows_the_protocol`]), and what the
//! model of the whole program (`tests/model.rs`) is made of: what is shown of the model then
//! holds for the stores.

use std::sync::Arc;
use std::time::Duration;

use super::{Harness, fault, job, patient, until};
use crate::{AfterFailure, Artifact, Held, HeldError, JobId, JobStore, State, StoreOptions, WorkerId};

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Life {
    /// Not submitted yet.
    #[default]
    Unborn,
    /// Waits for a worker.
    Waiting(Tries),
    /// A worker has it, the one with this number.
    Running(Tries, u8),
    /// Done, by this attempt.
    Completed(u8),
    /// Given up, at this attempt.
    Failed(u8),
    /// Deleted, expired or lost.
    Gone,
}

/// How often a job was begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tries {
    /// The current or last attempt, from 1: the fencing token.
    pub attempt: u8,
    /// Attempts that were handed back, and do not count against the limit.
    pub handed_back: u8,
}

/// What is asked of a store. Words of workers carry the attempt that they think they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The job is made.
    Submit,
    /// The worker of this number asks for a job.
    Claim(u8),
    /// An attempt says that it is at work.
    Heartbeat(u8),
    /// An attempt has published its file.
    Complete(u8),
    /// An attempt failed; another may do better when the second part is true.
    Fail(u8, bool),
    /// An attempt gives its job back.
    Release(u8),
    /// A client does not want the job.
    Delete,
    /// The lease ran out.
    Reap,
}

/// What a store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It is done.
    Done,
    /// There is nothing to claim, to delete or to do.
    Nothing,
    /// The worker has the job now, with this attempt.
    Claimed(u8),
    /// The job is not this attempt's.
    Lost,
    /// The job failed for good.
    Failed,
}

impl Life {
    /// Nothing but deletion and time changes it any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed(_) | Self::Failed(_) | Self::Gone)
    }

    /// The attempt that has the job.
    pub fn holder(self) -> Option<u8> {
        if let Self::Running(tries, _) = self { Some(tries.attempt) } else { None }
    }

    /// What becomes of the job, and what is answered, when a job is tried `most` times.
    pub fn after(self, step: Step, most: u8) -> (Self, Answer) {
        match (self, step) {
            (Self::Unborn, Step::Submit) => (Self::Waiting(Tries::default()), Answer::Done),
            (Self::Waiting(tries), Step::Claim(worker)) => {
                let tries = Tries { attempt: tries.attempt + 1, ..tries };
                (Self::Running(tries, worker), Answer::Claimed(tries.attempt))
            }
            // It asks since the answer was lost.
            (Self::Running(tries, holder), Step::Claim(worker)) if holder == worker => {
                (self, Answer::Claimed(tries.attempt))
            }
            (Self::Unborn | Self::Gone, Step::Delete) => (self, Answer::Nothing),
            (_, Step::Delete) => (Self::Gone, Answer::Done),
            (Self::Running(tries, _), Step::Reap) => match self.again(true, most) {
                Self::Failed(_) => (Self::Failed(tries.attempt), Answer::Failed),
                waiting => (waiting, Answer::Done),
            },
            (_, Step::Submit | Step::Claim(_) | Step::Reap) => (self, Answer::Nothing),
            // Said twice, since the first answer was lost.
            (Self::Completed(by), Step::Complete(attempt)) if by == attempt => (self, Answer::Done),
            (Self::Running(tries, _), word) => self.told(tries, word, most),
            _ => (self, Answer::Lost),
        }
    }

    /// What an attempt says of a job that runs.
    fn told(self, tries: Tries, word: Step, most: u8) -> (Self, Answer) {
        let holds = |attempt: u8| attempt == tries.attempt;
        match word {
            Step::Heartbeat(attempt) if holds(attempt) => (self, Answer::Done),
            Step::Complete(attempt) if holds(attempt) => (Self::Completed(attempt), Answer::Done),
            Step::Release(attempt) if holds(attempt) => {
                let tries = Tries { handed_back: tries.handed_back + 1, ..tries };
                (Self::Waiting(tries), Answer::Done)
            }
            Step::Fail(attempt, may_pass) if holds(attempt) => match self.again(may_pass, most) {
                Self::Failed(attempt) => (Self::Failed(attempt), Answer::Failed),
                waiting => (waiting, Answer::Done),
            },
            _ => (self, Answer::Lost),
        }
    }

    fn again(self, may_pass: bool, most: u8) -> Self {
        match self {
            Self::Running(tries, _) if may_pass && tries.attempt - tries.handed_back < most => {
                Self::Waiting(tries)
            }
            Self::Running(tries, _) => Self::Failed(tries.attempt),
            other => other,
        }
    }
}

/// A real store, one job of it, and two workers.
struct Walk {
    store: Arc<dyn JobStore>,
    job_id: JobId,
    workers: [WorkerId; 2],
}

impl Walk {
    /// Does in the store what `step` says.
    async fn take(&self, step: Step) -> Answer {
        let held = |attempt: u8| Held { job_id: self.job_id.clone(), attempt: attempt.into() };
        let done = |answer: Result<(), HeldError>| match answer {
            Ok(()) => Answer::Done,
            Err(HeldError::Lost) => Answer::Lost,
            Err(HeldError::Store(error)) => panic!("{error}"),
        };
        match step {
            Step::Submit => {
                let new = crate::NewJob { job_id: self.job_id.clone(), ..job(None) };
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
            Step::Fail(attempt, may_pass) => match self.store.fail(&held(attempt), &fault(may_pass)).await {
                Ok(AfterFailure::Retry) => Answer::Done,
                Ok(AfterFailure::Failed) => Answer::Failed,
                other => done(other.map(|_| ())),
            },
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

    /// Takes a step and compares.
    async fn compare(&self, before: Life, step: Step, most: u8) -> Life {
        let (after, expected) = before.after(step, most);
        let mut answer = self.take(step).await;
        if step == Step::Reap && expected != Answer::Nothing {
            // A lease runs out by the clock.
            until("the lease to run out", async || {
                if answer == Answer::Nothing {
                    answer = self.take(step).await;
                }
                answer != Answer::Nothing
            })
            .await;
        }
        assert_eq!(answer, expected, "{step:?} in {before:?}");
        let record = self.store.get(&self.job_id).await.unwrap();
        let found = record.as_ref().map(|record| (record.state, record.attempt));
        let wanted = match after {
            Life::Unborn | Life::Gone => None,
            Life::Waiting(tries) => Some((State::Queued, tries.attempt)),
            Life::Running(tries, _) => Some((State::Running, tries.attempt)),
            Life::Completed(attempt) => Some((State::Completed, attempt)),
            Life::Failed(attempt) => Some((State::Failed, attempt)),
        };
        assert_eq!(
            found,
            wanted.map(|(state, attempt)| (state, u32::from(attempt))),
            "{step:?} in {before:?}"
        );
        after
    }
}

/// Numbers that look random and are the same each time (Marsaglia, “Xorshift RNGs”, 2003).
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    /// A step of a worker that has `attempt`, or thinks so.
    fn step(&mut self, current: u8) -> Step {
        // One word in four is of an attempt before the current one.
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

/// On walks through all that can be said to it a store answers as the protocol does.
pub async fn the_store_follows_the_protocol(harness: &impl Harness) {
    const MOST: u8 = 3;
    let options = StoreOptions { lease: Duration::from_millis(1), max_attempts: MOST.into(), ..patient() };
    let store = harness.open(options).await;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..150 {
        let workers = [WorkerId::random(), WorkerId::random()];
        let walk = Walk { store: Arc::clone(&store), job_id: JobId::random(), workers };
        let (mut life, mut current) = (walk.compare(Life::Unborn, Step::Submit, MOST).await, 0);
        for _ in 0..12 {
            let step = dice.step(current);
            life = walk.compare(life, step, MOST).await;
            current = life.holder().unwrap_or(current);
        }
        store.delete(&walk.job_id).await.unwrap();
    }
}
