//! The life of a job.
//!
//! A job is *queued*, *running*, then *completed* or *failed*; the last two are final. Each
//! transition is one atomic method of [`JobStore`], so that a status can be trusted:
//!
//! ```text
//!           submit            claim               complete
//! (nothing) ──────► queued ──────────► running ─────────────► completed
//!                     ▲  ▲ release,       │ │
//!                     │  └ lease ran out ─┘ │ fail             after its time to live,
//!                     └─ fail, try again ───┴───────► failed   or deleted: (nothing)
//! ```
//!
//! - [`Claim`] is what a worker gets; its [`Held`] names the job and the **attempt**, which is
//!   a fencing token: of all workers that ever had the job, only the one with the current
//!   attempt may heartbeat, complete or fail. Every other is told [`HeldError::Lost`].
//! - [`SqliteStore`] keeps jobs in one folder, for one process; [`RedisStore`] on a server, for
//!   any number of them.
//! - `contract` (with the feature of that name) holds the tests that every store passes.
//!
//! This crate knows nothing of pictures or reports: a request is JSON that it hands on.

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
    Artifact, Callback, Claim, Failure, Held, Idempotency, Kind, NewJob, Record, State, Submitted,
};
pub use missing_reason::MissingReason;
pub use open::StoreAddress;
pub use redis::{InvalidAddress, RedisAddress, RedisStore};
pub use sqlite::SqliteStore;
pub use store::{
    AfterFailure, ChangeMessage, Changes, HeldError, JobStore, MostWaiting, OneRecord, Page, Reaped, Stats,
    StoreError, StoreOptions,
};
