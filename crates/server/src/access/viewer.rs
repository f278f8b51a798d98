//! The client of a request: who it is, and the jobs that it may see.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use jobs::{Changes, JobId, JobRecord, NewJob, StoreError, Submission, crash_point};

use crate::access::guarded_jobs::GuardedJobs;
use crate::access::job_file::JobFile;
use crate::access::visible_changes::{AllChanges, JobChanges};
use crate::access::{Access, Identity};
use crate::feed::{Interest, SharedStatus, queued_jobs, read_queue_positions, read_statuses};
use crate::representation::problem::Problem;

/// The client of a request, and the jobs, their changes and their files as far as that client may see them.
///
/// All of them are private, so handlers reach them through these methods only: a job that the viewer may not see
/// does not exist for it.
pub struct Viewer {
    jobs: Arc<GuardedJobs>,
    /// Who it is.
    pub identity: Identity,
    /// Access control, for the links in statuses.
    pub access: Access,
}

/// A page of the list of jobs as a viewer sees it.
pub struct VisiblePage {
    /// Each place with its job, or with `None` for a job that the viewer may not see.
    pub records: Vec<(u64, Option<JobRecord>)>,
    /// The place from which the next page begins, if there is one.
    pub next: Option<u64>,
}

/// The changes that a client missed.
pub struct MissedChanges {
    /// The number of the latest.
    pub now: u64,
    /// The jobs that changed, the latest last, with their statuses; `None` for those that are gone.
    pub jobs: Vec<(JobId, Option<Arc<SharedStatus>>)>,
}

impl<S: Send + Sync> FromRequestParts<S> for Viewer
where
    Arc<GuardedJobs>: FromRef<S>,
    Access: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let identity = parts.extensions.get::<Identity>().cloned();
        let identity = identity
            .ok_or_else(|| Problem::new(500, "The server did not identify the client; please report it"))?;
        Ok(Self { jobs: Arc::from_ref(state), identity, access: Access::from_ref(state) })
    }
}

impl Viewer {
    fn may_see(&self, record: &JobRecord) -> bool {
        self.identity.may_see(record)
    }

    /// A job, if there is one that the viewer may see.
    pub async fn get(&self, job_id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        Ok(self.jobs.store.get(job_id).await?.filter(|record| self.may_see(record)))
    }

    /// A page of the list of jobs, newest first.
    pub async fn list(&self, from: Option<u64>, limit: u32) -> Result<VisiblePage, StoreError> {
        let page = self.jobs.store.list(from, limit).await?;
        let hide = |(place, record)| (place, Some(record).filter(|record| self.may_see(record)));
        Ok(VisiblePage { records: page.records.into_iter().map(hide).collect(), next: page.next })
    }

    /// The positions of those of these jobs that are queued.
    pub async fn queue_positions(&self, records: &[JobRecord]) -> Result<HashMap<JobId, u64>, StoreError> {
        read_queue_positions(&*self.jobs.store, queued_jobs(records.iter())).await
    }

    /// Begins to follow changes, and returns the number of the latest. The caller watches already.
    pub async fn begin(&self) -> Result<u64, StoreError> {
        let number = self.jobs.store.changes(None).await?.now;
        self.jobs.feed.begin_at(number);
        Ok(number)
    }

    /// Watches one job.
    pub fn watch(&self, job_id: &JobId, interest: Interest) -> JobChanges {
        JobChanges { watch: self.jobs.feed.watch(job_id, interest), identity: self.identity.clone() }
    }

    /// Watches all jobs.
    pub fn watch_all(&self) -> AllChanges {
        AllChanges { changes: self.jobs.feed.watch_all(), identity: self.identity.clone() }
    }

    /// The record of a job that the viewer may see, possibly without `expires_at`. Calls at the same moment share
    /// one command to the store.
    pub async fn peek(&self, job_id: &JobId) -> Result<Option<Arc<JobRecord>>, StoreError> {
        Ok(self.jobs.feed.peek(job_id).await?.filter(|record| self.may_see(record)))
    }

