//! The life of a job.
//!
//! A job is *queued*, *running*, then *completed* or *failed*; the last two are final. Each transition is one
//! atomic method of [`JobStore`], so a status is never wrong or half written:
//!
//! ```text
//!           submit            claim               complete
//! (nothing) ──────► queued ──────────► running ─────────────► completed
//!                     ▲  ▲ release,       │ │
//!                     │  └ lease expired ─┘ │ fail             after its time to live,
//!                     └─ fail, try again ───┴───────► failed   or deleted: (nothing)
//! ```
//!
//! - A worker gets a [`Claim`]. Its [`Lease`] contains the job and the number of the **attempt**, a fencing
//!   token: of all workers that ever had the job, only the one with the current attempt may heartbeat,
//!   complete or fail. All others get [`LeaseError::Lost`].
//! - [`SqliteStore`] keeps jobs in a folder, for one process; [`RedisStore`] on a server, for any number of
//!   processes.
//! - `contract` (with the feature of that name) contains the tests that every store passes.
//!
//! This crate knows nothing about pictures or reports: a request is JSON that it passes on.

#[cfg(feature = "contract")]
pub mod contract;
mod id;
mod identity;
mod job;
mod missing_reason;
mod open;
mod redis;
mod sqlite;
mod store;

pub use id::{InvalidJobId, JobId, WorkerId};
pub use identity::StoreIdentity;
pub use job::{
    Artifact, Callback, Claim, Failure, Idempotency, JobRecord, JobState, Kind, Lease, NewJob, Submission,
};
pub use missing_reason::MissingReason;
pub use open::StoreAddress;
pub use redis::{InvalidAddress, RedisAddress, RedisStore};
pub use sqlite::SqliteStore;
pub use store::{
    AfterFailure, ChangeMessage, Changes, JobStore, LeaseError, Page, QueueLimits, ReapReport, RecordResult,
    Stats, StoreError, StoreOptions,
};
