//! The tables of the database, made by the migrations of all versions up to the current one.

use sqlx::{AssertSqlSafe, SqlitePool};

use crate::error::StoreError;

/// The migrations: from an empty database to version 1, from version 1 to version 2, and so on. Their number
/// is the current version.
const MIGRATIONS: [&str; 5] = [
    include_str!("migrations/1_jobs.sql"),
    include_str!("migrations/2_missing_count.sql"),
    include_str!("migrations/3_title.sql"),
    include_str!("migrations/4_callbacks.sql"),
    include_str!("migrations/5_owners.sql"),
];
/// Later columns that may be empty, with the statements that add them. They do not need a new version: an
/// earlier program reads its columns by name, so it can still use the database.
const LATER_COLUMNS: [(&str, &str); 3] = [
    // JSON of at most 4 KiB.
    ("missing_reasons", "ALTER TABLE jobs ADD COLUMN missing_reasons TEXT"),
    ("remote_pictures", "ALTER TABLE jobs ADD COLUMN remote_pictures INTEGER"),
    // JSON: the part of the request that clients see.
    ("details", "ALTER TABLE jobs ADD COLUMN details TEXT"),
];

/// Makes the tables of a new database, and migrates those of an older one. Refuses a later version.
pub(super) async fn migrate(writer: &SqlitePool) -> Result<(), StoreError> {
    let version = sqlx::query_scalar("PRAGMA user_version").fetch_one(writer).await?;
    let pending = &MIGRATIONS[check_version(version)?..];
    if !pending.is_empty() {
        let (changes, version) = (pending.concat(), MIGRATIONS.len());
        let script = format!("BEGIN; {changes} PRAGMA user_version = {version}; COMMIT;");
        sqlx::raw_sql(AssertSqlSafe(script)).execute(writer).await?;
    }
    add_later_columns(writer).await
}

/// Checks that this program can migrate the tables of a version, and returns the version.
pub(super) fn check_version(version: i64) -> Result<usize, StoreError> {
    let latest = MIGRATIONS.len();
    usize::try_from(version).ok().filter(|version| *version <= latest).ok_or_else(|| {
        StoreError::from_damage(format!(
            "its tables are of version {version}, and this program reads {latest}"
        ))
    })
}

/// Adds the columns that a database of the same version may lack.
async fn add_later_columns(writer: &SqlitePool) -> Result<(), StoreError> {
    let found: Vec<String> =
        sqlx::query_scalar("SELECT name FROM pragma_table_info('jobs')").fetch_all(writer).await?;
    for (name, change) in LATER_COLUMNS {
        if !found.iter().any(|column| column == name) {
            sqlx::raw_sql(change).execute(writer).await?;
        }
    }
    Ok(())
}
