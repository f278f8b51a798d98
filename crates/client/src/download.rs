//! Downloads a file under a temporary name, resumes an earlier attempt, and checks size and SHA-256 before
//! the file gets its own name.

use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio::task::spawn_blocking;

use super::{Client, ClientError};
use files::digest::{sha256, sha256_of};
use files::regular_file::{open_to_write, rename_without_replacing};

/// After this many attempts in a row without a byte the download fails.
const MAX_FAILURES: u32 = 5;
/// The pause after each of them.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// The longest name of a file that a server may choose.
const MAX_NAME_LENGTH: usize = 200;

/// What happens to a file that already exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and the download fails.
    Keep,
    /// The download replaces it.
    Replace,
}

/// A completed download.
#[derive(Debug, PartialEq, Eq)]
pub struct DownloadResult {
    /// Its size in bytes.
    pub bytes: u64,
    /// How many of them came from an earlier attempt.
    pub resumed_from: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// A file to download, according to the status of its job.
struct DownloadTarget {
    address: String,
    size: Option<u64>,
    sha256: Option<String>,
    /// The temporary path. Its name is unique to this file, because the server's name contains the job and
    /// the attempt.
    part: PathBuf,
    existing: Existing,
}

/// The name of an export's file, if it has the form of such names: `report_….pdf` or `detections_….zip` of
/// letters, digits, `.`, `_` and `-`. Any other name could be that of an important file, such as `.bashrc`.
pub fn export_name(status: &Value) -> Option<&str> {
    status["filename"].as_str().filter(|name| is_export_name(name))
}

fn is_export_name(name: &str) -> bool {
    let has_form = |start: &str, ending: &str| name.starts_with(start) && name.ends_with(ending);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (has_form("report_", ".pdf") || has_form("detections_", ".zip"))
        && name.len() <= MAX_NAME_LENGTH
        && name.bytes().all(is_plain)
}

impl Client {
    /// Downloads the file of a completed job to `to`. `on_progress` gets the bytes that have arrived and
    /// their total.
    pub async fn download(
        &self,
        status: &Value,
        to: &Path,
        existing: Existing,
        mut on_progress: impl FnMut(u64, u64),
    ) -> Result<DownloadResult, ClientError> {
        // Checked before the download, and again when the file gets its name.
        if existing == Existing::Keep && tokio::fs::symlink_metadata(to).await.is_ok() {
            return Err(ClientError::Exists(to.to_owned()));
        }
        let target = DownloadTarget::from_status(status, to, existing)
            .ok_or(ClientError::NotOurs(self.server.clone()))?;
        match self.download_part(&target, to, &mut on_progress).await {
            // The rest of an earlier attempt may have been wrong: start once more from the beginning.
            Err(ClientError::Damaged(_)) => self.download_part(&target, to, &mut on_progress).await,
            settled => settled,
        }
    }

