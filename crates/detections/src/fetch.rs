//! Files on other hosts. This crate does not use the network; the caller provides a [`Fetch`].

use std::fmt::Debug;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Fetches media files whose paths are addresses.
pub trait Fetch: Debug + Send + Sync {
    /// Fetches an address that begins with `http://` or `https://`.
    ///
    /// Blocks, and ends at once with [`FetchError::Cancelled`] when it is cancelled. More than `most` bytes
    /// are [`FetchError::TooLarge`].
    fn fetch(
        &self,
        address: &str,
        most: u64,
        cancellation: &CancellationToken,
    ) -> Result<Vec<u8>, FetchError>;

    /// How many files are fetched at the same time. Further calls wait.
    fn max_concurrent(&self) -> usize;
}

/// Why a file could not be fetched.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address is invalid, or not http or https.
    #[error("it leads to an address of a kind that is not fetched ({0})")]
    Address(String),
    /// The host is not on the public internet.
    #[error("use --fetch-private to fetch from {0}, which is not on the public internet")]
    Private(String),
    /// There were too many redirects.
    #[error("there were more than {0} redirects")]
    TooManyRedirects(usize),
    /// The server answered with an error status.
    #[error("the server answered {0}")]
    Status(u16),
    /// It timed out; a retry may help.
    #[error("no answer within {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The answer was incomplete; a retry may help.
    #[error("{0}")]
    Failed(String),
    /// The file exceeds the size limit.
    #[error("it is too large")]
    TooLarge,
    /// The call was cancelled.
    #[error("it was cancelled")]
    Cancelled,
}

/// Whether an address is http or https.
pub fn is_web_address(address: &str) -> bool {
    let scheme = address.split_once("://").map_or("", |(scheme, _)| scheme);
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}
