//! Looking up names that people type, and suggesting alternatives.

use std::collections::HashMap;
use std::fmt;

use crate::excerpt::excerpt;
use crate::vocabulary::fold;

/// The number of names in an error message, which is also the number of names that get suggestions: a request
/// may contain many.
pub(crate) const LISTED: usize = 5;
/// Suggestions for each name.
const SUGGESTED: usize = 3;
/// Longer names get no suggestions, since comparing takes time proportional to both lengths.
const LONGEST_COMPARED: usize = 100;
/// The shortest word, in characters, that counts as shared by two names.
const SHORTEST_WORD: usize = 3;
/// The distance of a name that only shares a word with another, in edits: more than that of any similar name.
const SHARED_WORD: usize = 1000;

/// Names in a request that a data set does not have, or that are ambiguous.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownNamesError {
    /// `classifications` or `locations`.
    pub what: &'static str,
    /// The names, each with suggestions.
    pub unknown: Vec<UnknownName>,
}

/// A name that is unknown or ambiguous in a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    /// As it was typed.
    pub name: String,
    /// Names in the data set: all matches if it is ambiguous, else the most similar ones.
    pub candidates: Vec<String>,
    /// It matches several species or locations.
    pub is_ambiguous: bool,
}

impl std::error::Error for UnknownNamesError {}

impl fmt::Display for UnknownNamesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.what == "locations" { "location" } else { "species" };
        let several = if self.what == "locations" { "locations" } else { "species" };
        for (number, unknown) in self.unknown.iter().take(LISTED).enumerate() {
            if number > 0 {
                f.write_str("; ")?;
            }
            let UnknownName { name, candidates, is_ambiguous } = unknown;
            let no = if number == 0 { "No" } else { "no" };
            let name = excerpt(name);
            if *is_ambiguous {
                let all = join_names(candidates, "and");
                write!(f, "“{name}” means several {several}: {all}. Use one of these names")?;
            } else if candidates.is_empty() {
                write!(f, "{no} {what} “{name}”")?;
            } else {
                write!(f, "{no} {what} “{name}”. Did you mean {}?", join_names(candidates, "or"))?;
            }
        }
        if let Some(more @ 1..) = self.unknown.len().checked_sub(LISTED) {
            write!(f, "; and {more} more")?;
        }
        f.write_str(" (`trapline info` lists all)")
    }
}

/// Formats `“a”`, `“a” or “b”`, `“a”, “b” or “c”`; of very many names only the first.
fn join_names(names: &[String], before_last: &str) -> String {
    const MOST: usize = 20;
    let mut quoted: Vec<String> =
        names.iter().take(MOST).map(|name| format!("“{}”", excerpt(name))).collect();
    if names.len() > MOST {
        quoted.push(format!("{} more", names.len() - MOST));
    }
    match &quoted[..] {
        [start @ .., last] if !start.is_empty() => format!("{} {before_last} {last}", start.join(", ")),
        _ => quoted.concat(),
    }
}

/// The two names of a species or location.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamePair<'a> {
    /// The name in requests: the scientific name of a species, the name of a location.
    pub name: &'a str,
    /// The other name: the common name of a species, the id of a location.
    pub other: Option<&'a str>,
}

/// An index of names that ignores case and accents.
pub(crate) struct NameIndex<'a> {
    named: Vec<NamePair<'a>>,
    /// Both names of each, folded.
    folded: Vec<[String; 2]>,
    by_name: HashMap<String, Vec<usize>>,
    by_other: HashMap<String, Vec<usize>>,
}

impl<'a> NameIndex<'a> {
    pub fn new(named: Vec<NamePair<'a>>) -> Self {
        let (mut by_name, mut by_other) = (HashMap::new(), HashMap::new());
        let mut folded = Vec::with_capacity(named.len());
        for (number, one) in named.iter().enumerate() {
            let both = [fold(one.name), one.other.map(fold).unwrap_or_default()];
            add_to_index(&mut by_name, &both[0], number);
            add_to_index(&mut by_other, &both[1], number);
            folded.push(both);
        }
        Self { named, folded, by_name, by_other }
    }

    /// The number of the match for a typed name; `None` without exactly one match.
    pub fn find(&self, typed: &str) -> Option<usize> {
        match self.find_all(&fold(typed)) {
            [one] => Some(*one),
            _ => None,
        }
    }

