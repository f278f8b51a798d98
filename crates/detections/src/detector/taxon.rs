//! Names of what was found, as detectors and classifiers write them.

use crate::observations::ObservationType;
use crate::taxon::{Rank, StatedTaxon};
use crate::taxon_name::{capitalise, taxon_name};
use crate::unicode_forms::composed;
use crate::vocabulary::{Meaning, fold, meaning_of, meaning_of_all};

/// What something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taxon {
    pub kind: ObservationType,
    /// The name of its class; empty for what is not named, such as an animal that is only that.
    pub name: String,
    /// The everyday name, where it is another.
    pub vernacular: Option<String>,
    /// Its taxonomy, where it is told.
    pub stated: StatedTaxon,
}

impl Taxon {
    /// Something without a name.
    pub fn unnamed(kind: ObservationType) -> Self {
        Self { kind, name: String::new(), vernacular: None, stated: StatedTaxon::default() }
    }

    /// By a plain name.
    pub fn named(name: &str) -> Self {
        Self::new(meaning_of(name), name, "")
    }

    /// By the label of a classifier that has the taxonomy in it, and the plain name of the same class,
    /// which may be empty.
    ///
    /// The class is the species with its genus, else the finest rank, else the everyday name. A label of
    /// which that cannot be said is never the class itself, as long as there is a plain name.
    pub fn labelled(label: &str, plain: &str) -> Self {
        let parts: Vec<&str> = label.split(';').map(str::trim).collect();
        if let [only] = parts[..] {
            let name = if plain.is_empty() || is_binomial(only) { only } else { plain };
            return Self::new(meaning_of_all([only, plain]), name, plain);
        }
        let Some(ranks) = Ranks::of(&parts) else {
            let last = parts.iter().rev().find(|part| !part.is_empty()).copied().unwrap_or_default();
            let name = if plain.is_empty() { last } else { plain };
            return Self::new(meaning_of_all(parts.into_iter().chain([plain])), name, plain);
        };
        let everyday = if ranks.common.is_empty() { plain } else { ranks.common };
        let name = ranks.scientific_name(everyday);
        let meaning = meaning_of_all(ranks.all().into_iter().chain([plain, &name]));
        let taxon = Self::new(meaning, &name, everyday);
        if taxon.name.is_empty() { taxon } else { Self { stated: ranks.stated(), ..taxon } }
    }

