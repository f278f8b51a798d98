//! Counting which pictures of the results exist.

use std::path::PathBuf;

use crate::error::SourceError;
use crate::excerpt::excerpt;
use crate::media::is_remote;
use crate::model::PictureCount;
use crate::options::ReadOptions;

/// Counts the pictures that were looked for.
#[derive(Debug)]
pub(super) struct PictureCounter {
    count: PictureCount,
    /// Pictures come from a bucket, which is not searched in advance.
    is_elsewhere: bool,
    /// Any image has a time, or a text in its place that will be reported.
    has_times: bool,
    /// The first picture that does not exist.
    example: Option<String>,
}

impl PictureCounter {
    /// An empty count. Pictures are looked for in the folder that the options name, else in `beside`.
    pub fn new(beside: PathBuf, options: &ReadOptions) -> Self {
        let folder = options.images.clone().unwrap_or(beside);
        Self {
            count: PictureCount { folder, ..PictureCount::default() },
            is_elsewhere: options.image_store.is_some(),
            has_times: false,
            example: None,
        }
    }

    /// Counts a picture. `is_dated` says that the results have a time for it, valid or not.
    pub fn add(&mut self, path: &str, is_found: bool, has_time: bool, is_dated: bool) {
        self.has_times |= has_time || is_dated;
        if is_remote(path) {
            return;
        }
        self.count.listed += 1;
        self.count.found += u64::from(is_found);
        if !is_found {
            self.count.without_time += u64::from(!has_time);
            if self.example.is_none() {
                self.example = Some(excerpt(path));
            }
        }
    }

    /// The counts, if pictures were looked for. If no picture exists and the results contain no times,
    /// the results are rejected: a report would say that nothing was seen.
    pub fn finish(self, file: &str) -> Result<Option<PictureCount>, SourceError> {
        if self.is_elsewhere {
            return Ok(None);
        }
        match self.example {
            Some(example) if self.count.found == 0 && !self.has_times => Err(SourceError::NoPictures {
                file: excerpt(file),
                listed: self.count.listed,
                folder: self.count.folder,
                example,
            }),
            _ => Ok(Some(self.count)),
        }
    }
}
