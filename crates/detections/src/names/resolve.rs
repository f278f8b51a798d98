//! Finding the names of a data set for names that people type.

use std::collections::HashSet;

use super::lookup::{LISTED, NameIndex, NamePair, UnknownName, UnknownNamesError};
use crate::model::Dataset;

/// Names as a data set has them, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolvedNames {
    /// Names of classes.
    pub classes: Vec<String>,
    /// Names of locations, or the id if another location has the same name.
    pub locations: Vec<String>,
}

impl Dataset {
    /// Finds classes by their exact name, else by their scientific or common name without regard to case,
    /// accents, and `_` or `-` for spaces. A common name of several classes is an error.
    pub fn find_classes(&self, names: &[String]) -> Result<Vec<u32>, UnknownNamesError> {
        let collect = || -> Vec<NamePair<'_>> {
            let classes = self.classes.iter();
            classes.map(|class| NamePair { name: &class.name, other: class.vernacular.as_deref() }).collect()
        };
        find_all("classifications", names, |name| self.find_class(name), collect)
    }

    /// Finds locations by their names or ids, in the same way.
    pub fn find_locations(&self, names: &[String]) -> Result<Vec<u32>, UnknownNamesError> {
        let collect = || -> Vec<NamePair<'_>> {
            let locations = self.locations.iter();
            locations.map(|location| NamePair { name: &location.name, other: Some(&location.key) }).collect()
        };
        find_all("locations", names, |name| self.find_location(name), collect)
    }

    /// Finds the names of classes and locations in this data set for names that people typed.
    pub fn resolve_names(
        &self,
        classes: &[String],
        locations: &[String],
    ) -> Result<ResolvedNames, UnknownNamesError> {
        let class = |number: u32| self.classes[number as usize].name.clone();
        let location = |number: u32| {
            let location = &self.locations[number as usize];
            let is_found_by_name = self.find_location(&location.name) == Some(number);
            if is_found_by_name { location.name.clone() } else { location.key.clone() }
        };
        Ok(ResolvedNames {
            classes: remove_duplicates(self.find_classes(classes)?).map(class).collect(),
            locations: remove_duplicates(self.find_locations(locations)?).map(location).collect(),
        })
    }
}

/// Removes duplicates and keeps the order.
fn remove_duplicates(numbers: Vec<u32>) -> impl Iterator<Item = u32> {
    let mut seen = HashSet::new();
    numbers.into_iter().filter(move |number| seen.insert(*number))
}

/// The numbers of all names, or all unknown names. The index is only built if a name is not exact.
fn find_all<'a>(
    what: &'static str,
    names: &[String],
    find_exact: impl Fn(&str) -> Option<u32>,
    collect: impl FnOnce() -> Vec<NamePair<'a>>,
) -> Result<Vec<u32>, UnknownNamesError> {
    let exact: Vec<Option<u32>> = names.iter().map(|name| find_exact(name)).collect();
    if exact.iter().all(Option::is_some) {
        return Ok(exact.into_iter().flatten().collect());
    }
    let index = NameIndex::new(collect());
    let (mut found, mut unknown) = (Vec::with_capacity(names.len()), Vec::new());
    for (name, exact) in names.iter().zip(exact) {
        let folded = || index.find(name).and_then(|number| u32::try_from(number).ok());
        match exact.or_else(folded) {
            Some(number) => found.push(number),
            None if unknown.len() < LISTED => unknown.push(index.explain(name)),
            None => {
                unknown.push(UnknownName { name: name.clone(), candidates: Vec::new(), is_ambiguous: false });
            }
        }
    }
    if unknown.is_empty() { Ok(found) } else { Err(UnknownNamesError { what, unknown }) }
}

#[cfg(test)]
mod tests {
    use testkit::Package;

    use crate::options::ReadOptions;
    use crate::source::open;

    /// Two locations that are called the same, and a common name.
    fn data() -> crate::Dataset {
        let mut package = Package::new();
        package.deployment("dep2", "Cámara Norte", "2023-09-01T00:00:00Z", "2024-01-31T00:00:00Z");
        package.deployment("dep3", "North fence", "2023-09-01T00:00:00Z", "2024-01-31T00:00:00Z");
        package.sighting("o1", "dep1", "2023-10-01T06:00:00Z", "Ursus americanus", 1);
        package.sighting("o2", "dep2", "2023-10-01T06:00:00Z", "doe", 1);
        package.sighting("o3", "dep2", "2023-10-01T07:00:00Z", "doe of a database", 1);
        let mut data = open(package.write().path(), &ReadOptions::default()).unwrap();
        // A database may have names that differ in case alone.
        let last = data.classes.last_mut().unwrap();
        last.name = "Doe".into();
        data
    }

    fn texts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_is_kept_of_a_request_are_the_names_of_the_data_set() {
        let data = data();
        let classes = texts(&["ursus americanus", "AMERICAN BLACK BEAR", "doe", "Ursus americanus"]);
        let resolved =
            data.resolve_names(&classes, &texts(&["camara_norte", "LOC-DEP3", "North fence"])).unwrap();
        assert_eq!(resolved.classes, ["Ursus americanus", "doe"]);
        // The third location is called like the first, so only its id is its own.
        assert_eq!(resolved.locations, ["Cámara Norte", "loc-dep3", "North fence"]);
        assert_eq!(data.resolve_names(&resolved.classes, &resolved.locations), Ok(resolved));
    }

    #[test]
    fn an_exact_name_wins_over_one_that_differs_in_case() {
        let data = data();
        assert_eq!(data.find_classes(&texts(&["Doe"])).unwrap(), [data.find_class("Doe").unwrap()]);
        let error = data.find_classes(&texts(&["DOE", "dow"])).unwrap_err();
        assert_eq!((error.what, error.unknown.len()), ("classifications", 2));
        assert!(error.unknown[0].is_ambiguous && !error.unknown[1].is_ambiguous, "{error}");
        assert_eq!(error.unknown[1].candidates, ["doe", "Doe"]);
        let error = data.find_locations(&texts(&["North fense"])).unwrap_err().to_string();
        assert!(error.contains("No location “North fense”. Did you mean “North fence”"), "{error}");
    }
}
