//! Files that others may have made: opened and removed without following links, with a SHA-256, in folders that
//! may not be writable.

pub mod digest;
pub mod folder_access;
pub mod regular_file;
