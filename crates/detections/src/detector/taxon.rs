//! Names of what was found, as detectors and classifiers write them.

use crate::observations::ObservationType;
use crate::taxon_name::taxon_name;

/// What something is, by a plain name.
pub(super) fn kind_of(name: &str) -> ObservationType {
    match name.trim().to_lowercase().as_str() {
        "" | "unknown" | "unidentifiable" | "no cv result" => ObservationType::Unknown,
        "blank" | "empty" | "none" => ObservationType::Blank,
        "person" | "people" | "human" | "homo sapiens" => ObservationType::Human,
        "vehicle" => ObservationType::Vehicle,
        _ => ObservationType::Animal,
    }
}

/// A class of a classifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taxon {
    pub kind: ObservationType,
    pub name: String,
    /// The everyday name, where it is another.
    pub vernacular: Option<String>,
}

impl Taxon {
    /// By a plain name.
    pub fn named(name: &str) -> Self {
        Self { kind: kind_of(name), name: name.trim().into(), vernacular: None }
    }

    /// By SpeciesNet's label, `id;class;order;family;genus;species;common name`: the species with its
    /// genus, else the finest rank, else the common name. A label of another form is a plain name.
    pub fn labelled(label: &str) -> Self {
        let parts: Vec<&str> = label.split(';').map(str::trim).collect();
        let [_, class, order, family, genus, species, common] = parts[..] else { return Self::named(label) };
        // Labels are in small letters throughout.
        let [genus, family, order, class] = [genus, family, order, class].map(capitalised);
        let name = taxon_name(&genus, species, [&family, &order, &class].map(String::as_str), common);
        let kind = match kind_of(common) {
            ObservationType::Animal => kind_of(&name),
            other => other,
        };
        let vernacular = (!common.is_empty() && common != name).then(|| common.to_owned());
        Self { kind, name, vernacular }
    }
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_names_the_finest_rank_that_it_has() {
        let named = |label: &str| Taxon::labelled(label);
        let deer = named("ab12;mammalia;cetartiodactyla;cervidae;odocoileus;virginianus;white-tailed deer");
        assert_eq!(deer.name, "Odocoileus virginianus");
        assert_eq!(
            (deer.kind, deer.vernacular.as_deref()),
            (ObservationType::Animal, Some("white-tailed deer"))
        );
        assert_eq!(named("ab12;mammalia;carnivora;felidae;;;cat family").name, "Felidae");
        assert_eq!(named("ab12;;;;;;animal").name, "animal");
        assert_eq!(named("ab12;;;;;;blank").kind, ObservationType::Blank);
        assert_eq!(named("ab12;;;;;;vehicle").kind, ObservationType::Vehicle);
        assert_eq!(named("ab12;mammalia;primates;hominidae;homo;sapiens;human").kind, ObservationType::Human);
        assert_eq!(named("ab12;;;;;;no cv result").kind, ObservationType::Unknown);
        assert_eq!(named("fox"), Taxon::named("fox"));
    }
}
