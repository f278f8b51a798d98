//! The name of a taxon out of the ranks that a source gives.

/// The species with its genus, else the finest of `ranks` that is given, else the common name.
pub(crate) fn taxon_name<'a>(
    genus: &str,
    species: &str,
    ranks: impl IntoIterator<Item = &'a str>,
    common: &str,
) -> String {
    let finest = ranks.into_iter().find(|rank| !rank.is_empty());
    match (genus, species, finest) {
        ("", _, Some(rank)) => rank.to_owned(),
        ("", _, None) => common.to_owned(),
        (genus, "", _) => genus.to_owned(),
        (genus, species, _) => format!("{genus} {species}"),
    }
}

/// The name of a taxon with a capital letter; some sources have small ones throughout.
pub(crate) fn capitalise(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
