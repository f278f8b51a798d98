//! Writing a table from the data set and from cells of the source.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use detections::{Dataset, SourceTable};
use serde_json::{Map, Value};

use super::columns::{Column, ColumnKind};
use crate::cells::escape_formula;
use crate::error::ArchiveError;
use crate::zip_file::{Entry, ZipFile};

/// The cells of a row by column; others are empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    own: BTreeMap<&'static str, String>,
    /// Columns in which the source's cell takes precedence.
    from_source: BTreeSet<&'static str>,
}

impl Cells {
    pub fn set(&mut self, column: &'static str, text: impl Into<String>) {
        self.own.insert(column, text.into());
    }

    /// Sets the text that is used if the source has no valid one.
    pub fn set_unless_stated(&mut self, column: &'static str, text: impl Into<String>) {
        self.set(column, text);
        self.from_source.insert(column);
    }

    fn get(&self, column: &str) -> &str {
        self.own.get(column).map_or("", String::as_str)
    }
}

/// A table of the package.
pub(super) struct Table<'a> {
    pub name: &'static str,
    pub columns: &'static [Column],
    pub source: SourceTable,
    /// The numbers of the data set's rows to write.
    pub rows: BTreeSet<u32>,
    /// Makes the rows for one of them from the data set.
    pub cells: &'a dyn Fn(u32) -> Vec<Cells>,
}

/// Problems that occurred while tables were written.
#[derive(Default)]
pub(super) struct Findings {
    /// Columns in which the source has invalid cells, which are left empty, and how many.
    pub refused: BTreeMap<&'static str, u64>,
    /// Why the source could not be read again.
    pub unread: Option<String>,
}

impl Table<'_> {
    /// Writes the table, in the order of the source's table and then of the data set.
    pub fn write(
        self,
        data: &Dataset,
        zip: &mut ZipFile<'_>,
        findings: &mut Findings,
    ) -> Result<(&'static str, Entry), ArchiveError> {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        let entry = zip.deflate(self.name, |to| {
            let mut csv = csv::Writer::from_writer(to);
            csv.write_record(&names)?;
            let mut left = self.rows.clone();
            let mut failed = None;
            let read = data.read_source_rows(self.source, &names, |row, source| {
                if failed.is_none() && left.remove(&row) {
                    failed = self.write_rows(row, Some(source), findings, &mut csv).err();
                }
            });
            if let Some(error) = failed {
                return Err(error);
            }
            if let Err(error) = read {
                findings.unread = Some(error.to_string());
            }
            for row in left {
                self.write_rows(row, None, findings, &mut csv)?;
            }
            csv.flush()
        })?;
        Ok((self.name, entry))
    }

    fn write_rows<W: Write>(
        &self,
        row: u32,
        source: Option<&[&str]>,
        findings: &mut Findings,
        csv: &mut csv::Writer<W>,
    ) -> std::io::Result<()> {
        for cells in (self.cells)(row) {
            for (at, column) in self.columns.iter().enumerate() {
                let written = source.map_or("", |source| source[at]);
                let from_source = column.from_source || cells.from_source.contains(column.name);
                let text =
                    choose_cell(Column { from_source, ..*column }, cells.get(column.name), written, findings);
                csv.write_field(text.as_bytes())?;
            }
            csv.write_record(None::<&[u8]>)?;
        }
        Ok(())
    }
}

/// The cell of the source if it is kept and valid, else the one from the data set.
fn choose_cell(column: Column, own: &str, written: &str, findings: &mut Findings) -> String {
    let usable = column.from_source && !written.is_empty();
    let text = match column.kind {
        kind if usable && kind.allows(written) => written,
        _ => {
            if usable && own.is_empty() {
                *findings.refused.entry(column.name).or_default() += 1;
            }
            own
        }
    };
    match column.kind {
        ColumnKind::Text => escape_formula(text).into_owned(),
        ColumnKind::Object => remove_traces(text),
        _ => text.to_owned(),
    }
}

/// EXIF as JSON, without positions and serial numbers at any depth.
fn remove_traces(text: &str) -> String {
    let Ok(Value::Object(mut object)) = serde_json::from_str(text) else { return String::new() };
    remove_trace_fields(&mut object);
    if object.is_empty() { String::new() } else { Value::Object(object).to_string() }
}

fn remove_trace_fields(object: &mut Map<String, Value>) {
    const TRACES: [&str; 7] = ["gps", "serial", "latitude", "longitude", "makernote", "owner", "location"];
    object.retain(|name, value| {
        if let Value::Object(inner) = value {
            remove_trace_fields(inner);
        }
        let name = name.to_lowercase();
        !TRACES.iter().any(|trace| name.contains(trace))
    });
}

#[cfg(test)]
mod tests {
    use super::remove_traces;

    #[test]
    fn exif_keeps_what_tells_no_place_and_no_camera() {
        let exif = r#"{"EXIF":{"ISO":200,"Make":"RECONYX","BodySerialNumber":"H7"},"GPS":{"a":1},"GPSLatitude":51.2}"#;
        assert_eq!(remove_traces(exif), r#"{"EXIF":{"ISO":200,"Make":"RECONYX"}}"#);
        assert_eq!(remove_traces(r#"{"SerialNumber":"1"}"#), "");
        assert_eq!(remove_traces("no JSON"), "");
    }
}
