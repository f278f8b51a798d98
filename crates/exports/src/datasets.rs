//! The data sets of a server or a command, by name.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use detections::{Database, DatabaseOptions, Mapping, ReadOptions, SourceError};

use crate::nearest::UnknownEntryError;
use crate::source::Source;

/// `[NAME=]PATH|URL` on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataArgument {
    /// The name that requests use.
    pub name: String,
    /// Where the data are.
    pub address: DataAddress,
}

/// The place of a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataAddress {
    /// A file or folder.
    Path(PathBuf),
    /// The address of a database, which may hold a password.
    Database(String),
}

/// `[NAME=]FILE` on the command line: the mapping of a database, or of all databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingArgument {
    /// The data set that it belongs to; without a name, the only one in a database.
    pub name: Option<String>,
    /// The file of the mapping.
    pub path: PathBuf,
}

/// The text does not say where a data set is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected PATH or NAME=PATH, or the address of a database instead of the path")]
pub struct DataArgumentError;

/// The text does not say where a mapping is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected FILE or NAME=FILE")]
pub struct MappingArgumentError;

impl FromStr for DataArgument {
    type Err = DataArgumentError;

    fn from_str(text: &str) -> Result<Self, DataArgumentError> {
        let (name, rest) = split_name(text);
        let (default, address) =
            if ["postgres://", "postgresql://"].iter().any(|scheme| rest.starts_with(scheme)) {
                (name_of_database(rest), DataAddress::Database(rest.into()))
            } else {
                (name_of_path(Path::new(rest)), DataAddress::Path(rest.into()))
            };
        let name = name.map_or(default, str::to_owned);
        if name.is_empty() || rest.is_empty() {
            return Err(DataArgumentError);
        }
        Ok(Self { name, address })
    }
}

impl FromStr for MappingArgument {
    type Err = MappingArgumentError;

    fn from_str(text: &str) -> Result<Self, MappingArgumentError> {
        let (name, path) = split_name(text);
        if path.is_empty() {
            return Err(MappingArgumentError);
        }
        Ok(Self { name: name.map(str::to_owned), path: path.into() })
    }
}

/// Splits `NAME=VALUE`; a `=` in a path does not count.
fn split_name(text: &str) -> (Option<&str>, &str) {
    match text.split_once('=').filter(|(name, _)| !name.contains(['/', '\\', '.'])) {
        Some((name, rest)) => (Some(name), rest),
        None => (None, text),
    }
}

/// The name of the database in an address.
fn name_of_database(address: &str) -> String {
    let path =
        address.split_once("://").map_or("", |(_, rest)| rest).split_once('/').map_or("", |(_, path)| path);
    let name = path.split(['?', '#']).next().unwrap_or_default();
    if name.is_empty() { "data".into() } else { name.into() }
}

/// The last part of a path without its extension; for a `datapackage.json`, the name of its folder.
fn name_of_path(path: &Path) -> String {
    let is_descriptor = path.file_name().is_some_and(|name| name == "datapackage.json");
    let place = if is_descriptor { path.parent().unwrap_or(path) } else { path };
    let real = place.canonicalize().unwrap_or_else(|_| place.into());
    real.file_stem().map_or_else(|| "data".into(), |stem| stem.to_string_lossy().into_owned())
}

impl DataArgument {
    /// A description for messages, without a password.
    pub fn describe(&self) -> String {
        match &self.address {
            DataAddress::Path(path) => path.display().to_string(),
            DataAddress::Database(_) => format!("the database {}", self.name),
        }
    }

    /// Reads the data set, or prepares connections to its database.
    pub fn open(&self, options: &OpenOptions) -> Result<Source, SourceError> {
        match &self.address {
            DataAddress::Path(path) => {
                detections::open(path, &options.read).map(|data| Source::Read(Arc::new(data)))
            }
            DataAddress::Database(address) => {
                let file = options.find_mapping(&self.name);
                let mapping = file.map_or_else(|| Ok(Mapping::default()), Mapping::read)?;
                let database = DatabaseOptions { mapping, ..options.database.clone() };
                Database::new(address, database, &options.read).map(Source::Database)
            }
        }
    }
}

/// Options for opening data sets.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// How files are read.
    pub read: ReadOptions,
    /// How databases are asked.
    pub database: DatabaseOptions,
    /// Which columns of databases hold what.
    pub mappings: Vec<MappingArgument>,
}

impl OpenOptions {
    /// The file with the mapping of a database: its own, else the one for all databases.
    fn find_mapping(&self, name: &str) -> Option<&Path> {
        let find = |name: Option<&str>| self.mappings.iter().find(|mapping| mapping.name.as_deref() == name);
        find(Some(name)).or_else(|| find(None)).map(|mapping| mapping.path.as_path())
    }
}

/// Why data sets could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum DatasetsError {
    /// A data set cannot be read.
    #[error("{0}")]
    Source(#[from] SourceError),
    /// Two data sets have this name.
    #[error("two data sets are called “{0}”; give them different names with --data NAME=PATH")]
    SameName(String),
}

/// Data sets by name. The first is the default.
#[derive(Clone)]
pub struct Datasets(Arc<[(String, Source)]>);

impl Datasets {
    /// Opens all data sets, one after the other.
    pub fn open(arguments: &[DataArgument], options: &OpenOptions) -> Result<Self, DatasetsError> {
        let mut opened: Vec<(String, Source)> = Vec::new();
        for argument in arguments {
            if opened.iter().any(|(name, _)| *name == argument.name) {
                return Err(DatasetsError::SameName(argument.name.clone()));
            }
            let source = match argument.open(options) {
                // The server serves the other data sets. Requests for this one get the error.
                Err(error)
                    if error.is_content_error() && matches!(argument.address, DataAddress::Path(_)) =>
                {
                    tracing::error!(dataset = argument.name, %error, "data set cannot be used");
                    Source::Unusable(error.to_string().into())
                }
                outcome => outcome?,
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
            opened.push((argument.name.clone(), source));
        }
        Ok(Self(opened.into()))
    }

    /// The data set with this name, or the default, and its name.
    pub fn get(&self, name: Option<&str>) -> Result<(&str, &Source), UnknownEntryError> {
        let found = match name {
            None => self.0.first(),
            Some(name) => self.0.iter().find(|(known, _)| known == name),
        };
        found.map(|(name, data)| (name.as_str(), data)).ok_or_else(|| UnknownEntryError {
            what: "data set",
            name: name.unwrap_or_default().into(),
            known: self.0.iter().map(|(name, _)| name.clone()).collect(),
        })
    }

    /// All data sets with their names, the default first.
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
        assert_eq!(argument.describe(), "the database deer");
        assert!(matches!(argument.address, DataAddress::Database(_)));
    }
}
