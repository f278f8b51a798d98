//! The fields of a record.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

/// The most columns of a table.
pub(super) const COLUMNS: usize = 4096;
/// The most bytes of a field.
pub(super) const FIELD_BYTES: usize = 1 << 20;

/// The fields of one record, in buffers that are reused.
pub(super) struct Fields {
    pub delimiter: u8,
    reader: Reader,
    text: Vec<u8>,
    /// A record without quotes, which is split where it stands.
    plain: String,
    is_plain: bool,
    ends: Vec<usize>,
    count: usize,
}

impl Fields {
    pub fn new(delimiter: u8) -> Self {
        let reader = ReaderBuilder::new().delimiter(delimiter).build();
        let (text, ends) = (vec![0; 1024], vec![0; 64]);
        Self { delimiter, reader, text, plain: String::new(), is_plain: false, ends, count: 0 }
    }

    /// Chooses the delimiter: `declared`, unless the header has only one field with it and more with another
    /// common delimiter. A table that was saved again has the delimiter of the program's language.
    pub fn choose_delimiter(&mut self, header: &str, declared: u8) {
        let mut best = (0, declared);
        for delimiter in [declared, b',', b';', b'\t', b'|'] {
            self.use_delimiter(delimiter);
            self.parse(header);
            if self.count > best.0 {
                best = (self.count, delimiter);
            }
            if delimiter == declared && self.count > 1 {
                break;
            }
        }
        self.use_delimiter(best.1);
    }

    fn use_delimiter(&mut self, delimiter: u8) {
        self.delimiter = delimiter;
        self.reader = ReaderBuilder::new().delimiter(delimiter).build();
    }

    /// The number of fields in the record.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Splits a record into its fields. At most [`COLUMNS`] and one more are counted.
    pub fn parse(&mut self, record: &str) {
        // Tables that were put together have one in the middle.
        let record = record.strip_prefix('\u{feff}').unwrap_or(record);
        self.is_plain = memchr::memchr(b'"', record.as_bytes()).is_none();
        if self.is_plain {
            self.split_plain(record);
            return;
        }
        // The fields of a record are not longer than the record, and not more than its bytes.
        self.text.resize(self.text.len().max(record.len() + 1), 0);
        self.ends.resize(self.ends.len().max((record.len() + 2).min(COLUMNS + 1)), 0);
        self.reader.reset();
        let (result, read, written, ends) =
            self.reader.read_record(record.as_bytes(), &mut self.text, &mut self.ends);
        self.count = ends;
        if matches!(result, ReadRecordResult::InputEmpty) {
            debug_assert_eq!(read, record.len());
            let (_, _, _, more) =
                self.reader.read_record(&[], &mut self.text[written..], &mut self.ends[ends..]);
            self.count += more;
        }
    }

    fn split_plain(&mut self, record: &str) {
        self.plain.clear();
        self.plain.push_str(record);
        let ends = memchr::memchr_iter(self.delimiter, record.as_bytes()).chain([record.len()]);
        self.ends.clear();
        self.ends.extend(ends.take(COLUMNS + 1));
        self.count = self.ends.len();
    }

    /// A field; empty if the record does not have it.
    pub fn get(&self, index: usize) -> &str {
        if index >= self.count {
            return "";
        }
        let before = index.checked_sub(1).map(|before| self.ends[before]);
        // The text is split at ASCII bytes only, so it stays valid UTF-8.
        if self.is_plain {
            let start = before.map_or(0, |delimiter| delimiter + 1);
            return self.plain.get(start..self.ends[index]).unwrap_or_default();
        }
        std::str::from_utf8(&self.text[before.unwrap_or(0)..self.ends[index]]).unwrap_or_default()
    }

    /// The first field that is larger than [`FIELD_BYTES`].
    pub fn find_too_long(&self) -> Option<usize> {
        // Most records are smaller than the limit of a field.
        let whole = self.count.checked_sub(1).map_or(0, |last| self.ends[last]);
        (whole > FIELD_BYTES).then(|| (0..self.count).find(|index| self.get(*index).len() > FIELD_BYTES))?
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.count).map(|index| self.get(index))
    }
}
