//! How many of the pictures of a file of results are there.

use std::path::PathBuf;

use crate::error::SourceError;
use crate::excerpt::excerpt;
use crate::media::is_remote;
use crate::model::PictureCount;
use crate::source::ReadOptions;

/// Pictures that were looked for so far.
#[derive(Debug)]
pub(super) struct PictureSearch {
    count: PictureCount,
    /// Pictures come from a store, where nobody looks for them before they are needed.
    is_elsewhere: bool,
    /// Any image has a time, or the results have something in its place, which is named.
    has_times: bool,
    /// The first picture that is not there.
    example: Option<String>,
}

impl PictureSearch {
    /// None yet; they are looked for in the folder that the options name, else in `beside`.
    pub fn new(beside: PathBuf, options: &ReadOptions) -> Self {
        let folder = options.images.clone().unwrap_or(beside);
        Self {
            count: PictureCount { folder, ..PictureCount::default() },
            is_elsewhere: options.image_store.is_some(),
            has_times: false,
            example: None,
        }
    }

    /// Takes a picture into account; `is_dated` when results say when it was taken, readable or not.
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

    /// The counts, if there was anything to look for. Results of which nothing was found and that bring
    /// no times are refused: a report of them would say that there was nothing.
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
