//! Taxa in the labels that detectors and classifiers write.

use crate::observations::ObservationType;
use crate::taxon::{Rank, StatedTaxon};
use crate::taxon_name::{capitalise, taxon_name};
use crate::unicode_forms::compose;
use crate::vocabulary::{Meaning, combine_meanings, find_meaning, fold};

/// What a label stands for: a taxon, a person, a vehicle, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LabelledTaxon {
    pub kind: ObservationType,
    /// The name of its class; empty if it has no name of its own, such as "animal".
    pub name: String,
    /// The common name, if it differs.
    pub vernacular: Option<String>,
    /// Its taxonomy, if stated.
    pub stated: StatedTaxon,
}

impl LabelledTaxon {
    /// An object without a name.
    pub fn unnamed(kind: ObservationType) -> Self {
        Self { kind, name: String::new(), vernacular: None, stated: StatedTaxon::default() }
    }

    /// Reads a plain name.
    pub fn from_name(name: &str) -> Self {
        Self::new(find_meaning(name), name, "")
    }

    /// Reads a label that contains the taxonomy, and the plain name of the same class, which may be
    /// empty.
    ///
    /// The class is the species with its genus, else the finest rank, else the common name. If a label
    /// cannot be read, the plain name is used.
    pub fn from_label(label: &str, plain: &str) -> Self {
        let parts: Vec<&str> = label.split(';').map(str::trim).collect();
        if let [only] = parts[..] {
            let name = if plain.is_empty() || is_binomial(only) { only } else { plain };
            return Self::new(combine_meanings([only, plain]), name, plain);
        }
        let Some(ranks) = Ranks::parse(&parts) else {
            let last = parts.iter().rev().find(|part| !part.is_empty()).copied().unwrap_or_default();
            let name = if plain.is_empty() { last } else { plain };
            return Self::new(combine_meanings(parts.into_iter().chain([plain])), name, plain);
        };
        let everyday = if ranks.common.is_empty() { plain } else { ranks.common };
        let name = ranks.scientific_name(everyday);
        let meaning = combine_meanings(ranks.list().into_iter().chain([plain, &name]));
        let taxon = Self::new(meaning, &name, everyday);
        if taxon.name.is_empty() { taxon } else { Self { stated: ranks.to_stated(), ..taxon } }
    }

    fn new(meaning: Meaning, name: &str, vernacular: &str) -> Self {
        let kind = meaning.kind();
        if !matches!(meaning, Meaning::Taxon | Meaning::Human | Meaning::Vehicle) {
            return Self::unnamed(kind);
        }
        let (name, vernacular) = (compose(name.trim()), compose(vernacular.trim()));
        let is_another = kind == ObservationType::Animal && !vernacular.is_empty() && vernacular != name;
        let vernacular = is_another.then_some(vernacular);
        Self { kind, name, vernacular, stated: StatedTaxon::default() }
    }
}

/// The ranks in a label.
struct Ranks<'a> {
    class: &'a str,
    order: &'a str,
    family: &'a str,
    genus: &'a str,
    species: &'a str,
    /// Genus and species in one word, which cannot be separated.
    joined: &'a str,
    common: &'a str,
}

