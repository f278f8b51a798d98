//! Finding the species for a common name, by the program's own names.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use super::name_table::own_names;
use crate::taxon_name::capitalise;
use crate::vocabulary::{fold, is_group_word};

/// An index of the table of common names.
struct KnownSpecies {
    /// Scientific names by folded common names; `None` for a common name of several species.
    by_common: HashMap<String, Option<String>>,
    /// Folded genera.
    genera: HashSet<String>,
    /// The last words of common names, folded: `deer`, `fox`.
    nouns: HashSet<String>,
}

/// The scientific name of the only species with this English name.
pub(crate) fn find_species(common: &str) -> Option<&'static str> {
    load_known_species().by_common.get(&fold(common))?.as_deref()
}

/// Whether a word is the genus of a species in the table.
pub(crate) fn is_known_genus(word: &str) -> bool {
    load_known_species().genera.contains(&fold(word))
}

/// Whether an English word names an animal or a group of animals: `fox`, `rodents`.
pub(crate) fn is_animal_word(word: &str) -> bool {
    let folded = fold(word);
    let is_among = |word: &str| is_group_word(word) || load_known_species().nouns.contains(word);
    is_among(&folded) || folded.strip_suffix('s').is_some_and(is_among)
}

fn load_known_species() -> &'static KnownSpecies {
    static KNOWN: OnceLock<KnownSpecies> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut names: Vec<(&String, &String)> = own_names().iter().collect();
        // Sorting makes the choice between two names of one species deterministic.
        names.sort_unstable();
        let mut known =
            KnownSpecies { by_common: HashMap::new(), genera: HashSet::new(), nouns: HashSet::new() };
        for (scientific, common) in names {
            known.add(scientific, &fold(common));
        }
        known
    })
}

impl KnownSpecies {
    /// Adds a species by its folded names.
    fn add(&mut self, scientific: &str, common: &str) {
        if let Some(genus) = scientific.split(' ').next() {
            self.genera.insert(genus.to_owned());
        }
        if let Some(noun) = common.rsplit(' ').next() {
            self.nouns.insert(noun.to_owned());
        }
        match self.by_common.entry(common.to_owned()) {
            Entry::Vacant(entry) => {
                entry.insert(Some(capitalise(scientific)));
            }
            Entry::Occupied(mut entry) => {
                let is_other =
                    entry.get().as_ref().is_some_and(|known| epithet(known) != epithet(scientific));
                if is_other {
                    entry.insert(None);
                }
            }
        }
    }
}

/// The epithet of a species without its ending. Tables have a species under several names if it was moved to
/// another genus (*Felis concolor*, *Puma concolor*), whose gender its epithet follows.
fn epithet(scientific: &str) -> &str {
    let epithet = scientific.rsplit(' ').next().unwrap_or_default();
    epithet.trim_end_matches(|letter: char| "aeimosu".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_name_of_one_species_stands_for_it() {
        for (common, scientific) in [
            ("coyote", "Canis latrans"),
            ("White-tailed Deer", "Odocoileus virginianus"),
            ("RACCOON", "Procyon lotor"),
            // One species, which was put into another genus.
            ("puma", "Felis concolor"),
            ("North American porcupine", "Erethizon dorsatum"),
        ] {
            assert_eq!(find_species(common), Some(scientific), "{common}");
        }
    }

    #[test]
    fn words_for_groups_and_names_of_several_species_stand_for_none() {
        for word in
            ["deer", "bird", "mammal", "rodent", "fox", "animal", "moose", "mouflon", "doe", "Reh", ""]
        {
            assert_eq!(find_species(word), None, "{word}");
        }
        for word in ["deer", "Birds", "rodents", "fox", "weasel", "Mammal", "squirrels"] {
            assert!(is_animal_word(word), "{word}");
        }
        assert!(!is_animal_word("virginianus") && !is_animal_word(""));
    }

    #[test]
    fn genera_are_known_in_any_case() {
        assert!(is_known_genus("Vulpes") && is_known_genus("ODOCOILEUS"));
        assert!(!is_known_genus("Weasel") && !is_known_genus("Cervidae"));
    }
}
