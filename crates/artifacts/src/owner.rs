//! The service that owns a folder or bucket.
//!
//! Two services in one place would remove each other's files, since they have no records of them. So the
//! first process writes a marker with the name of its service, and a process of another service refuses to
//! start. Each service has a journal of its own beside the marker.

use std::str::FromStr;

use jobs::{StoreAddress, StoreError, StoreIdentity};
use serde::{Deserialize, Serialize};

use crate::ArtifactError;
use files::digest::sha256_of;

/// The folder of the marker and the journals, beside the files; in a bucket a part of keys.
pub const BOOKKEEPING: &str = ".trapline";
/// The marker, in that folder.
pub const MARKER: &str = "store.json";
/// The largest marker that is read, in bytes.
pub const MAX_MARKER_SIZE: u64 = 64 << 10;
/// The version of the marker's format.
const FORMAT: u32 = 1;

/// The name that an operator gives a service: 1 to 64 characters from `[A-Za-z0-9._-]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceName(String);

/// The text is not the name of a service.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to 64 characters out of A-Z, a-z, 0-9, '.', '_' and '-', such as deer-survey")]
pub struct ServiceNameError;

impl FromStr for ServiceName {
    type Err = ServiceNameError;

    fn from_str(text: &str) -> Result<Self, ServiceNameError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ServiceNameError)
        }
    }
}

/// A service: all processes that share a job store and a place of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Unique, and the same in all processes of the service.
    id: String,
    /// For people.
    description: String,
}

impl Owner {
    /// The service of a process, identified by its name if it has one, else by its job store.
    pub fn new(service: Option<&ServiceName>, store: &StoreAddress) -> Result<Self, StoreError> {
        Self::identify(service, |machine| store.identity(machine))
    }

    /// The same without creating a store that does not exist yet.
    pub fn peek(service: Option<&ServiceName>, store: &StoreAddress) -> Result<Self, StoreError> {
        Self::identify(service, |machine| store.peek_identity(machine))
    }

    fn identify(
        service: Option<&ServiceName>,
        identify_store: impl FnOnce(&str) -> Result<StoreIdentity, StoreError>,
    ) -> Result<Self, StoreError> {
        if let Some(ServiceName(name)) = service {
            return Ok(Self { id: format!("service:{name}"), description: format!("--service {name}") });
        }
        let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let identity = identify_store(&machine)?;
        // A path may contain control characters.
        let plain = |sign: char| if sign.is_control() { '?' } else { sign };
        Ok(Self { id: identity.id, description: identity.description.chars().map(plain).collect() })
    }

    /// Takes over the id in a marker with the same description. That is the marker of a store at the same
    /// address on the same machine which has lost its content, and its id with it: it still owns its files.
    #[must_use]
    pub fn adopt_marker(self, content: Option<&[u8]>) -> Self {
        match content.map(Marker::parse) {
            Some(Ok(marker)) if marker.description == self.description => Self { id: marker.owner, ..self },
            _ => self,
        }
    }

    /// The name of this service's journal. A service that takes over the place has another journal, so it
    /// leaves the files of this one alone.
    pub fn journal_name(&self) -> String {
        sha256_of(&self.id)[..16].to_owned()
    }

    /// The content of this service's marker.
    pub fn format_marker(&self) -> String {
        let (owner, description) = (self.id.clone(), self.description.clone());
        let marker = Marker { format: FORMAT, owner, description };
        serde_json::to_string_pretty(&marker).unwrap_or_default() + "\n"
    }

    /// Checks that a marker is the one of this service. `marker` is its place, for messages.
    pub fn check_marker(&self, content: Option<&[u8]>, marker: &str) -> Result<(), OwnerError> {
        let content = content.ok_or_else(|| OwnerError::NoMarker(marker.into()))?;
        let found = Marker::parse(content)
            .map_err(|reason| OwnerError::UnreadableMarker { marker: marker.into(), reason })?;
        if found.owner == self.id {
            return Ok(());
        }
        Err(OwnerError::OtherService {
            marker: marker.into(),
            theirs: found.description,
            ours: self.description.clone(),
        })
    }
}