    /// The status of a job that the viewer may see, read at once. Calls at the same moment share their commands to
    /// the store.
    pub async fn read_now(&self, job_id: &JobId) -> Result<Option<Arc<SharedStatus>>, StoreError> {
        Ok(self.jobs.feed.read_now(job_id).await?.filter(|status| self.may_see(&status.record)))
    }

    /// The status of a job that the viewer may see, for a request that has waited.
    pub async fn read(&self, job_id: &JobId) -> Result<Option<Arc<SharedStatus>>, StoreError> {
        Ok(self.jobs.feed.read(job_id).await?.filter(|status| self.may_see(&status.record)))
    }

    /// Waits until the server stops, which ends waiting requests.
    pub async fn wait_for_stop(&self) {
        self.jobs.feed.stopping.cancelled().await;
    }

    /// Whether a client that received the event with the number `last` has received all of a job that has ended:
    /// the job has not changed since. For a job that the viewer may not see, or that is gone (`None`), the answer
    /// depends on the number alone, so it is the same as for a job that never existed.
    pub async fn has_received(&self, last: u64, visible: Option<&JobId>) -> Result<bool, StoreError> {
        let changed = self.jobs.store.changes(Some(last)).await?.jobs;
        Ok(changed.is_some_and(|jobs| visible.is_none_or(|job_id| !jobs.contains(job_id))))
    }

    /// What changed after the change numbered `last`; `None` when the store does not know all of it, when there
    /// are more than `most` jobs, or when a job is gone that another owner may have had.
    pub async fn read_missed(&self, last: u64, most: usize) -> Result<Option<MissedChanges>, StoreError> {
        let Changes { now, jobs } = self.jobs.store.changes(Some(last)).await?;
        let Some(job_ids) = jobs.filter(|jobs| jobs.len() <= most) else { return Ok(None) };
        let mut jobs = Vec::with_capacity(job_ids.len());
        for (job_id, status) in job_ids.iter().zip(read_statuses(&*self.jobs.store, &job_ids).await?) {
            match status? {
                Some(status) if !self.may_see(&status.record) => {}
                // The record is gone, and with it the name of the owner.
                None if !self.identity.may_see_all() => return Ok(None),
                status => jobs.push((job_id.clone(), status)),
            }
        }
        Ok(Some(MissedChanges { now, jobs }))
    }

    /// The file of a job that the viewer may see, if it has one.
    pub fn file_of(&self, record: &JobRecord) -> Option<JobFile> {
        let artifact = Some(record).filter(|record| self.may_see(record))?.artifact()?;
        Some(JobFile { artifacts: self.jobs.artifacts.clone(), artifact, job_id: record.job_id.clone() })
    }

    /// Submits a job, of which the viewer becomes the owner.
    pub async fn submit(&self, job: NewJob) -> Result<Submission, Problem> {
        self.check_may_export()?;
        let job = NewJob { owner: self.identity.name().map(str::to_owned), ..job };
        Ok(self.jobs.store.submit(&job).await?)
    }

    /// Deletes a job and its file; 404 for a job that the viewer may not see.
    pub async fn delete(&self, job_id: &JobId) -> Result<(), Problem> {
        self.check_may_export()?;
        if !self.identity.may_see_all() {
            self.get(job_id).await?.ok_or_else(Problem::no_job)?;
        }
        let record = self.jobs.store.delete(job_id).await?.ok_or_else(Problem::no_job)?;
        tracing::info!(%job_id, state = record.state.name(), attempt = record.attempt, "job deleted");
        crash_point!("deleted");
        if let Some(filename) = record.filename
            && let Err(error) = self.jobs.artifacts.remove(job_id, &filename).await
        {
            // Without a record nothing leads to the file any more. The sweep will remove it.
            tracing::error!(%job_id, %error, "the file of a deleted job could not be removed");
        }
        Ok(())
    }

    /// 403 for a viewer that may read and not export.
    pub fn check_may_export(&self) -> Result<(), Problem> {
        if self.identity.may_export() {
            return Ok(());
        }
        let detail = "This token is for reading only; ask the server's operator for one with the role export";
        Err(Problem::new(403, detail))
    }
}
