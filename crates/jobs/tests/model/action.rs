//! What may happen next, and how much of it may go wrong.

use crate::worker::File;

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
