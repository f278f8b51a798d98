//! Results of detectors: JSON files with the boxes that a model found on each image.
//!
//! They contain little beside pictures. The folder of a picture stands for its camera, and time and
//! coordinates come from EXIF, unless the results contain them.
//!
//! A file is read twice: the first pass finds what all images have in common (how numbers are written,
//! where the pictures are), and the second adds the images to the data set.

mod cameras;
mod categories;
mod exif;
mod first_pass;
mod frames;
mod image_collector;
mod image_list;
mod image_result;
mod labelled_taxon;
mod limited_json;
mod megadetector;
mod metadata;
mod paths;
mod picture_counter;
mod pytorch_wildlife;
mod results;
mod root;
mod speciesnet;
mod times;
mod values;

use std::path::Path;

use crate::container::Container;
use crate::error::SourceError;
use crate::media_files::MediaFiles;
use crate::model::Dataset;
use crate::options::ReadOptions;

use results::{Results, ResultsFile, ResultsFormat};

/// Whether a path may be a file of results. `datapackage.json` is not: it describes a folder of tables.
pub(crate) fn may_be_results(path: &Path) -> bool {
    let ending = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    ending && path.file_name().is_some_and(|name| name != "datapackage.json")
}

/// Reads a file of results. Pictures are looked for only in the folder `images`, or beside the file
/// without it.
pub(crate) fn read(
    path: &Path,
    images: Option<Container>,
    options: &ReadOptions,
) -> Result<Dataset, SourceError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let file = ResultsFile { path, name: &name };
    let pictures = images.map_or_else(|| Container::folder(&file.folder()), Ok)?;
    let files = MediaFiles::new(pictures, None, options);
    let results = Results { header: file.read_header()?, file, files, options };
    match results.header.format() {
        ResultsFormat::MegaDetector => megadetector::read(&results),
        ResultsFormat::SpeciesNet => speciesnet::read(&results),
        ResultsFormat::PytorchWildlife => pytorch_wildlife::read(&results),
        ResultsFormat::Unknown => Err(SourceError::UnknownFormat(path.into())),
    }
}
