//! A file of results, read image by image: a survey has hundreds of thousands.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::limit::LimitedJson;
use crate::error::SourceError;
use crate::excerpt::excerpt_of_error;

/// Where results are.
pub(super) struct Source<'a> {
    pub path: &'a Path,
    /// The name of the file, for messages.
    pub name: &'a str,
}

/// Whose results they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    MegaDetector,
    SpeciesNet,
    Unknown,
}

/// Everything but the images.
pub(super) struct Head {
    pub kind: Kind,
    pub info: Value,
    /// Names of what the detector finds, by their numbers.
    pub detected: HashMap<String, String>,
    /// Names of what the classifier tells apart, by their numbers.
    pub classified: HashMap<String, String>,
    /// The same with their taxonomy, where the classifier gives it.
    pub described: HashMap<String, String>,
}

#[derive(Deserialize)]
struct Parts {
    #[serde(default)]
    info: Value,
    detection_categories: Option<HashMap<String, String>>,
    classification_categories: Option<HashMap<String, String>>,
    classification_category_descriptions: Option<HashMap<String, String>>,
    images: Option<IgnoredAny>,
    predictions: Option<IgnoredAny>,
}

impl Source<'_> {
    fn open(&self) -> Result<BufReader<LimitedJson<File>>, SourceError> {
        let file = File::open(self.path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => SourceError::NotFound(self.path.into()),
            _ => SourceError::io(self.name)(error),
        })?;
        Ok(BufReader::with_capacity(1 << 18, LimitedJson::new(file)))
    }

    /// Goes through the whole file once: the names of classes may stand behind the images.
    pub fn head(&self) -> Result<Head, SourceError> {
        let parts: Parts = serde_json::from_reader(self.open()?).map_err(|error| self.wrong(&error))?;
        let kind = match (&parts.images, &parts.predictions, &parts.detection_categories) {
            (Some(_), _, Some(_)) => Kind::MegaDetector,
            (_, Some(_), _) => Kind::SpeciesNet,
            _ => Kind::Unknown,
        };
        Ok(Head {
            kind,
            info: parts.info,
            detected: parts.detection_categories.unwrap_or_default(),
            classified: parts.classification_categories.unwrap_or_default(),
            described: parts.classification_category_descriptions.unwrap_or_default(),
        })
    }

    /// Hands each item of the list with this name to `each`.
    pub fn items(&self, list: &str, each: &mut dyn FnMut(Value)) -> Result<(), SourceError> {
        let mut json = serde_json::Deserializer::from_reader(self.open()?);
        let read = Lists { list, each }.deserialize(&mut json).and_then(|()| json.end());
        read.map_err(|error| self.wrong(&error))
    }

    fn wrong(&self, error: &serde_json::Error) -> SourceError {
        if let Some(kind) = error.io_error_kind().filter(|kind| *kind != std::io::ErrorKind::InvalidData) {
            return SourceError::Io { file: self.name.into(), source: kind.into() };
        }
        SourceError::Structure {
            file: self.name.into(),
            line: error.line().max(1) as u64,
            column: error.column().max(1) as u64,
            found: excerpt_of_error(error),
            expected:
                "results of MegaDetector (images, detection_categories) or of SpeciesNet (predictions), \
                       whole and as JSON"
                    .into(),
        }
    }
}

/// The object around the list.
struct Lists<'a> {
    list: &'a str,
    each: &'a mut dyn FnMut(Value),
}

impl<'de> DeserializeSeed<'de> for Lists<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Lists<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with a list of {}", self.list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == self.list {
                map.next_value_seed(Items(&mut *self.each))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The list.
struct Items<'a>(&'a mut dyn FnMut(Value));

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element()? {
            self.0(item);
        }
        Ok(())
    }
}