    /// All matches for a folded name: by name, else by the other name.
    fn find_all(&self, folded: &str) -> &[usize] {
        let by_name = self.by_name.get(folded);
        by_name.or_else(|| self.by_other.get(folded)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Explains why a name was not found.
    pub fn explain(&self, typed: &str) -> UnknownName {
        let folded = fold(typed);
        let all = self.find_all(&folded);
        let candidates = if all.is_empty() {
            self.find_nearest(&folded)
        } else {
            all.iter().map(|number| self.named[*number].name.to_owned()).collect()
        };
        UnknownName { name: typed.to_owned(), candidates, is_ambiguous: !all.is_empty() }
    }

    /// The names that differ least from a folded name, else those that share a word with it.
    fn find_nearest(&self, typed: &str) -> Vec<String> {
        if typed.is_empty() || typed.chars().count() > LONGEST_COMPARED {
            return Vec::new();
        }
        let differences = self.folded.iter().enumerate().filter_map(|(number, both)| {
            let names = both.iter().filter(|name| !name.is_empty());
            names.filter_map(|name| measure_difference(typed, name)).min().map(|edits| (edits, number))
        });
        let mut near: Vec<(usize, usize)> = differences.collect();
        near.sort_unstable();
        if let Some(least) = near.first().map(|(edits, _)| *edits).filter(|least| *least < SHARED_WORD) {
            // Names that differ much more than the best one are not useful.
            near.retain(|(edits, _)| *edits <= 2 * least + 1);
        }
        let mut names: Vec<String> =
            near.iter().map(|(_, number)| self.named[*number].name.to_owned()).collect();
        names.dedup();
        names.truncate(SUGGESTED);
        names
    }
}

fn add_to_index(index: &mut HashMap<String, Vec<usize>>, folded: &str, number: usize) {
    if !folded.is_empty() {
        index.entry(folded.to_owned()).or_default().push(number);
    }
}

/// The distance between a typed name and a known one; `None` if they are not similar.
fn measure_difference(typed: &str, known: &str) -> Option<usize> {
    if known.chars().count() > LONGEST_COMPARED {
        return None;
    }
    let edits = strsim::osa_distance(typed, known);
    // One typing error in a short word, a third of the letters of a long one.
    let most = (typed.chars().count() / 3).max(1);
    if edits <= most {
        return Some(edits);
    }
    let is_word = |word: &&str| word.chars().count() >= SHORTEST_WORD;
    let is_shared = typed.split(' ').filter(is_word).any(|typed| {
        known.split(' ').filter(is_word).any(|known| {
            let may_slip = usize::from(typed.chars().count() > SHORTEST_WORD);
            strsim::osa_distance(typed, known) <= may_slip
        })
    });
    is_shared.then_some(SHARED_WORD + edits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    fn index() -> NameIndex<'static> {
        let named = |name, other| NamePair { name, other };
        NameIndex::new(vec![
            named("Ursus americanus", Some("American black bear")),
            named("Ursus arctos", Some("brown bear")),
            named("Odocoileus virginianus", Some("deer")),
            named("Odocoileus hemionus", Some("deer")),
            named("Lynx pardinus", Some("lince ibérico")),
            named("Cámara-Norte", None),
        ])
    }

    fn message(typed: &str) -> String {
        UnknownNamesError { what: "classifications", unknown: vec![index().explain(typed)] }.to_string()
    }

    #[test]
    fn a_name_is_found_however_it_is_typed() {
        for (typed, number) in [
            ("ursus_americanus", 0),
            ("URSUS  AMERICANUS ", 0),
            ("american-black-bear", 0),
            ("Brown Bear", 1),
            ("LINCE IBERICO", 4),
            ("ca\u{301}mara norte", 5),
        ] {
            assert_eq!(index().find(typed), Some(number), "{typed}");
        }
    }

    #[test]
    fn a_common_name_of_several_species_is_refused_with_all_of_them() {
        assert_eq!(
            message("Deer"),
            "“Deer” means several species: “Odocoileus virginianus” and “Odocoileus hemionus”. Use one of these \
             names (`trapline info` lists all)"
        );
    }

    #[test]
    fn a_name_that_is_not_there_is_told_with_what_may_be_meant() {
        assert_eq!(
            message("Ursus americanos"),
            "No species “Ursus americanos”. Did you mean “Ursus americanus”? (`trapline info` lists all)"
        );
        assert_eq!(
            message("bears"),
            "No species “bears”. Did you mean “Ursus arctos” or “Ursus americanus”? (`trapline info` lists all)"
        );
        assert_eq!(message("Yeti"), "No species “Yeti” (`trapline info` lists all)");
        assert_eq!(message(""), "No species “” (`trapline info` lists all)");
    }

    #[test]
    fn a_long_list_of_wrong_names_ends() {
        let unknown = (0..1000).map(|number| index().explain(&format!("none {number}"))).collect();
        let told = UnknownNamesError { what: "locations", unknown }.to_string();
        assert!(told.starts_with("No location “none 0”; no location “none 1”"), "{told}");
        assert!(told.contains("; and 995 more"), "{told}");
        assert!(message(&"x".repeat(1 << 20)).len() < 400);
    }

    proptest! {
        #[test]
        fn either_form_of_an_accent_and_any_case_is_the_same_name(name in "[a-zéüñçø]{1,12}( [a-zéüñçø]{1,12})?") {
            let index = NameIndex::new(vec![NamePair { name: &name, other: None }]);
            let decomposed: String = name.nfd().collect();
            prop_assert_eq!(index.find(&decomposed), Some(0));
            prop_assert_eq!(index.find(&name.to_uppercase()), Some(0));
            prop_assert_eq!(index.find(&name.replace(' ', "_")), Some(0));
        }
    }
}
