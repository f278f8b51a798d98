//! What a service notes about its files, so that nothing else is ever removed.
//!
//! Before a file is begun an empty entry of its name is made in the journal (`.trapline/SERVICE/NAME`);
//! it goes after the file has gone. A name alone proves nothing: anybody may call a file
//! `report_annual_2023.pdf`. The journal is where the files are and not in the job store, so that
//! the files of a store which forgot everything are still known to be ours.

use std::collections::HashSet;
use std::time::SystemTime;

use jobs::JobId;
use uuid::Uuid;

use super::Name;

/// A file that this service has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: Name,
    /// When it was noted, by the clock of where files are.
    pub noted: SystemTime,
}

/// What is in a folder or bucket.
#[derive(Debug, Default)]
pub struct Listing {
    /// Names of regular files that parse as names of ours, finished or not. Others may have made them.
    pub names: HashSet<String>,
    /// The journal of this service.
    pub journal: Vec<Entry>,
}

impl Listing {
    /// Adds a name, if it may be one of ours.
    pub fn add_name(&mut self, file_name: String) {
        if Name::of_any(&file_name).is_some() {
            self.names.insert(file_name);
        }
    }

    /// Adds an entry of the journal; anything else there is ignored.
    pub fn add_entry(&mut self, file_name: &str, noted: SystemTime) {
        if let Some(name) = Name::parse(file_name) {
            self.journal.push(Entry { name, noted });
        }
    }

    /// Names that an earlier version of the program may have given files, when it kept no journal.
    pub fn names_without_entry(&self) -> Vec<Name> {
        let noted: HashSet<String> = self.journal.iter().map(|entry| entry.name.file_name()).collect();
        let names = self.names.iter().filter_map(|file_name| Name::of_any(file_name));
        let names = names.map(|(name, _)| name).filter(|name| !noted.contains(&name.file_name()));
        names.filter(|name| is_made_here(&name.held.job_id)).collect()
    }
}

/// Whether an id has the form that this program gives ids.
fn is_made_here(job_id: &JobId) -> bool {
    let text = job_id.as_str();
    Uuid::try_parse(text).is_ok_and(|uuid| uuid.get_version_num() == 4 && uuid.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_others_are_not_taken_for_those_of_an_earlier_version() {
        let mut listing = Listing::default();
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
        assert_eq!(listing.names_without_entry(), [Name::parse(ours).unwrap()]);
    }
}
