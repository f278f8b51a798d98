//! Checks of a database before a server uses it.

use std::sync::Arc;

use sqlx::Row;
use tokio_util::sync::CancellationToken;

use super::database::Database;
use super::error::DatabaseError;
use super::session::Session;
use super::slice::Slice;
use crate::model::Dataset;

/// What an administrator who sets up a server should know about its database.
#[derive(Clone, Debug)]
pub struct Health {
    /// The outline of the data.
    pub outline: Arc<Dataset>,
    /// There are many pictures, and no index finds those of a day.
    pub lacks_index: bool,
    /// The role has write access, though it only needs read access.
    pub may_write: bool,
}

/// Below this number of rows a sequential scan is the right plan.
const MANY: u64 = 10_000;

impl Database {
    /// Reads the outline and asks for the plan that finds the pictures of a day.
    pub async fn check_health(&self) -> Result<Health, DatabaseError> {
        let outline = self.reload_outline(&CancellationToken::new()).await?;
        let cached = self.find_outline(&CancellationToken::new()).await?;
        let sql = self.sql(&cached);
        let (all, statement) = (sql.select_all_columns(), sql.select_write_privilege());
        let may_write = self
            .run_in_transaction(&CancellationToken::new(), async |session: &mut Session<'_>| {
                // This reports a missing column now, before the first archive needs it.
                session.describe_columns(&all).await?;
                let rows = session.fetch_all(&statement).await?;
                Ok(rows.first().is_some_and(|row| row.try_get(0).unwrap_or(false)))
            })
            .await?;
        let mut lacks_index = false;
        if let Some((_, last)) =
            outline.recorded_days().filter(|_| outline.outside_selection.observations > MANY)
        {
            let plan = self.explain(&Slice::Days { from: last, to: last }).await?;
            lacks_index = plan.contains("Seq Scan on") && plan.lines().any(scans_pictures);
        }
        Ok(Health { outline, lacks_index, may_write })
    }
}

/// Whether a line of a query plan scans all pictures.
fn scans_pictures(line: &str) -> bool {
    line.contains("Seq Scan on") && line.trim_end().contains(" image ")
}
