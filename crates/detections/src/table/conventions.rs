//! How the values of a column are written, where a single value does not show it: the order of day and month,
//! and whether probabilities are percentages.

use std::sync::{Arc, OnceLock};

use super::{Step, Table};
use crate::container::Container;
use crate::error::SourceError;
use crate::written_dates::{DateEvidence, DateOrder};

/// The number of values that decide whether a column is in percent.
const SAMPLED: usize = 1000;

/// A file of a table.
#[derive(Clone, Debug)]
pub(crate) struct TableFile {
    pub container: Container,
    pub name: String,
    pub delimiter: u8,
    /// Why the file is required, for the error if it is missing.
    pub purpose: String,
}

impl TableFile {
    /// Opens the file and reads its header.
    pub fn open(&self) -> Result<Table<'static>, SourceError> {
        let reader = self.container.open_table(&self.name, &self.purpose)?;
        Table::open(reader, &self.name, self.delimiter)
    }

    /// Its size in bytes, if it is a file of a folder that is not compressed.
    pub fn size(&self) -> Option<u64> {
        self.container.find_size(&self.name)
    }

    /// Calls `each` with each readable row until it returns `false`.
    pub fn scan(&self, mut each: impl FnMut(&super::Row<'_>) -> bool) {
        // The main pass over the file reports its errors.
        let Ok(mut table) = self.open() else { return };
        loop {
            match table.step() {
                Ok(Step::Row(row)) => {
                    if !each(&row) {
                        return;
                    }
                }
                Ok(Step::Broken(_)) => {}
                Ok(Step::End) | Err(_) => return,
            }
        }
    }
}

/// What all tables of a source have in common.
#[derive(Debug, Default)]
pub(crate) struct SourceConventions {
    /// The order of dates that the user set.
    pub stated: Option<DateOrder>,
}

/// How the columns of one file are written, determined on first use.
#[derive(Debug)]
pub(super) struct FileConventions {
    file: TableFile,
    shared: Arc<SourceConventions>,
    orders: Vec<OnceLock<Result<DateOrder, UnknownOrderError>>>,
    percents: Vec<OnceLock<bool>>,
    /// The first column whose order was needed and is not known.
    unknown_order: OnceLock<(usize, UnknownOrderError)>,
}

/// Why the order of a column's dates is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnknownOrderError {
    /// All dates in the column and in the rest of the table are valid in both orders.
    Ambiguous,
    /// Some dates have the day first and others the month.
    Mixed,
}

impl FileConventions {
    pub fn new(file: TableFile, shared: Arc<SourceConventions>, columns: usize) -> Self {
        let orders = (0..columns).map(|_| OnceLock::new()).collect();
        let percents = (0..columns).map(|_| OnceLock::new()).collect();
        Self { file, shared, orders, percents, unknown_order: OnceLock::new() }
    }

    /// The column of dates whose order is not known, and why.
    #[inline]
    pub fn unknown_order(&self) -> Option<(usize, UnknownOrderError)> {
        self.unknown_order.get().copied()
    }

    /// The order of the dates in a column with the year last.
    pub fn date_order(&self, column: usize) -> Result<DateOrder, UnknownOrderError> {
        let order = *self.orders[column].get_or_init(|| self.find_date_order(column));
        if let Err(why) = order {
            self.unknown_order.get_or_init(|| (column, why));
        }
        order
    }

    fn find_date_order(&self, column: usize) -> Result<DateOrder, UnknownOrderError> {
        // One program wrote the table, so its other columns are evidence too.
        let (mut own, mut others) = (DateEvidence::default(), DateEvidence::default());
        self.file.scan(|row| {
            own.add(row.cell(column));
            row.cells().for_each(|cell| others.add(cell));
            true
        });
        match (own.order(), self.shared.stated) {
            (Some(order), _) | (None, Some(order)) => Ok(order),
            _ if own.is_contradictory() => Err(UnknownOrderError::Mixed),
            _ => others.order().ok_or(UnknownOrderError::Ambiguous),
        }
    }

    /// Whether the probabilities in a column are percentages: more of them are from 1 to 100 than are
    /// fractions. Zeros are ignored.
    pub fn is_percent(&self, column: usize) -> bool {
        *self.percents[column].get_or_init(|| {
            let (mut percents, mut fractions) = (0_usize, 0_usize);
            self.file.scan(|row| {
                if let Some(number) = super::parse_decimal::<f64>(row.cell(column)) {
                    percents += usize::from(number > 1.0 && number <= 100.0);
                    fractions += usize::from(number > 0.0 && number <= 1.0);
                }
                percents + fractions < SAMPLED
            });
            percents > fractions
        })
    }
}
