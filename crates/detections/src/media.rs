//! The pictures and videos of a data set.

use crate::clock::LocalTime;
use crate::ids::Ids;
use crate::keep::Keep;
use crate::sparse_column::SparseColumn;
use crate::text::{TextColumn, reserve_more};

/// The table of media, by column.
#[derive(Clone, Debug)]
pub struct MediaTable {
    ids: Ids,
    /// Paths and names; `None` if texts are not kept.
    texts: Option<(TextColumn, TextColumn)>,
    deployment: Vec<u32>,
    time: Vec<i64>,
    offset: SparseColumn<i16>,
    time_lapse: SparseColumn<bool>,
    len: usize,
    remote: usize,
    /// Time of the last file of each deployment that has any.
    last: Vec<Option<LocalTime>>,
}

/// Stands for a missing time in a column of seconds.
pub(crate) const NO_TIME: i64 = i64::MIN;
/// Stands for a missing offset in a column of minutes.
pub(crate) const NO_OFFSET: i16 = i16::MIN;

/// Converts an offset in seconds to the minutes of a column.
pub(crate) fn to_minutes(offset: Option<i32>) -> i16 {
    offset.and_then(|seconds| i16::try_from(seconds / 60).ok()).unwrap_or(NO_OFFSET)
}

/// Converts the minutes of a column to an offset in seconds.
pub(crate) fn to_seconds(minutes: i16) -> Option<i32> {
    (minutes != NO_OFFSET).then(|| i32::from(minutes) * 60)
}

/// A media file to add.
pub(crate) struct NewMedia<'a> {
    pub id: &'a str,
    pub path: &'a str,
    pub name: &'a str,
    pub deployment: u32,
    pub time: Option<(LocalTime, Option<i32>)>,
    /// It was taken at a set time, and not triggered by movement.
    pub is_time_lapse: bool,
}

impl MediaTable {
    /// An empty table. `trust_ids` defers the check that ids are distinct to the end.
    pub(crate) fn new(keep: Keep, trust_ids: bool) -> Self {
        let texts = keep == Keep::All;
        Self {
            ids: Ids::new(keep, trust_ids),
            texts: texts.then(Default::default),
            deployment: Vec::new(),
            time: Vec::new(),
            offset: SparseColumn::new(NO_OFFSET),
            time_lapse: SparseColumn::new(false),
            len: 0,
            remote: 0,
            last: Vec::new(),
        }
    }

    /// Frees what is not needed once all observations are read and only numbers are kept. Returns whether two
    /// rows turn out to have the same id.
    pub(crate) fn close(&mut self) -> bool {
        if self.texts.is_none() {
            (self.deployment, self.time) = (Vec::new(), Vec::new());
            self.offset = SparseColumn::new(NO_OFFSET);
            self.time_lapse = SparseColumn::new(false);
        }
        self.ids.close()
    }

    /// Whether a text did not fit.
    pub(crate) fn is_full(&self) -> bool {
        let texts = self.texts.as_ref();
        self.ids.is_full() || texts.is_some_and(|(paths, names)| paths.is_full() || names.is_full())
    }

    /// Number of media.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Finds the row of a media file by its id.
    pub fn find(&self, id: &str) -> Option<u32> {
        self.ids.find(id)
    }

    /// Like [`Self::find`], but looks at the expected row first.
    pub(crate) fn find_expected(&self, id: &str, expected: u32) -> Option<u32> {
        self.ids.find_expected(id, expected)
    }

    /// Its id.
    pub fn id(&self, row: u32) -> &str {
        self.ids.get(row)
    }

    /// Its path in the data set, or its address; empty if [numbers alone](Keep::Numbers) are kept.
    pub fn path(&self, row: u32) -> &str {
        self.texts.as_ref().map_or("", |(paths, _)| paths.get(row))
    }

    /// The name of the file: as stated, else the last part of its path.
    pub fn file_name(&self, row: u32) -> &str {
        match self.texts.as_ref().map_or("", |(_, names)| names.get(row)) {
            "" => self.path(row).rsplit(['/', '\\']).next().unwrap_or_default(),
            name => name,
        }
    }

    /// The deployment that took it.
    pub fn deployment(&self, row: u32) -> u32 {
        self.deployment[row as usize]
    }

