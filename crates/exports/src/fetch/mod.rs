//! Downloading media files from other hosts, within limits.
//!
//! The addresses come from data sets, which may come from any source, and this program may reach hosts that
//! others cannot (server-side request forgery). So by default it connects only to hosts on the public
//! internet: names are resolved and checked here, connections go to the checked addresses, and the same holds
//! for each redirect.

mod address;
pub mod guard;

use std::io;
use std::time::Duration;

use detections::{Fetch, FetchError};
use reqwest::{Client, Response, StatusCode, Url};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::runtime::AbandoningRuntime;
use guard::{AddressError, PrivateHostError, RefusedHosts};

/// Redirects that are followed for one file.
const MAX_REDIRECTS: usize = 5;
/// Waits before the second and the third attempt after a temporary error.
const RETRY_DELAYS: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// The limits of downloads.
#[derive(Clone, Copy, Debug)]
pub struct FetchLimits {
    /// Whether hosts that are not on the public internet are allowed.
    pub allows_private: bool,
    /// The longest that all attempts at a file may take together.
    pub timeout: Duration,
    /// How many files this process downloads at once.
    pub max_parallel: usize,
}

/// Why a fetcher cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum FetcherError {
    /// The operating system provides no thread: allow the process more of them.
    #[error(transparent)]
    Thread(#[from] io::Error),
    /// The operating system has no certificates: install them.
    #[error(transparent)]
    Certificates(#[from] reqwest::Error),
}

/// Downloads files for any number of threads.
#[derive(Debug)]
pub struct Fetcher {
    limits: FetchLimits,
    client: Client,
    refused: RefusedHosts,
    slots: Semaphore,
    /// The last owner may run inside another runtime, where dropping this one must not block.
    runtime: AbandoningRuntime,
}

impl Fetcher {
    /// A fetcher with a runtime of its own.
    pub fn new(limits: FetchLimits) -> Result<Self, FetcherError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("fetch")
            .enable_all()
            .build()?;
        let refused = RefusedHosts::default();
        let client = guard::build_client(limits.allows_private, refused.clone())?;
        let slots = Semaphore::new(limits.max_parallel);
        Ok(Self { limits, client, refused, slots, runtime: AbandoningRuntime::new(runtime) })
    }

    async fn fetch_with_timeout(&self, address: &str, most: u64) -> Result<Vec<u8>, FetchError> {
        let _slot = self.slots.acquire().await.map_err(|_| FetchError::Cancelled)?;
        match tokio::time::timeout(self.limits.timeout, self.fetch_with_retries(address, most)).await {
            Ok(fetched) => fetched,
            Err(_) => Err(FetchError::TimedOut(self.limits.timeout)),
        }
    }

    async fn fetch_with_retries(&self, address: &str, most: u64) -> Result<Vec<u8>, FetchError> {
        for delay in RETRY_DELAYS {
            match self.fetch_once(address, most).await {
                Err(error) if is_temporary(&error) => tokio::time::sleep(delay).await,
                outcome => return outcome,
            }
        }
        self.fetch_once(address, most).await
    }

    fn explain(&self, error: &reqwest::Error) -> FetchError {
        match self.refused.find_host(error) {
            Some(PrivateHostError(host)) => FetchError::Private(host),
            None => to_fetch_error(error),
        }
    }

    async fn fetch_once(&self, address: &str, most: u64) -> Result<Vec<u8>, FetchError> {
        let mut url = Url::parse(address).map_err(|error| FetchError::Address(error.to_string()))?;
        for _ in 0..=MAX_REDIRECTS {
            guard::check_address(&url, self.limits.allows_private)?;
            let answer = self.client.get(url.clone()).send().await.map_err(|error| self.explain(&error))?;
            if !answer.status().is_redirection() {
                return read_body(answer, most).await;
            }
            url = read_redirect(&url, &answer)?;
        }
        Err(FetchError::TooManyRedirects(MAX_REDIRECTS))
    }
}

impl Fetch for Fetcher {
    fn fetch(
        &self,
        address: &str,
        most: u64,
        cancellation: &CancellationToken,
    ) -> Result<Vec<u8>, FetchError> {
        let fetching = cancellation.run_until_cancelled(self.fetch_with_timeout(address, most));
        self.runtime.block_on(fetching).unwrap_or(Err(FetchError::Cancelled))
    }

    fn max_concurrent(&self) -> usize {
        self.limits.max_parallel
    }
}

/// The target of a redirect.
fn read_redirect(from: &Url, answer: &Response) -> Result<Url, FetchError> {
    let location = answer.headers().get("location").and_then(|location| location.to_str().ok());
    let location = location.ok_or(FetchError::Status(answer.status().as_u16()))?;
    from.join(location).map_err(|error| FetchError::Address(error.to_string()))
}

async fn read_body(mut answer: Response, most: u64) -> Result<Vec<u8>, FetchError> {
    if answer.status() != StatusCode::OK {
        return Err(FetchError::Status(answer.status().as_u16()));
    }
    if answer.content_length().is_some_and(|length| length > most) {
        return Err(FetchError::TooLarge);
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| to_fetch_error(&error))? {
        if (bytes.len() + chunk.len()) as u64 > most {
            return Err(FetchError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

impl From<AddressError> for FetchError {
    fn from(error: AddressError) -> Self {
        match error {
            AddressError::Scheme(scheme) => Self::Address(format!("{scheme}:")),
            AddressError::NotPublic(PrivateHostError(host)) => Self::Private(host),
        }
    }
}

fn is_temporary(error: &FetchError) -> bool {
    matches!(error, FetchError::Failed(_) | FetchError::Status(429 | 500..))
}

fn to_fetch_error(error: &reqwest::Error) -> FetchError {
    FetchError::Failed(guard::last_cause(error).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_this_machine_is_refused_as_a_private_host() {
        let limits = FetchLimits { allows_private: false, timeout: Duration::from_secs(20), max_parallel: 1 };
        let fetcher = Fetcher::new(limits).unwrap();
        let answer = fetcher.fetch("http://localhost:9/a.jpg", 1, &CancellationToken::new());
        assert_eq!(answer, Err(FetchError::Private("localhost".into())));
        let cancelled = CancellationToken::new();
        cancelled.cancel();
        let answer = fetcher.fetch("http://localhost:9/a.jpg", 1, &cancelled);
        assert_eq!(answer, Err(FetchError::Cancelled));
    }
}