impl<'a> Ranks<'a> {
    /// Parses the known forms: `id;class;order;family;genus;species;common` (SpeciesNet), also without id
    /// or common name, and `kingdom;phylum;class;order;family;species` (documentation of MegaDetector's
    /// format), whose last part is one word or genus and species.
    fn parse(parts: &[&'a str]) -> Option<Self> {
        match *parts {
            [kingdom, _, class, order, family, ref rest @ ..] if is_kingdom(kingdom) => {
                let of = |genus, species, joined, common| Self {
                    class,
                    order,
                    family,
                    genus,
                    species,
                    joined,
                    common,
                };
                Some(match *rest {
                    [] => of("", "", "", ""),
                    [name] => match name.split_once([' ', '_']) {
                        Some((genus, species)) => of(genus, species, "", ""),
                        None => of("", "", name, ""),
                    },
                    [genus, species] => of(genus, without_genus(species, genus), "", ""),
                    [genus, species, common, ..] => of(genus, without_genus(species, genus), "", common),
                })
            }
            [_, class, order, family, genus, species, common]
            | [class, order, family, genus, species, common] => {
                Some(Self { class, order, family, genus, species, joined: "", common })
            }
            [class, order, family, genus, species] => {
                Some(Self { class, order, family, genus, species, joined: "", common: "" })
            }
            _ => None,
        }
    }

    /// All parts that may name a person or vehicle.
    fn list(&self) -> [&'a str; 7] {
        [self.class, self.order, self.family, self.genus, self.species, self.joined, self.common]
    }

    /// The stated taxonomy.
    fn to_stated(&self) -> StatedTaxon {
        // A joined word is a species, even if genus and epithet cannot be separated.
        let rank = (!self.joined.is_empty()).then_some(Rank::Species);
        StatedTaxon { rank, ..StatedTaxon::from_ranks([self.class, self.order, self.family, self.genus]) }
    }

    /// The species, else the finest rank. `everyday` is used if there is none, or if the species cannot
    /// be separated from its genus.
    fn scientific_name(&self, everyday: &str) -> String {
        if !self.joined.is_empty() && !everyday.is_empty() {
            return everyday.to_owned();
        }
        // Labels are all lower case.
        let [genus, family, order, class] = [self.genus, self.family, self.order, self.class].map(capitalise);
        taxon_name(&genus, self.species, [&family, &order, &class].map(String::as_str), everyday)
    }
}

/// Removes the genus from the start of a species.
fn without_genus<'a>(species: &'a str, genus: &str) -> &'a str {
    let again = species.split_once([' ', '_']).filter(|(first, _)| fold(first) == fold(genus));
    again.map_or(species, |(_, species)| species)
}

fn is_kingdom(name: &str) -> bool {
    matches!(fold(name).as_str(), "animalia" | "metazoa")
}

/// Whether a text has the form of a scientific species name.
fn is_binomial(text: &str) -> bool {
    let is_lower = |word: &str| word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
    let Some((genus, species)) = text.split_once(' ') else { return false };
    let rest = genus.strip_prefix(|letter: char| letter.is_ascii_uppercase());
    rest.is_some_and(|rest| !rest.is_empty() && is_lower(rest)) && species.split(' ').all(is_lower)
}

/// Combines what the detector and the classifier say, and returns whether the classifier's class was
/// used. Without a classifier the class of an animal is "animal".
pub(super) fn decide_taxon(
    detected: &LabelledTaxon,
    classified: Option<&LabelledTaxon>,
    has_classifier: bool,
) -> (LabelledTaxon, bool) {
    if let Some(classified) = classified.filter(|classified| is_believed(detected, classified)) {
        return (classified.clone(), true);
    }
    let is_only_animal = detected.kind == ObservationType::Animal && detected.name.is_empty();
    let name = if is_only_animal && !has_classifier { "animal" } else { &detected.name };
    (LabelledTaxon { name: name.to_owned(), ..detected.clone() }, false)
}

