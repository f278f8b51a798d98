//! A file of results, read image by image: a survey has hundreds of thousands.

use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::limit::LimitedJson;
use super::survey::{Seen, Survey};
use super::values::NOTHING;
use crate::error::SourceError;
use crate::excerpt::excerpt_of_error;
use crate::json_text::LenientJson;

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
    PytorchWildlife,
    Unknown,
}

/// A list with an item for each image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Images,
    Predictions,
    Annotations,
}

impl List {
    const ALL: [Self; 3] = [Self::Images, Self::Predictions, Self::Annotations];

    fn name(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Predictions => "predictions",
            Self::Annotations => "annotations",
        }
    }
}

/// Fields beside the lists that say something.
const FIELDS: [&str; 7] = [
    "info",
    "detection_categories",
    "classification_categories",
    "classification_category_descriptions",
    "categories",
    "det_categories",
    "clf_categories",
];

/// Everything but the images, and what they have in common.
#[derive(Debug, Default)]
pub(super) struct Head {
    fields: Map<String, Value>,
    lists: Vec<List>,
    pub survey: Survey,
}

impl Head {
    /// A field of the outermost object; null when it is not there.
    pub fn field(&self, name: &str) -> &Value {
        self.fields.get(name).unwrap_or(&NOTHING)
    }

    /// Whether a field is there, be it null.
    pub fn has_field(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Whose results these are.
    pub fn kind(&self) -> Kind {
        let has_list = |list| self.lists.contains(&list);
        if has_list(List::Images)
            && (self.has_field("detection_categories") || self.survey.has(Seen::Detections))
        {
            Kind::MegaDetector
        } else if has_list(List::Predictions) {
            Kind::SpeciesNet
        } else if has_list(List::Annotations)
            && (self.survey.has(Seen::ImageIds) || self.has_field("det_categories"))
        {
            Kind::PytorchWildlife
        } else {
            Kind::Unknown
        }
    }
}

impl Source<'_> {
    /// The folder that the file is in.
    pub fn folder(&self) -> PathBuf {
        let folder = self.path.parent().filter(|folder| *folder != Path::new(""));
        folder.unwrap_or(Path::new(".")).to_owned()
    }

    /// The name of the file without its ending, for a title.
    pub fn title(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn open(&self) -> Result<BufReader<LimitedJson<LenientJson<File>>>, SourceError> {
        let file = File::open(self.path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => SourceError::NotFound(self.path.into()),
            _ => SourceError::io(self.name)(error),
        })?;
        // What is limited is what is kept in memory: the text that takes the place of the file's.
        Ok(BufReader::with_capacity(1 << 18, LimitedJson::new(LenientJson::new(file))))
    }

    /// Goes through the whole file once: names of classes may stand behind the images, and how numbers are
    /// written and where pictures are is seen in many of them.
    pub fn head(&self) -> Result<Head, SourceError> {
        let mut head = Head::default();
        self.read(Outline { head: &mut head })?;
        Ok(head)
    }

    /// Hands each item of a list to `each`.
    pub fn items(&self, list: List, each: &mut dyn FnMut(Value)) -> Result<(), SourceError> {
        self.read(Lists { list, each })
    }

    /// Lets a visitor see the outermost object.
    fn read(&self, visitor: impl for<'de> Visitor<'de, Value = ()>) -> Result<(), SourceError> {
        let mut json = serde_json::Deserializer::from_reader(self.open()?);
        let read = Deserializer::deserialize_map(&mut json, visitor).and_then(|()| json.end());
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
                "results of MegaDetector (images, detection_categories), of SpeciesNet (predictions) or \
                       of Pytorch-Wildlife (annotations), whole and as JSON"
                    .into(),
        }
    }
}

/// The outermost object, of which everything is looked at.
struct Outline<'a> {
    head: &'a mut Head,
}

impl<'de> Visitor<'de> for Outline<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with a list of images")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let head = self.head;
        while let Some(name) = map.next_key::<String>()? {
            if let Some(list) = List::ALL.into_iter().find(|list| list.name() == name) {
                if head.lists.contains(&list) {
                    return Err(A::Error::duplicate_field(list.name()));
                }
                head.lists.push(list);
                map.next_value_seed(Items(&mut |item: Value| head.survey.look_at(list, &item)))?;
            } else if FIELDS.contains(&name.as_str()) {
                let value = map.next_value()?;
                head.fields.insert(name, value);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The outermost object, of which one list is read.
struct Lists<'a> {
    list: List,
    each: &'a mut dyn FnMut(Value),
}

impl<'de> Visitor<'de> for Lists<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with a list of {}", self.list.name())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == self.list.name() {
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
