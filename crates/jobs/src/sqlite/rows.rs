//! Rows of the database, and its errors.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::job::{Artifact, Record};
use crate::missing_reason::read_reasons;
use crate::store::StoreError;

/// The columns of a [`Record`].
macro_rules! columns {
    () => {
        "seq, job_id, kind, title, state, attempt, created_at, started_at, completed_at, expires_at, filename, \
         file_size_bytes, error, total_detections, processed_count, missing_count, missing_reasons, remote_pictures, \
         sha256, owner"
    };
}

/// A row with the columns of `columns!`.
pub(super) fn record(row: &SqliteRow) -> Result<Record, StoreError> {
    let text = |name: &str| row.try_get::<String, _>(name).map_err(store_error);
    let optional_text = |name: &str| row.try_get::<Option<String>, _>(name).map_err(store_error);
    let number = |name: &str| {
        let number: Option<i64> = row.try_get(name).map_err(store_error)?;
        Ok::<_, StoreError>(number.and_then(|n| u64::try_from(n).ok()))
    };
    let time = |name: &str| {
        let at: Option<i64> = row.try_get(name).map_err(store_error)?;
        at.map(Timestamp::from_millisecond).transpose().map_err(damaged)
    };
    let filename = optional_text("filename")?;
    let reasons: Option<Value> =
        optional_text("missing_reasons")?.and_then(|text| serde_json::from_str(&text).ok());
    let artifact = filename.clone().map(|filename| Artifact { filename, ..Artifact::default() });
    Ok(Record {
        job_id: text("job_id")?.parse().map_err(damaged)?,
        kind: text("kind")?.parse().ok(),
        title: optional_text("title")?,
        state: text("state")?.parse().map_err(|()| damaged("a state that is none"))?,
        attempt: row.try_get("attempt").map_err(store_error)?,
        created_at: time("created_at")?,
        started_at: time("started_at")?,
        completed_at: time("completed_at")?,
        expires_at: time("expires_at")?,
        filename,
        download_url: artifact.map(|artifact| artifact.download_url()),
        file_size_bytes: number("file_size_bytes")?,
        error: optional_text("error")?,
        total_detections: number("total_detections")?,
        processed_count: number("processed_count")?,
        missing_count: number("missing_count")?,
        missing_reasons: reasons.map_or_else(Vec::new, |reasons| read_reasons(&reasons)),
        remote_pictures: number("remote_pictures")?,
        sha256: optional_text("sha256")?,
        owner: optional_text("owner")?,
    })
}

/// The place of a row in the order of submission.
pub(super) fn seq(row: &SqliteRow) -> Result<u64, StoreError> {
    let seq: i64 = row.try_get("seq").map_err(store_error)?;
    u64::try_from(seq).map_err(damaged)
}

pub(super) fn damaged(what: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(what.to_string())
}

/// A full disk, a lock that did not come free and the like may pass; damage does not.
pub(super) fn store_error(error: sqlx::Error) -> StoreError {
    let damage = match &error {
        // SQLITE_CORRUPT and SQLITE_NOTADB.
        sqlx::Error::Database(database) => matches!(database.code().as_deref(), Some("11" | "26")),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) | sqlx::Error::Decode(_) => true,
        _ => false,
    };
    if damage { damaged(error) } else { StoreError::Unavailable(error.to_string()) }
}
