//! Results of detectors: JSON with the boxes that a model found, image by image.
//!
//! They tell of pictures and little else. Where a camera stood is told by the folder of its pictures,
//! when and at which coordinates by their EXIF, unless the results say it themselves.
//!
//! A file is read twice, image by image: first to see what all images have in common (how numbers are
//! written, where the pictures are), then to take them into the data set.

mod cameras;
mod categories;
mod exif;
mod found;
mod frames;
mod images;
mod limit;
mod megadetector;
mod metadata;
mod paths;
mod pictures;
mod pytorch_wildlife;
mod results;
mod speciesnet;
mod survey;
mod taxon;
mod times;
mod values;

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

/// Reads a file of results; `images` is the folder of the pictures, and no other is looked at. Without it
/// they are looked for beside the file.
pub(crate) fn read(
    path: &Path,
    images: Option<Container>,
    options: &ReadOptions,
) -> Result<Dataset, SourceError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let source = results::Source { path, name: &name };
    let pictures = images.map_or_else(|| Container::folder(&source.folder()), Ok)?;
    let files = MediaFiles::new(pictures, None, options);
    let head = source.head()?;
    match head.kind() {
        Kind::MegaDetector => megadetector::read(&source, &head, files, options),
        Kind::SpeciesNet => speciesnet::read(&source, &head, files, options),
        Kind::PytorchWildlife => pytorch_wildlife::read(&source, &head, files, options),
        Kind::Unknown => Err(SourceError::UnknownFormat(path.into())),
    }
}
