//! Suggests a name for one that is unknown.

/// The name that is nearest to the typed one, if any is near: at most a third of its letters differ, or
/// one is the beginning of the other.
pub fn nearest<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let distance = |name: &str| {
        let edits = strsim::osa_distance(&typed, name);
        let is_beginning = typed.len() > 2 && (name.starts_with(&typed) || typed.starts_with(name));
        (is_beginning || edits <= (typed.chars().count() / 3).max(1)).then_some(edits)
    };
    let near = names.filter_map(|name| Some((distance(name)?, name)));
    near.min_by_key(|(edits, _)| *edits).map(|(_, name)| name)
}

/// A name that nothing of a kind has.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{}", describe_unknown(.what, .name, .known))]
pub struct UnknownEntryError {
    /// The kind, such as `data set`.
    pub what: &'static str,
    /// The name that nothing has.
    pub name: String,
    /// The names that there are.
    pub known: Vec<String>,
}

/// Such as: No data set “algr”. Did you mean “algar”? All names are listed if none is near.
fn describe_unknown(what: &str, typed: &str, known: &[String]) -> String {
    // Clients may send names of any length.
    const LONGEST: usize = 100;
    let typed = typed.char_indices().nth(LONGEST).map_or(typed, |(at, _)| &typed[..at]);
    match nearest(typed, known.iter().map(String::as_str)) {
        Some(name) => format!("No {what} “{typed}”. Did you mean “{name}”?"),
        None => format!("No {what} “{typed}”. There are: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{describe_unknown, nearest};

    #[test]
    fn a_slip_is_told_from_another_word() {
        let names = || ["classifications", "start_date", "end_date", "season", "max"].into_iter();
        assert_eq!(nearest("classification", names()), Some("classifications"));
        assert_eq!(nearest("Start", names()), Some("start_date"));
        assert_eq!(nearest("saeson", names()), Some("season"));
        assert_eq!(nearest("colour", names()), None);
        assert_eq!(nearest("x", names()), None);
    }

    #[test]
    fn an_unknown_name_gets_a_suggestion_or_the_list() {
        let known = ["algar".to_owned(), "heron".to_owned()];
        let describe = |typed: &str| describe_unknown("data set", typed, &known);
        assert_eq!(describe("algr"), "No data set “algr”. Did you mean “algar”?");
        assert_eq!(describe("nowhere"), "No data set “nowhere”. There are: algar, heron");
        assert!(describe(&"x".repeat(1 << 20)).len() < 200);
    }
}