    async fn download_part(
        &self,
        target: &DownloadTarget,
        to: &Path,
        on_progress: &mut impl FnMut(u64, u64),
    ) -> Result<DownloadResult, ClientError> {
        let disk = |error: io::Error| ClientError::Disk(target.part.display().to_string(), error);
        let path = target.part.clone();
        let mut part = File::from_std(call_blocking(move || open_to_write(&path)).await.map_err(disk)?);
        let resumed_from = target.usable_bytes(&part).await.map_err(disk)?;
        self.fetch(target, &mut part, on_progress).await?;
        part.rewind().await.map_err(disk)?;
        let (path, part) = (target.part.clone(), part.into_std().await);
        let expected = target.sha256.clone();
        let checked = call_blocking(move || check_part(&path, &part, expected.as_deref()));
        let (bytes, sha256) = match checked.await.map_err(disk)? {
            CheckedPart::Whole { bytes, sha256 } => (bytes, sha256),
            CheckedPart::Removed { sha256 } => {
                return Err(ClientError::Damaged(format!("its SHA-256 is {sha256}")));
            }
        };
        let (from, name, existing) = (target.part.clone(), to.to_owned(), target.existing);
        let renamed = call_blocking(move || match existing {
            Existing::Replace => std::fs::rename(from, name),
            Existing::Keep => rename_without_replacing(&from, &name),
        });
        renamed.await.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => ClientError::Exists(to.to_owned()),
            _ => ClientError::Disk(to.display().to_string(), error),
        })?;
        Ok(DownloadResult { bytes, resumed_from, sha256 })
    }

    /// Downloads what is missing, with retries.
    async fn fetch(
        &self,
        target: &DownloadTarget,
        part: &mut File,
        on_progress: &mut impl FnMut(u64, u64),
    ) -> Result<(), ClientError> {
        let mut failures = 0;
        loop {
            let disk = |error: io::Error| ClientError::Disk(target.part.display().to_string(), error);
            let before = target.usable_bytes(part).await.map_err(disk)?;
            if target.size == Some(before) {
                return Ok(());
            }
            let error = match self.fetch_from(target, part, before, on_progress).await {
                Ok(()) => {
                    let there = part.metadata().await.map_err(disk)?.len();
                    if target.size.is_none_or(|size| size == there) {
                        return Ok(());
                    }
                    ClientError::Damaged(format!("{there} bytes of {}", target.size.unwrap_or_default()))
                }
                Err(error) if error.is_temporary() => error,
                Err(error) => return Err(error),
            };
            let has_grown = part.metadata().await.map_err(disk)?.len() > before;
            failures = if has_grown { 0 } else { failures + 1 };
            if failures == MAX_FAILURES {
                return Err(error);
            }
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }

    /// Downloads from the byte `from` on, or from the beginning when the server does not support ranges.
    async fn fetch_from(
        &self,
        target: &DownloadTarget,
        part: &mut File,
        from: u64,
        on_progress: &mut impl FnMut(u64, u64),
    ) -> Result<(), ClientError> {
        let mut request = self.request(Method::GET, &target.address)?;
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        let mut answer = self.send_once(request).await?;
        let disk = |error: io::Error| ClientError::Disk(target.part.display().to_string(), error);
        let mut at = if is_rest(&answer, from) { from } else { 0 };
        part.set_len(at).await.map_err(disk)?;
        part.seek(SeekFrom::Start(at)).await.map_err(disk)?;
        let total = target.size.or_else(|| answer.content_length().map(|rest| at + rest)).unwrap_or_default();
        loop {
            on_progress(at, total.max(at));
            let chunk = answer.chunk().await;
            if !matches!(chunk, Ok(Some(_))) {
                // The size of the file says how far the download got.
                part.flush().await.map_err(disk)?;
            }
            let chunk = chunk.map_err(|error| ClientError::unreachable(&self.server, &error))?;
            let Some(chunk) = chunk else { return Ok(()) };
            part.write_all(&chunk).await.map_err(disk)?;
            at += chunk.len() as u64;
        }
    }
}

/// Calls the file system on a blocking thread.
async fn call_blocking<T: Send + 'static>(
    call: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(call).await.map_err(io::Error::other)?
}

/// The result of checking a temporary file.
enum CheckedPart {
    /// It is the file of the server.
    Whole { bytes: u64, sha256: String },
    /// It had another SHA-256 than the file of the server, and was removed.
    Removed { sha256: String },
}

fn check_part(path: &Path, mut part: &std::fs::File, expected: Option<&str>) -> io::Result<CheckedPart> {
    let sha256 = sha256(&mut part)?;
    if expected.is_some_and(|expected| expected != sha256) {
        std::fs::remove_file(path)?;
        return Ok(CheckedPart::Removed { sha256 });
    }
    part.sync_all()?;
    Ok(CheckedPart::Whole { bytes: part.metadata()?.len(), sha256 })
}

/// Whether an answer contains the rest of a file from a byte on.
fn is_rest(answer: &Response, from: u64) -> bool {
    let range = answer.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok()).unwrap_or_default();
    answer.status() == StatusCode::PARTIAL_CONTENT && range.starts_with(&format!("bytes {from}-"))
}

impl DownloadTarget {
    fn from_status(status: &Value, to: &Path, existing: Existing) -> Option<Self> {
        let text = |name: &str| status[name].as_str().map(str::to_owned);
        let address = text("download_url")?;
        // The query of a signed link is different each time.
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
        // Whatever the server sends, this cannot be the name of a file of the user.
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

    /// How many bytes of the temporary file can be used: none if it is longer than the file to download, or
    /// if that length is not known.
    async fn usable_bytes(&self, part: &File) -> io::Result<u64> {
        let there = part.metadata().await?.len();
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
            let target = DownloadTarget::from_status(&status, Path::new("a/b.zip"), Existing::Keep).unwrap();
            target.part.display().to_string()
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
