//! The names of artifacts, which are the files of jobs.

use std::io;

use jobs::{Kind, Lease};

/// The name of a file, made of the kind, the job and the attempt that wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactName {
    /// What kind of file it is, which decides its folder and extension.
    pub kind: Kind,
    /// The lease under which the file is made.
    pub held: Lease,
}

impl ArtifactName {
    /// The name as text, such as `report_{job_id}_1.pdf` or `detections_{job_id}_1.zip`.
    pub fn file_name(&self) -> String {
        let (prefix, extension) = Self::affixes(self.kind);
        format!("{prefix}_{}_{}.{extension}", self.held.job_id, self.held.attempt)
    }

    /// Parses a name that [`ArtifactName::file_name`] wrote; `None` for any other.
    pub fn parse(file_name: &str) -> Option<Self> {
        [Kind::Pdf, Kind::Zip].into_iter().find_map(|kind| {
            let (prefix, extension) = Self::affixes(kind);
            let inner = file_name.strip_prefix(prefix)?.strip_prefix('_')?.strip_suffix(extension)?;
            let (job_id, attempt) = inner.strip_suffix('.')?.rsplit_once('_')?;
            let held = Lease { job_id: job_id.parse().ok()?, attempt: attempt.parse().ok()? };
            let name = Self { kind, held };
            // Refuses leading zeros and signs, so that each file has exactly one name.
            (name.file_name() == file_name).then_some(name)
        })
    }

    fn affixes(kind: Kind) -> (&'static str, &'static str) {
        match kind {
            Kind::Pdf => ("report", "pdf"),
            Kind::Zip => ("detections", "zip"),
        }
    }

    /// The media type of the file.
    pub fn media_type(&self) -> &'static str {
        match self.kind {
            Kind::Pdf => "application/pdf",
            Kind::Zip => "application/zip",
        }
    }

    /// The hidden name of the file, or of the object in its place, until it is complete.
    pub(super) fn unfinished_name(&self) -> String {
        format!(".{}{UNFINISHED_SUFFIX}", self.file_name())
    }

    /// Parses a visible or hidden name; the flag says whether it is hidden.
    pub(super) fn parse_any(file_name: &str) -> Option<(Self, bool)> {
        let visible = file_name.strip_prefix('.').and_then(|name| name.strip_suffix(UNFINISHED_SUFFIX));
        Some((Self::parse(visible.unwrap_or(file_name))?, visible.is_some()))
    }
}

/// The suffix of a hidden name.
const UNFINISHED_SUFFIX: &str = ".part";

/// Parses the name of a file. Only such names, which contain no separator, reach a file system or an object
/// store.
pub(crate) fn parse_name(file_name: &str) -> io::Result<ArtifactName> {
    ArtifactName::parse(file_name).ok_or_else(|| io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_job_and_the_attempt() {
        let name = |kind, job_id: &str, attempt| ArtifactName {
            kind,
            held: Lease { job_id: job_id.parse().unwrap(), attempt },
        };
        for name in [name(Kind::Pdf, "a_1.pdf_b", 1), name(Kind::Zip, "705e6036", 12)] {
            assert_eq!(ArtifactName::parse(&name.file_name()), Some(name.clone()));
            assert_eq!(ArtifactName::parse_any(&name.unfinished_name()), Some((name, true)));
        }
        for other in ["report.pdf", "report_a_01.pdf", "report_a_1.zip", "../report_a_1.pdf", "x_a_1.pdf"] {
            assert_eq!(ArtifactName::parse(other), None, "{other}");
        }
    }
}
