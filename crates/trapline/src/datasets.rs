//! The data sets that a server or a command holds, by name.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use detections::{Database, DatabaseOptions, Mapping, ReadOptions, SourceError};

use crate::source::Source;

/// `[NAME=]PATH|URL` as it stands on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataArgument {
    pub name: String,
    pub at: DataAddress,
}

/// Where a data set is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataAddress {
    Path(PathBuf),
    /// The address of a database, which may hold a password.
    Database(String),
}

/// Something that is said of a data set, or of all: `[NAME=]VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingArgument {
    pub name: Option<String>,
    pub path: PathBuf,
}

impl FromStr for DataArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, rest) = named(text);
        let (own, at) = if ["postgres://", "postgresql://"].iter().any(|scheme| rest.starts_with(scheme)) {
            (database_of(rest), DataAddress::Database(rest.into()))
        } else {
            (name_of(Path::new(rest)), DataAddress::Path(rest.into()))
        };
        let name = name.map_or(own, str::to_owned);
        if name.is_empty() || rest.is_empty() {
            return Err(
                "expected PATH or NAME=PATH, or the address of a database in place of the path".into()
            );
        }
        Ok(Self { name, at })
    }
}

impl FromStr for MappingArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, path) = named(text);
        if path.is_empty() {
            return Err("expected FILE or NAME=FILE".into());
        }
        Ok(Self { name: name.map(str::to_owned), path: path.into() })
    }
}

/// Takes the name off `NAME=VALUE`.
fn named(text: &str) -> (Option<&str>, &str) {
    match text.split_once('=').filter(|(name, _)| !name.contains(['/', '\\', '.'])) {
        Some((name, rest)) => (Some(name), rest),
        None => (None, text),
    }
}

/// The name of the database in an address.
fn database_of(address: &str) -> String {
    let path =
        address.split_once("://").map_or("", |(_, rest)| rest).split_once('/').map_or("", |(_, path)| path);
    let name = path.split(['?', '#']).next().unwrap_or_default();
    if name.is_empty() { "data".into() } else { name.into() }
}

/// The last part of a path without its ending; of a `datapackage.json`, its folder's.
fn name_of(path: &Path) -> String {
    let described = path.file_name().is_some_and(|name| name == "datapackage.json");
    let named = if described { path.parent().unwrap_or(path) } else { path };
    let real = named.canonicalize().unwrap_or_else(|_| named.into());
    real.file_stem().map_or_else(|| "data".into(), |stem| stem.to_string_lossy().into_owned())
}

impl DataArgument {
    /// How it may be called in messages, without anybody's password.
    pub fn shown(&self) -> String {
        match &self.at {
            DataAddress::Path(path) => path.display().to_string(),
            DataAddress::Database(_) => format!("the database {}", self.name),
        }
    }

    /// Reads it, or gets ready to ask it.
    pub fn open(&self, how: &How) -> Result<Source, SourceError> {
        match &self.at {
            DataAddress::Path(path) => {
                detections::open(path, &how.read).map(|data| Source::Read(Arc::new(data)))
            }
            DataAddress::Database(address) => {
                let mapping =
                    how.mapping_of(&self.name).map_or_else(|| Ok(Mapping::default()), Mapping::read)?;
                let options = DatabaseOptions { mapping, ..how.database.clone() };
                Database::at(address, options, &how.read).map(Source::Database)
            }
        }
    }
}

/// How data sets are read.
#[derive(Clone, Debug, Default)]
pub struct How {
    pub read: ReadOptions,
    pub database: DatabaseOptions,
    pub mappings: Vec<MappingArgument>,
}

impl How {
    /// The file that tells how a database is read: its own, else the one for all.
    fn mapping_of(&self, name: &str) -> Option<&Path> {
        let of =
            |wanted: Option<&str>| self.mappings.iter().find(|mapping| mapping.name.as_deref() == wanted);
        of(Some(name)).or_else(|| of(None)).map(|mapping| mapping.path.as_path())
    }
}

/// Why data sets could not be had.
#[derive(Debug, thiserror::Error)]
pub enum DatasetsError {
    #[error("{0}")]
    Source(#[from] SourceError),
    #[error("two data sets are called “{0}”; give them names of their own with --data NAME=PATH")]
    SameName(String),
}

/// A name that no data set has.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown dataset “{name}”. Known are: {}", .known.join(", "))]
pub struct UnknownDataset {
    pub name: String,
    pub known: Vec<String>,
}

/// Data sets by name, of which the first is the one meant when none is named.
#[derive(Clone)]
pub struct Datasets(Arc<[(String, Source)]>);

impl Datasets {
    /// Reads all of them, one after the other.
    pub fn read(arguments: &[DataArgument], how: &How) -> Result<Self, DatasetsError> {
        let mut read: Vec<(String, Source)> = Vec::new();
        for argument in arguments {
            if read.iter().any(|(name, _)| *name == argument.name) {
                return Err(DatasetsError::SameName(argument.name.clone()));
            }
            let source = match argument.open(how) {
                // The others are served all the same, and whoever asks for this one is told why not.
                Err(error) if error.is_of_content() && matches!(argument.at, DataAddress::Path(_)) => {
                    tracing::error!(dataset = argument.name, %error, "data set cannot be used");
                    Source::Unusable(error.to_string().into())
                }
                opened => opened?,
            };
            match &source {
                Source::Read(data) => tracing::info!(
                    dataset = argument.name,
                    observations = data.observations.len(),
                    locations = data.locations.len(),
                    rows_skipped = data.problems.rows_skipped(),
                    "data set read"
                ),
                Source::Database(database) => {
                    tracing::info!(dataset = argument.name, ?database, "data set in a database");
                }
                Source::Unusable(_) => {}
            }
            read.push((argument.name.clone(), source));
        }
        Ok(Self(read.into()))
    }

    /// The data set of a name, or the first, with its name.
    pub fn get(&self, name: Option<&str>) -> Result<(&str, &Source), UnknownDataset> {
        let found = match name {
            None => self.0.first(),
            Some(name) => self.0.iter().find(|(known, _)| known == name),
        };
        found.map(|(name, data)| (name.as_str(), data)).ok_or_else(|| UnknownDataset {
            name: name.unwrap_or_default().into(),
            known: self.0.iter().map(|(name, _)| name.clone()).collect(),
        })
    }

    /// All of them with their names, the default first.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.0.iter().map(|(name, data)| (name.as_str(), data))
    }
}

impl fmt::Debug for Datasets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_set_is_named_by_its_path_or_by_the_user() {
        let named = |text: &str| text.parse::<DataArgument>().map(|argument| argument.name);
        assert_eq!(named("algar=/data/x.zip"), Ok("algar".into()));
        assert_eq!(named("/data/algar.zip"), Ok("algar".into()));
        assert_eq!(named("/data/heron/datapackage.json"), Ok("heron".into()));
        assert_eq!(named("./a=b/survey"), Ok("survey".into()));
        assert_eq!(
            named("postgres://reader:pass=word@db.example.org/deer?sslmode=require"),
            Ok("deer".into())
        );
        assert_eq!(named("herd=postgresql://db/deer"), Ok("herd".into()));
        assert!(named("x=").is_err());
    }

    #[test]
    fn a_database_is_shown_without_its_password() {
        let argument: DataArgument = "postgres://reader:secret@db.example.org/deer".parse().unwrap();
        assert_eq!(argument.shown(), "the database deer");
        assert!(matches!(argument.at, DataAddress::Database(_)));
    }
}
