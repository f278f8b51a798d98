//! The steps of a worker.

use jobs::contract::{Answer, Life, Step};

use crate::action::Action;
use crate::world::{MOST, World};

/// A file in the folder: the attempt that wrote it, and whether it has its visible name.
pub type File = (u8, bool);

/// A worker, and where it is in its work on an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Worker {
    /// Its name. One that crashed comes back under a new one.
    pub name: u8,
    pub at: Stage,
}

/// The steps of a worker, as `crates/exports/src/worker` has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    Idle,
    /// Has the attempt, and no file yet.
    Claimed(u8),
    /// Writes its unfinished file.
    Writing(u8),
    /// Has renamed its file; the store does not know yet, or its answer was lost.
    Published(u8),
    /// Learned that the job is no longer its own, with a file to remove.
    Stopping(File),
    /// Met a fault, and has removed its file; the second part says that it may pass.
    Failing(u8, bool),
    /// Was told to stop, and has removed its file.
    Releasing(u8),
}

impl World {
    pub fn actions_of(&self, number: usize, worker: Worker, actions: &mut Vec<Action>) {
        let asks = matches!(self.life, Life::Queued(_))
            || matches!(self.life, Life::Running(_, name) if name == worker.name);
        if worker.at != Stage::Idle || asks {
            actions.push(Action::Go(number));
        }
        let speaks = match worker.at {
            Stage::Idle => matches!(self.life, Life::Queued(_)),
            Stage::Published(_) | Stage::Failing(..) | Stage::Releasing(_) => true,
            Stage::Claimed(_) | Stage::Writing(_) | Stage::Stopping(_) => false,
        };
        if speaks && self.left.lost_answers > 0 {
            actions.push(Action::Unheard(number));
        }
        if worker.at != Stage::Idle && self.left.crashes > 0 {
            actions.push(Action::Crash(number));
        }
        if let Stage::Claimed(attempt) | Stage::Writing(attempt) = worker.at {
            if self.life.apply(Step::Heartbeat(attempt), MOST).1 == Answer::Lost {
                actions.push(Action::Learn(number));
            }
            if self.left.faults > 0 {
                actions.extend([true, false].map(|may_pass| Action::Fault(number, may_pass)));
            }
            if self.left.releases > 0 {
                actions.push(Action::Stop(number));
            }
        }
    }

    /// A worker stops writing. It removes what it wrote before it says why there is nothing.
    pub fn give_up(&mut self, number: usize, then: impl Fn(u8) -> Stage, removed: bool) {
        if let Stage::Claimed(attempt) | Stage::Writing(attempt) = self.workers[number].at {
            if removed {
                self.remove((attempt, false));
            }
            self.workers[number].at = then(attempt);
        }
    }

    /// The next step of a worker.
    pub fn go(&mut self, number: usize, heard: bool, fenced: bool) {
        let Worker { name, at } = self.workers[number];
        let next = match at {
            Stage::Idle => match self.say(Step::Claim(name)) {
                Answer::Claimed(attempt) if heard => Stage::Claimed(attempt),
                _ => Stage::Idle,
            },
            Stage::Claimed(attempt) => {
                self.add((attempt, false));
                Stage::Writing(attempt)
            }
            Stage::Writing(attempt) => {
                self.remove((attempt, false));
                self.add((attempt, true));
                Stage::Published(attempt)
            }
            Stage::Published(attempt) => match self.completed(attempt, fenced) {
                _ if !heard => at,
                Answer::Lost => Stage::Stopping((attempt, true)),
                _ => Stage::Idle,
            },
            Stage::Stopping(file) => {
                self.remove(file);
                Stage::Idle
            }
            Stage::Failing(attempt, may_pass) => {
                self.say(Step::Fail(attempt, may_pass));
                if heard { Stage::Idle } else { at }
            }
            Stage::Releasing(attempt) => {
                self.say(Step::Release(attempt));
                if heard { Stage::Idle } else { at }
            }
        };
        self.workers[number].at = next;
    }

    /// A store without fencing would take the word of any attempt.
    fn completed(&mut self, attempt: u8, fenced: bool) -> Answer {
        match self.life {
            Life::Running(..) | Life::Queued(_) if !fenced => {
                self.life = Life::Completed(attempt);
                self.ended.get_or_insert(self.life);
                Answer::Done
            }
            _ => self.say(Step::Complete(attempt)),
        }
    }
}
