//! The address of a store, and opening it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use crate::error::{OpenError, StoreError};
use crate::identity::{StoreIdentity, peek_sqlite_id, sqlite_id};

use crate::options::StoreOptions;
use crate::redis::{RedisAddress, RedisAddressError, RedisStore};
use crate::sqlite::SqliteStore;
use crate::store::JobStore;

/// The address of a store: `sqlite:FOLDER`, or the address of a server (see [`RedisAddress`]).
#[derive(Clone, Debug)]
pub enum StoreAddress {
    /// A folder, for one process.
    Sqlite(PathBuf),
    /// A Redis server, for any number of processes.
    Redis(RedisAddress),
}

impl StoreAddress {
    /// Opens the store.
    pub async fn open(&self, options: StoreOptions) -> Result<Arc<dyn JobStore>, OpenError> {
        Ok(match self {
            Self::Sqlite(folder) => Arc::new(SqliteStore::open(folder, options).await?),
            Self::Redis(address) => Arc::new(RedisStore::open(address, options).await?),
        })
    }

    /// The identity of the store. `machine` is the name of this machine, since an address such as
    /// `redis://localhost` means another server on each machine.
    ///
    /// A SQLite store is identified by an id in its folder, a Redis server by its address: a Redis server
    /// that has lost its content is still the same store.
    pub fn identity(&self, machine: &str) -> Result<StoreIdentity, StoreError> {
        match self {
            Self::Sqlite(folder) => identify_sqlite(folder, sqlite_id, machine),
            Self::Redis(address) => Ok(identify_redis(address, machine)),
        }
    }

    /// The same without writing anything. A SQLite store that does not exist yet gets another id in each
    /// call.
    pub fn peek_identity(&self, machine: &str) -> Result<StoreIdentity, StoreError> {
        match self {
            Self::Sqlite(folder) => identify_sqlite(folder, peek_sqlite_id, machine),
            Self::Redis(address) => Ok(identify_redis(address, machine)),
        }
    }
}

fn identify_sqlite(
    folder: &Path,
    read_id: fn(&Path) -> io::Result<String>,
    machine: &str,
) -> Result<StoreIdentity, StoreError> {
    let unavailable = StoreError::unavailable(folder);
    let id = read_id(folder).map_err(&unavailable)?;
    // A folder that does not exist yet cannot be made canonical.
    let path = folder.canonicalize().or_else(|_| std::path::absolute(folder)).map_err(unavailable)?;
    let description = format!("sqlite:{} on {machine}", path.display());
    Ok(StoreIdentity { id: format!("sqlite:{id}"), description })
}

fn identify_redis(address: &RedisAddress, machine: &str) -> StoreIdentity {
    let id = address.identity(machine);
    StoreIdentity { description: id.clone(), id }
}

/// The text is not the address of a store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreAddressError {
    /// It begins like neither kind of store: name a folder or a server.
    #[error("expected sqlite:DIR or redis://HOST[:PORT][/DATABASE]")]
    UnknownScheme,
    /// It begins like the address of a Redis server: correct the rest.
    #[error(transparent)]
    Redis(#[from] RedisAddressError),
}

impl FromStr for StoreAddress {
    type Err = StoreAddressError;

    fn from_str(text: &str) -> Result<Self, StoreAddressError> {
        match text.strip_prefix("sqlite:") {
            Some(folder) if !folder.is_empty() => Ok(Self::Sqlite(folder.into())),
            _ if RedisAddress::has_redis_scheme(text) => Ok(Self::Redis(text.parse()?)),
            _ => Err(StoreAddressError::UnknownScheme),
        }
    }
}

/// Without a password.
impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(folder) => write!(f, "sqlite:{}", folder.display()),
            Self::Redis(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_a_folder_or_a_server() {
        let read = |text: &str| text.parse::<StoreAddress>();
        assert!(
            matches!(read("sqlite:jobs"), Ok(StoreAddress::Sqlite(folder)) if folder.as_os_str() == "jobs")
        );
        for server in
            ["redis://localhost", "rediss://:p@host:6380/1", "valkey://host", "redis+sentinel://host/main"]
        {
            assert!(matches!(read(server), Ok(StoreAddress::Redis(_))), "{server}");
        }
        for wrong in ["jobs", "sqlite:", "postgres://host", "redis://:p@host:port"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_sqlite_store_is_identified_by_its_id_and_described_by_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let address = StoreAddress::Sqlite(folder.path().join("jobs"));
        let identity = address.identity("deerbox").unwrap();
        assert!(identity.id.starts_with("sqlite:"), "{identity:?}");
        assert!(identity.description.ends_with("/jobs on deerbox"), "{identity:?}");
        assert_eq!(address.identity("another").unwrap().id, identity.id);
    }
}
