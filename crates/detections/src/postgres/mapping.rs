//! Which tables and columns of a database hold what.
//!
//! Each value is an SQL expression over the rows `image`, `detection`, `location` and `individual`, so
//! any schema can be described. The defaults read the tables `images`, `detections`, `locations` and `deer`.
//! The operator writes the expressions; text from a request never becomes part of one.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::error::SourceError;
use crate::excerpt::{excerpt, excerpt_error, find_position};
use crate::observations::ObservationType;
use crate::vocabulary::{Meaning, find_meaning, list_words};

/// How a database is read: a TOML file with a table for each field.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// The title of the data set; by default the name of the database.
    pub title: Option<String>,
    /// How the authors want the data to be cited.
    pub citation: Option<String>,
    /// The names of the tables.
    pub tables: Tables,
    /// Expressions over `image`.
    pub image: Image,
    /// Expressions over `detection` and `image`.
    pub detection: Detection,
    /// Expressions over `location`.
    pub location: Location,
    /// Expressions over `individual`.
    pub individual: Individual,
    /// Conditions over `detection` under which a detection is not counted, by the word that reports use.
    pub not_counted: NotCounted,
    /// Classes that are not animals.
    pub classes: Classes,
}

/// Defines a table of the mapping: its fields, each with its documentation and its default.
macro_rules! section {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $default:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name { $($(#[$doc])* pub $field: String),+ }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default.into()),+ }
            }
        }
    };
}

section! {
    /// The tables, or views, with their schema where it is not on the search path.
    Tables {
        /// One row for each picture.
        images: "images",
        /// One row for each animal on a picture.
        detections: "detections",
        /// One row for each place with a camera.
        locations: "locations",
        /// One row for each known individual; empty if there is no such table.
        individuals: "deer",
    }
}

section! {
    /// A picture.
    Image {
        /// Its id.
        id: "image.id",
        /// The id of its location.
        location: "image.location_id",
        /// When it was taken: a `timestamptz`, or a `timestamp` on the camera's own clock.
        time: "image.timestamp",
        /// The path of its file, relative to the folder or bucket of images.
        path: "image.path",
        /// Its file name in archives.
        name: "image.filename",
    }
}

section! {
    /// Something on a picture.
    Detection {
        /// Its id.
        id: "detection.id",
        /// The id of its picture.
        image: "detection.image_id",
        /// The id of the individual, if known.
        individual: "detection.deer_id",
        /// Its class: the correction by a person, else the class that the model gave.
        class: "coalesce(nullif(detection.corrected_classification, ''), detection.classification)",
        /// The confidence of the model, 0 to 1; null if a person decided.
        confidence: "case when nullif(detection.corrected_classification, '') is null then detection.confidence end",
        /// Its bounding box as JSON: `{"x", "y", "width", "height"}`, or an array of the four.
        r#box: "detection.bbox",
        /// The unit of the box: `pixels` or `fractions`.
        box_unit: "pixels",
        /// The id of its visit.
        event: "detection.burst_group_id",
        /// When it was classified, a `timestamptz`.
        classified_at: "detection.created_at",
    }
}

section! {
    /// A place.
    Location {
        /// Its id.
        id: "location.id",
        /// Its name.
        name: "location.name",
        /// Degrees north (WGS 84). The type `json` may hold escapes that PostgreSQL cannot convert to
        /// text; without the condition the whole query would fail.
        latitude: "case when location.coordinates::text !~* '\\\\u(0000|d[89a-f])' then location.coordinates ->> 'lat' end",
        /// Degrees east (WGS 84).
        longitude: "case when location.coordinates::text !~* '\\\\u(0000|d[89a-f])' then location.coordinates ->> 'lon' end",
    }
}

section! {
    /// A known individual.
    Individual {
        /// Its id.
        id: "individual.id",
        /// Its name; its id if it has none, since it is one individual all the same.
        name: "coalesce(nullif(individual.name, ''), individual.id::text)",
        /// Its sex.
        sex: "individual.sex",
        /// Its life stage.
        life_stage: "null",
    }
}

/// Conditions under which a detection is not counted, by the word that reports use.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct NotCounted(pub BTreeMap<String, String>);

impl Default for NotCounted {
    fn default() -> Self {
        let reasons = [("duplicate", "detection.is_duplicate"), ("invalid", "not detection.is_valid")];
        Self(reasons.into_iter().map(|(word, condition)| (word.into(), condition.into())).collect())
    }
}

/// Classes that are not animals, compared without regard to case.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Classes {
    /// People.
    pub human: Vec<String>,
    /// Vehicles.
    pub vehicle: Vec<String>,
    /// Empty pictures.
    pub blank: Vec<String>,
    /// Unidentified objects.
    pub unknown: Vec<String>,
}