    fn new(meaning: Meaning, name: &str, vernacular: &str) -> Self {
        let kind = meaning.kind();
        if !matches!(meaning, Meaning::Taxon | Meaning::Human | Meaning::Vehicle) {
            return Self::unnamed(kind);
        }
        let (name, vernacular) = (composed(name.trim()), composed(vernacular.trim()));
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
    /// Genus and species in one word, which nobody can tell apart.
    joined: &'a str,
    common: &'a str,
}

impl<'a> Ranks<'a> {
    /// Of the forms that are written: `id;class;order;family;genus;species;common` of SpeciesNet, without
    /// its id or everyday name too, and `kingdom;phylum;class;order;family;species` of the document of
    /// MegaDetector's format, the last in one word or as genus and species.
    fn of(parts: &[&'a str]) -> Option<Self> {
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

    /// Everything in it that may say what it is.
    fn all(&self) -> [&'a str; 7] {
        [self.class, self.order, self.family, self.genus, self.species, self.joined, self.common]
    }

    /// What is said of the ranks themselves.
    fn stated(&self) -> StatedTaxon {
        // What stands in one word is known to be a species, though nobody can read which.
        let rank = (!self.joined.is_empty()).then_some(Rank::Species);
        StatedTaxon { rank, ..StatedTaxon::of_ranks([self.class, self.order, self.family, self.genus]) }
    }

    /// The species, else the finest rank. `everyday` is the name of what has none, or has a species that
    /// cannot be told from its genus.
    fn scientific_name(&self, everyday: &str) -> String {
        if !self.joined.is_empty() && !everyday.is_empty() {
            return everyday.to_owned();
        }
        // Labels are in small letters throughout.
        let [genus, family, order, class] = [self.genus, self.family, self.order, self.class].map(capitalise);
        taxon_name(&genus, self.species, [&family, &order, &class].map(String::as_str), everyday)
    }
}

/// A species before which some write its genus again.
fn without_genus<'a>(species: &'a str, genus: &str) -> &'a str {
    let again = species.split_once([' ', '_']).filter(|(first, _)| fold(first) == fold(genus));
    again.map_or(species, |(_, species)| species)
}

fn is_kingdom(name: &str) -> bool {
    matches!(fold(name).as_str(), "animalia" | "metazoa")
}

/// Whether a text is written like the scientific name of a species.
fn is_binomial(text: &str) -> bool {
    let is_lower = |word: &str| word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
    let Some((genus, species)) = text.split_once(' ') else { return false };
    let rest = genus.strip_prefix(|letter: char| letter.is_ascii_uppercase());
    rest.is_some_and(|rest| !rest.is_empty() && is_lower(rest)) && species.split(' ').all(is_lower)
}

/// What something is by both the detector, which drew a box around it, and the classifier; and whether
/// that is the classifier's word. Without a classifier the class of an animal is "animal".
pub(super) fn judge(detected: &Taxon, classified: Option<&Taxon>, has_classifier: bool) -> (Taxon, bool) {
    if let Some(classified) = classified.filter(|classified| is_believed(detected, classified)) {
        return (classified.clone(), true);
    }
    let is_only_animal = detected.kind == ObservationType::Animal && detected.name.is_empty();
    let name = if is_only_animal && !has_classifier { "animal" } else { &detected.name };
    (Taxon { name: name.to_owned(), ..detected.clone() }, false)
}

/// Whether the classifier is believed over the detector.
fn is_believed(detected: &Taxon, classified: &Taxon) -> bool {
    // Detectors know people and vehicles well; a classifier of animals calls them after some animal.
    if detected.kind.is_human() {
        return false;
    }
    // Nobody wants to be cut out and handed on as wildlife: whoever is a person to one of both is one.
    if classified.kind == ObservationType::Human {
        return true;
    }
    match detected.kind {
        // A program that writes species among the categories has weighed what its classifier said.
        ObservationType::Animal if !detected.name.is_empty() => false,
        // Vehicles are one of the few classes that a classifier has beside animals, and detectors take
        // wheels for animals. When it says blank, unknown or only animal, there is still a box around
        // something whose species stays open: an animal that it does not know is often called blank.
        ObservationType::Animal => classified.kind == ObservationType::Vehicle || !classified.name.is_empty(),
        ObservationType::Unknown | ObservationType::Unclassified => classified.kind != ObservationType::Blank,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ObservationType::{Animal, Blank, Human, Unknown, Vehicle};

    fn labelled(label: &str) -> Taxon {
        Taxon::labelled(label, "")
    }

    #[test]
    fn a_label_names_the_finest_rank_that_it_has() {
        let deer =
            labelled("ab12;mammalia;cetartiodactyla;cervidae;odocoileus;virginianus;white-tailed deer");
        assert_eq!(deer.name, "Odocoileus virginianus");
        assert_eq!((deer.kind, deer.vernacular.as_deref()), (Animal, Some("white-tailed deer")));
        assert_eq!(labelled("ab12;mammalia;carnivora;felidae;;;cat family").name, "Felidae");
        assert_eq!(labelled("ab12;;;;;;vehicle").kind, Vehicle);
        assert_eq!(labelled("fox"), Taxon::named("fox"));
        assert_eq!(labelled("mammalia;rodentia;;;;rodent").name, "Rodentia");
    }

    #[test]
    fn what_no_rank_names_has_no_class() {
        assert_eq!(labelled("ab12;;;;;;animal"), Taxon::unnamed(Animal));
        assert_eq!(labelled("ab12;;;;;;blank"), Taxon::unnamed(Blank));
        let nothing = format!("ab12{}", ";no cv result".repeat(6));
        for label in [nothing.as_str(), "ab12;;;;;;no cv result", "error", ""] {
            assert_eq!(labelled(label), Taxon::unnamed(Unknown), "{label}");
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
            assert_eq!(labelled(label).kind, Human, "{label}");
        }
        assert_eq!(Taxon::labelled("animalia;chordata;mammalia;;;", "person").kind, Human);
    }

    #[test]
    fn a_description_from_kingdom_to_species_gives_a_name_that_people_use() {
        let before = "animalia;chordata;mammalia;carnivora;mustelidae";
        let badger = |species: &str| Taxon::labelled(&format!("{before};{species}"), "badger");
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
            assert_eq!(
                (taxon.name.as_str(), taxon.vernacular.as_deref()),
                ("Meles meles", Some("badger")),
                "{species}"
            );
        }
        assert_eq!((badger("").name.as_str(), badger("").kind), ("Mustelidae", Animal));
        assert_eq!(labelled(&format!("{before};melesmeles")).name, "Mustelidae");
    }

    #[test]
    fn a_description_is_never_a_class_itself() {
        for description in ["a;b;c", "1;2;3;4;5;6;7;8;9", "a brown animal"] {
            assert_eq!(Taxon::labelled(description, "badger").name, "badger", "{description}");
        }
        assert_eq!(labelled("a;b;fox;").name, "fox");
        let badger = Taxon::labelled("Meles meles", "badger");
        assert_eq!((badger.name.as_str(), badger.vernacular.as_deref()), ("Meles meles", Some("badger")));
    }

    #[test]
    fn a_name_is_the_same_in_both_forms_of_its_accents() {
        assert_eq!(Taxon::named("lie\u{300}vre"), Taxon::named("lièvre"));
    }

    #[test]
    fn a_person_wins_over_the_box_of_an_animal_and_keeps_its_own() {
        let judged = |detected: &str, classified: &str| {
            let (taxon, _) = judge(&Taxon::named(detected), Some(&Taxon::named(classified)), true);
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
        assert_eq!(judge(&Taxon::named("animal"), None, true).0, Taxon::unnamed(Animal));
        assert_eq!(judge(&Taxon::named("animal"), None, false).0.name, "animal");
    }
}
