//! How a program wrote the values of a column, where one value alone does not tell: the order of day
//! and month, and whether probabilities are in percent.

use std::sync::{Arc, OnceLock};

use super::{Step, Table};
use crate::container::Container;
use crate::error::SourceError;
use crate::written_dates::{DateEvidence, DateOrder};

/// Values of a column that decide whether it is in percent.
const SAMPLED: usize = 1000;

/// A file of a table, and how it is written.
#[derive(Clone, Debug)]
pub(crate) struct TableFile {
    pub container: Container,
    pub name: String,
    pub delimiter: u8,
    /// Why it has to be there, for the message when it is not.
    pub needed: String,
}

impl TableFile {
    /// Opens it at its header.
    pub fn open(&self) -> Result<Table<'static>, SourceError> {
        let reader = self.container.open_table(&self.name, &self.needed)?;
        Table::open(reader, &self.name, self.delimiter)
    }

    /// Hands each row that can be read to `each`, until it returns `false`.
    pub fn scan(&self, mut each: impl FnMut(&super::Row<'_>) -> bool) {
        // What is wrong with the file is said by the reading that is under way.
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

/// What is the same in all tables of a source.
#[derive(Debug, Default)]
pub(crate) struct SourceConventions {
    /// The order that the user says dates are in.
    pub stated: Option<DateOrder>,
}

/// How the columns of one file are written, found out when it is first asked.
#[derive(Debug)]
pub(super) struct FileConventions {
    file: TableFile,
    shared: Arc<SourceConventions>,
    orders: Vec<OnceLock<Result<DateOrder, Undecided>>>,
    percents: Vec<OnceLock<bool>>,
    /// The first column whose order was asked for and is not known.
    undecided: OnceLock<(usize, Undecided)>,
}

/// Why the order of a column's dates is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Undecided {
    /// All of its dates, and all others of the table, are dates in either order.
    Ambiguous,
    /// Some have the day first and others the month.
    Mixed,
}

impl FileConventions {
    pub fn new(file: TableFile, shared: Arc<SourceConventions>, columns: usize) -> Self {
        let orders = (0..columns).map(|_| OnceLock::new()).collect();
        let percents = (0..columns).map(|_| OnceLock::new()).collect();
        Self { file, shared, orders, percents, undecided: OnceLock::new() }
    }

    /// The column of dates, and why their order is not known.
    pub fn undecided(&self) -> Option<(usize, Undecided)> {
        self.undecided.get().copied()
    }

    /// The order of the dates of a column whose year stands last.
    pub fn date_order(&self, column: usize) -> Result<DateOrder, Undecided> {
        let order = *self.orders[column].get_or_init(|| self.find_date_order(column));
        if let Err(why) = order {
            self.undecided.get_or_init(|| (column, why));
        }
        order
    }

    fn find_date_order(&self, column: usize) -> Result<DateOrder, Undecided> {
        // One program wrote the table, so its other columns tell as well.
        let (mut own, mut others) = (DateEvidence::default(), DateEvidence::default());
        self.file.scan(|row| {
            own.add(row.cell(column));
            row.cells().for_each(|cell| others.add(cell));
            true
        });
        match (own.order(), self.shared.stated) {
            (Some(order), _) | (None, Some(order)) => Ok(order),
            _ if own.is_contradictory() => Err(Undecided::Mixed),
            _ => others.order().ok_or(Undecided::Ambiguous),
        }
    }

    /// Whether the probabilities of a column are in percent: more of them are from 1 to 100 than are
    /// fractions. 0 says nothing.
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
