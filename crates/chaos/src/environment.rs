//! The services that servers and workers use: where data, files and jobs are.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use testkit::{PostgresServer, RedisServer, S3Server};

use crate::pictures::{DATASET, Pictures};

/// How many different files the pictures of the survey in the database have.
const PICTURES: u32 = 20;

/// Everything that servers and workers use.
#[derive(Debug)]
pub struct Environment {
    pub redis: RedisServer,
    /// The second data set.
    pub pictures: Pictures,
    pub places: Places,
}

/// Where data and files are.
#[derive(Debug)]
pub enum Places {
    /// A data set in a folder, and a folder of files.
    Folders {
        /// The data set.
        data: TempDir,
    },
    /// A database and an object store, and clients with tokens.
    Platform(Box<Platform>),
}

/// The services of a platform.
#[derive(Debug)]
pub struct Platform {
    pub postgres: PostgresServer,
    pub s3: S3Server,
    images: TempDir,
    /// The tokens of two clients, each with its entry for `--access`.
    tokens: [(String, String); 2],
    /// The ids of detections that clients may ask for.
    pub ids: Vec<String>,
}

impl Environment {
    /// Folders, and a Redis.
    pub fn with_folders(data: TempDir, pictures: Pictures) -> Self {
        Self { redis: RedisServer::start_on_disk(), pictures, places: Places::Folders { data } }
    }

    /// A platform whose database has this many detections.
    pub fn with_platform(program: &Path, detections: u32, pictures: Pictures) -> Self {
        let postgres = PostgresServer::start();
        testkit::fill(&postgres, detections, PICTURES);
        let images = tempfile::tempdir().unwrap();
        let large = testkit::examples().join("camtrap-dp/media/20210531082538-RCNX0031.JPG");
        for number in 0..PICTURES {
            std::fs::copy(&large, images.path().join(format!("p{number}.jpg"))).unwrap();
        }
        let ids = postgres
            .sql("SELECT id FROM detections WHERE is_valid AND NOT is_duplicate ORDER BY id LIMIT 1500");
        let platform = Platform {
            postgres,
            s3: S3Server::start(),
            images,
            tokens: ["anna", "ben"].map(|name| make_token(program, name)),
            ids: ids.lines().map(str::to_owned).collect(),
        };
        let places = Places::Platform(Box::new(platform));
        Self { redis: RedisServer::start_on_disk(), pictures, places }
    }

    /// The services of the platform, if this is one.
    pub fn as_platform(&mut self) -> Option<&mut Platform> {
        match &mut self.places {
            Places::Folders { .. } => None,
            Places::Platform(platform) => Some(platform),
        }
    }

    /// Adds the arguments that say where data, files and jobs are.
    pub fn add_places(&self, command: &mut Command, folder: &Path) {
        command.args(["--store", &self.redis.url()]);
        match &self.places {
            Places::Folders { data } => {
                command.arg("--data").arg(data.path()).arg("--artifacts").arg(exports_folder(folder));
            }
            Places::Platform(platform) => {
                command.args(["--data", &platform.postgres.url(), "--artifacts", platform.s3.url()]);
                command.arg("--images").arg(platform.images.path()).envs(platform.s3.environment());
            }
        }
        // After the data set that is used when a request names none.
        command.args(["--data", &format!("{DATASET}={}", self.pictures.folder.path().display())]);
    }

    /// Adds the argument that says which clients a server lets in.
    pub fn add_access(&self, command: &mut Command) {
        if let Places::Platform(platform) = &self.places {
            let grants = platform.tokens.each_ref().map(|(_, grant)| grant.as_str());
            command.args(["--access", &grants.join(" ")]);
        }
    }

    /// The token of a client.
    pub fn token(&self, number: u64) -> Option<String> {
        match &self.places {
            Places::Folders { .. } => None,
            Places::Platform(platform) => Some(platform.tokens[usize::from(number % 2 == 1)].0.clone()),
        }
    }

    /// The names of all files, finished or not, without the program's own bookkeeping.
    pub fn files(&self, folder: &Path) -> Vec<String> {
        match &self.places {
            Places::Folders { .. } => {
                let entries = std::fs::read_dir(exports_folder(folder)).unwrap();
                let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
                names.filter(|name| name != testkit::BOOKKEEPING).collect()
            }
            Places::Platform(platform) => {
                let name = |key: String| key.rsplit('/').next().unwrap_or_default().to_owned();
                let mut names: Vec<String> = platform.s3.objects().into_iter().map(name).collect();
                names.extend(platform.s3.list_uploads());
                names
            }
        }
    }
}

fn exports_folder(folder: &Path) -> PathBuf {
    folder.join("exports")
}

/// Makes a token. Returns it and its entry for `--access`.
fn make_token(program: &Path, name: &str) -> (String, String) {
    let output = Command::new(program).args(["token", "new", name, "--json"]).output().unwrap();
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    (made["token"].as_str().unwrap().into(), made["access"].as_str().unwrap().into())
}