impl Default for Classes {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            human: words(&["human", "person", "people"]),
            vehicle: words(&["vehicle", "car", "truck", "atv"]),
            blank: words(&["blank", "empty", "none"]),
            unknown: words(&["unknown", "unidentified"]),
        }
    }
}

impl Classes {
    /// The observation type of a class.
    pub(super) fn kind(&self, class: &str) -> ObservationType {
        let is = |words: &[String]| words.iter().any(|word| word.eq_ignore_ascii_case(class));
        match class {
            "" => ObservationType::Unclassified,
            _ if is(&self.human) => ObservationType::Human,
            _ if is(&self.vehicle) => ObservationType::Vehicle,
            _ if is(&self.blank) => ObservationType::Blank,
            _ if is(&self.unknown) => ObservationType::Unknown,
            _ => find_meaning(class).kind(),
        }
    }

    /// Lists the words for people and vehicles, in lower case: those of the mapping, and those of the
    /// common vocabulary.
    pub(super) fn list_people_words(&self) -> Vec<String> {
        let own = self.human.iter().chain(&self.vehicle).map(|word| word.to_lowercase());
        own.chain(written_forms([Meaning::Human, Meaning::Vehicle])).collect()
    }

    /// Lists the words for empty pictures and unidentified objects.
    pub(super) fn list_non_animal_words(&self) -> Vec<String> {
        let own = self.blank.iter().chain(&self.unknown).map(|word| word.to_lowercase());
        own.chain(written_forms([Meaning::Blank, Meaning::Unknown])).collect()
    }
}

/// The words with these meanings, also with `_` and `-` in place of spaces.
fn written_forms(meanings: [Meaning; 2]) -> impl Iterator<Item = String> {
    meanings.into_iter().flat_map(list_words).flat_map(|word| {
        let forms = if word.contains(' ') { vec![" ", "_", "-"] } else { vec![" "] };
        forms.into_iter().map(|separator| word.replace(' ', separator)).collect::<Vec<_>>()
    })
}

impl Mapping {
    /// Whether the classes are those of the platform that the defaults describe.
    pub(super) fn has_default_classes(&self) -> bool {
        self.detection.class == Detection::default().class
    }

    /// Reads a mapping from a file of TOML.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        let text = std::fs::read_to_string(path).map_err(SourceError::open_error(path))?;
        let read = toml::from_str(&text).map_err(|error| (error.span(), error.message().to_owned()));
        let mapping = read.and_then(|mapping: Self| match mapping.detection.box_unit.as_str() {
            "pixels" | "fractions" => Ok(mapping),
            other => {
                let at = text.find("box_unit").map(|at| at..at);
                Err((at, format!("box_unit “{}”, which is neither pixels nor fractions", excerpt(other))))
            }
        });
        mapping.map_err(|(span, found)| {
            let position = find_position(&text[..span.map_or(0, |span| span.start.min(text.len()))]);
            let expected = "a mapping of tables and columns, as docs/POSTGRESQL.md describes it";
            let found = excerpt_error(&found.trim());
            SourceError::structure(&path.display().to_string(), position, found, expected)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ObservationType::{Animal, Blank, Human, Unclassified, Vehicle};

    fn read(text: &str) -> Result<Mapping, SourceError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Mapping::read(file.path())
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        let mapping = read("title = 'Deer'\n[image]\npath = \"image.key\"\n[not_counted]\n").unwrap();
        assert_eq!((mapping.image.path.as_str(), mapping.image.id.as_str()), ("image.key", "image.id"));
        assert!(mapping.not_counted.0.is_empty());
    }

    #[test]
    fn the_documented_mapping_is_the_one_that_is_used() {
        let document = include_str!("../../../../docs/POSTGRESQL.md");
        let text = document.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        assert_eq!(format!("{:#?}", read(text).unwrap()), format!("{:#?}", Mapping::default()));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let place = |text: &str| match read(text) {
            Err(SourceError::Structure { line, column, found, .. }) => (line, column, found),
            other => panic!("{other:?}"),
        };
        let (line, column, found) = place("[image]\nid = 'x'\npaht = 'y'\n");
        assert_eq!((line, column), (3, 1));
        assert!(found.contains("paht"), "{found}");
        assert_eq!(place("[detection]\nbox_unit = 'feet'\n").0, 2);
        assert_eq!(place("[image\n").0, 1);
    }

    #[test]
    fn a_class_is_of_a_kind() {
        let classes = Classes::default();
        let kinds = ["Person", "truck", "", "empty", "doe"].map(|class| classes.kind(class));
        assert_eq!(kinds, [Human, Vehicle, Unclassified, Blank, Animal]);
        // Words that mean people in every format mean people in a database too.
        assert_eq!(["Homo sapiens", "bicycle"].map(|class| classes.kind(class)), [Human, Vehicle]);
        assert!(classes.list_people_words().contains(&"camera-trapper".into()));
    }
}
