//! What the processes stand on: where data, files and jobs are.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use testkit::{PostgresServer, RedisServer, S3Server};

use crate::pictures::{DATASET, Pictures};

/// Files of a survey in a database: each name stands for this many of its pictures.
const PICTURES: u32 = 20;

/// Everything that is not this program.
#[derive(Debug)]
pub struct Ground {
    pub redis: RedisServer,
    /// The second data set.
    pub pictures: Pictures,
    /// Where data and files are.
    pub kind: Kind,
}

/// Where data and files are.
#[derive(Debug)]
pub enum Kind {
    /// A data set in a folder, and a folder of files.
    Folders {
        /// The data set.
        data: TempDir,
    },
    /// A database and an object store, and clients with tokens.
    Platform(Box<Platform>),
}

/// What a platform runs.
#[derive(Debug)]
pub struct Platform {
    pub postgres: PostgresServer,
    pub s3: S3Server,
    images: TempDir,
    /// Tokens of two clients, and what servers are told of them.
    tokens: [(String, String); 2],
    /// Ids of detections that count.
    pub ids: Vec<String>,
}

impl Ground {
    /// Folders, and a Redis.
    pub fn folders(data: TempDir, pictures: Pictures) -> Self {
        Self { redis: RedisServer::start_on_disk(), pictures, kind: Kind::Folders { data } }
    }

    /// A platform with so many detections.
    pub fn platform(program: &Path, detections: u32, pictures: Pictures) -> Self {
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
            tokens: ["anna", "ben"].map(|name| token(program, name)),
            ids: ids.lines().map(str::to_owned).collect(),
        };
        Self { redis: RedisServer::start_on_disk(), pictures, kind: Kind::Platform(Box::new(platform)) }
    }

    /// What is run on a platform, when this is one.
    pub fn as_platform(&mut self) -> Option<&mut Platform> {
        match &mut self.kind {
            Kind::Folders { .. } => None,
            Kind::Platform(platform) => Some(platform),
        }
    }

    /// Tells a process where data, files and jobs are.
    pub fn tell(&self, command: &mut Command, folder: &Path) {
        command.args(["--store", &self.redis.url()]);
        match &self.kind {
            Kind::Folders { data } => {
                command.arg("--data").arg(data.path()).arg("--artifacts").arg(exports(folder));
            }
            Kind::Platform(platform) => {
                command.args(["--data", &platform.postgres.url(), "--artifacts", platform.s3.url()]);
                command.arg("--images").arg(platform.images.path()).envs(platform.s3.environment());
            }
        }
        // After the data set that is used when a request names none.
        command.args(["--data", &format!("{DATASET}={}", self.pictures.folder.path().display())]);
    }

    /// Tells a server whom it lets in.
    pub fn tell_server(&self, command: &mut Command) {
        if let Kind::Platform(platform) = &self.kind {
            let grants = platform.tokens.each_ref().map(|(_, grant)| grant.as_str());
            command.args(["--access", &grants.join(" ")]);
        }
    }

    /// The token of a client.
    pub fn token(&self, number: u64) -> Option<String> {
        match &self.kind {
            Kind::Folders { .. } => None,
            Kind::Platform(platform) => Some(platform.tokens[usize::from(number % 2 == 1)].0.clone()),
        }
    }

    /// The names of all files, finished or not, but for what the program notes beside them.
    pub fn files(&self, folder: &Path) -> Vec<String> {
        match &self.kind {
            Kind::Folders { .. } => {
                let entries = std::fs::read_dir(exports(folder)).unwrap();
                let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
                names.filter(|name| name != testkit::BOOKKEEPING).collect()
            }
            Kind::Platform(platform) => {
                let name = |key: String| key.rsplit('/').next().unwrap_or_default().to_owned();
                let mut names: Vec<String> = platform.s3.objects().into_iter().map(name).collect();
                names.extend(platform.s3.unfinished());
                names
            }
        }
    }
}

fn exports(folder: &Path) -> PathBuf {
    folder.join("exports")
}

fn token(program: &Path, name: &str) -> (String, String) {
    let output = Command::new(program).args(["token", "new", name, "--json"]).output().unwrap();
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    (made["token"].as_str().unwrap().into(), made["access"].as_str().unwrap().into())
}
