//! Whether a database is fit to be asked.

use std::sync::Arc;

use sqlx::Row;

use super::error::DatabaseError;
use super::link::Database;
use super::session::Session;
use super::slice::Slice;
use crate::model::Dataset;

/// What somebody who sets a server up wants to know of its database.
#[derive(Clone, Debug)]
pub struct Health {
    /// What it holds.
    pub outline: Arc<Dataset>,
    /// The pictures of a day are found by going through all of them, and there are many.
    pub unindexed: bool,
    /// The role may change what it need only read.
    pub may_write: bool,
}

/// Of fewer rows than these a server goes through all without an index's help, and rightly.
const MANY: u64 = 10_000;

impl Database {
    /// Looks at what it holds, and at how it would find the pictures of a day.
    pub async fn health(&self) -> Result<Health, DatabaseError> {
        let outline = self.outline_now(&|| false).await?;
        let known = self.known(&|| false).await?;
        let sql = self.sql(&known);
        let (all, statement) = (sql.all_columns(), sql.may_write());
        let may_write = self
            .within(&|| false, async |session: &mut Session<'_>| {
                // A column that is missing is found now, and not by the first archive.
                session.types(&all).await?;
                let rows = session.all(&statement).await?;
                Ok(rows.first().is_some_and(|row| row.try_get(0).unwrap_or(false)))
            })
            .await?;
        let mut unindexed = false;
        if let Some((_, last)) = outline.recorded_days().filter(|_| outline.rest.observations > MANY) {
            let plan = self.explain(&Slice::Days { from: last, to: last }).await?;
            unindexed = plan.contains("Seq Scan on") && plan.lines().any(of_pictures);
        }
        Ok(Health { outline, unindexed, may_write })
    }
}

/// Whether a line of a plan goes through all pictures.
fn of_pictures(line: &str) -> bool {
    line.contains("Seq Scan on") && line.trim_end().contains(" image ")
}
