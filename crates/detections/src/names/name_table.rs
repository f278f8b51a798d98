//! Common names of species: the program's own, and those of users.

use std::path::Path;
use std::sync::OnceLock;

use super::table::{self, CommonNames};
use crate::error::SourceError;
use crate::vocabulary::fold;

/// The program's own names: English names of mammals and birds that cameras record often.
pub(super) const COMMON_NAMES: &str = include_str!("common_names.csv");

/// Common names of species in one language.
#[derive(Clone, Debug)]
pub struct NameTable {
    /// Names of the user, which override those in the data.
    pub(super) given: CommonNames,
    /// Three letters of ISO 639-3.
    pub(super) language: String,
}

impl Default for NameTable {
    fn default() -> Self {
        Self::in_language(Self::ENGLISH)
    }
}

impl NameTable {
    /// The language of the program's own names.
    pub const ENGLISH: &'static str = "eng";

    /// The program's own names in a language, such as `eng`. It has none in languages other than English.
    pub fn in_language(language: &str) -> Self {
        Self { given: CommonNames::new(), language: table::find_language_code(language) }
    }

    /// Adds the names in a user's file, which override those in the data: a table with the columns
    /// `scientificName`, `name` and, for several languages, `language`.
    pub fn read(path: &Path, language: &str) -> Result<Self, SourceError> {
        let language = table::find_language_code(language);
        let given = table::read_file(path, &language)?;
        Ok(Self { given, language })
    }

    /// The program's own name of a species, if it has one in this language.
    pub(super) fn find_own_name(&self, scientific_name: &str) -> Option<&'static str> {
        if self.language != Self::ENGLISH {
            return None;
        }
        own_names().get(&fold(scientific_name)).map(String::as_str)
    }
}

/// The program's own names.
pub(super) fn own_names() -> &'static CommonNames {
    static NAMES: OnceLock<CommonNames> = OnceLock::new();
    NAMES.get_or_init(|| {
        table::parse_table(COMMON_NAMES, "common_names.csv", NameTable::ENGLISH)
            .expect("the program's own table is right")
    })
}
