//! To which service a folder or bucket belongs.
//!
//! Two services in one place would take each other's files for files that nobody wants. So the first
//! process writes a marker there, which names its service, and a process of another service refuses
//! to start. What a service notes about its files is in a folder of its own beside the marker.

use std::io;
use std::str::FromStr;

use jobs::{StoreAddress, StoreError, StoreIdentity};
use serde::{Deserialize, Serialize};

use crate::digest::sha256_of;

/// The folder of what the program notes about files, beside them; in a bucket a part of keys.
pub const BOOKKEEPING: &str = ".trapline";
/// The marker, in that folder.
pub const MARKER: &str = "store.json";
/// The longest marker that is read, in bytes.
pub const LONGEST_MARKER: u64 = 64 << 10;
/// Version of what is in a marker.
const FORMAT: u32 = 1;

/// The name that an operator gives a service: 1 to 64 characters from `[A-Za-z0-9._-]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceName(String);

impl FromStr for ServiceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err("expected 1 to 64 characters out of A-Z, a-z, 0-9, '.', '_' and '-', such as deer-survey"
                .into())
        }
    }
}

/// A service: the processes that share a job store and the place of its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The same for all its processes, and for no other service.
    id: String,
    /// For people.
    description: String,
}

impl Owner {
    /// The service of a process: by its name when it has one, else by its job store.
    pub fn new(service: Option<&ServiceName>, store: &StoreAddress) -> Result<Self, StoreError> {
        Self::identified_by(service, |machine| store.identity(machine))
    }

    /// The same without making a store that is not there yet.
    pub fn peek(service: Option<&ServiceName>, store: &StoreAddress) -> Result<Self, StoreError> {
        Self::identified_by(service, |machine| store.peek_identity(machine))
    }

    fn identified_by(
        service: Option<&ServiceName>,
        find: impl FnOnce(&str) -> Result<StoreIdentity, StoreError>,
    ) -> Result<Self, StoreError> {
        if let Some(ServiceName(name)) = service {
            return Ok(Self { id: format!("service:{name}"), description: format!("--service {name}") });
        }
        let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let identity = find(&machine)?;
        // A path may hold anything.
        let plain = |sign: char| if sign.is_control() { '?' } else { sign };
        Ok(Self { id: identity.id, description: identity.description.chars().map(plain).collect() })
    }

    /// The service that a marker is of, when it is this one: a store at the same address on the same
    /// machine, which lost what it held and its id with it, still owns its files.
    pub fn adopt_marker(self, content: Option<&[u8]>) -> Self {
        match content.map(Marker::read) {
            Some(Ok(marker)) if marker.description == self.description => Self { id: marker.owner, ..self },
            _ => self,
        }
    }

    /// The name of the folder of what this service notes. Another service that takes the place over
    /// knows nothing of these files, and leaves them alone.
    pub fn journal(&self) -> String {
        sha256_of(&self.id)[..16].to_owned()
    }

    /// What the marker of this service says.
    pub fn write_marker(&self) -> String {
        let (owner, description) = (self.id.clone(), self.description.clone());
        let marker = Marker { format: FORMAT, owner, description };
        serde_json::to_string_pretty(&marker).unwrap_or_default() + "\n"
    }

    /// Whether a marker is of this service. `marker` says where it is.
    pub fn check_marker(&self, content: Option<&[u8]>, marker: &str) -> Result<(), OwnerError> {
        let content = content.ok_or_else(|| OwnerError::NoMarker(marker.into()))?;
        let read = Marker::read(content)
            .map_err(|reason| OwnerError::UnreadableMarker { marker: marker.into(), reason })?;
        if read.owner == self.id {
            return Ok(());
        }
        Err(OwnerError::OtherService {
            marker: marker.into(),
            theirs: read.description,
            ours: self.description.clone(),
        })
    }
}

/// Why a process may not use a place, or not remove what is there.
#[derive(Debug, thiserror::Error)]
pub enum OwnerError {
    /// The place is another service's.
    #[error(
        "the files belong to another service: {marker} names “{theirs}”, and this process is of “{ours}”. Choose \
         another place with --artifacts. Servers that share a store under different addresses are one service: \
         delete that marker and start all of them with the same --service NAME. If the other service is gone, \
         delete the marker"
    )]
    OtherService { marker: String, theirs: String, ours: String },
    /// There was a marker, and it is gone.
    #[error(
        "{0}, which says to which service the files belong, is gone. Start this process again: it writes a new one"
    )]
    NoMarker(String),
    /// There is a marker, and nobody knows what it says.
    #[error(
        "{marker}, which says to which service the files belong, cannot be read ({reason}). Choose another place \
         with --artifacts, or delete the marker if no other service uses the files"
    )]
    UnreadableMarker { marker: String, reason: String },
    /// The place cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What a marker says.
#[derive(Serialize, Deserialize)]
struct Marker {
    format: u32,
    owner: String,
    description: String,
}

impl Marker {
    fn read(content: &[u8]) -> Result<Self, String> {
        let marker: Self = serde_json::from_slice(content).map_err(|error| error.to_string())?;
        if marker.format != FORMAT {
            return Err(format!("it is of version {}, and this program reads {FORMAT}", marker.format));
        }
        // It is shown to people, and anybody may have written it.
        if marker.description.chars().any(char::is_control) {
            return Err("there are control characters in it".into());
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
    fn a_marker_is_of_the_service_that_wrote_it_and_of_no_other() {
        let store: StoreAddress = "redis://:secret@jobs".parse().unwrap();
        let (ours, deer) = (Owner::new(None, &store).unwrap(), service("deer"));
        let marker = ours.write_marker();
        assert!(marker.contains("redis://jobs:6379/0") && !marker.contains("secret"), "{marker}");
        assert!(ours.check_marker(Some(marker.as_bytes()), "m").is_ok());
        let error = deer.check_marker(Some(marker.as_bytes()), "folder/m").unwrap_err().to_string();
        for part in ["redis://jobs:6379/0", "--service deer", "folder/m", "--artifacts", "--service NAME"] {
            assert!(error.contains(part), "{error}");
        }
        assert_ne!(ours.journal(), deer.journal());
        assert!(matches!(ours.check_marker(None, "m"), Err(OwnerError::NoMarker(_))));
    }

    #[test]
    fn a_marker_that_cannot_be_read_is_nobody_s() {
        let deer = service("deer");
        let later = deer.write_marker().replace("\"format\": 1", "\"format\": 2");
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
