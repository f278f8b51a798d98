//! Flags about media files on other hosts.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use detections::Fetch;

use crate::cli::command_error::CommandError;
use exports::fetch::{FetchLimits, Fetcher};

/// Media files that are on other hosts.
// As the flags are called.
#[allow(clippy::struct_field_names)]
#[derive(Debug, Args)]
pub struct FetchArguments {
    /// Fetch pictures that the data set has web addresses of
    #[arg(long, help_heading = "Pictures on the web")]
    pub fetch_media: bool,
    /// Also fetch from hosts that are not on the public internet
    #[arg(long, help_heading = "Pictures on the web", requires = "fetch_media")]
    pub fetch_private: bool,
    /// Timeout for each file, in seconds
    #[arg(long, value_name = "SECONDS", help_heading = "Pictures on the web", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    pub fetch_timeout: u32,
    /// Number of files that are fetched at once
    #[arg(long, value_name = "N", help_heading = "Pictures on the web", default_value = "8")]
    pub fetch_parallel: NonZeroUsize,
}

impl FetchArguments {
    /// The fetcher, if --fetch-media asks for one.
    pub fn build_fetcher(&self) -> Result<Option<Arc<dyn Fetch>>, CommandError> {
        if !self.fetch_media {
            return Ok(None);
        }
        let limits = FetchLimits {
            allows_private: self.fetch_private,
            timeout: Duration::from_secs(self.fetch_timeout.into()),
            max_parallel: self.fetch_parallel.get(),
        };
        let fetcher = Fetcher::new(limits).map_err(|error| {
            CommandError::job(format!("pictures cannot be fetched (--fetch-media): {error}"))
        })?;
        Ok(Some(Arc::new(fetcher)))
    }
}
