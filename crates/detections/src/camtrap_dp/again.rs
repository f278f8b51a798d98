//! Reading the tables of a source again, for columns that the model does not hold.

use std::collections::HashMap;

use super::package::Package;
use crate::error::SourceError;
use crate::model::{Dataset, SourceFormat};
use crate::table::{Column, Step};
use crate::unicode_forms::compose_text;

/// A table of a Camtrap DP source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceTable {
    /// `deployments`
    Deployments,
    /// `media`
    Media,
    /// `observations`
    Observations,
}

impl SourceTable {
    fn name_and_id(self) -> (&'static str, &'static str) {
        match self {
            Self::Deployments => ("deployments", "deploymentID"),
            Self::Media => ("media", "mediaID"),
            Self::Observations => ("observations", "observationID"),
        }
    }
}

/// The number of a row by its id.
type Numbers<'a> = dyn Fn(&str) -> Option<u32> + 'a;

impl Dataset {
    /// Goes through a table of a Camtrap DP source as it is written, and hands each row that the
    /// data set has to `each`: its number in the data set, and the cells of `columns`, empty for
    /// `NA` and for columns that are not there. Other formats have no such rows.
    ///
    /// The source is read from the disk, where it may have changed or gone since.
    pub fn source_rows(
        &self,
        table: SourceTable,
        columns: &[&str],
        mut each: impl FnMut(u32, &[&str]),
    ) -> Result<(), SourceError> {
        let (name, id) = table.name_and_id();
        let container = self.files.package().filter(|_| self.format == SourceFormat::CamtrapDp);
        let Some(container) = container else { return Ok(()) };
        let package = Package::read(container)?;
        let number = self.numbers(table);
        for file in package.files_of(name, container)? {
            let mut table = file.open()?;
            let id = table.require(id)?;
            let found: Vec<Option<Column>> = columns.iter().map(|column| table.optional(column)).collect();
            loop {
                match table.step()? {
                    Step::Row(row) => {
                        if let Some(number) = number(row.text(id)) {
                            let cells: Vec<&str> = found.iter().map(|column| row.text(*column)).collect();
                            each(number, &cells);
                        }
                    }
                    Step::Broken(_) => {}
                    Step::End => break,
                }
            }
        }
        Ok(())
    }

    /// What tells the number of a row by its id.
    fn numbers(&self, table: SourceTable) -> Box<Numbers<'_>> {
        match table {
            SourceTable::Media => Box::new(|id| self.media.find(&compose_text(id))),
            SourceTable::Observations => Box::new(|id| self.observations.find(id)),
            SourceTable::Deployments => {
                let numbers: HashMap<&str, u32> = (0..)
                    .zip(&self.deployments)
                    .map(|(number, deployment)| (deployment.id.as_str(), number))
                    .collect();
                Box::new(move |id| numbers.get(id).copied())
            }
        }
    }
}
