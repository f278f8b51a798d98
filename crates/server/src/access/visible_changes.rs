//! Changes of jobs as a viewer sees them.

use std::sync::Arc;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::access::Identity;
use crate::feed::{Change, SharedStatus, WatchHandle};

/// The changes of one job. While the viewer may not see the job, it is as if it were gone.
pub struct JobChanges {
    pub(super) watch: WatchHandle,
    pub(super) identity: Identity,
}

impl JobChanges {
    /// Waits for the next change.
    pub async fn next(&mut self) -> Change {
        match self.watch.next().await {
            Change::Job { number, job_id, status } => {
                let may_see = |status: &Arc<SharedStatus>| self.identity.may_see(&status.record);
                Change::Job { number, job_id, status: status.filter(may_see) }
            }
            change => change,
        }
    }
}

/// The changes of all jobs that the viewer may see, and the ids of those that are gone: with a record the name of
/// its owner is gone too.
pub struct AllChanges {
    pub(super) changes: Receiver<Change>,
    pub(super) identity: Identity,
}

impl AllChanges {
    /// Waits for the next change.
    pub async fn next(&mut self) -> Result<Change, RecvError> {
        loop {
            match self.changes.recv().await? {
                Change::Job { status: Some(status), .. } if !self.identity.may_see(&status.record) => {}
                change => return Ok(change),
            }
        }
    }
}
