//! Reading rows of the database, and converting its errors.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::job::{Artifact, JobRecord};
use crate::missing_reason::read_reasons;
use crate::store::StoreError;

/// The columns of a [`JobRecord`].
macro_rules! columns {
    () => {
        "seq, job_id, kind, title, state, attempt, created_at, started_at, completed_at, expires_at, filename, \
         file_size_bytes, error, total_detections, processed_count, missing_count, missing_reasons, remote_pictures, \
         sha256, details, owner"
    };
}

/// Reads a row with the columns of `columns!`.
pub(super) fn read_record(row: &SqliteRow) -> Result<JobRecord, StoreError> {
    let text = |name: &str| row.try_get::<String, _>(name).map_err(store_error);
    let optional_text = |name: &str| row.try_get::<Option<String>, _>(name).map_err(store_error);
    let number = |name: &str| {
        let number: Option<i64> = row.try_get(name).map_err(store_error)?;
        Ok::<_, StoreError>(number.and_then(|n| u64::try_from(n).ok()))
    };
    let time = |name: &str| {
        let at: Option<i64> = row.try_get(name).map_err(store_error)?;
        at.map(Timestamp::from_millisecond).transpose().map_err(damage_error)
    };
    let filename = optional_text("filename")?;
    let reasons: Option<Value> =
        optional_text("missing_reasons")?.and_then(|text| serde_json::from_str(&text).ok());
    let artifact = filename.clone().map(|filename| Artifact { filename, ..Artifact::default() });
    Ok(JobRecord {
        job_id: text("job_id")?.parse().map_err(damage_error)?,
        kind: text("kind")?.parse().ok(),
        title: optional_text("title")?,
        state: text("state")?.parse().map_err(|()| damage_error("an unknown state"))?,
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
        details: optional_text("details")?.and_then(|text| serde_json::from_str(&text).ok()),
        owner: optional_text("owner")?,
    })
}

/// Reads the place of a row in the order of submission.
pub(super) fn read_place(row: &SqliteRow) -> Result<u64, StoreError> {
    let seq: i64 = row.try_get("seq").map_err(store_error)?;
    u64::try_from(seq).map_err(damage_error)
}

pub(super) fn damage_error(what: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(what.to_string())
}

/// Converts an error of the database: damage, or anything temporary such as a full disk or a lock.
pub(super) fn store_error(error: sqlx::Error) -> StoreError {
    let is_damage = match &error {
        // SQLITE_CORRUPT and SQLITE_NOTADB.
        sqlx::Error::Database(database) => matches!(database.code().as_deref(), Some("11" | "26")),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) | sqlx::Error::Decode(_) => true,
        _ => false,
    };
    if is_damage { damage_error(error) } else { StoreError::Unavailable(error.to_string()) }
}
