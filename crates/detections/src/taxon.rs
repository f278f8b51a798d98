//! The rank and lineage of classes.
//!
//! A report counts species. A class may be a species, a genus or family, or a label such as `doe` that is
//! neither. The source may state the rank; otherwise the form of the name and the program's table of names
//! decide.

use std::collections::{HashMap, HashSet};

use crate::names::{find_species, is_animal_word, is_known_genus};
use crate::source_format::SourceFormat;
use crate::taxon_name::capitalise;
use crate::text::Interner;
use crate::vocabulary::{Meaning, find_meaning, fold};

/// The rank and lineage of a class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taxon {
    /// Its rank.
    pub rank: Rank,
    /// The higher taxa that it belongs to, as far as the source states them: class, order, family and genus,
    /// and for a subspecies its species. `Vulpes spp.` belongs to the genus `Vulpes`.
    pub lineage: Vec<String>,
    /// The scientific name, if the source uses the common name of one species, such as `coyote`.
    pub scientific: Option<String>,
}

/// The rank of a taxon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rank {
    /// A species or subspecies.
    Species,
    /// A genus without a species name: `Vulpes`, `Vulpes spp.`
    Genus,
    /// A family or a higher rank: `Cervidae`, `Aves`.
    Higher,
    /// Not a taxon: a label that is neither a scientific name nor the common name of exactly one species,
    /// such as `doe` or `deer`.
    #[default]
    Other,
}

/// The taxonomy of a class in the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StatedTaxon {
    /// Its rank, if stated.
    pub rank: Option<Rank>,
    /// Class, order, family and genus; empty if not stated.
    pub ranks: [String; 4],
}

impl Rank {
    /// Parses the name of a rank in Camtrap DP; `None` if it is unknown.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match fold(name).as_str() {
            "species" | "subspecies" | "variety" | "form" => Some(Self::Species),
            "genus" | "subgenus" => Some(Self::Genus),
            "tribe" | "subfamily" | "family" | "superfamily" | "suborder" | "order" | "superorder"
            | "subclass" | "class" | "phylum" | "kingdom" => Some(Self::Higher),
            _ => None,
        }
    }
}

impl StatedTaxon {
    /// From class, order, family and genus. Words such as "unknown" are ignored.
    pub fn from_ranks(ranks: [&str; 4]) -> Self {
        let name =
            |rank: &str| if find_meaning(rank) == Meaning::Taxon { capitalise(rank) } else { String::new() };
        Self { rank: None, ranks: ranks.map(name) }
    }

    /// The rank of a name that is one of the stated ranks.
    fn find_rank(&self, name: &str) -> Option<Rank> {
        let [coarser @ .., genus] = &self.ranks;
        if genus.eq_ignore_ascii_case(name) {
            Some(Rank::Genus)
        } else {
            coarser.iter().any(|rank| rank.eq_ignore_ascii_case(name)).then_some(Rank::Higher)
        }
    }
}

/// What the form of a name shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form<'a> {
    /// `Genus epithet`, or a subspecies.
    Species { genus: &'a str, species: &'a str },
    /// `Genus spp.`
    SpeciesOf { genus: &'a str },
    /// One capitalised word.
    Word,
    /// Anything else.
    Label,
}

impl<'a> Form<'a> {
    fn parse(name: &'a str) -> Self {
        let words: Vec<&str> = name.split(' ').collect();
        let is_capitalised =
            words[0].strip_prefix(|letter: char| letter.is_ascii_uppercase()).is_some_and(is_plain);
        match words[..] {
            _ if !is_capitalised => Self::Label,
            [_] => Self::Word,
            [genus, "sp" | "sp." | "spp" | "spp."] => Self::SpeciesOf { genus },
            [genus, epithet] | [genus, epithet, _] if words[1..].iter().all(|word| is_plain(word)) => {
                // `Small mammal` has the same form as `Vulpes vulpes`.
                let is_english = !is_known_genus(genus) && words.iter().any(|word| is_animal_word(word));
                let species = &name[..genus.len() + 1 + epithet.len()];
                if is_english { Self::Label } else { Self::Species { genus, species } }
            }
            _ => Self::Label,
        }
    }

