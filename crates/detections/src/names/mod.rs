//! Names of species and places: what names that people type stand for, and common names for species of
//! which a data set has none.
//!
//! - `resolve` finds classes and locations by the names that people type, with `lookup`;
//! - `table` reads tables of common names: the program's own and those of users;
//! - `known_species` finds the species that a common name stands for.

mod known_species;
mod lookup;
mod resolve;
mod table;

use std::collections::HashMap;
use std::path::Path;
use std::sync::OnceLock;

use crate::error::SourceError;
use crate::model::Dataset;
use crate::vocabulary::fold;

pub(crate) use known_species::{find_species, is_animal_word, is_known_genus};
pub use lookup::{UnknownName, UnknownNames};
pub use resolve::ResolvedNames;

/// Common names that the program has itself: mammals and birds that cameras record often, in English.
const COMMON_NAMES: &str = include_str!("common_names.csv");

/// Common names by scientific names, which are compared in any case of letters.
type CommonNames = HashMap<String, String>;

/// Common names of species in one language.
#[derive(Clone, Debug)]
pub struct NameTable {
    /// Those of a user, which stand before the names in the data.
    given: CommonNames,
    /// Three letters of ISO 639-3.
    language: String,
}

impl Default for NameTable {
    fn default() -> Self {
        Self::in_language(Self::ENGLISH)
    }
}

impl NameTable {
    /// The language of the names that the program has itself.
    pub const ENGLISH: &'static str = "eng";

    /// The program's own names in a language, such as `eng`; of others than English it has none.
    pub fn in_language(language: &str) -> Self {
        Self { given: CommonNames::new(), language: table::language_code(language) }
    }

    /// The same with the names in a file of a user, which stand before the names in the data: a table
    /// with the columns `scientificName`, `name` and, where there are several, `language`.
    pub fn read(path: &Path, language: &str) -> Result<Self, SourceError> {
        let language = table::language_code(language);
        let given = table::read_file(path, &language)?;
        Ok(Self { given, language })
    }

    /// The program's own name of a species, where it has one in this language.
    fn find_own(&self, scientific_name: &str) -> Option<&'static str> {
        if self.language != Self::ENGLISH {
            return None;
        }
        own_names().get(&fold(scientific_name)).map(String::as_str)
    }
}

/// The program's own names, which are English.
fn own_names() -> &'static CommonNames {
    static NAMES: OnceLock<CommonNames> = OnceLock::new();
    NAMES.get_or_init(|| {
        table::parse(COMMON_NAMES, "common_names.csv", NameTable::ENGLISH)
            .expect("the program's own table is right")
    })
}

/// Gives classes their common names: those that a user gave stand before those in the data, and the
/// program's own are for classes that have none.
pub(crate) fn apply_names(data: &mut Dataset, names: &NameTable) {
    for class in &mut data.classes {
        let given = names.given.get(&fold(&class.name)).map(String::as_str);
        let own = || names.find_own(&class.name).filter(|_| class.vernacular.is_none());
        if let Some(name) = given.or_else(own) {
            class.vernacular = Some(name.to_owned());
            class.vernacular_language = Some(names.language.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use testkit::Package;

    use super::*;
    use crate::source::{ReadOptions, open};
    use crate::vocabulary::{Meaning, meaning_of};

    /// The common names of three classes: one that the data name, one that only the program names, and
    /// one that nobody does.
    fn names(table: NameTable) -> [Option<String>; 3] {
        let mut package = Package::new();
        let mut descriptor: serde_json::Value = serde_json::from_str(&package.descriptor).unwrap();
        descriptor["taxonomic"] = serde_json::json!([
            {"scientificName": "Vulpes vulpes", "vernacularNames": {"eng": "fox of the data"}}
        ]);
        package.descriptor = descriptor.to_string();
        for (id, class) in [("o1", "Vulpes vulpes"), ("o2", "Ursus americanus"), ("o3", "Nemo nullus")] {
            package.sighting(id, "dep1", "2023-10-01T06:00:00Z", class, 1);
        }
        let options = ReadOptions { names: Arc::new(table), ..ReadOptions::default() };
        let data = open(package.write().path(), &options).unwrap();
        [0, 1, 2].map(|class: usize| data.classes[class].vernacular.clone())
    }

    #[test]
    fn a_species_without_a_common_name_gets_the_one_that_the_program_knows() {
        let [of_data, of_program, of_nobody] = names(NameTable::default());
        assert_eq!(of_data.as_deref(), Some("fox of the data"));
        assert_eq!(of_program.as_deref(), Some("American black bear"));
        assert_eq!(of_nobody, None);
    }

    #[test]
    fn names_of_a_user_stand_before_all_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("names.csv");
        let text = "scientificName;language;name\nvulpes vulpes;deu;Rotfuchs\nUrsus americanus;deu;Schwarzbär\n\
                    Vulpes vulpes;eng;fox of the user\n";
        std::fs::write(&path, text).unwrap();
        let [fox, bear, _] = names(NameTable::read(&path, "eng").unwrap());
        assert_eq!((fox.as_deref(), bear.as_deref()), (Some("fox of the user"), Some("American black bear")));
        let [fox, bear, _] = names(NameTable::read(&path, "de-AT").unwrap());
        assert_eq!((fox.as_deref(), bear.as_deref()), (Some("Rotfuchs"), Some("Schwarzbär")));
    }

    #[test]
    fn the_programs_own_table_names_species_and_each_of_them_once() {
        let names = table::parse(COMMON_NAMES, "common_names.csv", NameTable::ENGLISH).unwrap();
        assert!(names.len() > 5000, "{}", names.len());
        assert_eq!(names.len(), COMMON_NAMES.lines().count() - 1);
        for (scientific, common) in &names {
            assert_eq!(meaning_of(scientific), Meaning::Taxon, "{scientific}");
            assert_eq!(meaning_of(common), Meaning::Taxon, "{common}");
            assert_eq!(scientific.split(' ').count(), 2, "{scientific}");
            assert_eq!(common.trim(), common);
        }
    }
}
