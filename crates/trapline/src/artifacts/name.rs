//! The names of files.

use jobs::{Held, Kind};

/// The name of a file: what it is, and which attempt at which job made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub kind: Kind,
    pub held: Held,
}

impl Name {
    /// Such as `report_{job_id}_1.pdf` or `detections_{job_id}_1.zip`.
    pub fn file_name(&self) -> String {
        let (what, ending) = Self::parts(self.kind);
        format!("{what}_{}_{}.{ending}", self.held.job_id, self.held.attempt)
    }

    /// The name that [`Name::file_name`] wrote; `None` for any other.
    pub fn parse(file_name: &str) -> Option<Self> {
        [Kind::Pdf, Kind::Zip].into_iter().find_map(|kind| {
            let (what, ending) = Self::parts(kind);
            let inner = file_name.strip_prefix(what)?.strip_prefix('_')?.strip_suffix(ending)?;
            let (job_id, attempt) = inner.strip_suffix('.')?.rsplit_once('_')?;
            let held = Held { job_id: job_id.parse().ok()?, attempt: attempt.parse().ok()? };
            let name = Self { kind, held };
            // One name for one file: no leading zeros or signs.
            (name.file_name() == file_name).then_some(name)
        })
    }

    fn parts(kind: Kind) -> (&'static str, &'static str) {
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

    /// The name of what is there while the file is being written.
    pub(super) fn unfinished(&self) -> String {
        format!(".{}{UNFINISHED}", self.file_name())
    }

    /// The name that a file on its way, or one that is there, belongs to, and whether it is on its
    /// way.
    pub(super) fn of_any(file_name: &str) -> Option<(Self, bool)> {
        let visible = file_name.strip_prefix('.').and_then(|name| name.strip_suffix(UNFINISHED));
        Some((Self::parse(visible.unwrap_or(file_name))?, visible.is_some()))
    }
}

/// Ending of a file that is still being written.
const UNFINISHED: &str = ".part";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_job_and_the_attempt() {
        let name = |kind, job_id: &str, attempt| Name {
            kind,
            held: Held { job_id: job_id.parse().unwrap(), attempt },
        };
        for name in [name(Kind::Pdf, "a_1.pdf_b", 1), name(Kind::Zip, "705e6036", 12)] {
            assert_eq!(Name::parse(&name.file_name()), Some(name.clone()));
            assert_eq!(Name::of_any(&name.unfinished()), Some((name, true)));
        }
        for other in ["report.pdf", "report_a_01.pdf", "report_a_1.zip", "../report_a_1.pdf", "x_a_1.pdf"] {
            assert_eq!(Name::parse(other), None, "{other}");
        }
    }
}
