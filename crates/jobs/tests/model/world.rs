//! One job, two workers, a folder of files, and what may go wrong.

use jobs::contract::{Answer, Life, Step};

use crate::action::{Action, Budget};
use crate::worker::{File, Stage, Worker};

/// Attempts at a job.
pub const MOST: u8 = 3;

/// The state of everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub life: Life,
    pub workers: [Worker; 2],
    /// In order.
    pub files: Vec<File>,
    /// Someone who removed the record and is about to remove this file.
    removing: Option<File>,
    /// What a sweep is about to remove.
    swept: Option<File>,
    /// History: the first final state.
    pub ended: Option<Life>,
    /// History: a client got the answer that the job is deleted.
    pub deleted: bool,
    pub left: Budget,
}

impl World {
    pub fn new(left: Budget) -> Self {
        let workers = [0, 1].map(|name| Worker { name, at: Stage::Idle });
        let life = Life::NotSubmitted;
        Self {
            life,
            workers,
            files: Vec::new(),
            removing: None,
            swept: None,
            ended: None,
            deleted: false,
            left,
        }
    }

    pub fn is_visible(&self, attempt: u8) -> bool {
        self.files.contains(&(attempt, true))
    }

    /// A file can be had when it is visible and the record names it.
    pub fn downloadable(&self) -> usize {
        let named = |(attempt, visible): &&File| *visible && self.life == Life::Completed(*attempt);
        self.files.iter().filter(named).count()
    }

    pub fn has_only_what_is_wanted(&self) -> bool {
        match self.life {
            Life::Completed(attempt) => self.files == [(attempt, true)],
            _ => self.files.is_empty(),
        }
    }

    /// Whether a record wants a file, as the sweep asks.
    fn wants(&self, (attempt, visible): File) -> bool {
        match self.life {
            Life::Running(tries, _) => tries.attempt == attempt,
            Life::Completed(by) => visible && by == attempt,
            _ => false,
        }
    }

    /// A living worker thinks that it has the current attempt.
    fn is_worked_on(&self) -> bool {
        let Some(holder) = self.life.holder() else { return false };
        self.workers.iter().any(|worker| match worker.at {
            Stage::Claimed(attempt)
            | Stage::Writing(attempt)
            | Stage::Published(attempt)
            | Stage::Failing(attempt, _)
            | Stage::Releasing(attempt) => attempt == holder,
            Stage::Idle => matches!(self.life, Life::Running(_, name) if name == worker.name),
            Stage::Stopping(_) => false,
        })
    }

    pub fn actions(&self, sweeps: bool, actions: &mut Vec<Action>) {
        if self.life == Life::NotSubmitted {
            actions.push(Action::Submit);
            return;
        }
        for (number, worker) in self.workers.iter().enumerate() {
            self.actions_of(number, *worker, actions);
        }
        if matches!(self.life, Life::Running(..)) && (self.left.lost_leases > 0 || !self.is_worked_on()) {
            actions.push(Action::LeaseRunsOut);
        }
        if self.left.deletions > 0 && self.life != Life::Gone {
            actions.push(Action::Delete);
        }
        if self.left.expiries > 0 && self.life != Life::Gone {
            actions.push(Action::Expire);
        }
        if self.removing.is_some() {
            actions.push(Action::RemoveFile);
            if self.left.crashes > 0 {
                actions.push(Action::RemoverCrashes);
            }
        }
        match self.swept {
            Some(_) => actions.push(Action::SweepRemoves),
            None if sweeps => {
                actions.extend(
                    self.files
                        .iter()
                        .filter(|file| !self.wants(**file))
                        .map(|file| Action::SweepLooks(*file)),
                );
            }
            None => {}
        }
    }

    pub fn apply(&self, action: Action, fenced: bool) -> Option<Self> {
        let mut next = self.clone();
        match action {
            Action::Submit => _ = next.say(Step::Submit),
            Action::Go(number) => next.go(number, true, fenced),
            Action::Unheard(number) => {
                next.left.lost_answers -= 1;
                next.go(number, false, fenced);
            }
            Action::Learn(number) => {
                next.give_up(number, |attempt| Stage::Stopping((attempt, false)), false);
            }
            Action::Crash(number) => {
                next.left.crashes -= 1;
                let worker = &mut next.workers[number];
                *worker = Worker { name: worker.name + 2, at: Stage::Idle };
            }
            Action::Fault(number, may_pass) => {
                next.left.faults -= 1;
                next.give_up(number, |attempt| Stage::Failing(attempt, may_pass), true);
            }
            Action::Stop(number) => {
                next.left.releases -= 1;
                next.give_up(number, Stage::Releasing, true);
            }
            Action::LeaseRunsOut => {
                if self.is_worked_on() {
                    next.left.lost_leases -= 1;
                }
                next.say(Step::Reap);
            }
            Action::Delete => {
                next.left.deletions -= 1;
                next.deleted = true;
                next.remove_record();
            }
            Action::Expire => {
                next.left.expiries -= 1;
                next.remove_record();
            }
            Action::RemoveFile => next.remove(self.removing?),
            Action::RemoverCrashes => next.left.crashes -= 1,
            Action::SweepLooks(file) => next.swept = Some(file),
            Action::SweepRemoves => next.remove(self.swept?),
        }
        if matches!(action, Action::RemoveFile | Action::RemoverCrashes) {
            next.removing = None;
        }
        if action == Action::SweepRemoves {
            next.swept = None;
        }
        Some(next)
    }

    /// Tells the store, and keeps the history.
    pub fn say(&mut self, step: Step) -> Answer {
        let (life, answer) = self.life.apply(step, MOST);
        self.life = life;
        if matches!(life, Life::Completed(_) | Life::Failed(_)) {
            self.ended.get_or_insert(life);
        }
        answer
    }

    fn remove_record(&mut self) {
        if let Life::Completed(attempt) = self.life {
            self.removing = Some((attempt, true));
        }
        self.say(Step::Delete);
    }

    pub fn remove(&mut self, file: File) {
        self.files.retain(|other| *other != file);
    }

    pub fn add(&mut self, file: File) {
        self.files.push(file);
        self.files.sort_unstable();
    }
}