    /// Its time on the camera's clock, and the UTC offset of that clock in seconds if known.
    pub fn time(&self, row: u32) -> Option<(LocalTime, Option<i32>)> {
        let time = self.time[row as usize];
        (time != NO_TIME).then(|| (LocalTime::from_seconds(time), to_seconds(self.offset.get(row as usize))))
    }

    /// Whether it was taken at a set time, and not triggered by movement.
    pub(crate) fn is_time_lapse(&self, row: u32) -> bool {
        self.time_lapse.get(row as usize)
    }

    /// The time of a deployment's last file.
    pub fn last_time(&self, deployment: u32) -> Option<LocalTime> {
        self.last.get(deployment as usize).copied().flatten()
    }

    /// Whether it has an address instead of a path.
    pub fn is_remote(&self, row: u32) -> bool {
        is_remote(self.path(row))
    }

    /// The number of media with an address instead of a path.
    pub fn remote_count(&self) -> usize {
        self.remote
    }

    /// Makes room for `times` as many files as there are.
    pub(crate) fn reserve(&mut self, times: f64) {
        self.ids.reserve(times);
        if let Some((paths, names)) = &mut self.texts {
            paths.reserve(times);
            names.reserve(times);
        }
        reserve_more(&mut self.deployment, times);
        reserve_more(&mut self.time, times);
        self.offset.reserve(times);
        self.time_lapse.reserve(times);
    }

    /// Adds a row; `None` if its id exists already.
    pub(crate) fn push(&mut self, new: &NewMedia<'_>) -> Option<u32> {
        let row = self.ids.add(new.id)?;
        if let Some((paths, names)) = &mut self.texts {
            paths.push(new.path);
            // Usually this is the end of the path, which need not be stored twice.
            names.push(if is_end_of_path(new.name, new.path) { "" } else { new.name });
        }
        self.len += 1;
        self.remote += usize::from(is_remote(new.path));
        self.deployment.push(new.deployment);
        self.time.push(new.time.map_or(NO_TIME, |(time, _)| time.seconds()));
        self.offset.push(to_minutes(new.time.and_then(|(_, offset)| offset)));
        self.time_lapse.push(new.is_time_lapse);
        let deployment = new.deployment as usize;
        self.last.resize(self.last.len().max(deployment + 1), None);
        self.last[deployment] = self.last[deployment].max(new.time.map(|(time, _)| time));
        Some(row)
    }
}

/// Whether a name is what stands after the last slash of a path.
fn is_end_of_path(name: &str, path: &str) -> bool {
    let is_end = |before: &str| before.is_empty() || before.ends_with('/');
    path.strip_suffix(name).is_some_and(is_end) && !name.contains('/')
}

/// Whether a path is the address of something on another host.
pub(crate) fn is_remote(path: &str) -> bool {
    path.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_end_of_its_path() {
        for (name, path) in
            [("a.jpg", "media/1/a.jpg"), ("a.jpg", "a.jpg"), ("", "media/"), ("a.jpg", "/a.jpg")]
        {
            assert!(is_end_of_path(name, path), "{name} {path}");
            assert_eq!(path.rsplit('/').next(), Some(name));
        }
        for (name, path) in
            [("1/a.jpg", "media/1/a.jpg"), ("a.jpg", "ba.jpg"), ("", "a.jpg"), ("b.jpg", "a.jpg")]
        {
            assert!(!is_end_of_path(name, path), "{name} {path}");
        }
    }

    #[test]
    fn an_address_is_not_a_path() {
        assert!(is_remote("https://example.org/a.jpg"));
        assert!(is_remote("gs://bucket/a.jpg"));
        assert!(!is_remote("media/a.jpg"));
        assert!(!is_remote("a://"[..1].as_ref()));
    }

    #[test]
    fn a_file_name_is_the_end_of_its_path_unless_stated() {
        let mut table = MediaTable::new(Keep::All, false);
        let media =
            |id, path, name| NewMedia { id, path, name, deployment: 0, time: None, is_time_lapse: false };
        table.push(&media("1", "media/a.jpg", "a.jpg"));
        table.push(&media("2", "https://x.org/7/file", "b.jpg"));
        table.push(&media("3", "media/c.jpg", ""));
        let names: Vec<&str> = (0..3).map(|row| table.file_name(row)).collect();
        assert_eq!(names, ["a.jpg", "b.jpg", "c.jpg"]);
        assert_eq!(table.remote_count(), 1);
        assert!(table.push(&media("1", "", "")).is_none());
    }
}
