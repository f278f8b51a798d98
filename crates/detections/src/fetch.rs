//! Files on other hosts. This crate talks to no network; whoever uses it may.

use std::fmt::Debug;
use std::time::Duration;

/// Fetches media files whose paths are addresses.
pub trait Fetch: Debug + Send + Sync {
    /// The bytes at an address that begins with `http://` or `https://`.
    ///
    /// Waits for them, and asks `stop` in the meantime, several times in 200 ms, whether anybody
    /// still wants them. More than `most` bytes are [`FetchError::TooLarge`].
    fn fetch(&self, address: &str, most: u64, stop: &dyn Fn() -> bool) -> Result<Vec<u8>, FetchError>;

    /// How many files are fetched at once. Who calls from more threads waits.
    fn at_once(&self) -> usize;
}

/// Why a file could not be fetched.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address is none, or of another kind than http and https.
    #[error("it leads to an address that nothing is fetched from ({0})")]
    Address(String),
    /// The host is not on the public internet.
    #[error("{0} is not on the public internet; start with --fetch-private to fetch from there as well")]
    Private(String),
    /// Each answer led to another address.
    #[error("it was led on more than {0} times")]
    LedOn(usize),
    /// The server answered that it has no such file, or that it will not give it.
    #[error("the server answered {0}")]
    Status(u16),
    /// It took too long; trying again may help.
    #[error("it was not there after {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// There was no whole answer; trying again may help.
    #[error("{0}")]
    Failed(String),
    /// The file has more bytes than are read.
    #[error("it is too large")]
    TooLarge,
    /// Nobody wants it any more.
    #[error("it is no longer wanted")]
    Stopped,
}

/// Whether an address is of the kind that is fetched.
pub(crate) fn is_web(address: &str) -> bool {
    let scheme = address.split_once("://").map_or("", |(scheme, _)| scheme);
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}
