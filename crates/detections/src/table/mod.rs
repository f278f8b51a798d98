//! Reading CSV tables row by row, with the position of every error.
//!
//! The `csv` crate never reports an unclosed quote: it reads the rest of the file as one field, so one
//! mistake would lose all later rows of a survey. This module splits rows by physical lines, and skips only
//! the row whose quote does not close.

mod conventions;
mod fields;
mod lines;
mod values;

use std::io::BufRead;
use std::sync::Arc;

use crate::error::SourceError;
use crate::excerpt::{excerpt, list_names};
use crate::problems::RowError;

use conventions::{FileConventions, UnknownOrderError};
use fields::{COLUMNS, FIELD_BYTES, Fields};
use lines::{LINE_BYTES, Lines, NextLine, has_open_quote, is_well_quoted};
use values::parse_decimal;

pub(crate) use conventions::{SourceConventions, TableFile};

/// The index of a column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column(usize);

/// A table that is being read.
pub(crate) struct Table<'a> {
    file: String,
    lines: Lines<'a>,
    header: Vec<String>,
    /// The number of columns up to the last one with a name; spreadsheets may write empty ones after it.
    named_columns: usize,
    fields: Fields,
    /// How its columns are written; without it each value must show that itself.
    conventions: Option<FileConventions>,
}

/// The next row, or why it cannot be read.
pub(crate) enum Step<'t> {
    Row(Row<'t>),
    Broken(RowError),
    End,
}

/// One row, valid until the next is read.
pub(crate) struct Row<'t> {
    table: &'t Table<'t>,
    pub line: u64,
}

impl<'a> Table<'a> {
    /// Reads the header. `file` is the name used in messages.
    pub fn open(reader: Box<dyn BufRead + 'a>, file: &str, delimiter: u8) -> Result<Self, SourceError> {
        let mut lines = Lines::new(reader, file);
        let mut fields = Fields::new(delimiter);
        let wrong = |found: String| {
            let expected = "a first line with the names of the columns";
            SourceError::structure(&excerpt(file), (1, 1), found, expected)
        };
        let mut stated = None;
        let header_text = loop {
            match lines.take()? {
                NextLine::Text(line) => {
                    let line = line.trim_start_matches('\u{feff}');
                    // Excel may write the delimiter on the first line.
                    match line.trim().strip_prefix("sep=").map(str::as_bytes) {
                        Some([delimiter]) if stated.is_none() => stated = Some(*delimiter),
                        _ => break line.to_owned(),
                    }
                }
                NextLine::End => break String::new(),
                NextLine::TooLong => {
                    let most = LINE_BYTES >> 20;
                    let found = format!("the first line has more than {most} MiB; is this the table?");
                    return Err(wrong(found));
                }
            }
        };
        if header_text.trim().is_empty() {
            return Err(wrong("the file has no header".into()));
        }
        fields.choose_delimiter(&header_text, stated.unwrap_or(delimiter));
        fields.parse(&header_text);
        if fields.count() > COLUMNS {
            return Err(wrong(format!("the header has more than {COLUMNS} columns")));
        }
        let header: Vec<String> = fields.iter().map(|name| name.trim().to_owned()).collect();
        let named_columns = header.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
        Ok(Self { file: file.into(), lines, header, named_columns, fields, conventions: None })
    }

    /// Enables conventions, which are determined from all of `file` and from its source.
    pub fn with_conventions(mut self, file: &TableFile, shared: &Arc<SourceConventions>) -> Self {
        let columns = self.header.len();
        self.conventions = Some(FileConventions::new(file.clone(), Arc::clone(shared), columns));
        self
    }

    /// Whether there is a [`Self::refusal`], which is asked after each of millions of rows.
    #[inline]
    pub fn is_refused(&self) -> bool {
        self.conventions.as_ref().is_some_and(|conventions| conventions.unknown_order().is_some())
    }

