//! Files that others may have made: opened and removed without following links, with a SHA-256, in folders that
//! may not be writable or not answer.

pub mod digest;
pub mod folder_access;
pub mod regular_file;
pub mod timed_call;
