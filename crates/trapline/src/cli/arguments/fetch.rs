//! Flags about media files on other hosts.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use detections::Fetch;

use crate::cli::failure::Failure;
use crate::fetch::{Fetcher, Limits};

/// Media files that are on other hosts.
// As the flags are called.
#[allow(clippy::struct_field_names)]
#[derive(Debug, Args)]
pub struct FetchArguments {
    /// Fetch media files that the data set has http(s) addresses of
    #[arg(long)]
    pub fetch_media: bool,
    /// Fetch from hosts that are not on the public internet as well
    #[arg(long, requires = "fetch_media")]
    pub fetch_private: bool,
    /// The longest that a file may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    pub fetch_timeout: u32,
    /// Files that are fetched at once
    #[arg(long, value_name = "N", default_value = "8")]
    pub fetch_parallel: NonZeroUsize,
}

impl FetchArguments {
    /// What fetches, when anything is to be.
    pub fn fetch(&self) -> Result<Option<Arc<dyn Fetch>>, Failure> {
        if !self.fetch_media {
            return Ok(None);
        }
        let limits = Limits {
            private: self.fetch_private,
            time: Duration::from_secs(self.fetch_timeout.into()),
            at_once: self.fetch_parallel.get(),
        };
        let fetcher = Fetcher::new(limits).map_err(|error| {
            Failure::job(format!("media files cannot be fetched (--fetch-media): {error}"))
        })?;
        Ok(Some(Arc::new(fetcher)))
    }
}