    /// The error that ends reading: the order of a column's dates was needed and is not known.
    pub fn refusal(&self) -> Option<SourceError> {
        let (column, why) = self.conventions.as_ref()?.unknown_order()?;
        let (found, expected) = match why {
            UnknownOrderError::Ambiguous => (
                "can be read with the day or the month first",
                "a date that tells them apart, such as 2020-05-30; else say the order with --date-order dmy \
                 (day first) or --date-order mdy (month first)",
            ),
            UnknownOrderError::Mixed => (
                "have the day first in some rows and the month first in others, as after editing in a spreadsheet",
                "one order; save the column as YYYY-MM-DD hh:mm:ss, or say with --date-order dmy or mdy which is \
                 right and lose the others",
            ),
        };
        Some(SourceError::UnclearDates {
            file: self.file(),
            column: column as u64 + 1,
            found: format!("the dates of the column {} {found}", excerpt(&self.header[column])),
            expected: expected.into(),
        })
    }

    /// The name of the file in messages.
    pub fn file(&self) -> String {
        excerpt(&self.file)
    }

    /// How many times as many bytes as were read are left in a table of `size` bytes; `None` at its end.
    pub fn share_left(&self, size: u64) -> Option<f64> {
        let read = self.lines.bytes_read;
        (read > 0 && size > read).then(|| (size - read) as f64 / read as f64)
    }

    pub fn find_column(&self, name: &str) -> Option<Column> {
        self.header.iter().position(|column| column == name).map(Column)
    }

    pub fn require_column(&self, name: &str) -> Result<Column, SourceError> {
        self.find_column(name).ok_or_else(|| {
            let position = (1, self.header.len() as u64 + 1);
            let found = format!("the header has no column {name} (it has: {})", list_names(&self.header));
            SourceError::structure(&self.file, position, found, format!("a column {name}"))
        })
    }

    pub fn step(&mut self) -> Result<Step<'_>, SourceError> {
        let (line, found) = loop {
            let line = self.lines.next_line;
            let text = match self.lines.take()? {
                NextLine::Text(text) => text,
                NextLine::TooLong => return Ok(Step::Broken(self.describe_long_line(line))),
                NextLine::End => return Ok(Step::End),
            };
            if text.trim_ascii().is_empty() {
                continue;
            }
            if has_open_quote(text) {
                let text = text.to_owned();
                match self.read_quoted(&text)? {
                    Some(found) => break (line, found),
                    None => return Ok(Step::Broken(self.describe_broken_quote(line, &text))),
                }
            }
            self.fields.parse(text);
            // Spreadsheets write rows that consist of delimiters.
            if self.fields.count() > 1 && self.fields.iter().all(|field| field.trim().is_empty()) {
                continue;
            }
            break (line, self.fields.count());
        };
        if found != self.header.len() && !self.has_only_empty_fields_beside(found) {
            let more = if found > COLUMNS { "more than " } else { "" };
            let message = format!(
                "{more}{} fields; expected {} as in the header",
                found.min(COLUMNS),
                self.header.len()
            );
            return Ok(Step::Broken(self.describe_broken_row(line, self.header.get(found), message)));
        }
        if let Some(field) = self.fields.find_too_long() {
            let message = format!("a text of more than {} MiB; expected a shorter one", FIELD_BYTES >> 20);
            return Ok(Step::Broken(self.describe_broken_row(line, self.header.get(field), message)));
        }
        Ok(Step::Row(Row { table: self, line }))
    }

    /// Whether a row with `found` fields has all named columns, and only empty fields otherwise.
    fn has_only_empty_fields_beside(&self, found: usize) -> bool {
        let columns = self.header.len();
        (self.named_columns..=COLUMNS).contains(&found)
            && (columns.min(found)..found).all(|index| self.fields.get(index).trim().is_empty())
    }

    /// The problem of a row that cannot be split into its fields.
    fn describe_broken_row(&self, line: u64, column: Option<&String>, message: String) -> RowError {
        let column = column.map_or_else(|| "row".into(), |name| excerpt(name));
        RowError::new(self.file(), "line", line, column, message)
    }

    fn describe_long_line(&self, line: u64) -> RowError {
        let message = format!(
            "a line of more than {} MiB; expected a row, with a line break at its end",
            LINE_BYTES >> 20
        );
        self.describe_broken_row(line, None, message)
    }

    /// Splits a row whose first line opens a quote, if the lines after it close the quote correctly. Returns
    /// the number of fields.
    fn read_quoted(&mut self, first: &str) -> Result<Option<usize>, SourceError> {
        let Some((whole, extra)) = self.lines.join_quoted(first)? else { return Ok(None) };
        let sound = is_well_quoted(&whole, self.fields.delimiter);
        self.fields.parse(&whole);
        let count = self.fields.count();
        if !sound || (count != self.header.len() && !self.has_only_empty_fields_beside(count)) {
            return Ok(None);
        }
        self.lines.discard(extra);
        Ok(Some(count))
    }

    fn describe_broken_quote(&mut self, line: u64, text: &str) -> RowError {
        self.fields.parse(text);
        let at = self.fields.count().clamp(1, self.header.len()) - 1;
        let message = "a quote (\") is opened and not closed; expected a closing quote, or \"\" \
                       for a quote inside the text";
        self.describe_broken_row(line, self.header.get(at), message.into())
    }
}