    fn genus(self) -> Option<&'a str> {
        match self {
            Self::Species { genus, .. } | Self::SpeciesOf { genus } => Some(genus),
            Self::Word | Self::Label => None,
        }
    }
}

/// Whether a word consists of lower-case Latin letters and hyphens.
fn is_plain(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter == '-';
    text.chars().count() > 1 && text.chars().all(is_letter)
}

/// Whether the ending of a word suggests a taxon above the species.
fn may_be_latin(word: &str) -> bool {
    word.ends_with(['a', 'e', 'i', 'o', 's', 'x', 'm']) && !is_animal_word(word)
}

/// The taxon of each class, by its number.
pub(crate) fn describe_taxa(
    classes: &Interner,
    stated: &HashMap<u32, StatedTaxon>,
    format: SourceFormat,
) -> Vec<Taxon> {
    let genera: HashSet<&str> = stated
        .values()
        .map(|stated| stated.ranks[3].as_str())
        .chain(classes.iter().filter_map(|name| Form::parse(name).genus()))
        .filter(|genus| !genus.is_empty())
        .collect();
    let nothing = StatedTaxon::default();
    (0..)
        .zip(classes.iter())
        .map(|(number, name)| describe_taxon(name, stated.get(&number).unwrap_or(&nothing), &genera, format))
        .collect()
}

/// The taxon of a class. `genera` are the genera of all classes in the data set.
fn describe_taxon(name: &str, stated: &StatedTaxon, genera: &HashSet<&str>, format: SourceFormat) -> Taxon {
    use SourceFormat::{CamtrapDp, SpeciesNet, WildlifeInsights};
    let form = Form::parse(name);
    let has_scientific_names = matches!(format, CamtrapDp | SpeciesNet | WildlifeInsights);
    let is_genus = form == Form::Word && (genera.contains(name) || is_known_genus(name));
    let rank = stated.rank.or_else(|| stated.find_rank(name));
    // Among scientific names `Puma` is the genus, elsewhere the animal.
    let may_be_common = rank.is_none_or(|rank| rank == Rank::Species) && !(has_scientific_names && is_genus);
    let scientific = if may_be_common { find_species(name) } else { None };
    let rank = rank.unwrap_or_else(|| match form {
        _ if scientific.is_some() => Rank::Species,
        Form::Species { .. } => Rank::Species,
        Form::SpeciesOf { .. } => Rank::Genus,
        Form::Word if is_genus => Rank::Genus,
        Form::Word if has_scientific_names && may_be_latin(name) => Rank::Higher,
        Form::Word | Form::Label => Rank::Other,
    });
    let lineage = list_lineage(scientific.unwrap_or(name), stated);
    Taxon { rank, lineage, scientific: scientific.map(str::to_owned) }
}

/// The higher taxa of a taxon.
fn list_lineage(name: &str, stated: &StatedTaxon) -> Vec<String> {
    let form = Form::parse(name);
    let mut lineage: Vec<String> = stated.ranks.iter().filter(|rank| !rank.is_empty()).cloned().collect();
    if stated.ranks[3].is_empty() {
        lineage.extend(form.genus().map(str::to_owned));
    }
    if let Form::Species { species, .. } = form {
        lineage.push(species.to_owned());
    }
    // A taxon is not part of its own lineage.
    if let Some(own) = lineage.iter().position(|taxon| taxon.eq_ignore_ascii_case(name)) {
        lineage.truncate(own);
    }
    lineage
}

#[cfg(test)]
mod tests {
    use super::*;
    use Rank::{Genus, Higher, Other, Species};
    use SourceFormat::{CamtrapDp, MegaDetector, Postgres, WildlifeInsights};

    /// What classes are of which the source says nothing.
    fn read_unstated(format: SourceFormat, names: &[&str]) -> Vec<Taxon> {
        let mut classes = Interner::default();
        for name in names {
            classes.intern(name);
        }
        describe_taxa(&classes, &HashMap::new(), format)
    }

    fn ranks(format: SourceFormat, names: &[&str]) -> Vec<Rank> {
        read_unstated(format, names).into_iter().map(|taxon| taxon.rank).collect()
    }

