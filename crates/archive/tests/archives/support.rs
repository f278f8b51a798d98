//! Making archives and reading them again.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::Read;
use std::num::NonZeroUsize;
use std::process::Command;
use std::sync::Arc;

use archive::{ArchiveError, ArchiveRequest, ArchiveSummary, PictureMemory, Resources};
use detections::{Dataset, ReadOptions};
use serde_json::Value;
use testkit::Package;
use tokio_util::sync::CancellationToken;
use zune_jpeg::zune_core::bytestream::ZCursor;

/// Reads a package from a folder, which has to be kept.
pub fn open(package: &Package) -> (Dataset, tempfile::TempDir) {
    let folder = package.write();
    (detections::open(folder.path(), &ReadOptions::default()).unwrap(), folder)
}

/// A request for crops.
pub fn request(ids: &[impl AsRef<str>]) -> ArchiveRequest {
    let detection_ids = Some(ids.iter().map(|id| id.as_ref().to_owned()).collect());
    ArchiveRequest { detection_ids, ..ArchiveRequest::default() }
}

/// Two threads, and memory enough.
pub fn resources() -> Resources {
    Resources {
        threads: NonZeroUsize::new(2).unwrap(),
        pictures: Arc::new(PictureMemory::new(1 << 30)),
        job_memory: u64::MAX,
    }
}

/// The entries of an archive, in their order.
pub struct Archive {
    pub names: Vec<String>,
    pub files: HashMap<String, Vec<u8>>,
    pub bytes: Vec<u8>,
}

impl Archive {
    fn read(bytes: Vec<u8>) -> Self {
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).unwrap();
        let (mut names, mut files) = (Vec::new(), HashMap::new());
        for at in 0..zip.len() {
            let mut entry = zip.by_index(at).unwrap();
            let name = entry.name().unwrap().into_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            names.push(name.clone());
            files.insert(name, content);
        }
        Self { names, files, bytes }
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.files[name].clone()).unwrap()
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.files[name]).unwrap()
    }

    pub fn manifest(&self) -> Value {
        self.json("manifest.json")
    }

    /// Rows of a table, each by the names of its columns.
    pub fn rows(&self, table: &str) -> Vec<HashMap<String, String>> {
        csv::Reader::from_reader(&self.files[table][..]).deserialize().map(Result::unwrap).collect()
    }

    /// Asserts the id and the reason of each detection that is missing, by the manifest.
    #[track_caller]
    pub fn assert_missing(&self, expected: &[(&str, &str)]) {
        let missing = self.missing();
        let found: Vec<_> = missing.iter().map(|(id, why)| (id.as_str(), why.as_str())).collect();
        assert_eq!(found, expected);
    }

    /// Id and reason of each detection that is missing.
    pub fn missing(&self) -> Vec<(String, String)> {
        let manifest = self.manifest();
        let rows = manifest["missing"].as_array().unwrap().iter();
        let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
        rows.map(|row| (text(row, "detection_id"), text(row, "reason"))).collect()
    }

    pub fn crops(&self) -> Vec<&str> {
        self.names.iter().filter_map(|name| name.strip_prefix("crops/")).collect()
    }

    /// Width, height and colour in the middle of a crop, by a decoder of another hand.
    pub fn crop(&self, id: &str) -> (usize, usize, [u8; 3]) {
        let bytes = &self.files[&format!("crops/detection_{id}.jpg")];
        let mut decoder = zune_jpeg::JpegDecoder::new(ZCursor::new(bytes));
        let pixels = decoder.decode().unwrap();
        let (width, height) = decoder.dimensions().unwrap();
        let middle = ((height / 2) * width + width / 2) * 3;
        (width, height, pixels[middle..middle + 3].try_into().unwrap())
    }
}

/// Makes an archive without progress or cancellation.
#[track_caller]
pub fn make(data: &Dataset, request: &ArchiveRequest) -> (Archive, ArchiveSummary) {
    write(data, request).unwrap()
}

/// What an archive says that cannot be made.
#[track_caller]
pub fn make_refused(data: &Dataset, request: &ArchiveRequest) -> String {
    write(data, request).err().unwrap().to_string()
}

/// Runs a test of this program in a process of its own, which knows by the variable that it is the child, and
/// returns what it prints.
pub fn run_child(test: &str, variable: &str, value: impl AsRef<OsStr>) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let child = command.args(["--exact", test, "--nocapture"]).env(variable, value).output().unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    assert!(child.status.success(), "{said} {}", String::from_utf8_lossy(&child.stderr));
    said
}

/// Makes an archive, and checks that no other file is left.
pub fn write(data: &Dataset, request: &ArchiveRequest) -> Result<(Archive, ArchiveSummary), ArchiveError> {
    write_with(data, request, &resources())
}

/// The same with other threads or memory.
pub fn write_with(
    data: &Dataset,
    request: &ArchiveRequest,
    resources: &Resources,
) -> Result<(Archive, ArchiveSummary), ArchiveError> {
    write_watched(data, request, resources, &|_| (), &CancellationToken::new())
}

/// The same with progress and cancellation.
pub fn write_watched(
    data: &Dataset,
    request: &ArchiveRequest,
    resources: &Resources,
    progress: &dyn Fn(u64),
    cancellation: &CancellationToken,
) -> Result<(Archive, ArchiveSummary), ArchiveError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    let file = std::fs::File::create(&path).unwrap();
    let summary = archive::write(data, request, resources, file, folder.path(), progress, cancellation)?;
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "temporary files are gone");
    Ok((Archive::read(std::fs::read(path).unwrap()), summary))
}
