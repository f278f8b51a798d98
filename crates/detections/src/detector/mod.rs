//! Results of detectors: JSON with the boxes that a model found, image by image.
//!
//! They tell of pictures and nothing else. Where a camera stood is told by the folder of its
//! pictures, when and at which coordinates by their EXIF.

mod exif;
mod images;
mod limit;
mod megadetector;
mod paths;
mod results;
mod speciesnet;
mod taxon;

use std::path::Path;

use crate::container::Container;
use crate::error::SourceError;
use crate::media_files::MediaFiles;
use crate::model::Dataset;
use crate::source::ReadOptions;

use results::Kind;

/// Whether a path is a file of results, and not one that describes a folder of tables.
pub(crate) fn may_be_results(path: &Path) -> bool {
    let ending = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    ending && path.file_name().is_some_and(|name| name != "datapackage.json")
}

/// Reads a file of results; `images` is the folder of the pictures, else they are looked for
/// beside it.
pub(crate) fn read(
    path: &Path,
    images: Option<Container>,
    options: &ReadOptions,
) -> Result<Dataset, SourceError> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let files = MediaFiles::new(Container::folder(folder)?, images, options);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let source = results::Source { path, name: &name };
    let head = source.head()?;
    match head.kind {
        Kind::MegaDetector => megadetector::read(&source, &head, files, options),
        Kind::SpeciesNet => speciesnet::read(&source, files, options),
        Kind::Unknown => Err(SourceError::UnknownFormat(path.into())),
    }
}
