//! The interface of a reader.

use crate::container::Container;
use crate::error::SourceError;
use crate::media_files::MediaFiles;
use crate::model::Dataset;
use crate::options::ReadOptions;

/// A format that can be read. A new one is a file beside the others and a line in `FORMATS` (`source.rs`).
pub(crate) trait Format: Sync {
    /// Finds the folder with this format's tables in a container, if there is one.
    ///
    /// Several such folders at the same depth are an error.
    fn recognise(&self, container: &Container) -> Result<Option<Container>, SourceError>;

    /// Reads a recognised container.
    fn read(&self, input: Input<'_>) -> Result<Dataset, SourceError>;
}

/// The input of a reader.
pub(crate) struct Input<'a> {
    pub container: Container,
    pub files: MediaFiles,
    pub options: &'a ReadOptions,
}
