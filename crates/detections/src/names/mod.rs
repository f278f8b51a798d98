//! Names of species and locations: looking up names that people type, and adding common names to species that
//! have none.
//!
//! - `resolve` finds classes and locations by the names that people type, with `lookup`;
//! - `name_table` has the common names of the program and of users, which `table` reads;
//! - `known_species` finds the species for a common name.

mod known_species;
mod lookup;
mod name_table;
mod resolve;
mod table;

use crate::model::Dataset;
use crate::vocabulary::fold;

pub(crate) use known_species::{find_species, is_animal_word, is_known_genus};
pub use lookup::{UnknownName, UnknownNamesError};
pub use name_table::NameTable;
pub use resolve::ResolvedNames;

/// Sets the common names of classes. Names of the user override those in the data; the program's own names
/// are for classes that have none.
pub(crate) fn apply_names(data: &mut Dataset, names: &NameTable) {
    for class in &mut data.classes {
        let given = names.given.get(&fold(&class.name)).map(String::as_str);
        let own = || names.find_own_name(&class.name).filter(|_| class.vernacular.is_none());
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

    use super::name_table::COMMON_NAMES;
    use super::*;
    use crate::options::ReadOptions;
    use crate::source::open;
    use crate::vocabulary::{Meaning, find_meaning};

    /// The common names of three classes: one that the data name, one that only the program names, and
    /// one without a common name.
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
        let names = table::parse_table(COMMON_NAMES, "common_names.csv", NameTable::ENGLISH).unwrap();
        assert!(names.len() > 5000, "{}", names.len());
        assert_eq!(names.len(), COMMON_NAMES.lines().count() - 1);
        for (scientific, common) in &names {
            assert_eq!(find_meaning(scientific), Meaning::Taxon, "{scientific}");
            assert_eq!(find_meaning(common), Meaning::Taxon, "{common}");
            assert_eq!(scientific.split(' ').count(), 2, "{scientific}");
            assert_eq!(common.trim(), common);
        }
    }
}
