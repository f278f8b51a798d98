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
use crate::digest::{sha256, sha256_of};
use crate::regular_file::{open_to_write, rename_without_replacing};

/// Attempts that bring nothing, after which it is given up.
const ATTEMPTS: u32 = 5;
/// Wait after each.
const AGAIN: Duration = Duration::from_secs(1);
/// The longest name of a file that a server may choose.
const LONGEST_NAME: usize = 200;

/// What becomes of a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and the download is refused.
    Keep,
    /// The download takes its place.
    Replace,
}

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
    existing: Existing,
}

/// The name that a server gives the file of an export, when it is one that servers give: `report_….pdf`
/// or `detections_….zip` of letters, digits, `.`, `_` and `-`. Any other name could be that of a file
/// which means something to somebody, such as `.bashrc`.
pub fn export_name(status: &Value) -> Option<&str> {
    status["filename"].as_str().filter(|name| is_export_name(name))
}

fn is_export_name(name: &str) -> bool {
    let has_form = |start: &str, ending: &str| name.starts_with(start) && name.ends_with(ending);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (has_form("report_", ".pdf") || has_form("detections_", ".zip"))
        && name.len() <= LONGEST_NAME
        && name.bytes().all(is_plain)
}

impl Client {
    /// Downloads the file of a completed job to `to`, telling how many bytes there are of how many.
    pub async fn download(
        &self,
        status: &Value,
        to: &Path,
        existing: Existing,
        mut tell: impl FnMut(u64, u64),
    ) -> Result<Downloaded, ClientError> {
        // Asked before anything is brought, and once more when the file gets its name.
        if existing == Existing::Keep && to.symlink_metadata().is_ok() {
            return Err(ClientError::Exists(to.to_owned()));
        }
        let wanted = Wanted::of(status, to, existing).ok_or(ClientError::NotOurs(self.server.clone()))?;
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
        let mut part = open_to_write(&wanted.part).map_err(disk)?;
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
        let renamed = match wanted.existing {
            Existing::Replace => std::fs::rename(&wanted.part, to),
            Existing::Keep => rename_without_replacing(&wanted.part, to),
        };
        renamed.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => ClientError::Exists(to.to_owned()),
            _ => ClientError::Disk(to.display().to_string(), error),
        })?;
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
    fn of(status: &Value, to: &Path, existing: Existing) -> Option<Self> {
        let text = |name: &str| status[name].as_str().map(str::to_owned);
        let address = text("download_url")?;
        // A link that is signed has an end that is another each time.
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
        // Whatever a server says, this is the name of no file of anybody else.
        let part = if is_export_name(name) {
            format!(".{name}.part")
        } else {
            format!(".trapline-{}.part", &sha256_of(path)[..16])
        };
        Some(Self {
            size: status["file_size_bytes"].as_u64(),
            sha256: text("sha256"),
            part: to.with_file_name(part),
            address,
            existing,
        })
    }

    /// How much of what is there can be used: nothing of a file that is longer than it should be, or
    /// of one whose length nobody knows.
    fn usable(&self, part: &File) -> io::Result<u64> {
        let there = part.metadata()?.len();
        Ok(self.size.filter(|size| there <= *size).map_or(0, |_| there))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_server_names_its_exports_and_no_other_file() {
        for name in ["report_705e6036_1.pdf", "detections_705e6036-4b5c_12.zip", "report_2023.pdf"] {
            assert_eq!(export_name(&json!({ "filename": name })), Some(name));
        }
        let long = format!("report_{}.pdf", "x".repeat(190));
        for name in [
            ".bashrc",
            "report_1.zip",
            "detections_1.pdf",
            "report_../x.pdf",
            "/report_1.pdf",
            "report_\u{1b}[2J.pdf",
            "report_\u{202e}.pdf",
            &long,
        ] {
            assert_eq!(export_name(&json!({ "filename": name })), None, "{name:?}");
        }
        assert_eq!(export_name(&json!({})), None);
    }

    #[test]
    fn a_part_is_named_after_its_export_and_after_no_other_file() {
        let part = |address: &str| {
            let status = json!({ "download_url": address });
            let wanted = Wanted::of(&status, Path::new("a/b.zip"), Existing::Keep).unwrap();
            wanted.part.display().to_string()
        };
        let own = "a/.report_1_1.pdf.part";
        assert_eq!(part("/api/static/exports/report_1_1.pdf?expires=1&signature=2"), own);
        assert_eq!(part("/api/static/exports/report_1_1.pdf?expires=2&signature=3"), own);
        let other = part("/files/profile?x=1");
        assert!(
            other.starts_with("a/.trapline-") && other.len() == "a/.trapline-.part".len() + 16,
            "{other}"
        );
        assert_eq!(part("/files/profile?x=2"), other);
    }
}
