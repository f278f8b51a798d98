//! The life of one job as a pure function, which every store has to follow.
//!
//! Stores are compared with it on random walks ([`the_store_follows_the_protocol`](super::the_store_follows_the_protocol)). The model of the whole
//! program (`tests/model`) is built from it too, so what is proved for the model also holds for the stores.

/// The state of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Life {
    /// Not submitted yet.
    #[default]
    NotSubmitted,
    /// It waits for a worker.
    Queued(Attempts),
    /// The worker with this number is processing it.
    Running(Attempts, u8),
    /// Completed by this attempt.
    Completed(u8),
    /// Failed in this attempt.
    Failed(u8),
    /// Deleted, expired or lost.
    Gone,
}

/// The attempts at a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attempts {
    /// The number of the current or last attempt, from 1: the fencing token.
    pub attempt: u8,
    /// The number of attempts that were handed back, which do not count against the limit.
    pub handed_back: u8,
}

/// A call of a store. Calls by workers have the attempt that the worker believes to be current.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A client submits the job.
    Submit,
    /// The worker with this number claims a job.
    Claim(u8),
    /// An attempt sends a heartbeat.
    Heartbeat(u8),
    /// An attempt has published its file.
    Complete(u8),
    /// An attempt failed; the flag says whether the error is temporary.
    Fail(u8, bool),
    /// An attempt hands its job back.
    Release(u8),
    /// A client deletes the job.
    Delete,
    /// The lease expired.
    Reap,
}

/// The answer of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The call succeeded.
    Done,
    /// There is nothing to claim, to delete or to do.
    Nothing,
    /// The worker has claimed the job with this attempt.
    Claimed(u8),
    /// The attempt does not hold the job.
    Lost,
    /// The job failed for good.
    Failed,
}

impl Life {
    /// Whether only deletion and expiry can still change it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed(_) | Self::Failed(_) | Self::Gone)
    }

    /// The attempt that holds the job.
    pub fn holder(self) -> Option<u8> {
        if let Self::Running(attempts, _) = self { Some(attempts.attempt) } else { None }
    }

    /// The next state and the answer of a call, with at most `max_attempts` attempts.
    pub fn apply(self, step: Step, max_attempts: u8) -> (Self, Answer) {
        match (self, step) {
            (Self::NotSubmitted, Step::Submit) => (Self::Queued(Attempts::default()), Answer::Done),
            (Self::Queued(attempts), Step::Claim(worker)) => {
                let attempts = Attempts { attempt: attempts.attempt + 1, ..attempts };
                (Self::Running(attempts, worker), Answer::Claimed(attempts.attempt))
            }
            // Claims again, since the first answer was lost.
            (Self::Running(attempts, holder), Step::Claim(worker)) if holder == worker => {
                (self, Answer::Claimed(attempts.attempt))
            }
            (Self::NotSubmitted | Self::Gone, Step::Delete) => (self, Answer::Nothing),
            (_, Step::Delete) => (Self::Gone, Answer::Done),
            (Self::Running(attempts, _), Step::Reap) => match self.retry_or_fail(true, max_attempts) {
                Self::Failed(_) => (Self::Failed(attempts.attempt), Answer::Failed),
                queued => (queued, Answer::Done),
            },
            (_, Step::Submit | Step::Claim(_) | Step::Reap) => (self, Answer::Nothing),
            // Completes again, since the first answer was lost.
            (Self::Completed(by), Step::Complete(attempt)) if by == attempt => (self, Answer::Done),
            (Self::Running(attempts, _), step) => self.apply_worker_step(attempts, step, max_attempts),
            _ => (self, Answer::Lost),
        }
    }

    /// The same for a call by an attempt, on a running job.
    fn apply_worker_step(self, attempts: Attempts, step: Step, max_attempts: u8) -> (Self, Answer) {
        let holds = |attempt: u8| attempt == attempts.attempt;
        match step {
            Step::Heartbeat(attempt) if holds(attempt) => (self, Answer::Done),
            Step::Complete(attempt) if holds(attempt) => (Self::Completed(attempt), Answer::Done),
            Step::Release(attempt) if holds(attempt) => {
                let attempts = Attempts { handed_back: attempts.handed_back + 1, ..attempts };
                (Self::Queued(attempts), Answer::Done)
            }
            Step::Fail(attempt, may_pass) if holds(attempt) => {
                match self.retry_or_fail(may_pass, max_attempts) {
                    Self::Failed(attempt) => (Self::Failed(attempt), Answer::Failed),
                    queued => (queued, Answer::Done),
                }
            }
            _ => (self, Answer::Lost),
        }
    }

    fn retry_or_fail(self, may_pass: bool, max_attempts: u8) -> Self {
        match self {
            Self::Running(attempts, _)
                if may_pass && attempts.attempt - attempts.handed_back < max_attempts =>
            {
                Self::Queued(attempts)
            }
            Self::Running(attempts, _) => Self::Failed(attempts.attempt),
            other => other,
        }
    }
}
