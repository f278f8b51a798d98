//! The meaning of names that are not species: one vocabulary for all readers and the database. Its words and
//! their sources are in `vocabulary.toml`.

use std::sync::LazyLock;

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::observations::ObservationType;

/// The meaning of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A species or group of animals, or any name that is not in the vocabulary.
    Taxon,
    /// An animal without a species name.
    UnnamedAnimal,
    /// An unidentified object.
    Unknown,
    /// An empty picture, or one that the camera took by itself or that shows its setup.
    Blank,
    /// A person: any name in the genus *Homo*.
    Human,
    /// A vehicle or another man-made object.
    Vehicle,
}

/// The words of the vocabulary, all folded. Each list is described in `vocabulary.toml`.
// The fields are the names of the lists in the file.
#[allow(clippy::struct_field_names)]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    unnamed_animal: Vec<String>,
    unnamed_starts: Vec<String>,
    unknown: Vec<String>,
    blank: Vec<String>,
    blank_words: Vec<String>,
    human: Vec<String>,
    human_words: Vec<String>,
    human_starts: Vec<String>,
    vehicle: Vec<String>,
    vehicle_words: Vec<String>,
    domestic: Vec<String>,
    group_words: Vec<String>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    toml::from_str(include_str!("vocabulary.toml")).expect("the program's own vocabulary is right")
});

