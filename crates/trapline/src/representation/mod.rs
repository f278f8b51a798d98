//! How the status of a job looks to clients, in HTTP answers, event streams and webhook messages alike.

mod build_status;
mod status;
mod status_body;

pub use build_status::{build_status, estimate_completion, infer_kind, read_status, sign_address};
pub use status::{AnyStatus, ArchiveStatus, KindName, Status, StatusName};
pub use status_body::StatusBody;
