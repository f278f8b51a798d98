//! The crops that each picture gives alone: in an archive of its own, made by a process of its own. An
//! archive without any crop fails, so each contains a whole picture after it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use zip::ZipArchive;

use crate::data_set::{DETECTIONS, detection_id};
use crate::environment::{Environment, Places};

/// The longest that an archive of one picture may take.
const EXPORT_TIMEOUT: Duration = Duration::from_mins(1);

/// What an archive contains for a detection.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// The bytes of its crop.
    Crop(Vec<u8>),
    /// The reason why there is none.
    Missing(String),
}

type Outcomes = HashMap<String, Arc<Outcome>>;

/// How many crops were compared with the reference, and how many were not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    pub compared: u64,
    pub differing: u64,
}

/// The outcome of each detection, by its id.
#[derive(Debug)]
pub struct Reference {
    outcomes: Outcomes,
}

impl Reference {
    /// Exports an archive of each picture.
    pub fn export(program: &Path, environment: &Environment) -> Self {
        let mut outcomes = Outcomes::new();
        let pictures = &environment.pictures;
        // The whole pictures are the first.
        let (first, second) = (&pictures.detections[0], &pictures.detections[1]);
        for ids in &pictures.detections {
            let last = if ids == first { second } else { first };
            outcomes.extend(export_alone(program, pictures.folder.path(), ids, last));
        }
        // All pictures of a platform are copies of one file, so a wrong crop would not be noticed.
        if let Places::Folders { data } = &environment.places {
            // Every detection has this file and this box.
            let mut alone = export_alone(program, data.path(), &[detection_id(0)], &[]);
            let outcome = alone.remove(&detection_id(0)).expect("an outcome of the detection");
            outcomes.extend((0..DETECTIONS).map(|number| (detection_id(number), Arc::clone(&outcome))));
        }
        let crops = outcomes.values().filter(|outcome| matches!(***outcome, Outcome::Crop(_))).count();
        assert!(crops > 0, "no picture gives a crop");
        assert!(crops < outcomes.len(), "all pictures give crops, broken ones and pipes too");
        Self { outcomes }
    }

    /// Compares an archive with the reference, for those of these detections that the reference has. `None`
    /// when the archive cannot be read.
    pub fn compare(&self, ids: &[String], archive: &[u8]) -> Option<Comparison> {
        let outcomes = read_outcomes(archive)?;
        let mut comparison = Comparison { compared: 0, differing: 0 };
        for id in ids {
            let Some(alone) = self.outcomes.get(id) else { continue };
            comparison.compared += 1;
            comparison.differing += u64::from(outcomes.get(id) != Some(alone));
        }
        Some(comparison)
    }
}

/// Exports an archive of these detections and then of those on a whole picture, and reads the outcomes of
/// the former.
fn export_alone(program: &Path, data: &Path, ids: &[String], whole: &[String]) -> Outcomes {
    let folder = tempfile::tempdir().unwrap();
    let [chosen, output, log] = ["ids", "alone.zip", "log"].map(|name| folder.path().join(name));
    std::fs::write(&chosen, [ids, whole].concat().join("\n")).unwrap();
    let mut command = Command::new(program);
    command.arg("archive").arg("--data").arg(data).arg("--ids").arg(&chosen).arg("-o").arg(&output);
    let mut child =
        command.stdout(Stdio::null()).stderr(File::create(&log).unwrap()).spawn().expect("the program runs");
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > EXPORT_TIMEOUT {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("an archive of {ids:?} does not end");
        }
        sleep(Duration::from_millis(5));
    };
    assert!(status.success(), "{ids:?}: {}", std::fs::read_to_string(&log).unwrap_or_default());
    let mut outcomes = read_outcomes(&std::fs::read(&output).unwrap()).expect("an archive that can be read");
    outcomes.retain(|id, _| ids.contains(id));
    outcomes
}

/// Reads the outcome of each detection from an archive of crops. `None` when it cannot be read.
fn read_outcomes(archive: &[u8]) -> Option<Outcomes> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).ok()?;
    let manifest: Value = serde_json::from_slice(&read_entry(&mut archive, "manifest.json")?).ok()?;
    let mut outcomes = Outcomes::new();
    for row in manifest["missing"].as_array()? {
        let reason = row["reason"].as_str()?.to_owned();
        outcomes.insert(row["detection_id"].as_str()?.to_owned(), Arc::new(Outcome::Missing(reason)));
    }
    for row in manifest["files"].as_array()? {
        // Tables belong to no detection.
        let Some(id) = row["detection_id"].as_str() else { continue };
        let crop = read_entry(&mut archive, row["name"].as_str()?)?;
        outcomes.insert(id.to_owned(), Arc::new(Outcome::Crop(crop)));
    }
    Some(outcomes)
}

fn read_entry(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    archive.by_name(name).ok()?.read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use serde_json::json;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    /// An archive of the crop of `a`, in which `b` is missing.
    fn archive(crop: &[u8], reason: &str) -> Vec<u8> {
        let manifest = json!({
            "missing": [{"detection_id": "b", "reason": reason}],
            "files": [{"name": "crops/a.jpg", "detection_id": "a"}, {"name": "metadata.csv"}],
        });
        let manifest = manifest.to_string();
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in [("crops/a.jpg", crop), ("manifest.json", manifest.as_bytes())] {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn another_crop_and_another_reason_are_counted() {
        let reference = Reference { outcomes: read_outcomes(&archive(b"crop", "truncated")).unwrap() };
        let ids = ["a", "b", "unknown"].map(String::from);
        let compare = |archive: &[u8]| reference.compare(&ids, archive);
        let comparison = |differing| Some(Comparison { compared: 2, differing });
        assert_eq!(compare(&archive(b"crop", "truncated")), comparison(0));
        assert_eq!(compare(&archive(b"other", "truncated")), comparison(1));
        assert_eq!(compare(&archive(b"other", "damaged")), comparison(2));
        assert_eq!(compare(b"no archive"), None);
    }
}
