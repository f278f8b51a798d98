//! The categories of a file: what the numbers of its boxes and classifications stand for.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::taxon::Taxon;
use super::values::{key_of, text_of};
use crate::observations::ObservationType;
use crate::vocabulary::fold;

/// What the numbers in a file of results stand for.
#[derive(Debug, Default)]
pub(super) struct Categories {
    detected: HashMap<String, Taxon>,
    classified: HashMap<String, Taxon>,
    /// Categories of boxes of which the program that wrote the file has taken no classification to be sure
    /// enough.
    unidentified: HashSet<String>,
    /// The results hold classes of a classifier, in whatever place.
    pub has_classifier: bool,
}

impl Categories {
    /// By the names of what the detector finds, of what the classifier tells apart, and the taxonomy of
    /// the latter, each an object or a list.
    pub fn new(detected: &Value, classified: &Value, described: &Value) -> Self {
        let described: HashMap<String, String> = names_of(described).into_iter().collect();
        let mut classes: HashMap<String, Taxon> = HashMap::new();
        let mut by_name: HashMap<String, Taxon> = HashMap::new();
        for (key, name) in names_of(classified) {
            let description = described.get(&key).filter(|description| !description.is_empty());
            let taxon = description.map_or_else(|| Taxon::named(&name), |text| Taxon::labelled(text, &name));
            by_name.insert(fold(&name), taxon.clone());
            classes.insert(key, taxon);
        }
        // A file may have the descriptions alone.
        for (key, text) in described {
            classes.entry(key).or_insert_with(|| Taxon::labelled(&text, ""));
        }
        let detected = names_of(detected);
        let is_unidentified =
            |name: &str| fold(name).ends_with(" animal") && Taxon::named(name).name.is_empty();
        let unidentified =
            detected.iter().filter(|(_, name)| is_unidentified(name)).map(|(key, _)| key.clone()).collect();
        // Some programs write species among what the detector finds; their taxonomy is that of the class.
        let taxon_of = |name: &str| match (Taxon::named(name), by_name.get(&fold(name))) {
            (taxon, Some(class)) if taxon.kind == ObservationType::Animal && !taxon.name.is_empty() => {
                class.clone()
            }
            (taxon, _) => taxon,
        };
        let detected: HashMap<String, Taxon> =
            detected.iter().map(|(key, name)| (key.clone(), taxon_of(name))).collect();
        let names_species =
            detected.values().any(|taxon| taxon.kind == ObservationType::Animal && !taxon.name.is_empty());
        Self {
            has_classifier: names_species || !classes.is_empty(),
            detected,
            classified: classes,
            unidentified,
        }
    }

    /// What the detector calls the category of a box.
    pub fn find_detected(&self, category: &Value) -> Option<&Taxon> {
        self.detected.get(&key_of(category)?)
    }

    /// What the classifier calls the number of a class.
    pub fn find_classified(&self, class: &Value) -> Option<&Taxon> {
        self.classified.get(&key_of(class)?)
    }

    /// Whether the species of boxes of a category was left open on purpose.
    pub fn is_unidentified(&self, category: &Value) -> bool {
        key_of(category).is_some_and(|category| self.unidentified.contains(&category))
    }
}

/// Numbers with their names: an object, a list of names, or one of objects with `id` and `name`.
fn names_of(value: &Value) -> Vec<(String, String)> {
    let owned = |key: String, name: &Value| Some((key, text_of(name)?.to_owned()));
    match value {
        Value::Object(names) => {
            names.iter().filter_map(|(key, name)| owned(key.trim().to_owned(), name)).collect()
        }
        Value::Array(names) => (0_usize..)
            .zip(names)
            .filter_map(|(number, name)| match name {
                Value::Object(_) => owned(key_of(&name["id"])?, &name["name"]),
                name => owned(number.to_string(), name),
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_an_object_or_a_list() {
        for detected in [
            json!({"0": "animal", "1": "person"}),
            json!(["animal", "person"]),
            json!([{"id": 1, "name": "person"}, {"id": "0", "name": "animal"}]),
        ] {
            let categories = Categories::new(&detected, &json!(null), &json!({}));
            for category in [json!("1"), json!(1), json!(1.0)] {
                let person = categories.find_detected(&category).unwrap();
                assert_eq!(person.kind, ObservationType::Human, "{detected} {category}");
            }
            assert!(!categories.has_classifier && categories.find_detected(&json!("2")).is_none());
        }
    }

    #[test]
    fn a_species_among_the_categories_has_the_taxonomy_of_its_class() {
        let categories = Categories::new(
            &json!({"1": "unidentified animal", "2": "person", "4": "red fox", "5": "person "}),
            &json!({"7": "Red Fox"}),
            &json!({"7": "ab12;mammalia;carnivora;canidae;vulpes;vulpes;red fox"}),
        );
        assert!(categories.has_classifier);
        assert_eq!(categories.find_detected(&json!(4)).unwrap().name, "Vulpes vulpes");
        assert_eq!(categories.find_detected(&json!(4)), categories.find_classified(&json!("7")));
        assert_eq!(categories.find_detected(&json!("5")).unwrap().kind, ObservationType::Human);
        assert_eq!(categories.find_detected(&json!("1")), Some(&Taxon::unnamed(ObservationType::Animal)));
        let open = ["1", "2", "4"].map(|category| categories.is_unidentified(&json!(category)));
        assert_eq!(open, [true, false, false]);
    }

    #[test]
    fn only_species_among_the_categories_make_a_classifier_of_a_detector() {
        let nothing = json!({});
        let has_classifier = |detected: Value| Categories::new(&detected, &nothing, &nothing).has_classifier;
        assert!(!has_classifier(json!({"1": "animal", "2": "person", "3": "vehicle"})));
        assert!(has_classifier(json!({"1": "animal", "4": "red fox"})));
    }
}