/// Whether the classifier overrides the detector.
fn is_believed(detected: &LabelledTaxon, classified: &LabelledTaxon) -> bool {
    // Detectors recognise people and vehicles well; a classifier of animals takes them for animals.
    if detected.kind.is_human() {
        return false;
    }
    // Privacy: if either of the two says person, it is a person.
    if classified.kind == ObservationType::Human {
        return true;
    }
    match detected.kind {
        // A program that lists species among the categories has already combined both.
        ObservationType::Animal if !detected.name.is_empty() => false,
        // A classifier often recognises vehicles where the detector saw an animal. If the classifier says
        // blank, unknown or just animal, the box is kept as an unidentified animal, since classifiers often
        // call unknown animals blank.
        ObservationType::Animal => classified.kind == ObservationType::Vehicle || !classified.name.is_empty(),
        ObservationType::Unknown | ObservationType::Unclassified => classified.kind != ObservationType::Blank,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ObservationType::{Animal, Blank, Human, Unknown, Vehicle};

    fn read_label(label: &str) -> LabelledTaxon {
        LabelledTaxon::from_label(label, "")
    }

    #[test]
    fn a_label_names_the_finest_rank_that_it_has() {
        let deer =
            read_label("ab12;mammalia;cetartiodactyla;cervidae;odocoileus;virginianus;white-tailed deer");
        assert_eq!(deer.name, "Odocoileus virginianus");
        assert_eq!((deer.kind, deer.vernacular.as_deref()), (Animal, Some("white-tailed deer")));
        assert_eq!(read_label("ab12;mammalia;carnivora;felidae;;;cat family").name, "Felidae");
        assert_eq!(read_label("ab12;;;;;;vehicle").kind, Vehicle);
        assert_eq!(read_label("fox"), LabelledTaxon::from_name("fox"));
        assert_eq!(read_label("mammalia;rodentia;;;;rodent").name, "Rodentia");
    }

    #[test]
    fn what_no_rank_names_has_no_class() {
        assert_eq!(read_label("ab12;;;;;;animal"), LabelledTaxon::unnamed(Animal));
        assert_eq!(read_label("ab12;;;;;;blank"), LabelledTaxon::unnamed(Blank));
        let nothing = format!("ab12{}", ";no cv result".repeat(6));
        for label in [nothing.as_str(), "ab12;;;;;;no cv result", "error", ""] {
            assert_eq!(read_label(label), LabelledTaxon::unnamed(Unknown), "{label}");
        }
    }

    #[test]
    fn a_person_is_one_in_every_rank() {
        for label in [
            "ab12;mammalia;primates;hominidae;homo;sapiens;human",
            "ab12;mammalia;primates;hominidae;homo;;homo species",
            "animalia;chordata;mammalia;primates;hominidae;homosapiens",
            "animalia;chordata;mammalia;primates;hominidae;homo sapiens",
            "Homo sapiens",
            "person",
        ] {
            assert_eq!(read_label(label).kind, Human, "{label}");
        }
        assert_eq!(LabelledTaxon::from_label("animalia;chordata;mammalia;;;", "person").kind, Human);
    }

    #[test]
    fn a_description_from_kingdom_to_species_gives_a_name_that_people_use() {
        let before = "animalia;chordata;mammalia;carnivora;mustelidae";
        let badger = |species: &str| LabelledTaxon::from_label(&format!("{before};{species}"), "badger");
        assert_eq!((badger("melesmeles").name, badger("melesmeles").vernacular), ("badger".into(), None));
        for species in [
            "Meles meles",
            "meles meles",
            "meles_meles",
            "meles;meles",
            "meles;meles meles",
            "meles;meles;badger",
        ] {
            let taxon = badger(species);
            let names = (taxon.name.as_str(), taxon.vernacular.as_deref());
            assert_eq!(names, ("Meles meles", Some("badger")), "{species}");
        }
        assert_eq!((badger("").name.as_str(), badger("").kind), ("Mustelidae", Animal));
        assert_eq!(read_label(&format!("{before};melesmeles")).name, "Mustelidae");
    }

    #[test]
    fn a_description_is_never_a_class_itself() {
        for description in ["a;b;c", "1;2;3;4;5;6;7;8;9", "a brown animal"] {
            assert_eq!(LabelledTaxon::from_label(description, "badger").name, "badger", "{description}");
        }
        assert_eq!(read_label("a;b;fox;").name, "fox");
        let badger = LabelledTaxon::from_label("Meles meles", "badger");
        assert_eq!((badger.name.as_str(), badger.vernacular.as_deref()), ("Meles meles", Some("badger")));
    }

    #[test]
    fn a_name_is_the_same_in_both_forms_of_its_accents() {
        assert_eq!(LabelledTaxon::from_name("lie\u{300}vre"), LabelledTaxon::from_name("lièvre"));
    }

    #[test]
    fn a_person_wins_over_the_box_of_an_animal_and_keeps_its_own() {
        let judged = |detected: &str, classified: &str| {
            let [detected, classified] = [detected, classified].map(LabelledTaxon::from_name);
            let (taxon, _) = decide_taxon(&detected, Some(&classified), true);
            (taxon.kind, taxon.name)
        };
        assert_eq!(judged("animal", "homo species"), (Human, "homo species".into()));
        assert_eq!(judged("blank", "person"), (Human, "person".into()));
        assert_eq!(judged("red fox", "person").0, Human);
        assert_eq!(judged("person", "red fox"), (Human, "person".into()));
        assert_eq!(judged("vehicle", "person").0, Vehicle);
        assert_eq!(judged("animal", "vehicle").0, Vehicle);
        assert_eq!(judged("animal", "red fox"), (Animal, "red fox".into()));
        assert_eq!(judged("unknown", "red fox"), (Animal, "red fox".into()));
        for classified in ["blank", "no cv result", "animal", "error"] {
            assert_eq!(judged("animal", classified), (Animal, String::new()), "{classified}");
        }
        let animal = LabelledTaxon::from_name("animal");
        assert_eq!(decide_taxon(&animal, None, true).0, LabelledTaxon::unnamed(Animal));
        assert_eq!(decide_taxon(&animal, None, false).0.name, "animal");
    }
}
