//! Reading a file of results image by image, since a survey has hundreds of thousands.

use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::first_pass::{Feature, FirstPass};
use super::image_list::ImageList;
use super::limited_json::LimitedJson;
use super::values::NULL;
use crate::error::SourceError;
use crate::excerpt::excerpt_error;
use crate::json_text::LenientJson;
use crate::media_files::MediaFiles;
use crate::options::ReadOptions;

/// The file that results are read from.
pub(super) struct ResultsFile<'a> {
    pub path: &'a Path,
    /// Its name in messages.
    pub name: &'a str,
}

/// Results of a detector, with everything that is needed to read them.
pub(super) struct Results<'a> {
    pub file: ResultsFile<'a>,
    pub header: ResultsHeader,
    pub files: MediaFiles,
    pub options: &'a ReadOptions,
}

/// The program that wrote the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResultsFormat {
    MegaDetector,
    SpeciesNet,
    PytorchWildlife,
    Unknown,
}

/// The fields beside the lists that are read.
const FIELDS: [&str; 7] = [
    "info",
    "detection_categories",
    "classification_categories",
    "classification_category_descriptions",
    "categories",
    "det_categories",
    "clf_categories",
];

/// The fields beside the images, and what the first pass found.
#[derive(Debug, Default)]
pub(super) struct ResultsHeader {
    fields: Map<String, Value>,
    lists: Vec<ImageList>,
    pub first_pass: FirstPass,
}

impl ResultsHeader {
    /// A field of the outermost object; null if it is missing.
    pub fn field(&self, name: &str) -> &Value {
        self.fields.get(name).unwrap_or(&NULL)
    }

    /// Whether a field exists, even if it is null.
    pub fn has_field(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Recognises the program that wrote the results.
    pub fn format(&self) -> ResultsFormat {
        let has_list = |list| self.lists.contains(&list);
        if has_list(ImageList::Images)
            && (self.has_field("detection_categories") || self.first_pass.has_feature(Feature::Detections))
        {
            ResultsFormat::MegaDetector
        } else if has_list(ImageList::Predictions) {
            ResultsFormat::SpeciesNet
        } else if has_list(ImageList::Annotations)
            && (self.first_pass.has_feature(Feature::ImageIds) || self.has_field("det_categories"))
        {
            ResultsFormat::PytorchWildlife
        } else {
            ResultsFormat::Unknown
        }
    }
}

impl ResultsFile<'_> {
    /// The folder of the file.
    pub fn folder(&self) -> PathBuf {
        let folder = self.path.parent().filter(|folder| *folder != Path::new(""));
        folder.unwrap_or(Path::new(".")).to_owned()
    }

    /// The name of the file without its extension, as a title.
    pub fn title(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn open(&self) -> Result<BufReader<LimitedJson<LenientJson<File>>>, SourceError> {
        let file = File::open(self.path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => SourceError::NotFound(self.path.into()),
            _ => SourceError::io(self.name)(error),
        })?;
        // The limit applies to the cleaned text, which is what is kept in memory.
        Ok(BufReader::with_capacity(1 << 18, LimitedJson::new(LenientJson::new(file))))
    }

    /// Makes the first pass. The names of classes may stand after the images, and many images are needed
    /// to see how numbers are written and where the pictures are.
    pub fn read_header(&self) -> Result<ResultsHeader, SourceError> {
        let mut head = ResultsHeader::default();
        self.read(HeaderVisitor { head: &mut head })?;
        Ok(head)
    }

    /// Calls `each` with each item of a list.
    pub fn for_each_item(&self, list: ImageList, each: &mut dyn FnMut(Value)) -> Result<(), SourceError> {
        self.read(ListVisitor { list, each })
    }

    /// Reads the outermost object with a visitor.
    fn read(&self, visitor: impl for<'de> Visitor<'de, Value = ()>) -> Result<(), SourceError> {
        let mut json = serde_json::Deserializer::from_reader(self.open()?);
        let read = Deserializer::deserialize_map(&mut json, visitor).and_then(|()| json.end());
        read.map_err(|error| self.map_error(&error))
    }

    fn map_error(&self, error: &serde_json::Error) -> SourceError {
        if let Some(kind) = error.io_error_kind().filter(|kind| *kind != std::io::ErrorKind::InvalidData) {
            return SourceError::Io { file: self.name.into(), source: kind.into() };
        }
        let position = (error.line().max(1) as u64, error.column().max(1) as u64);
        let expected = "results of MegaDetector (images, detection_categories), of SpeciesNet (predictions) or \
                        of Pytorch-Wildlife (annotations), whole and as JSON";
        SourceError::structure(self.name, position, excerpt_error(error), expected)
    }
}

/// Visits everything in the outermost object.
struct HeaderVisitor<'a> {
    head: &'a mut ResultsHeader,
}

impl<'de> Visitor<'de> for HeaderVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with a list of images")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let head = self.head;
        while let Some(name) = map.next_key::<String>()? {
            if let Some(list) = ImageList::ALL.into_iter().find(|list| list.name() == name) {
                if head.lists.contains(&list) {
                    return Err(A::Error::duplicate_field(list.name()));
                }
                head.lists.push(list);
                map.next_value_seed(ItemsSeed(&mut |item: Value| head.first_pass.scan_item(list, &item)))?;
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

/// Visits one list in the outermost object.
struct ListVisitor<'a> {
    list: ImageList,
    each: &'a mut dyn FnMut(Value),
}

impl<'de> Visitor<'de> for ListVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with a list of {}", self.list.name())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == self.list.name() {
                map.next_value_seed(ItemsSeed(&mut *self.each))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Passes the items of a list to a function.
struct ItemsSeed<'a>(&'a mut dyn FnMut(Value));

impl<'de> DeserializeSeed<'de> for ItemsSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ItemsSeed<'_> {
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
