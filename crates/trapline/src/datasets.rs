//! The data sets that a server or a command holds, by name.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use detections::{Dataset, ReadOptions, SourceError};

/// `[NAME=]PATH` as it stands on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataArgument {
    pub name: String,
    pub path: PathBuf,
}

impl FromStr for DataArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = text.split_once('=').filter(|(name, _)| !name.contains(['/', '\\', '.']));
        let (name, path) = match named {
            Some((name, path)) => (name.to_owned(), Path::new(path)),
            None => (name_of(Path::new(text)), Path::new(text)),
        };
        if name.is_empty() || path.as_os_str().is_empty() {
            return Err("expected PATH or NAME=PATH".into());
        }
        Ok(Self { name, path: path.into() })
    }
}

/// The last part of a path without its ending; of a `datapackage.json`, its folder's.
fn name_of(path: &Path) -> String {
    let described = path.file_name().is_some_and(|name| name == "datapackage.json");
    let named = if described { path.parent().unwrap_or(path) } else { path };
    let real = named.canonicalize().unwrap_or_else(|_| named.into());
    real.file_stem().map_or_else(|| "data".into(), |stem| stem.to_string_lossy().into_owned())
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
pub struct Datasets(Arc<[(String, Dataset)]>);

impl Datasets {
    /// Reads all of them, one after the other.
    pub fn read(arguments: &[DataArgument], options: &ReadOptions) -> Result<Self, DatasetsError> {
        let mut read: Vec<(String, Dataset)> = Vec::new();
        for argument in arguments {
            if read.iter().any(|(name, _)| *name == argument.name) {
                return Err(DatasetsError::SameName(argument.name.clone()));
            }
            let data = detections::open(&argument.path, options)?;
            tracing::info!(
                dataset = argument.name,
                observations = data.observations.len(),
                locations = data.locations.len(),
                rows_skipped = data.problems.rows_skipped(),
                "data set read"
            );
            read.push((argument.name.clone(), data));
        }
        Ok(Self(read.into()))
    }

    /// The data set of a name, or the first, with its name.
    pub fn get(&self, name: Option<&str>) -> Result<(&str, &Dataset), UnknownDataset> {
        let found = match name {
            None => self.0.first(),
            Some(name) => self.0.iter().find(|(known, _)| known == name),
        };
        found.map(|(name, data)| (name.as_str(), data)).ok_or_else(|| UnknownDataset {
            name: name.unwrap_or_default().into(),
            known: self.0.iter().map(|(name, _)| name.clone()).collect(),
        })
    }
}

impl Datasets {
    /// All of them with their names, the default first.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Dataset)> {
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
        assert!(named("x=").is_err());
    }
}