    /// What a class is of which the source tells these ranks.
    fn read_stated(name: &str, ranks: [&str; 4]) -> (Rank, Vec<String>) {
        let mut classes = Interner::default();
        let number = classes.intern(name);
        let stated = HashMap::from([(number, StatedTaxon::from_ranks(ranks))]);
        let taxon = describe_taxa(&classes, &stated, WildlifeInsights).remove(0);
        (taxon.rank, taxon.lineage)
    }

    #[test]
    fn the_form_of_a_scientific_name_tells_its_rank() {
        for format in [CamtrapDp, Postgres] {
            let names = ["Vulpes vulpes", "Canis lupus familiaris", "Mazama sp.", "Varanus spp"];
            assert_eq!(ranks(format, &names), [Species, Species, Genus, Genus]);
        }
        let dog = &read_unstated(CamtrapDp, &["Canis lupus familiaris"])[0];
        assert_eq!(dog.lineage, ["Canis", "Canis lupus"]);
        assert_eq!(read_unstated(CamtrapDp, &["Vulpes vulpes", "Mazama sp."])[1].lineage, ["Mazama"]);
    }

    #[test]
    fn one_word_is_a_genus_where_a_species_of_it_is_known_and_else_coarser() {
        // No species of the first is in the program's table, one of the second is.
        let coarse = ranks(CamtrapDp, &["Quaeronia", "Ardea", "Cervidae", "Aves"]);
        assert_eq!(coarse, [Higher, Genus, Higher, Higher]);
        assert_eq!(ranks(CamtrapDp, &["Quaeronia", "Quaeronia alba"]), [Genus, Species]);
        assert_eq!(ranks(MegaDetector, &["Quaeronia", "Cervidae", "Ardea"]), [Other, Other, Genus]);
    }

    #[test]
    fn a_label_is_a_species_only_when_it_is_the_common_name_of_one() {
        let labels = ["coyote", "Red fox", "puma", "white-tailed deer"];
        for format in [MegaDetector, Postgres, CamtrapDp] {
            assert_eq!(ranks(format, &labels), [Species; 4]);
        }
        let coyote = &read_unstated(MegaDetector, &["coyote"])[0];
        assert_eq!(coyote.scientific.as_deref(), Some("Canis latrans"));
        assert_eq!(coyote.lineage, ["Canis"]);
        assert_eq!(read_unstated(CamtrapDp, &["Vulpes vulpes"])[0].scientific, None);
        for label in
            ["doe", "Reh", "animal", "Bird", "birds", "mammal", "rodent", "deer", "Small mammal", "Moose"]
        {
            for format in [MegaDetector, CamtrapDp] {
                assert_eq!(ranks(format, &[label]), [Other], "{label}");
            }
        }
        // In a column of scientific names this is the genus.
        assert_eq!(ranks(CamtrapDp, &["Puma"]), [Genus]);
    }

    #[test]
    fn the_ranks_of_a_source_go_before_the_form_of_a_name() {
        let deer = ["Mammalia", "Artiodactyla", "Cervidae", "Odocoileus"];
        assert_eq!(read_stated("Odocoileus virginianus", deer), (Species, deer.map(str::to_owned).to_vec()));
        assert_eq!(read_stated("Odocoileus", deer), (Genus, deer.map(str::to_owned)[..3].to_vec()));
        assert_eq!(read_stated("Odocoileus spp.", deer), (Genus, deer.map(str::to_owned).to_vec()));
        let family = ["mammalia", "artiodactyla", "Cervidae", "Unknown"];
        assert_eq!(read_stated("Cervidae", family), (Higher, vec!["Mammalia".into(), "Artiodactyla".into()]));
    }

    #[test]
    fn an_english_word_in_place_of_a_genus_makes_no_species() {
        assert_eq!(read_stated("Weasel spp.", ["", "", "", "Weasel"]).0, Genus);
        assert_eq!(read_stated("Weasel", ["", "", "", "Weasel"]).0, Genus);
        assert_eq!(read_stated("Weasel", [""; 4]).0, Other);
    }

    #[test]
    fn ranks_have_the_names_of_camtrap_dp() {
        let names = ["species", "SUBSPECIES", "genus", "family", "kingdom"].map(Rank::parse);
        assert_eq!(names, [Some(Species), Some(Species), Some(Genus), Some(Higher), Some(Higher)]);
        assert_eq!([Rank::parse(""), Rank::parse("morph")], [None, None]);
    }
}
