//! The meaning of names that are not species: one vocabulary for all readers and the database.
//!
//! The words are those that tools and platforms write. Sources: the identifications of Wildlife Insights
//! (<https://www.wildlifeinsights.org/get-started/review-identifications>) and their mapping in
//! MegaDetector's `wi_download_csv_to_coco.py`; the categories of MegaDetector and the labels of SpeciesNet;
//! `DeepFaune` and `Zooniverse` for other languages.

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

const UNNAMED_ANIMAL: &[&str] = &[
    "animal",
    "animals",
    "animalia",
    "animalia animalia",
    "animal species",
    "animal sp.",
    "animal spp.",
    "animalia sp.",
    "animalia spp.",
    "unknown animal",
    "unidentified animal",
    "wildlife",
    "other animal",
];

const UNKNOWN: &[&str] = &[
    "",
    "unknown",
    "unknown unknown",
    "unknown species",
    "unidentifiable",
    "unidentified",
    "not identified",
    "undetermined",
    "indeterminate",
    "indet",
    "indet.",
    "unclassifiable",
    "no cv result",
    "no cv result no cv result",
    "cv failed",
    "not identifiable",
    "unclassified",
    "unclassifiable",
    "error",
    "failure",
    "none of the above",
    "sp",
    "sp.",
    "spp",
    "spp.",
    "species",
    "n/a",
    "null",
];

const BLANK: &[&str] = &[
    "blank",
    "blank blank",
    "empty",
    "misfire",
    "misfire misfire",
    "false trigger",
    "false detection",
    "time lapse",
    "nothing",
    "nothinghere",
    "nothing here",
    "none",
    "no animal",
    "background",
    "setup",
    "set up",
    "setup pickup",
    "setup/pickup",
    "pickup",
    "start",
    "end",
    "vide",
    "vacio",
    "vazio",
    "leer",
];

const HUMAN: &[&str] = &[
    "human",
    "humans",
    "person",
    "persons",
    "people",
    "pedestrian",
    "hiker",
    "cyclist",
    "hunter",
    "poacher",
    "researcher",
    "staff",
    "camera trapper",
    "homosapiens",
    "homo sapien",
    "man",
    "woman",
    "child",
    "humain",
    "personne",
    "humano",
    "persona",
    "personas",
    "pessoa",
    "mensch",
    "mens",
    "menneske",
    "manniska",
];

const VEHICLE: &[&str] = &[
    "vehicle",
    "vehicles",
    "car",
    "truck",
    "pickup truck",
    "lorry",
    "van",
    "bus",
    "motorcycle",
    "motorbike",
    "motor cycle",
    "moped",
    "scooter",
    "bicycle",
    "bike",
    "mountain bike",
    "atv",
    "utv",
    "quad",
    "quad bike",
    "snowmobile",
    "tractor",
    "train",
    "boat",
    "aircraft",
    "airplane",
    "helicopter",
    "drone",
    "object",
    "other object",
    "vehicule",
    "vehiculo",
    "veiculo",
    "fahrzeug",
    "voertuig",
    "bicicleta",
];

/// A name with one of these words means a person.
const HUMAN_WORDS: &[&str] = &[
    "human",
    "humans",
    "person",
    "persons",
    "people",
    "pedestrian",
    "pedestrians",
    "hiker",
    "hikers",
    "cyclist",
    "cyclists",
    "motorcyclist",
    "motorcyclists",
    "researcher",
    "researchers",
    "poacher",
    "poachers",
];
/// A name that starts like this means a person, including misspellings of some platforms (`camera trappper`).
const HUMAN_STARTS: &[&str] = &["camera trapp", "homosapiens"];
/// A name with one of these words means a vehicle.
const VEHICLE_WORDS: &[&str] = &[
    "vehicle",
    "vehicles",
    "car",
    "cars",
    "truck",
    "trucks",
    "bicycle",
    "bicycles",
    "motorcycle",
    "motorcycles",
    "motorbike",
    "motorbikes",
    "atv",
    "atvs",
    "utv",
    "snowmobile",
    "snowmobiles",
];
/// A name with one of these words means a picture that the camera took by itself or that shows its setup.
const BLANK_WORDS: &[&str] = &["misfire", "misfires", "timelapse", "calibration"];
/// A name that starts like this means an animal without a species name.
const UNNAMED_STARTS: &[&str] = &["unknown ", "unidentified ", "undetermined ", "animal not "];

