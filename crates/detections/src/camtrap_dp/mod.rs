//! Camera Trap Data Packages, version 1.0.x: `datapackage.json` with the tables
//! `deployments`, `media` and `observations`. <https://camtrap-dp.tdwg.org>

mod again;
mod deployments;
mod media;
mod observations;
mod package;

use crate::builder::Builder;
use crate::container::Container;
use crate::error::SourceError;
use crate::model::Dataset;
use crate::problems::RowProblem;
use crate::source::{Format, Input, Keep};
use crate::table::{Row, Table};

use package::Package;

pub use again::SourceTable;

const DESCRIPTOR: &str = "datapackage.json";

pub(crate) struct CamtrapDp;

impl Format for CamtrapDp {
    fn recognise(&self, container: &Container) -> Result<Option<Container>, SourceError> {
        container.rooted_at(|name| name == DESCRIPTOR)
    }

    fn read(&self, input: Input<'_>) -> Result<Dataset, SourceError> {
        // Nearly all packages have distinct ids, and with numbers alone it pays to ask at the end.
        if input.options.keep == Keep::Numbers
            && let Some(data) = read(&input, true)?
        {
            return Ok(data);
        }
        Ok(read(&input, false)?.expect("ids that are asked for one by one are no surprise at the end"))
    }
}

fn read(input: &Input<'_>, trusting: bool) -> Result<Option<Dataset>, SourceError> {
    let package = Package::read(&input.container)?;
    let mut reading = Reading {
        container: &input.container,
        package: &package,
        builder: Builder::new(input.options, trusting),
    };
    reading.table("deployments", deployments::Columns::find, deployments::row)?;
    reading.table("media", media::Columns::find, media::row)?;
    reading.table("observations", observations::Columns::find, observations::row)?;
    let mut builder = reading.builder;
    for (number, name) in (0..).zip(builder.classes.iter()) {
        if let Some(vernacular) = package.vernacular(name) {
            builder.vernacular.insert(number, vernacular);
        }
        if let Some(stated) = package.stated_taxon(name) {
            builder.stated_taxa.insert(number, stated);
        }
    }
    Ok(builder.finish(package.description, input.files.clone()))
}

struct Reading<'a> {
    container: &'a Container,
    package: &'a Package,
    builder: Builder,
}

impl Reading<'_> {
    /// Reads every part of a table.
    fn table<C>(
        &mut self,
        name: &str,
        columns: impl Fn(&Table<'_>) -> Result<C, SourceError>,
        each: impl Fn(&mut Builder, &C, &Row<'_>) -> Result<(), RowProblem>,
    ) -> Result<(), SourceError> {
        for file in self.package.files_of(name, self.container)? {
            self.builder.read(&file, &columns, &each)?;
        }
        Ok(())
    }
}