/// Folds a name for comparison: lower case, without accents, with one space for spaces, `_` and `-`.
pub(crate) fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for letter in name.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase) {
        if letter.is_whitespace() || matches!(letter, '_' | '-') {
            if !folded.is_empty() && !folded.ends_with(' ') {
                folded.push(' ');
            }
        } else {
            folded.push(letter);
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// The meaning of a name.
///
/// People and vehicles are recognised by any word of a name (`Human, hiker`, `person on horse`, `All-Terrain
/// Vehicle`), the rest by the whole name: the names of many animals contain a word of the vocabulary
/// (`boat-tailed grackle`).
pub(crate) fn find_meaning(name: &str) -> Meaning {
    let folded = fold(name);
    let has_word = |words: &[String]| {
        let mut parts = folded.split(|letter: char| !letter.is_alphanumeric());
        parts.any(|part| words.iter().any(|word| word == part))
    };
    let plain = folded.trim_matches(|letter: char| !letter.is_alphanumeric());
    let singular = plain.strip_suffix('s').unwrap_or(plain);
    let is_among = |words: &[String]| {
        words.iter().any(|word| [folded.as_str(), plain, singular].contains(&word.as_str()))
    };
    let starts_with = |starts: &[String]| starts.iter().any(|start| plain.starts_with(start.as_str()));
    let first = plain.split(' ').next().unwrap_or_default();
    if first == "homo"
        || plain == "h. sapiens"
        || has_word(&WORDS.human_words)
        || is_among(&WORDS.human)
        || starts_with(&WORDS.human_starts)
    {
        Meaning::Human
    } else if has_word(&WORDS.vehicle_words) || is_among(&WORDS.vehicle) {
        Meaning::Vehicle
    } else if plain.is_empty() || is_among(&WORDS.unknown) {
        Meaning::Unknown
    } else if is_among(&WORDS.blank) || has_word(&WORDS.blank_words) {
        Meaning::Blank
    } else if is_among(&WORDS.unnamed_animal) || starts_with(&WORDS.unnamed_starts) {
        Meaning::UnnamedAnimal
    } else {
        Meaning::Taxon
    }
}

/// A PostgreSQL regular expression for lower-case names that mean people or vehicles because of one word.
pub(crate) fn people_pattern() -> String {
    let words = [WORDS.human_words.join("|"), WORDS.vehicle_words.join("|")];
    let starts = WORDS.human_starts.join("|").replace(' ', "[ _-]");
    format!("(^|[^[:alnum:]])({})($|[^[:alnum:]])|^homo([^[:alnum:]]|$)|^({starts})", words.join("|"))
}

/// Whether a scientific or common name is that of a domestic animal.
pub(crate) fn is_domestic(name: &str) -> bool {
    WORDS.domestic.contains(&fold(name))
}

/// Whether a folded word is one for a group of animals that is not the last word of a species' name.
pub(crate) fn is_group_word(word: &str) -> bool {
    WORDS.group_words.iter().any(|group| group == word)
}

impl Meaning {
    /// The type of an observation with this name.
    pub fn kind(self) -> ObservationType {
        match self {
            Self::Taxon | Self::UnnamedAnimal => ObservationType::Animal,
            Self::Unknown => ObservationType::Unknown,
            Self::Blank => ObservationType::Blank,
            Self::Human => ObservationType::Human,
            Self::Vehicle => ObservationType::Vehicle,
        }
    }
}

/// The folded words with a meaning. For people and vehicles, [`people_pattern`] has further words.
pub(crate) fn list_words(meaning: Meaning) -> &'static [String] {
    match meaning {
        Meaning::Taxon => &[],
        Meaning::UnnamedAnimal => &WORDS.unnamed_animal,
        Meaning::Unknown => &WORDS.unknown,
        Meaning::Blank => &WORDS.blank,
        Meaning::Human => &WORDS.human,
        Meaning::Vehicle => &WORDS.vehicle,
    }
}

/// The combined meaning of an identification's names, such as its ranks and its common name.
///
/// A person comes first, then a vehicle, then blank. Empty names are ignored; without any other name the
/// result is unknown.
pub(crate) fn combine_meanings<'a>(names: impl IntoIterator<Item = &'a str>) -> Meaning {
    let rank = |meaning: Meaning| match meaning {
        Meaning::Human => 5,
        Meaning::Vehicle => 4,
        Meaning::Blank => 3,
        Meaning::Taxon => 2,
        Meaning::UnnamedAnimal => 1,
        Meaning::Unknown => 0,
    };
    let meanings = names.into_iter().filter(|name| !name.is_empty()).map(find_meaning);
    meanings.max_by_key(|meaning| rank(*meaning)).unwrap_or(Meaning::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_people_however_they_are_written() {
        for name in [
            "Homo sapiens",
            "HOMO SAPIENS",
            "homo_sapiens",
            "Homo sapiens sapiens",
            "Homo",
            "homo species",
            "Homo  Sapiens ",
            "homosapiens",
            "Human",
            "Human-Camera Trapper",
            "person",
            "People",
            "humano",
        ] {
            assert_eq!(find_meaning(name), Meaning::Human, "{name}");
        }
        for name in [
            "Human, hiker",
            "Human, non-staff",
            "Humans/vehicles",
            "Person (staff)",
            "person on horse",
            "Hikers",
            "people_and_dog",
            "H. sapiens",
            "Human.",
            "camera trappper",
            "Motorcyclist",
        ] {
            assert_eq!(find_meaning(name), Meaning::Human, "{name}");
        }
        for name in [
            "Homotherium",
            "Homarus gammarus",
            "humanoid",
            "Personatus",
            "Hunter's hartebeest",
            "Fisher",
            "boat-tailed grackle",
            "Quailfinch",
            "Carolina wren",
            "Caracal",
            "Vandeleuria",
            "Trainband",
        ] {
            assert_eq!(find_meaning(name), Meaning::Taxon, "{name}");
        }
    }

    #[test]
    fn what_is_no_animal_has_one_meaning() {
        for (name, meaning) in [
            ("No CV Result", Meaning::Unknown),
            ("Unknown unknown", Meaning::Unknown),
            ("spp.", Meaning::Unknown),
            ("", Meaning::Unknown),
            ("Blank", Meaning::Blank),
            ("Misfire", Meaning::Blank),
            ("Véhicule", Meaning::Vehicle),
            ("Bicycle", Meaning::Vehicle),
            ("ANIMAL", Meaning::UnnamedAnimal),
            ("Animalia", Meaning::UnnamedAnimal),
            ("Animal species", Meaning::UnnamedAnimal),
            ("Animal spp.", Meaning::UnnamedAnimal),
            ("Mammalia", Meaning::Taxon),
            ("Aves", Meaning::Taxon),
            ("Unknown Bird", Meaning::UnnamedAnimal),
            ("Animal Not On List", Meaning::UnnamedAnimal),
            ("All-Terrain Vehicle", Meaning::Vehicle),
            ("motor vehicle", Meaning::Vehicle),
            ("Bicycles", Meaning::Vehicle),
            ("Camera Misfire", Meaning::Blank),
            ("Time Lapse", Meaning::Blank),
            ("CV Failed", Meaning::Unknown),
            ("Not Identifiable", Meaning::Unknown),
            ("?", Meaning::Unknown),
            ("Vulpes vulpes", Meaning::Taxon),
        ] {
            assert_eq!(find_meaning(name), meaning, "{name}");
        }
    }

    #[test]
    fn a_person_among_the_names_makes_a_person() {
        assert_eq!(combine_meanings(["Mammalia", "Primates", "Hominidae", "Homo", ""]), Meaning::Human);
        assert_eq!(combine_meanings(["Mammalia", "", "Misfire"]), Meaning::Blank);
        assert_eq!(combine_meanings(["", "No CV Result", ""]), Meaning::Unknown);
        assert_eq!(combine_meanings(["Carnivora", "unknown"]), Meaning::Taxon);
        assert_eq!(combine_meanings([""; 3]), Meaning::Unknown);
    }

    #[test]
    fn accents_and_their_forms_make_no_difference() {
        assert_eq!(fold("Cámara\u{a0}Norte"), fold("ca\u{301}mara_norte"));
        assert_eq!(fold("  Lynx-pardinus "), "lynx pardinus");
        assert!(is_domestic("Canis Familiaris") && is_domestic("domestic dog"));
        assert!(!is_domestic("Canis lupus"));
    }
}