/// Domestic animals: scientific names, then common names.
const DOMESTIC: &[&str] = &[
    "bos taurus",
    "bos indicus",
    "bos taurus indicus",
    "bos taurus taurus",
    "bos primigenius taurus",
    "bos grunniens",
    "bubalus bubalis",
    "canis familiaris",
    "canis lupus familiaris",
    "capra hircus",
    "capra aegagrus hircus",
    "camelus dromedarius",
    "camelus bactrianus",
    "equus caballus",
    "equus ferus caballus",
    "equus asinus",
    "equus africanus asinus",
    "felis catus",
    "felis silvestris catus",
    "gallus gallus domesticus",
    "gallus domesticus",
    "lama glama",
    "vicugna pacos",
    "ovis aries",
    "ovis orientalis aries",
    "sus domesticus",
    "sus scrofa domesticus",
    "sus scrofa domestica",
    "anas platyrhynchos domesticus",
    "meleagris gallopavo domesticus",
    "oryctolagus cuniculus domesticus",
    "domestic animal",
    "livestock",
    "domestic cattle",
    "cattle",
    "cow",
    "domestic cow",
    "domestic water buffalo",
    "domestic yak",
    "dog",
    "domestic dog",
    "cat",
    "domestic cat",
    "goat",
    "domestic goat",
    "sheep",
    "domestic sheep",
    "horse",
    "domestic horse",
    "donkey",
    "domestic donkey",
    "mule",
    "domestic pig",
    "chicken",
    "domestic chicken",
    "domestic fowl",
    "domestic duck",
    "domestic goose",
    "domestic turkey",
    "llama",
    "alpaca",
    "dromedary camel",
    "domestic rabbit",
    "poultry",
];

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
    let has_word = |words: &[&str]| {
        folded.split(|letter: char| !letter.is_alphanumeric()).any(|word| words.contains(&word))
    };
    let plain = folded.trim_matches(|letter: char| !letter.is_alphanumeric());
    let singular = plain.strip_suffix('s').unwrap_or(plain);
    let is_among = |words: &[&str]| {
        words.contains(&folded.as_str()) || words.contains(&plain) || words.contains(&singular)
    };
    let starts_with = |starts: &[&str]| starts.iter().any(|start| plain.starts_with(start));
    let first = plain.split(' ').next().unwrap_or_default();
    if first == "homo"
        || plain == "h. sapiens"
        || has_word(HUMAN_WORDS)
        || is_among(HUMAN)
        || starts_with(HUMAN_STARTS)
    {
        Meaning::Human
    } else if has_word(VEHICLE_WORDS) || is_among(VEHICLE) {
        Meaning::Vehicle
    } else if plain.is_empty() || is_among(UNKNOWN) {
        Meaning::Unknown
    } else if is_among(BLANK) || has_word(BLANK_WORDS) {
        Meaning::Blank
    } else if is_among(UNNAMED_ANIMAL) || starts_with(UNNAMED_STARTS) {
        Meaning::UnnamedAnimal
    } else {
        Meaning::Taxon
    }
}

/// A PostgreSQL regular expression for lower-case names that mean people or vehicles because of one word.
pub(crate) fn people_pattern() -> String {
    let words: Vec<&str> = HUMAN_WORDS.iter().chain(VEHICLE_WORDS).copied().collect();
    let starts = HUMAN_STARTS.join("|").replace(' ', "[ _-]");
    format!("(^|[^[:alnum:]])({})($|[^[:alnum:]])|^homo([^[:alnum:]]|$)|^({starts})", words.join("|"))
}

/// Whether a scientific or common name is that of a domestic animal.
pub(crate) fn is_domestic(name: &str) -> bool {
    DOMESTIC.contains(&fold(name).as_str())
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
pub(crate) fn list_words(meaning: Meaning) -> &'static [&'static str] {
    match meaning {
        Meaning::Taxon => &[],
        Meaning::UnnamedAnimal => UNNAMED_ANIMAL,
        Meaning::Unknown => UNKNOWN,
        Meaning::Blank => BLANK,
        Meaning::Human => HUMAN,
        Meaning::Vehicle => VEHICLE,
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
        assert!(
            is_domestic("Canis Familiaris") && is_domestic("domestic dog") && !is_domestic("Canis lupus")
        );
    }
}
