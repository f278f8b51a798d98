//! Fetching media files from other hosts, within limits.
//!
//! An address comes from a data set, which anybody may have written, and is asked for from where
//! this program runs, which may see hosts that nobody else sees. So by default only hosts of the
//! public internet are spoken to: names are looked up here, what they lead to is checked, and the
//! connection goes to what was checked, at each of the addresses that an answer leads on to.

mod address;
pub mod guard;

use std::time::Duration;

use detections::{Fetch, FetchError};
use reqwest::{Client, Response, StatusCode, Url};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use guard::{Forbidden, NotPublic};

/// How often it is asked whether a file is still wanted.
const LOOK: Duration = Duration::from_millis(50);
/// Addresses that one is led on to, at most.
const MOST_LEADS: usize = 5;
/// Waits before a file that may be there by then is asked for again.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// What is allowed.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Hosts that are not on the public internet too.
    pub private: bool,
    /// For a file, all attempts together.
    pub time: Duration,
    /// Files at once, in this process.
    pub at_once: usize,
}

/// Fetches files, for any number of threads.
#[derive(Debug)]
pub struct Fetcher {
    limits: Limits,
    client: Client,
    slots: Semaphore,
    /// There until the end.
    runtime: Option<Runtime>,
}

impl Fetcher {
    /// # Errors
    /// When the operating system gives no thread or no certificates.
    pub fn new(limits: Limits) -> Result<Self, Box<dyn std::error::Error>> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("fetch")
            .enable_all()
            .build()?;
        let client = guard::client(limits.private)?;
        Ok(Self { limits, client, slots: Semaphore::new(limits.at_once), runtime: Some(runtime) })
    }

    async fn within_limits(&self, address: &str, most: u64) -> Result<Vec<u8>, FetchError> {
        let _slot = self.slots.acquire().await.map_err(|_| FetchError::Stopped)?;
        match tokio::time::timeout(self.limits.time, self.attempts(address, most)).await {
            Ok(fetched) => fetched,
            Err(_) => Err(FetchError::TimedOut(self.limits.time)),
        }
    }

    async fn attempts(&self, address: &str, most: u64) -> Result<Vec<u8>, FetchError> {
        for pause in PAUSES {
            match self.attempt(address, most).await {
                Err(error) if may_pass(&error) => tokio::time::sleep(pause).await,
                settled => return settled,
            }
        }
        self.attempt(address, most).await
    }

    async fn attempt(&self, address: &str, most: u64) -> Result<Vec<u8>, FetchError> {
        let mut url = Url::parse(address).map_err(|error| FetchError::Address(error.to_string()))?;
        for _ in 0..=MOST_LEADS {
            guard::check(&url, self.limits.private)?;
            let answer = self.client.get(url.clone()).send().await.map_err(failed)?;
            if !answer.status().is_redirection() {
                return body(answer, most).await;
            }
            url = led_on(&url, &answer)?;
        }
        Err(FetchError::LedOn(MOST_LEADS))
    }
}

impl Fetch for Fetcher {
    fn fetch(&self, address: &str, most: u64, stop: &dyn Fn() -> bool) -> Result<Vec<u8>, FetchError> {
        let runtime = self.runtime.as_ref().expect("there until the end");
        runtime.block_on(async {
            let fetched = self.within_limits(address, most);
            tokio::pin!(fetched);
            loop {
                tokio::select! {
                    fetched = &mut fetched => return fetched,
                    () = tokio::time::sleep(LOOK) => if stop() { return Err(FetchError::Stopped) },
                }
            }
        })
    }

    fn at_once(&self) -> usize {
        self.limits.at_once
    }
}

impl Drop for Fetcher {
    fn drop(&mut self) {
        // The last who has it may be inside another runtime, where nobody may wait for this one.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The address that an answer leads on to.
fn led_on(from: &Url, answer: &Response) -> Result<Url, FetchError> {
    let location = answer.headers().get("location").and_then(|location| location.to_str().ok());
    let location = location.ok_or(FetchError::Status(answer.status().as_u16()))?;
    from.join(location).map_err(|error| FetchError::Address(error.to_string()))
}

async fn body(mut answer: Response, most: u64) -> Result<Vec<u8>, FetchError> {
    if answer.status() != StatusCode::OK {
        return Err(FetchError::Status(answer.status().as_u16()));
    }
    if answer.content_length().is_some_and(|length| length > most) {
        return Err(FetchError::TooLarge);
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        if (bytes.len() + chunk.len()) as u64 > most {
            return Err(FetchError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

impl From<Forbidden> for FetchError {
    fn from(forbidden: Forbidden) -> Self {
        match forbidden {
            Forbidden::Scheme(scheme) => Self::Address(format!("{scheme}:")),
            Forbidden::NotPublic(NotPublic(host)) => Self::Private(host),
        }
    }
}

fn may_pass(error: &FetchError) -> bool {
    matches!(error, FetchError::Failed(_) | FetchError::Status(429 | 500..))
}

/// What went wrong, by the last of its causes, which is the one that says something.
fn failed(error: reqwest::Error) -> FetchError {
    if let Some(NotPublic(host)) = guard::not_public(&error) {
        return FetchError::Private(host.clone());
    }
    FetchError::Failed(guard::last_cause(&error).to_string())
}
