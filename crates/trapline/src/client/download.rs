//! Downloading a file: under a temporary name, from where an earlier attempt was cut off, and
//! checked by its size and its SHA-256 before it gets its own.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;

use super::{Client, ClientError};
use crate::digest::sha256;

/// Attempts that bring nothing, after which it is given up.
const ATTEMPTS: u32 = 5;
/// Wait after each.
const AGAIN: Duration = Duration::from_secs(1);

/// A file that arrived whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Downloaded {
    /// Its size in bytes.
    pub bytes: u64,
    /// How many of them an earlier attempt had brought.
    pub resumed_from: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// What is known of a file before it is downloaded, from the status of its job.
struct Wanted {
    address: String,
    size: Option<u64>,
    sha256: Option<String>,
    /// Where it is until it is whole. The name is of this file and no other: that of the server has
    /// the job and the attempt in it.
    part: PathBuf,
}

impl Client {
    /// Downloads the file of a completed job to `to`, telling how many bytes there are of how many.
    pub async fn download(
        &self,
        status: &Value,
        to: &Path,
        mut tell: impl FnMut(u64, u64),
    ) -> Result<Downloaded, ClientError> {
        let wanted = Wanted::of(status, to).ok_or(ClientError::NotOurs(self.server.clone()))?;
        match self.download_part(&wanted, to, &mut tell).await {
            // What an earlier attempt left there was something else.
            Err(ClientError::Damaged(_)) => self.download_part(&wanted, to, &mut tell).await,
            settled => settled,
        }
    }

    async fn download_part(
        &self,
        wanted: &Wanted,
        to: &Path,
        tell: &mut impl FnMut(u64, u64),
    ) -> Result<Downloaded, ClientError> {
        let disk = |error: io::Error| ClientError::Disk(wanted.part.display().to_string(), error);
        let mut part = open(&wanted.part).map_err(disk)?;
        let resumed_from = wanted.usable(&part).map_err(disk)?;
        self.fetch(wanted, &mut part, tell).await?;
        part.rewind().map_err(disk)?;
        let sha256 = sha256(&part).map_err(disk)?;
        if wanted.sha256.as_ref().is_some_and(|wanted| *wanted != sha256) {
            std::fs::remove_file(&wanted.part).map_err(disk)?;
            return Err(ClientError::Damaged(format!("its SHA-256 is {sha256}")));
        }
        part.sync_all().map_err(disk)?;
        let bytes = part.metadata().map_err(disk)?.len();
        std::fs::rename(&wanted.part, to)
            .map_err(|error| ClientError::Disk(to.display().to_string(), error))?;
        Ok(Downloaded { bytes, resumed_from, sha256 })
    }

    /// Brings what is missing.
    async fn fetch(
        &self,
        wanted: &Wanted,
        part: &mut File,
        tell: &mut impl FnMut(u64, u64),
    ) -> Result<(), ClientError> {
        let mut failures = 0;
        loop {
            let disk = |error: io::Error| ClientError::Disk(wanted.part.display().to_string(), error);
            let before = wanted.usable(part).map_err(disk)?;
            if wanted.size == Some(before) {
                return Ok(());
            }
            let error = match self.piece(wanted, part, before, tell).await {
                Ok(()) => {
                    let there = part.metadata().map_err(disk)?.len();
                    if wanted.size.is_none_or(|size| size == there) {
                        return Ok(());
                    }
                    ClientError::Damaged(format!("{there} bytes of {}", wanted.size.unwrap_or_default()))
                }
                Err(error) if error.may_pass() => error,
                Err(error) => return Err(error),
            };
            let brought = part.metadata().map_err(disk)?.len() > before;
            failures = if brought { 0 } else { failures + 1 };
            if failures == ATTEMPTS {
                return Err(error);
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// One answer, from the byte `from` on, or from the beginning when the server says so.
    async fn piece(
        &self,
        wanted: &Wanted,
        part: &mut File,
        from: u64,
        tell: &mut impl FnMut(u64, u64),
    ) -> Result<(), ClientError> {
        let mut request = self.request(Method::GET, &wanted.address)?;
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        let mut answer = self.once(request).await?;
        let disk = |error: io::Error| ClientError::Disk(wanted.part.display().to_string(), error);
        let mut at = if goes_on(&answer, from) { from } else { 0 };
        part.set_len(at).and_then(|()| part.seek(SeekFrom::Start(at))).map_err(disk)?;
        let total = wanted.size.or_else(|| answer.content_length().map(|rest| at + rest)).unwrap_or_default();
        loop {
            tell(at, total.max(at));
            let chunk =
                answer.chunk().await.map_err(|error| ClientError::unreachable(&self.server, &error))?;
            let Some(chunk) = chunk else { return Ok(()) };
            part.write_all(&chunk).map_err(disk)?;
            at += chunk.len() as u64;
        }
    }
}

/// Whether an answer is the rest of a file from a byte on.
fn goes_on(answer: &Response, from: u64) -> bool {
    let range = answer.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok()).unwrap_or_default();
    answer.status() == StatusCode::PARTIAL_CONTENT && range.starts_with(&format!("bytes {from}-"))
}

impl Wanted {
    fn of(status: &Value, to: &Path) -> Option<Self> {
        let text = |name: &str| status[name].as_str().map(str::to_owned);
        let address = text("download_url")?;
        let name = address.rsplit('/').next().filter(|name| !name.is_empty())?;
        // Whatever a server says, this is a name in the folder of the file and no other place.
        let plain =
            |sign: char| if sign.is_ascii_alphanumeric() || "._-".contains(sign) { sign } else { '_' };
        let name: String = name.chars().map(plain).collect();
        Some(Self {
            size: status["file_size_bytes"].as_u64(),
            sha256: text("sha256"),
            part: to.with_file_name(format!(".{name}.part")),
            address,
        })
    }

    /// How much of what is there can be used: nothing of a file that is longer than it should be, or
    /// of one whose length nobody knows.
    fn usable(&self, part: &File) -> io::Result<u64> {
        let there = part.metadata()?.len();
        Ok(self.size.filter(|size| there <= *size).map_or(0, |_| there))
    }
}

fn open(path: &Path) -> io::Result<File> {
    File::options().create(true).truncate(false).read(true).write(true).open(path)
}
