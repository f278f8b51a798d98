//! Reading rows of the database, and converting its errors.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::error::{LeaseError, OpenError, StoreError, SubmitError};
use crate::id::JobId;
use crate::job::{Claim, Lease};
use crate::json_object::JsonObject;
use crate::missing_reason::read_reasons;
use crate::record::{FileAddress, JobRecord};

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
    let text = |name: &str| row.try_get::<String, _>(name);
    let optional_text = |name: &str| row.try_get::<Option<String>, _>(name);
    let number = |name: &str| {
        let number: Option<i64> = row.try_get(name)?;
        Ok::<_, sqlx::Error>(number.and_then(|n| u64::try_from(n).ok()))
    };
    let time = |name: &str| {
        let at: Option<i64> = row.try_get(name)?;
        at.map(Timestamp::from_millisecond).transpose().map_err(StoreError::from_damage)
    };
    let filename = optional_text("filename")?;
    let reasons: Option<Value> =
        optional_text("missing_reasons")?.and_then(|text| serde_json::from_str(&text).ok());
    Ok(JobRecord {
        job_id: read_job_id(row)?,
        kind: text("kind")?.parse().ok(),
        title: optional_text("title")?,
        state: text("state")?.parse().map_err(StoreError::from_damage)?,
        attempt: row.try_get("attempt")?,
        created_at: time("created_at")?,
        started_at: time("started_at")?,
        completed_at: time("completed_at")?,
        expires_at: time("expires_at")?,
        file_address: filename.is_some().then_some(FileAddress::ByName),
        filename,
        file_size_bytes: number("file_size_bytes")?,
        error: optional_text("error")?,
        total_detections: number("total_detections")?,
        processed_count: number("processed_count")?,
        missing_count: number("missing_count")?,
        missing_reasons: reasons.map_or_else(Vec::new, |reasons| read_reasons(&reasons)),
        remote_pictures: number("remote_pictures")?,
        sha256: optional_text("sha256")?,
        details: optional_text("details")?.and_then(|text| JsonObject::parse(&text)),
        owner: optional_text("owner")?,
    })
}

/// Reads the place of a row in the order of submission.
pub(super) fn read_place(row: &SqliteRow) -> Result<u64, StoreError> {
    let seq: i64 = row.try_get("seq")?;
    u64::try_from(seq).map_err(StoreError::from_damage)
}

/// Reads the id of the job of a row.
pub(super) fn read_job_id(row: &SqliteRow) -> Result<JobId, StoreError> {
    row.try_get::<String, _>("job_id")?.parse().map_err(StoreError::from_damage)
}

/// Reads a job that was claimed.
pub(super) fn read_claim(row: &SqliteRow) -> Result<Claim, StoreError> {
    let kind: String = row.try_get("kind")?;
    let request: String = row.try_get("request")?;
    Ok(Claim {
        held: Lease { job_id: read_job_id(row)?, attempt: row.try_get("attempt")? },
        kind: kind.parse().map_err(|_| StoreError::from_damage(format!("a job of the kind {kind}")))?,
        request: serde_json::from_str(&request).map_err(StoreError::from_damage)?,
    })
}

/// An error of the database is damage, or anything temporary such as a full disk or a lock.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let is_damage = match &error {
            // SQLITE_CORRUPT and SQLITE_NOTADB.
            sqlx::Error::Database(database) => matches!(database.code().as_deref(), Some("11" | "26")),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) | sqlx::Error::Decode(_) => {
                true
            }
            _ => false,
        };
        if is_damage { Self::from_damage(error) } else { Self::Unavailable(error.to_string()) }
    }
}

macro_rules! convert_as_store_errors {
    ($($error:ty),*) => {
        $(impl From<sqlx::Error> for $error {
            fn from(error: sqlx::Error) -> Self {
                Self::Store(error.into())
            }
        })*
    };
}

convert_as_store_errors!(SubmitError, OpenError, LeaseError);
