//! Detecting the format of a source, and reading it.

use std::path::Path;

use crate::camtrap_dp::CamtrapDp;
use crate::container::{open_container, open_image_folder};
use crate::detector;
use crate::error::{BadRows, SourceError};
use crate::format::{Format, Input};
use crate::media_files::MediaFiles;
use crate::model::Dataset;
use crate::names::apply_names;
use crate::options::ReadOptions;
use crate::wildlife_insights::WildlifeInsights;

const FORMATS: [&dyn Format; 2] = [&CamtrapDp, &WildlifeInsights];

/// Reads the data set at `path`: a folder, a `datapackage.json` or a `.zip`, or the JSON file of a
/// detector's results.
///
/// A source is rejected if more than [`ReadOptions::allow_bad_rows`] of a table's rows are lost, since its
/// numbers would be wrong.
pub fn open(path: &Path, options: &ReadOptions) -> Result<Dataset, SourceError> {
    let mut data = read(path, options)?;
    if let Some(table) = data.problems.worst_table(options.allow_bad_rows) {
        return Err(SourceError::TooManyBadRows(BadRows::new(&data.problems, table, options.allow_bad_rows)));
    }
    apply_names(&mut data, &options.names);
    Ok(data)
}

fn read(path: &Path, options: &ReadOptions) -> Result<Dataset, SourceError> {
    if detector::may_be_results(path) && path.is_file() {
        let images = open_image_folder(options)?;
        return detector::read(path, images, options);
    }
    let container = open_container(path)?;
    let images = open_image_folder(options)?;
    for format in FORMATS {
        if let Some(rooted) = format.recognise(&container)? {
            let files = MediaFiles::new(rooted.clone(), images, options);
            return format.read(Input { container: rooted, files, options });
        }
    }
    Err(SourceError::UnknownFormat(path.into()))
}
