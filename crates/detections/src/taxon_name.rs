//! Making the name of a taxon from its ranks.

/// The species with its genus, else the finest of `ranks`, else the common name.
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

/// Capitalises the name of a taxon; some sources write them in lower case.
pub(crate) fn capitalise(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