impl Row<'_> {
    /// A problem with one field, for which the row is skipped.
    pub fn problem(&self, column: impl Into<Option<Column>>, found: &str, expected: &str) -> RowError {
        let name = column.into().map_or("row", |Column(index)| &self.table.header[index]);
        let found = if found.is_empty() { "empty".into() } else { format!("“{}”", excerpt(found)) };
        let message = format!("{found}; expected {expected}");
        RowError::new(self.table.file(), "line", self.line, excerpt(name), message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> (Vec<String>, Vec<RowError>) {
        let mut table = Table::open(Box::new(text.as_bytes()), "t.csv", b',').unwrap();
        let column = table.require_column("b").unwrap();
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        loop {
            match table.step().unwrap() {
                Step::Row(row) => good.push(format!("{}:{}", row.line, row.text(column))),
                Step::Broken(problem) => bad.push(problem),
                Step::End => return (good, bad),
            }
        }
    }

    #[test]
    fn a_quoted_field_may_span_lines() {
        let (good, bad) = rows("a,b\r\n1,\"x\r\ny, \"\"z\"\"\"\r\n2,w\r\n\r\n3,\"\"\n");
        assert_eq!(good, ["2:x\ny, \"z\"", "4:w", "6:"]);
        assert!(bad.is_empty());
    }

    #[test]
    fn a_broken_quote_costs_its_own_row_only() {
        let (good, bad) = rows("a,b\n1,x\n2,\"y\n3,z\n4,\"w, w\"\n");
        assert_eq!(good, ["2:x", "4:z", "5:w, w"]);
        assert_eq!(bad.len(), 1);
        assert_eq!((bad[0].line, bad[0].column.as_str()), (3, "b"));
        assert!(bad[0].message.contains("not closed"));
    }

    #[test]
    fn two_broken_quotes_do_not_swallow_what_is_between_them() {
        let (good, bad) = rows("a,b\n1,\"x\n2,y\n3,\"z\n4,w\n");
        assert_eq!(good, ["3:y", "5:w"]);
        assert_eq!(bad.iter().map(|problem| problem.line).collect::<Vec<_>>(), [2, 4]);
    }

    #[test]
    fn a_row_with_too_few_fields_names_the_first_that_is_missing() {
        let (good, bad) = rows("a,b,c\n1,2\n1,2,3\n");
        assert_eq!(good, ["3:2"]);
        assert_eq!(
            bad[0].to_string(),
            "t.csv, line 2, c: 2 fields; expected 3 as in the header (row skipped)"
        );
    }

    #[test]
    fn text_that_is_not_utf8_is_refused_with_its_place() {
        let mut table = Table::open(Box::new(&b"a,b\nx,\xe9t\xe9\n"[..]), "t.csv", b',').unwrap();
        let error = table.step().err().unwrap().to_string();
        assert!(error.starts_with("t.csv, line 2, column 3: the byte 0xE9"), "{error}");
    }

    #[test]
    fn a_byte_order_mark_and_na_are_no_content() {
        let mut table = Table::open(Box::new("\u{feff}b\nNA\n".as_bytes()), "t.csv", b',').unwrap();
        let column = table.require_column("b").unwrap();
        let Step::Row(row) = table.step().unwrap() else { panic!("a row") };
        assert_eq!(row.text(column), "");
        assert_eq!(row.read_number(column, 0.0..=1.0_f64, "a number").unwrap(), None);
    }

    #[test]
    fn a_byte_order_mark_between_tables_that_were_put_together_is_no_content() {
        let (good, bad) = rows("\u{feff}a,b\n1,x\n\u{feff}2,y\n\u{feff}3,\"z\"\n");
        assert_eq!((good, bad.len()), (["2:x", "3:y", "4:z"].map(str::to_owned).into(), 0));
        let mut table = Table::open(Box::new("b\n\u{feff}y\n".as_bytes()), "t.csv", b',').unwrap();
        let column = table.require_column("b").unwrap();
        let Step::Row(row) = table.step().unwrap() else { panic!("a row") };
        assert_eq!(row.text(column), "y");
    }

    #[test]
    fn a_table_without_header_is_refused() {
        let error = Table::open(Box::new(&b""[..]), "t.csv", b',').err().unwrap();
        assert!(error.to_string().contains("no header"));
    }
    #[test]
    fn a_line_without_end_costs_its_row_and_no_more_memory_than_is_read_of_it() {
        // Lines of more than the limit, one of them the last.
        let endless = || std::io::Read::take(std::io::repeat(b'x'), 5 << 20);
        let parts = std::io::Read::chain(std::io::Read::chain(&b"a,b\n1,"[..], endless()), &b"\n2,x\n3,"[..]);
        let reader = std::io::BufReader::new(std::io::Read::chain(parts, endless()));
        let mut table = Table::open(Box::new(reader), "t.csv", b',').unwrap();
        let (mut lines, mut problems) = (Vec::new(), Vec::new());
        loop {
            match table.step().unwrap() {
                Step::Row(row) => lines.push(row.line),
                Step::Broken(problem) => problems.push((problem.line, problem.to_string())),
                Step::End => break,
            }
        }
        assert_eq!(lines, [3]);
        assert_eq!(problems.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 4]);
        let expected =
            "t.csv, line 2, row: a line of more than 4 MiB; expected a row, with a line break at its end";
        assert!(problems[0].1.starts_with(expected), "{}", problems[0].1);
    }

    #[test]
    fn a_header_without_end_is_refused_in_a_short_message() {
        for header in ["x".repeat(5 << 20), "x,".repeat(10_000), format!("{},y\n", "x".repeat(3 << 20))] {
            let table = Table::open(Box::new(header.as_bytes()), "t.csv", b',');
            let error = match table {
                Err(error) => error.to_string(),
                Ok(table) => table.require_column("deploymentID").unwrap_err().to_string(),
            };
            assert!(error.starts_with("t.csv, line 1, column") && error.len() < 400, "{error}");
        }
    }

    #[test]
    fn a_text_without_end_and_columns_without_end_cost_their_row() {
        let long = "x".repeat(FIELD_BYTES + 1);
        let (good, bad) =
            rows(&format!("a,b\n1,{long}\n2,{}\n3,\"{long}\"\n4,x{}\n", &long[1..], ",".repeat(9000)));
        assert_eq!(good.len(), 1);
        assert!(good[0].starts_with("3:x") && good[0].len() == FIELD_BYTES + 2);
        let texts: Vec<String> = bad.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts[0],
            "t.csv, line 2, b: a text of more than 1 MiB; expected a shorter one (row skipped)"
        );
        assert!(texts[1].starts_with("t.csv, line 4, b: a text"), "{texts:?}");
        assert_eq!(
            texts[2],
            "t.csv, line 5, row: more than 4096 fields; expected 2 as in the header (row skipped)"
        );
    }

    #[test]
    fn a_problem_quotes_the_beginning_of_what_stands_there() {
        let text = format!("b,a\n{}\u{1b}[2J,1\n", "x".repeat(70));
        let mut table = Table::open(Box::new(text.as_bytes()), "t.csv", b',').unwrap();
        let column = table.require_column("b").unwrap();
        let Step::Row(row) = table.step().unwrap() else { panic!("a row") };
        let problem = row.read_number(column, 0..=9_u32, "a number").unwrap_err();
        assert_eq!(problem.message, format!("“{}□[2J”; expected a number from 0 to 9", "x".repeat(70)));
        let problem = row.problem(column, &"é".repeat(1 << 20), "a shorter one");
        assert!(problem.message.len() < 300, "{problem}");
    }
}