/// Why a process may not use a place, or not remove files there.
#[derive(Debug, thiserror::Error)]
pub enum OwnerError {
    /// The place belongs to another service.
    #[error(
        "the files belong to another service: {marker} names “{theirs}”, and this process is of “{ours}”. Choose \
         another place with --artifacts. Servers that share a store under different addresses are one service: \
         delete that marker and start all of them with the same --service NAME. If the other service is gone, \
         delete the marker"
    )]
    OtherService {
        /// The path of the marker.
        marker: String,
        /// The service that it names.
        theirs: String,
        /// This service.
        ours: String,
    },
    /// The marker no longer exists.
    #[error(
        "{0}, which names the service that owns the files, is gone. Start this process again to write a new one"
    )]
    NoMarker(String),
    /// The marker cannot be read.
    #[error(
        "{marker}, which names the service that owns the files, cannot be read ({reason}). Choose another place \
         with --artifacts, or delete the marker if no other service uses the files"
    )]
    UnreadableMarker {
        /// The file.
        marker: String,
        /// Why it cannot be read.
        reason: MarkerError,
    },
    /// The place cannot be read or written.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
}

/// Why a marker cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MarkerError {
    /// It is no JSON, or has other fields.
    #[error(transparent)]
    Malformed(#[from] serde_json::Error),
    /// A later version of this program wrote it.
    #[error("it is of version {0}, and this program reads {FORMAT}")]
    Version(u32),
    /// It would do something to a terminal.
    #[error("it contains control characters")]
    ControlCharacters,
}

/// The content of a marker.
#[derive(Serialize, Deserialize)]
struct Marker {
    format: u32,
    owner: String,
    description: String,
}

impl Marker {
    fn parse(content: &[u8]) -> Result<Self, MarkerError> {
        let marker: Self = serde_json::from_slice(content)?;
        if marker.format != FORMAT {
            return Err(MarkerError::Version(marker.format));
        }
        // It is printed to terminals, and may have been written by another program.
        if marker.description.chars().any(char::is_control) {
            return Err(MarkerError::ControlCharacters);
        }
        Ok(marker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str) -> Owner {
        let store: StoreAddress = "redis://:secret@jobs".parse().unwrap();
        Owner::new(Some(&name.parse().unwrap()), &store).unwrap()
    }

    #[test]
    fn a_marker_belongs_to_the_service_that_wrote_it_and_to_no_other() {
        let store: StoreAddress = "redis://:secret@jobs".parse().unwrap();
        let (ours, deer) = (Owner::new(None, &store).unwrap(), service("deer"));
        let marker = ours.format_marker();
        assert!(marker.contains("redis://jobs:6379/0") && !marker.contains("secret"), "{marker}");
        assert!(ours.check_marker(Some(marker.as_bytes()), "m").is_ok());
        let error = deer.check_marker(Some(marker.as_bytes()), "folder/m").unwrap_err().to_string();
        for part in ["redis://jobs:6379/0", "--service deer", "folder/m", "--artifacts", "--service NAME"] {
            assert!(error.contains(part), "{error}");
        }
        assert_ne!(ours.journal_name(), deer.journal_name());
        assert!(matches!(ours.check_marker(None, "m"), Err(OwnerError::NoMarker(_))));
    }

    #[test]
    fn a_marker_that_cannot_be_read_belongs_to_no_service() {
        let deer = service("deer");
        let later = deer.format_marker().replace("\"format\": 1", "\"format\": 2");
        let shown = r#"{"format": 1, "owner": "service:deer", "description": "\u001b[2J"}"#;
        for content in ["", "{}", &later, shown] {
            let checked = deer.check_marker(Some(content.as_bytes()), "m");
            assert!(matches!(checked, Err(OwnerError::UnreadableMarker { .. })), "{content}");
        }
    }

    #[test]
    fn a_service_has_a_plain_name() {
        for name in ["deer", "Deer-survey_2.1", &"x".repeat(64)] {
            assert!(name.parse::<ServiceName>().is_ok(), "{name}");
        }
        for name in ["", "deer survey", "a/b", "ä", &"x".repeat(65)] {
            assert!(name.parse::<ServiceName>().is_err(), "{name}");
        }
    }
}
