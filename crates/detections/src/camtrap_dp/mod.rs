//! Camera Trap Data Packages, version 1.0.x: `datapackage.json` with the tables
//! `deployments`, `media` and `observations`. <https://camtrap-dp.tdwg.org>

mod deployments;
mod media;
mod observations;
mod package;
mod reread;

use crate::builder::Builder;
use crate::container::Container;
use crate::error::SourceError;
use crate::format::{Format, Input};
use crate::model::Dataset;

use package::PackageDescriptor;

pub use reread::SourceTable;

const DESCRIPTOR: &str = "datapackage.json";

pub(crate) struct CamtrapDp;

impl Format for CamtrapDp {
    fn recognise(&self, container: &Container) -> Result<Option<Container>, SourceError> {
        container.find_root(|name| name == DESCRIPTOR)
    }

    fn read(&self, input: Input<'_>) -> Result<Dataset, SourceError> {
        // Nearly all packages have distinct ids, and it is faster to check this at the end.
        if let Some(data) = read(&input, true)? {
            return Ok(data);
        }
        Ok(read(&input, false)?.expect("ids were checked one by one"))
    }
}

fn read(input: &Input<'_>, trust_ids: bool) -> Result<Option<Dataset>, SourceError> {
    let package = PackageDescriptor::read(&input.container)?;
    let mut builder = Builder::new(input.options, trust_ids);
    for file in package.table_files("deployments", &input.container)? {
        builder.read(&file, deployments::Columns::find, deployments::read_row)?;
    }
    for file in package.table_files("media", &input.container)? {
        builder.read(&file, media::Columns::find, media::read_row)?;
    }
    for file in package.table_files("observations", &input.container)? {
        builder.read(&file, observations::Columns::find, observations::read_row)?;
    }
    for (number, name) in (0..).zip(builder.classes.iter()) {
        if let Some(vernacular) = package.find_vernacular(name) {
            builder.vernacular.insert(number, vernacular);
        }
        if let Some(stated) = package.find_stated_taxon(name) {
            builder.stated_taxa.insert(number, stated);
        }
    }
    Ok(builder.finish(package.description, input.files.clone()))
}
