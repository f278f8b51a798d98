//! Reading the tables of a source again, for columns that the model does not have.

use std::collections::HashMap;

use super::package::PackageDescriptor;
use crate::error::SourceError;
use crate::model::Dataset;
use crate::source_format::SourceFormat;
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
    fn table_and_id_column(self) -> (&'static str, &'static str) {
        match self {
            Self::Deployments => ("deployments", "deploymentID"),
            Self::Media => ("media", "mediaID"),
            Self::Observations => ("observations", "observationID"),
        }
    }
}

/// Finds the number of a row by its id.
type Numbers<'a> = dyn Fn(&str) -> Option<u32> + 'a;

impl Dataset {
    /// Reads a table of a Camtrap DP source as it is written, and calls `each` for each row that the data set
    /// has, with its number in the data set and the cells of `columns`. Cells are empty for `NA` and for
    /// missing columns. Other formats have no such rows.
    ///
    /// The source is read from the disk, where it may have changed or been removed meanwhile.
    pub fn read_source_rows(
        &self,
        table: SourceTable,
        columns: &[&str],
        mut each: impl FnMut(u32, &[&str]),
    ) -> Result<(), SourceError> {
        let (name, id) = table.table_and_id_column();
        let container = self.files.package().filter(|_| self.format == SourceFormat::CamtrapDp);
        let Some(container) = container else { return Ok(()) };
        let package = PackageDescriptor::read(container)?;
        let number = self.find_numbers(table);
        for file in package.table_files(name, container)? {
            let mut table = file.open()?;
            let id = table.require_column(id)?;
            let found: Vec<Option<Column>> = columns.iter().map(|column| table.find_column(column)).collect();
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

    /// The function that finds the number of a row by its id.
    fn find_numbers(&self, table: SourceTable) -> Box<Numbers<'_>> {
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
