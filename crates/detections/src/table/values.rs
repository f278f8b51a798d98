//! Parsing the values of a row, in the forms that programs and people write.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::civil::Date;

use super::{Column, Row};
use crate::clock::{LocalTime, WrittenTime};
use crate::problems::RowError;
use crate::vocabulary::fold;
use crate::written_dates::{needs_order, parse_date};

/// Texts that stand for missing values, as in the table schemas of Camtrap DP 1.0.2.
const MISSING: [&str; 3] = ["NA", "NaN", "nan"];
/// Folded words for yes and no, also of spreadsheets in other languages.
const YES: [&str; 16] = [
    "1",
    "1.0",
    "1,0",
    "true",
    "t",
    "yes",
    "y",
    "wahr",
    "ja",
    "vrai",
    "oui",
    "verdadero",
    "si",
    "verdadeiro",
    "sim",
    "vero",
];
const NO: [&str; 16] = [
    "0", "0.0", "0,0", "false", "f", "no", "n", "falsch", "nein", "nee", "faux", "non", "falso", "nao",
    "onwaar", "none",
];

/// Camera traps with a digital clock are not older than this.
const FIRST_DAY: Date = Date::constant(1980, 1, 1);

/// Parses a number with a decimal point or comma, with or without quotes.
pub(super) fn parse_decimal<T: FromStr>(text: &str) -> Option<T> {
    let text = text.trim_matches('"').trim();
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    // `1,234` may also mean a thousand, but that exceeds the limits of all values that are read.
    let (whole, decimals) = text.split_once(',')?;
    let are_digits = !decimals.is_empty() && decimals.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then(|| format!("{whole}.{decimals}").parse().ok()).flatten()
}

impl Row<'_> {
    /// The trimmed field; empty if the row does not have it.
    pub fn cell(&self, column: usize) -> &str {
        self.table.fields.get(column).trim()
    }

    /// All fields, trimmed.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.table.fields.iter().map(str::trim)
    }

    /// The trimmed field; empty for `NA`, `NaN` and `nan`, and for a missing column.
    pub fn text(&self, column: impl Into<Option<Column>>) -> &str {
        let Some(Column(index)) = column.into() else { return "" };
        let text = self.cell(index);
        if MISSING.contains(&text) { "" } else { text }
    }

    /// The position of the row, as an id if it has none.
    pub fn position(&self) -> String {
        format!("{}:{}", self.table.file(), self.line)
    }

    /// The field in a column by its name, for tables with few rows.
    pub fn text_by_name(&self, name: &str) -> &str {
        self.text(self.table.find_column(name))
    }

    /// Reads a whole number from 0; `None` if the field is empty. `2.0` is 2, as pandas writes it.
    pub fn read_whole(&self, column: impl Into<Option<Column>>, what: &str) -> Result<Option<u32>, RowError> {
        let column = column.into();
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        let exact = || {
            let number = parse_decimal::<f64>(text)?;
            // The comparison shows that nothing was lost.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let whole = number as u32;
            (f64::from(whole).to_bits() == number.to_bits()).then_some(whole)
        };
        text.parse().ok().or_else(exact).map(Some).ok_or_else(|| self.problem(column, text, what))
    }

    /// Reads a time; `None` if the field is empty.
    pub fn read_time(&self, column: Column) -> Result<Option<WrittenTime>, RowError> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        if let Some(written) = WrittenTime::parse(text) {
            return self.check_plausible(written, column, text);
        }
        let conventions = self.table.conventions.as_ref().filter(|_| needs_order(text));
        let order = conventions.and_then(|conventions| conventions.date_order(column.0).ok());
        if let Some(written) = parse_date(text, order) {
            return self.check_plausible(written, column, text);
        }
        let problem = self.problem(column, text, "a time such as 2020-05-30 04:57:37");
        // If the order of the dates is not known, reading ends; see `Table::refusal`.
        if is_serial_date(text) {
            let cause =
                "this looks like a date as a spreadsheet counts it: save the column as YYYY-MM-DD hh:mm:ss";
            return Err(problem.with_likely_cause(cause));
        }
        Err(problem)
    }

    /// Checks that a time is not before there were camera traps.
    fn check_plausible(
        &self,
        written: WrittenTime,
        column: Column,
        text: &str,
    ) -> Result<Option<WrittenTime>, RowError> {
        if written.local >= LocalTime::start_of(FIRST_DAY) {
            return Ok(Some(written));
        }
        let problem = self.problem(column, text, "a time of 1980 or later");
        Err(problem.with_likely_cause("the clock of the camera was never set, or a digit is missing"))
    }

    /// Reads a number between two inclusive limits; `None` if the field is empty.
    pub fn read_number<T: FromStr + PartialOrd + Display>(
        &self,
        column: impl Into<Option<Column>>,
        limits: RangeInclusive<T>,
        what: &str,
    ) -> Result<Option<T>, RowError> {
        let column = column.into();
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        let good = parse_decimal::<T>(text).filter(|number| limits.contains(number));
        good.map(Some).ok_or_else(|| {
            self.problem(column, text, &format!("{what} from {} to {}", limits.start(), limits.end()))
        })
    }

    /// Reads a probability from 0 to 1, which may be written as a percentage; `None` if the field is empty.
    pub fn read_fraction(&self, column: impl Into<Option<Column>>) -> Result<Option<f32>, RowError> {
        let column = column.into();
        let text = self.text(column);
        let Some(Column(index)) = column.filter(|_| !text.is_empty()) else { return Ok(None) };
        let (number, is_percent) = match text.strip_suffix('%') {
            Some(number) => (number.trim_end(), true),
            None => (text, self.table.conventions.as_ref().is_some_and(|known| known.is_percent(index))),
        };
        let number =
            parse_decimal::<f32>(number).map(|number| if is_percent { number / 100.0 } else { number });
        let good = number.filter(|number| (0.0..=1.0).contains(number));
        good.map(Some).ok_or_else(|| self.problem(column, text, "a probability from 0 to 1, or in percent"))
    }

    /// Reads yes or no, as programs and spreadsheets in several languages write it; `None` if the field is
    /// empty.
    pub fn read_flag(&self, column: impl Into<Option<Column>>) -> Result<Option<bool>, RowError> {
        let column = column.into();
        let text = self.text(column);
        let folded = fold(text);
        match folded.as_str() {
            "" => Ok(None),
            word if YES.contains(&word) => Ok(Some(true)),
            word if NO.contains(&word) => Ok(Some(false)),
            _ => Err(self.problem(column, text, "yes or no, such as 1 or 0, TRUE or FALSE")),
        }
    }
}

/// Whether a text is a spreadsheet's serial date: days since 1900, with the time as a fraction
/// (`43203.5771`).
fn is_serial_date(text: &str) -> bool {
    let days = parse_decimal::<f64>(text);
    days.is_some_and(|days| (20_000.0..60_000.0).contains(&days))
}
