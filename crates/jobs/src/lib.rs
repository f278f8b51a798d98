//! The life of a job.
//!
//! A job is *queued*, *running*, then *completed* or *failed*; the last two are final. Each transition is one
//! atomic method of a [`JobStore`], so a status is never wrong or half written:
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
//! - A store has four roles, and each part of the program gets only its own: [`JobReader`], [`JobSubmitter`],
//!   [`JobQueue`] and [`CallbackQueue`].
//! - [`SqliteStore`] keeps jobs in a folder, for one process; [`RedisStore`] on a server, for any number of
//!   processes.
//! - `contract` (with the feature of that name) contains the tests that every store passes.
//!
//! This crate knows nothing about pictures or reports: a request is JSON that it passes on.

#[cfg(feature = "contract")]
pub mod contract;
mod error;
pub mod fail_points;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod id;
mod identity;
mod job;
mod json_object;
mod missing_reason;
mod open;
mod options;
mod record;
mod redis;
mod sqlite;
mod store;

pub use error::{LeaseError, OpenError, StoreError, SubmitError};
pub use id::{JobId, JobIdError, WorkerId};
pub use identity::StoreIdentity;
pub use job::{Artifact, Callback, Claim, Failure, Idempotency, Kind, KindError, Lease, NewJob};
pub use json_object::JsonObject;
pub use missing_reason::MissingReason;
pub use open::{StoreAddress, StoreAddressError};
pub use options::{QueueLimits, StoreOptions};
pub use record::{FileAddress, JobRecord, JobState, JobStateError, Submission};
pub use redis::{RedisAddress, RedisAddressError, RedisStore};
pub use sqlite::SqliteStore;
pub use store::{
    AfterFailure, CallbackQueue, ChangeMessage, Changes, JobQueue, JobReader, JobStore, JobSubmitter, Page,
    PlacedRecord, PlacedResult, ReapReport, RecordResult, Stats,
};
