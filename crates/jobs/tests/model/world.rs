//! One job, two workers, a folder of files, and what may go wrong.

use jobs::contract::{Answer, Life, Step};

/// Attempts at a job.
const MOST: u8 = 3;

/// A file in the folder: the attempt that wrote it, and whether it has its visible name.
pub type File = (u8, bool);

/// A worker, and where it is in its work on an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Worker {
    /// Its name. One that crashed comes back under a new one.
    pub name: u8,
    pub at: FileLocation,
}

/// The steps of a worker, as `crates/trapline/src/worker` has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileLocation {
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

/// How much may go wrong on one path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    pub crashes: u8,
    /// Leases that run out though the worker lives.
    pub lost_leases: u8,
    /// Transitions whose answer is lost.
    pub lost_answers: u8,
    pub faults: u8,
    pub releases: u8,
    pub deletions: u8,
    /// Records that run out, or a store that loses its memory.
    pub expiries: u8,
}

impl Budget {
    /// Mixtures that are small enough to be gone through as a whole.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for (deletions, expiries) in [(0, 0), (1, 0), (0, 1)] {
            for (crashes, lost_leases, lost_answers) in [(3, 0, 0), (1, 2, 1), (2, 1, 1), (0, 1, 2)] {
                for (faults, releases) in [(0, 0), (1, 1)] {
                    all.push(Self {
                        crashes,
                        lost_leases,
                        lost_answers,
                        faults,
                        releases,
                        deletions,
                        expiries,
                    });
                }
            }
        }
        all
    }
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Submit,
    /// A worker goes on with its next step; its words are heard.
    Go(usize),
    /// The same, and the answer of the store is lost.
    Unheard(usize),
    /// A worker learns from a heartbeat that the job is no longer its own.
    Learn(usize),
    /// A worker's process ends.
    Crash(usize),
    /// A worker meets a fault, which may pass or not.
    Fault(usize, bool),
    /// A worker gets a signal to stop.
    Stop(usize),
    /// A lease runs out.
    LeaseRunsOut,
    Delete,
    /// The record is gone by itself.
    Expire,
    /// Whoever removed a record removes its file.
    RemoveFile,
    /// Whoever removed a record ends before it removes its file.
    RemoverCrashes,
    /// The sweep has looked at a file, asked for its record, and found it unwanted.
    SweepLooks(File),
    /// It removes what it found unwanted.
    SweepRemoves,
}

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
    left: Budget,
}

impl World {
    pub fn new(left: Budget) -> Self {
        let workers = [0, 1].map(|name| Worker { name, at: FileLocation::Idle });
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
            FileLocation::Claimed(attempt)
            | FileLocation::Writing(attempt)
            | FileLocation::Published(attempt)
            | FileLocation::Failing(attempt, _)
            | FileLocation::Releasing(attempt) => attempt == holder,
            FileLocation::Idle => matches!(self.life, Life::Running(_, name) if name == worker.name),
            FileLocation::Stopping(_) => false,
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

    fn actions_of(&self, number: usize, worker: Worker, actions: &mut Vec<Action>) {
        let asks = matches!(self.life, Life::Queued(_))
            || matches!(self.life, Life::Running(_, name) if name == worker.name);
        if worker.at != FileLocation::Idle || asks {
            actions.push(Action::Go(number));
        }
        let speaks = match worker.at {
            FileLocation::Idle => matches!(self.life, Life::Queued(_)),
            FileLocation::Published(_) | FileLocation::Failing(..) | FileLocation::Releasing(_) => true,
            FileLocation::Claimed(_) | FileLocation::Writing(_) | FileLocation::Stopping(_) => false,
        };
        if speaks && self.left.lost_answers > 0 {
            actions.push(Action::Unheard(number));
        }
        if worker.at != FileLocation::Idle && self.left.crashes > 0 {
            actions.push(Action::Crash(number));
        }
        if let FileLocation::Claimed(attempt) | FileLocation::Writing(attempt) = worker.at {
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
                next.give_up(number, |attempt| FileLocation::Stopping((attempt, false)), false);
            }
            Action::Crash(number) => {
                next.left.crashes -= 1;
                let worker = &mut next.workers[number];
                *worker = Worker { name: worker.name + 2, at: FileLocation::Idle };
            }
            Action::Fault(number, may_pass) => {
                next.left.faults -= 1;
                next.give_up(number, |attempt| FileLocation::Failing(attempt, may_pass), true);
            }
            Action::Stop(number) => {
                next.left.releases -= 1;
                next.give_up(number, FileLocation::Releasing, true);
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
    fn say(&mut self, step: Step) -> Answer {
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

    fn remove(&mut self, file: File) {
        self.files.retain(|other| *other != file);
    }

    fn add(&mut self, file: File) {
        self.files.push(file);
        self.files.sort_unstable();
    }

    /// A worker stops writing. It removes what it wrote before it says why there is nothing.
    fn give_up(&mut self, number: usize, then: impl Fn(u8) -> FileLocation, removed: bool) {
        if let FileLocation::Claimed(attempt) | FileLocation::Writing(attempt) = self.workers[number].at {
            if removed {
                self.remove((attempt, false));
            }
            self.workers[number].at = then(attempt);
        }
    }

    /// The next step of a worker.
    fn go(&mut self, number: usize, heard: bool, fenced: bool) {
        let Worker { name, at } = self.workers[number];
        let next = match at {
            FileLocation::Idle => match self.say(Step::Claim(name)) {
                Answer::Claimed(attempt) if heard => FileLocation::Claimed(attempt),
                _ => FileLocation::Idle,
            },
            FileLocation::Claimed(attempt) => {
                self.add((attempt, false));
                FileLocation::Writing(attempt)
            }
            FileLocation::Writing(attempt) => {
                self.remove((attempt, false));
                self.add((attempt, true));
                FileLocation::Published(attempt)
            }
            FileLocation::Published(attempt) => match self.completed(attempt, fenced) {
                _ if !heard => at,
                Answer::Lost => FileLocation::Stopping((attempt, true)),
                _ => FileLocation::Idle,
            },
            FileLocation::Stopping(file) => {
                self.remove(file);
                FileLocation::Idle
            }
            FileLocation::Failing(attempt, may_pass) => {
                self.say(Step::Fail(attempt, may_pass));
                if heard { FileLocation::Idle } else { at }
            }
            FileLocation::Releasing(attempt) => {
                self.say(Step::Release(attempt));
                if heard { FileLocation::Idle } else { at }
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
