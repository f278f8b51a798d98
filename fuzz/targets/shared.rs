//! What the targets share: a data set in memory is read, and an archive made of it in every layout.

// Not every target calls all of it.
#![allow(dead_code)]

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use archive::{ArchiveRequest, Layout, Media, PictureMemory, Resources};
use detections::{Dataset, ReadOptions, Selection};
use tokio_util::sync::CancellationToken;

/// Reads what is at `path` as a server does and as a report does.
pub fn read(path: &Path) -> Option<Dataset> {
    let all_rows = ReadOptions { allow_bad_rows: 1.0, ..ReadOptions::default() };
    let numbers = ReadOptions { keep: detections::Keep::Numbers, ..all_rows.clone() };
    let _ = detections::open(path, &ReadOptions::default());
    let in_numbers = detections::open(path, &numbers).ok();
    let data = detections::open(path, &all_rows).ok();
    // What is kept changes nothing of what is read.
    let counts = |data: &Option<Dataset>| {
        data.as_ref().map(|data| (data.observations.len(), data.media.len(), data.problems.tables().to_vec()))
    };
    assert_eq!(counts(&in_numbers), counts(&data));
    data
}

/// A folder with files that are the parts of `bytes`, with a byte between them that no text has.
pub fn folder_of(bytes: &[u8], names: &[&str]) -> tempfile::TempDir {
    let folder = folder();
    let mut parts = bytes.split(|byte| *byte == 0xFF);
    for name in names {
        let part = parts.next().unwrap_or_default();
        std::fs::write(folder.path().join(name), part).expect("a file is written");
    }
    folder
}

/// No row is lost without a word: the rows of a table are those of the data and those that are counted
/// as lost. `used` are the rows of the data.
pub fn assert_nothing_is_lost(data: &Dataset, folder: &Path, file: &str, used: usize) {
    let Some(table) = data.problems.tables().iter().find(|table| table.file == file) else {
        assert_eq!(used, 0, "rows of {file}, of which none was read");
        return;
    };
    assert_eq!(table.rows, used as u64 + table.rows_lost, "rows of {file}");
    // Counted by another hand where no quote makes that hard.
    let text = std::fs::read_to_string(folder.join(file)).unwrap_or_default();
    let is_plain = !text.contains(['"', '\u{feff}']) && !text.starts_with("sep=") && text.len() < 1 << 20;
    if is_plain {
        let has_content = |line: &&str| {
            let line = line.trim_matches('\r');
            !line.trim_ascii().is_empty()
                && (!line.contains([',', ';', '\t', '|'])
                    || line.split([',', ';', '\t', '|']).any(|field| !field.trim().is_empty()))
        };
        let lines = text.split('\n').skip(1).filter(has_content).count() as u64;
        // A field may be a delimiter of another kind, and so no empty row.
        assert!(table.rows >= lines, "{} rows of {file}, of {lines} lines", table.rows);
    }
}

/// Makes archives of everything in it.
pub fn export(data: &Dataset, folder: &Path) {
    let all = Selection { humans: true, without_box: true, ..Selection::default() };
    let rows = data.select(&all).expect("no names are asked for");
    let detection_ids: Vec<String> =
        rows.into_iter().map(|row| data.observations.get(row).id.to_owned()).collect();
    for (layout, media) in [
        (Layout::Crops, Media::Whole),
        (Layout::CamtrapDp, Media::Whole),
        (Layout::CamtrapDp, Media::Crops),
        (Layout::CamtrapDp, Media::Remote),
        (Layout::CamtrapDp, Media::None),
        (Layout::Coco, Media::Whole),
        (Layout::Coco, Media::None),
    ] {
        let request = ArchiveRequest { layout, media, include_originals: true, ..crops(detection_ids.clone()) };
        let file = tempfile::tempfile_in(folder).expect("a temporary file");
        let _ = archive::write(data, &request, &resources(), file, folder, &|_| (), &CancellationToken::new());
    }
}

/// A request for crops, with all that can be had.
pub fn crops(detection_ids: Vec<String>) -> ArchiveRequest {
    ArchiveRequest {
        detection_ids: Some(detection_ids),
        include_humans: true,
        include_damaged: true,
        crop_size: 128,
        ..ArchiveRequest::default()
    }
}

/// One thread, and memory enough.
pub fn resources() -> Resources {
    Resources {
        threads: NonZeroUsize::MIN,
        pictures: Arc::new(PictureMemory::new(1 << 30)),
        job_memory: u64::MAX,
    }
}

/// A folder in memory.
pub fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a temporary folder")
}
