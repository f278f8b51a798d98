//! Finding out the format of a source, and reading it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::camtrap_dp::CamtrapDp;
use crate::class_groups::StatedGroups;
use crate::container::Container;
use crate::detector;
use crate::error::{BadRows, SourceError};
use crate::fetch::Fetch;
use crate::media_files::MediaFiles;
use crate::model::Dataset;
use crate::names::{NameTable, apply_names};
use crate::wildlife_insights::WildlifeInsights;
use crate::written_dates::DateOrder;

/// What a user may say about a source that the source itself does not.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// A folder in which the paths of media are looked for first.
    pub images: Option<PathBuf>,
    /// In place of a folder: fetches the paths of media, by path.
    pub image_store: Option<Arc<dyn Fetch>>,
    /// The zone of the cameras' clocks; without it the offset of `deploymentStart` is used.
    pub time_zone: Option<TimeZone>,
    /// The order of day and month in dates whose column does not tell.
    pub date_order: Option<DateOrder>,
    /// Deployments without an id and name of their location that stand within so many metres of each
    /// other are at one location; 0 joins only those with the same coordinates.
    pub join_locations: f64,
    /// The share of a table's rows, 0 to 1, that may be lost without the source being refused.
    pub allow_bad_rows: f64,
    /// Boxes of a detector below this confidence, 0 to 1, are not read, only counted; without it the
    /// threshold that its results advise is used, else [`ReadOptions::MIN_CONFIDENCE`].
    pub min_confidence: Option<f32>,
    /// Media files with more bytes than this are not read, so that no video is taken for a picture.
    pub max_file_bytes: u64,
    /// Fetches media files that are at an address; without it they are missing.
    pub fetch: Option<Arc<dyn Fetch>>,
    /// What is kept of what is read.
    pub keep: Keep,
    /// Common names for species of which the source has none.
    pub names: Arc<NameTable>,
    /// Which classes are males, females and young, where the user says so.
    pub groups: StatedGroups,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            images: None,
            image_store: None,
            time_zone: None,
            date_order: None,
            join_locations: 0.0,
            allow_bad_rows: Self::ALLOW_BAD_ROWS,
            min_confidence: None,
            max_file_bytes: Self::MAX_FILE_BYTES,
            fetch: None,
            keep: Keep::default(),
            names: Arc::default(),
            groups: StatedGroups::default(),
        }
    }
}

impl ReadOptions {
    /// One row in twenty: more is no slip but a table that is not understood.
    pub const ALLOW_BAD_ROWS: f64 = 0.05;
    /// The threshold for detectors that advise none: what MegaDetector 5 advises.
    pub const MIN_CONFIDENCE: f32 = 0.2;
    /// No camera writes a picture of this size.
    pub const MAX_FILE_BYTES: u64 = 256 << 20;
}

/// What is kept of a data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Everything.
    #[default]
    All,
    /// What reports need: no ids of media and observations (but those of observations in the
    /// future), no paths, no boxes. A third of the memory. All rows are read and checked the same.
    Numbers,
}

/// A format that can be read. A new one is a file beside the others and a line in [`FORMATS`].
pub(crate) trait Format: Sync {
    /// The container seen from the folder that holds this format's tables, if it holds any.
    ///
    /// Several of them side by side are refused.
    fn recognise(&self, container: &Container) -> Result<Option<Container>, SourceError>;

    /// Reads a container that was recognised.
    fn read(&self, input: Input<'_>) -> Result<Dataset, SourceError>;
}

/// What a reader works on.
pub(crate) struct Input<'a> {
    pub container: Container,
    pub files: MediaFiles,
    pub options: &'a ReadOptions,
}

const FORMATS: [&dyn Format; 2] = [&CamtrapDp, &WildlifeInsights];

/// Reads the data set at `path`: a folder, a `datapackage.json` or a `.zip`, or the JSON file of a
/// detector's results.
///
/// A source of which more than [`ReadOptions::allow_bad_rows`] of a table's rows are lost is refused:
/// its numbers would be wrong without a word.
pub fn open(path: &Path, options: &ReadOptions) -> Result<Dataset, SourceError> {
    let mut data = read(path, options)?;
    if let Some(table) = data.problems.worst_table(options.allow_bad_rows) {
        return Err(SourceError::TooManyBadRows(BadRows::of(&data.problems, table, options)));
    }
    apply_names(&mut data, &options.names);
    Ok(data)
}

fn read(path: &Path, options: &ReadOptions) -> Result<Dataset, SourceError> {
    if detector::may_be_results(path) && path.is_file() {
        let images = options.images.as_deref().map(images_at).transpose()?;
        return detector::read(path, images, options);
    }
    let container = container_at(path)?;
    let images = options.images.as_deref().map(images_at).transpose()?;
    for format in FORMATS {
        if let Some(rooted) = format.recognise(&container)? {
            let files = MediaFiles::new(rooted.clone(), images, options);
            return format.read(Input { container: rooted, files, options });
        }
    }
    Err(SourceError::UnknownFormat(path.into()))
}

fn container_at(path: &Path) -> Result<Container, SourceError> {
    let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => SourceError::NotFound(path.into()),
        _ => SourceError::io(path.display().to_string())(error),
    })?;
    if metadata.is_dir() {
        return Container::folder(path);
    }
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    match ending.to_str() {
        Some("json") => {
            Container::folder(path.parent().filter(|p| *p != Path::new("")).unwrap_or(Path::new(".")))
        }
        Some("zip") => Container::zip(path),
        _ => Err(SourceError::UnknownFormat(path.into())),
    }
}

pub(crate) fn images_at(path: &Path) -> Result<Container, SourceError> {
    if path.is_dir() { Container::folder(path) } else { Err(SourceError::NotFound(path.into())) }
}
