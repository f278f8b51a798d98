//! The tables of the database, and how those of earlier versions become the current ones.

use sqlx::SqlitePool;

use crate::store::StoreError;

/// The version of the tables, which `schema.sql` stores in the database.
pub(super) const VERSION: i64 = 5;
/// The migrations from version 1 to version 2, and so on.
const MIGRATIONS: [&str; 4] = [
    "BEGIN; ALTER TABLE jobs ADD COLUMN missing_count INTEGER; PRAGMA user_version = 2; COMMIT;",
    "BEGIN; ALTER TABLE jobs ADD COLUMN title TEXT; PRAGMA user_version = 3; COMMIT;",
    "BEGIN; ALTER TABLE jobs ADD COLUMN sha256 TEXT; ALTER TABLE jobs ADD COLUMN callback TEXT; \
     ALTER TABLE jobs ADD COLUMN callback_attempt INTEGER NOT NULL DEFAULT 0; \
     ALTER TABLE jobs ADD COLUMN callback_due INTEGER NOT NULL DEFAULT 0; \
     CREATE INDEX jobs_calling ON jobs (callback_due) WHERE callback IS NOT NULL; \
     PRAGMA user_version = 4; COMMIT;",
    "BEGIN; ALTER TABLE jobs ADD COLUMN owner TEXT; \
     ALTER TABLE jobs ADD COLUMN turn INTEGER NOT NULL DEFAULT 0; UPDATE jobs SET turn = seq; \
     DROP INDEX jobs_waiting; CREATE INDEX jobs_waiting ON jobs (turn, seq) WHERE state = 'queued'; \
     CREATE INDEX jobs_taken ON jobs (turn) WHERE state <> 'queued'; \
     CREATE INDEX jobs_owned ON jobs (owner, turn); PRAGMA user_version = 5; COMMIT;",
];
/// Later columns that may be empty, with the statements that add them. They do not need a new version: an
/// earlier program reads its columns by name, so it can still use the database.
const LATER_COLUMNS: [(&str, &str); 3] = [
    ("missing_reasons", "ALTER TABLE jobs ADD COLUMN missing_reasons TEXT"),
    ("remote_pictures", "ALTER TABLE jobs ADD COLUMN remote_pictures INTEGER"),
    ("details", "ALTER TABLE jobs ADD COLUMN details TEXT"),
];

/// Creates the tables of a new database, and migrates an older one. Refuses a later version.
pub(super) async fn migrate(writer: &SqlitePool) -> Result<(), StoreError> {
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(writer).await?;
    let done = usize::try_from(version).unwrap_or(0).saturating_sub(1);
    let changes: &[&str] = match version {
        0 => &[include_str!("schema.sql")],
        1..=VERSION => &MIGRATIONS[done..],
        other => {
            return Err(StoreError::from_damage(format!(
                "its tables are of version {other}, and this program reads {VERSION}"
            )));
        }
    };
    for change in changes {
        sqlx::raw_sql(*change).execute(writer).await?;
    }
    add_later_columns(writer).await
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
