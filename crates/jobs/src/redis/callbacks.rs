//! Callbacks.

use std::time::Duration;

use async_trait::async_trait;

use super::arguments::Arguments;
use super::scripts::SCRIPTS;
use super::{RedisStore, parse_job_id};
use crate::error::StoreError;
use crate::id::JobId;
use crate::job::Callback;
use crate::store::CallbackQueue;

#[async_trait]
impl CallbackQueue for RedisStore {
    async fn claim_callback(&self, reservation: Duration) -> Result<Option<Callback>, StoreError> {
        let answer: Option<(String, String, u32)> =
            self.call(&SCRIPTS.claim_callback, "", &[("reservation_ms", &reservation)]).await?;
        let parse =
            |(id, url, attempt): (String, _, _)| Ok(Callback { job_id: parse_job_id(&id)?, url, attempt });
        answer.map(parse).transpose()
    }

    async fn settle_callback(&self, job_id: &JobId, retry_in: Option<Duration>) -> Result<(), StoreError> {
        let arguments: &Arguments<'_> = &[("job_id", job_id), ("retry_in_ms", &retry_in)];
        self.call::<u8>(&SCRIPTS.settle_callback, job_id.as_str(), arguments).await.map(|_| ())
    }
}
