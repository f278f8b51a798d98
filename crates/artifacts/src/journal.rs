//! The journal: a list of the files of a service, so that it never removes any other file.
//!
//! Before a file is created, an empty entry with its name is added to the journal (`.trapline/SERVICE/NAME`).
//! The entry is removed after the file. The name of a file alone does not prove that this program wrote it:
//! any user may name a file `report_annual_2023.pdf`. The journal is kept beside the files and not in the job
//! store, so that files are recognized even if the store has lost its content.

use std::collections::HashSet;
use std::time::SystemTime;

use jobs::JobId;
use uuid::Uuid;

use super::ArtifactName;

/// An entry of the journal: a file that this service has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    pub name: ArtifactName,
    /// When the entry was written, by the clock of the place of files.
    pub noted: SystemTime,
}

/// The content of a folder or bucket.
#[derive(Debug, Default)]
pub struct JournalListing {
    /// Names of regular files that look like artifacts, finished or not. Other programs may have made them.
    pub names: HashSet<String>,
    /// The journal of this service.
    pub journal: Vec<JournalEntry>,
}

impl JournalListing {
    /// Adds a name if it looks like an artifact.
    pub fn add_name(&mut self, file_name: String) {
        if ArtifactName::parse_any(&file_name).is_some() {
            self.names.insert(file_name);
        }
    }

    /// Adds an entry of the journal. Other files there are ignored.
    pub fn add_entry(&mut self, file_name: &str, noted: SystemTime) {
        if let Some(name) = ArtifactName::parse(file_name) {
            self.journal.push(JournalEntry { name, noted });
        }
    }

    /// Files without an entry that an earlier version of the program may have written, which kept no journal.
    pub fn names_without_entry(&self) -> Vec<ArtifactName> {
        let noted: HashSet<String> = self.journal.iter().map(|entry| entry.name.file_name()).collect();
        let names = self.names.iter().filter_map(|file_name| ArtifactName::parse_any(file_name));
        let names = names.map(|(name, _)| name).filter(|name| !noted.contains(&name.file_name()));
        names.filter(|name| is_own_id(&name.held.job_id)).collect()
    }
}

/// Whether an id has the form of the ids that this program generates.
fn is_own_id(job_id: &JobId) -> bool {
    let text = job_id.as_str();
    Uuid::try_parse(text).is_ok_and(|uuid| uuid.get_version_num() == 4 && uuid.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_others_are_not_taken_for_those_of_an_earlier_version() {
        let mut listing = JournalListing::default();
        let ours = "report_705e6036-0b1c-4e07-9d5a-3f6c2e9d8f11_1.pdf";
        let noted = "detections_0c0f7a9e-1111-4aaa-8bbb-123456789abc_2.zip";
        for name in [
            ours,
            noted,
            "report_annual_2023.pdf",
            "report_2024_1.pdf",
            "detections_final_2.zip",
            // Of version 1, and in capitals.
            "report_705e6036-0b1c-1e07-9d5a-3f6c2e9d8f11_1.pdf",
            "report_705E6036-0B1C-4E07-9D5A-3F6C2E9D8F11_1.pdf",
            "notes.txt",
        ] {
            listing.add_name(name.into());
        }
        listing.add_entry(noted, SystemTime::now());
        listing.add_entry("notes.txt", SystemTime::now());
        assert_eq!(listing.journal.len(), 1);
        assert_eq!(listing.names_without_entry(), [ArtifactName::parse(ours).unwrap()]);
    }
}
