//! Small Camtrap DP packages for tests, the fixtures that they are made of, simulated surveys whose truth is
//! known, and real servers.

mod certificates;
mod exif;
mod hosts;
mod http;
mod platform;
mod postgres;
mod process;
mod random_survey;
mod redis;
mod s3;
pub mod simulation;
mod survey;
mod text;
mod wide;

pub use certificates::Certificates;
pub use exif::{CameraExif, SERIAL, write_exif};
pub use hosts::{Host, Hosts};
pub use http::{client_without_redirects, http_client};
pub use platform::{PLATFORM_CLASSES, PLATFORM_LOCATIONS, fill, tables};
pub use postgres::PostgresServer;
pub use process::{KilledOnDrop, send_signal};
pub use random_survey::make_random_survey;
pub use redis::{Monitor, RedisServer, free_port};
pub use s3::S3Server;
pub use survey::write_survey;
pub use text::{assert_contains, assert_starts_with, pdf_text, pdf_tool};
pub use wide::{WIDE_CLASSES, WIDE_LOCATIONS, wide, wide_class};

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;

/// The folder, beside the files of exports, in which the program records which of them it made.
pub const BOOKKEEPING: &str = ".trapline";

/// The folder of the bundled examples.
pub fn examples() -> PathBuf {
    root().join("examples")
}

/// A picture out of `tests/fixtures/pictures`: 320 x 240 pixels as displayed, its quarters red,
/// green, blue and white from top left to bottom right.
///
/// # Panics
/// When there is none of that name.
pub fn picture(name: &str) -> Vec<u8> {
    read_fixture("pictures", name)
}

/// The names of the pictures in `tests/fixtures/sequence`, no two of which look alike: every kind of
/// file that cameras and tools write.
///
/// # Panics
/// When the folder is not there.
pub fn sequence_pictures() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("tests/fixtures/sequence")).expect("a folder of fixtures");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// A picture out of `tests/fixtures/sequence`.
///
/// # Panics
/// When there is none of that name.
pub fn sequence_picture(name: &str) -> Vec<u8> {
    read_fixture("sequence", name)
}

fn read_fixture(folder: &str, name: &str) -> Vec<u8> {
    let path = root().join("tests/fixtures").join(folder).join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A number of KiB out of what Linux says of the memory of a process: `VmRSS` is what it has, and `VmHWM` its peak.
///
/// # Panics
/// When there is no such process or number.
pub fn memory_of(process: &str, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
    let value = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let value = value.expect("a number of the memory").trim().trim_end_matches(" kB");
    value.parse().expect("a whole number")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A package under construction: the text of its tables, which a test may damage at will.
#[derive(Clone, Debug)]
pub struct Package {
    /// `datapackage.json`.
    pub descriptor: String,
    /// `deployments.csv`.
    pub deployments: String,
    /// `media.csv`.
    pub media: String,
    /// `observations.csv`.
    pub observations: String,
    /// Other files, by their path in the package.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Default for Package {
    fn default() -> Self {
        let resource = |name: &str| json!({"name": name, "path": format!("{name}.csv"), "profile": "tabular-data-resource"});
        let profile = "https://raw.githubusercontent.com/tdwg/camtrap-dp/1.0.2/camtrap-dp-profile.json";
        let descriptor = json!({
            "profile": profile, "name": "small", "title": "A small survey",
            "resources": [resource("deployments"), resource("media"), resource("observations")],
        });
        Self {
            descriptor: descriptor.to_string(),
            deployments:
                "deploymentID,locationID,locationName,latitude,longitude,deploymentStart,deploymentEnd\n"
                    .into(),
            media: "mediaID,deploymentID,timestamp,filePath,filePublic,fileMediatype\n".into(),
            observations: "observationID,deploymentID,mediaID,eventID,eventStart,eventEnd,observationLevel,\
                           observationType,scientificName,count,bboxX,bboxY,bboxWidth,bboxHeight,\
                           classificationProbability\n"
                .into(),
            files: Vec::new(),
        }
    }
}

/// Adding rows: each ends where a test looks.
impl Package {
    /// A package with one deployment, `dep1` at `North fence`, from 1 September 2023 to 31
    /// January 2024.
    pub fn new() -> Self {
        let mut package = Self::default();
        package.deployment("dep1", "North fence", "2023-09-01T00:00:00Z", "2024-01-31T00:00:00Z");
        package
    }

    /// A deployment at a location of its own.
    pub fn deployment(&mut self, id: &str, location: &str, start: &str, end: &str) {
        self.deployment_at(id, location, (33.1, -95.6), start, end);
    }

    /// The same with its latitude and longitude.
    pub fn deployment_at(&mut self, id: &str, location: &str, at: (f64, f64), start: &str, end: &str) {
        let ((latitude, longitude), location) = (at, location.replace('"', "\"\""));
        push(
            &mut self.deployments,
            format_args!("{id},loc-{id},\"{location}\",{latitude},{longitude},{start},{end}"),
        );
    }

    /// A media file of `dep1`, and its bytes when it is in the package.
    pub fn medium(&mut self, id: &str, time: &str, path: &str, bytes: Option<Vec<u8>>) {
        push(&mut self.media, format_args!("{id},dep1,{time},{path},true,image/jpeg"));
        self.files.extend(bytes.map(|bytes| (path.to_owned(), bytes)));
    }

    /// A detection on a media file of `dep1`: its box is x, y, width and height as fractions.
    pub fn detection(&mut self, id: &str, medium: &str, class: &str, area: [f64; 4]) {
        let [x, y, width, height] = area;
        push(
            &mut self.observations,
            format_args!(
                "{id},dep1,{medium},,2023-10-01T06:00:00Z,,media,animal,{class},1,{x},{y},{width},{height},0.9"
            ),
        );
    }

    /// A picture of `dep1` and a doe on it, which have the same id.
    pub fn doe(&mut self, id: &str, path: &str, bytes: Option<Vec<u8>>, area: [f64; 4]) {
        self.medium(id, "2023-10-01T06:00:00Z", path, bytes);
        self.detection(id, id, "doe", area);
    }

    /// An animal without a box, at its own time, on the media level of a deployment.
    pub fn sighting(&mut self, id: &str, deployment: &str, time: &str, class: &str, count: u32) {
        push(
            &mut self.observations,
            format_args!("{id},{deployment},,,{time},,media,animal,{class},{count},,,,,"),
        );
    }

    /// Writes the package into a folder.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write_to(&self, folder: &Path) {
        let tables = [
            ("datapackage.json", &self.descriptor),
            ("deployments.csv", &self.deployments),
            ("media.csv", &self.media),
            ("observations.csv", &self.observations),
        ];
        for (name, text) in tables {
            std::fs::write(folder.join(name), text).expect("a table is written");
        }
        for (path, bytes) in &self.files {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder is made");
            std::fs::write(path, bytes).expect("a file is written");
        }
    }

    /// Writes the package into a folder of its own, which is removed when it is dropped.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self) -> TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        self.write_to(folder.path());
        folder
    }
}

fn push(table: &mut String, row: std::fmt::Arguments<'_>) {
    writeln!(table, "{row}").expect("writing to a string");
}
