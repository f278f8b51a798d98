//! The categories of a file: what the category numbers of boxes and classifications mean.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::labelled_taxon::LabelledTaxon;
use super::values::{read_key, read_text};
use crate::observations::ObservationType;
use crate::vocabulary::fold;

/// What the category numbers in a file mean.
#[derive(Debug, Default)]
pub(super) struct Categories {
    detected: HashMap<String, LabelledTaxon>,
    classified: HashMap<String, LabelledTaxon>,
    /// Categories of boxes that were deliberately left unidentified, because the classification was too
    /// uncertain.
    unidentified: HashSet<String>,
    /// The file has classes of a classifier, in any field.
    pub has_classifier: bool,
}

impl Categories {
    /// Reads the names of the detector's categories, the classifier's classes and their taxonomy, each an
    /// object or a list.
    pub fn new(detected: &Value, classified: &Value, described: &Value) -> Self {
        let described: HashMap<String, String> = read_names(described).into_iter().collect();
        let mut classes: HashMap<String, LabelledTaxon> = HashMap::new();
        let mut by_name: HashMap<String, LabelledTaxon> = HashMap::new();
        for (key, name) in read_names(classified) {
            let description = described.get(&key).filter(|description| !description.is_empty());
            let taxon = description.map_or_else(
                || LabelledTaxon::from_name(&name),
                |text| LabelledTaxon::from_label(text, &name),
            );
            by_name.insert(fold(&name), taxon.clone());
            classes.insert(key, taxon);
        }
        // Some files have descriptions only.
        for (key, text) in described {
            classes.entry(key).or_insert_with(|| LabelledTaxon::from_label(&text, ""));
        }
        let detected = read_names(detected);
        let is_unidentified =
            |name: &str| fold(name).ends_with(" animal") && LabelledTaxon::from_name(name).name.is_empty();
        let unidentified =
            detected.iter().filter(|(_, name)| is_unidentified(name)).map(|(key, _)| key.clone()).collect();
        // Some programs list species among the detector's categories. These get the taxonomy of the class.
        let taxon_of = |name: &str| match (LabelledTaxon::from_name(name), by_name.get(&fold(name))) {
            (taxon, Some(class)) if taxon.kind == ObservationType::Animal && !taxon.name.is_empty() => {
                class.clone()
            }
            (taxon, _) => taxon,
        };
        let detected: HashMap<String, LabelledTaxon> =
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

    /// The detector's category of a box.
    pub fn find_detected(&self, category: &Value) -> Option<&LabelledTaxon> {
        self.detected.get(&read_key(category)?)
    }

    /// The classifier's class with a number.
    pub fn find_classified(&self, class: &Value) -> Option<&LabelledTaxon> {
        self.classified.get(&read_key(class)?)
    }

    /// Whether the species of boxes in a category was left open deliberately.
    pub fn is_unidentified(&self, category: &Value) -> bool {
        read_key(category).is_some_and(|category| self.unidentified.contains(&category))
    }
}

/// Reads numbers with their names: an object, a list of names, or a list of objects with `id` and `name`.
fn read_names(value: &Value) -> Vec<(String, String)> {
    let owned = |key: String, name: &Value| Some((key, read_text(name)?.to_owned()));
    match value {
        Value::Object(names) => {
            names.iter().filter_map(|(key, name)| owned(key.trim().to_owned(), name)).collect()
        }
        Value::Array(names) => (0_usize..)
            .zip(names)
            .filter_map(|(number, name)| match name {
                Value::Object(_) => owned(read_key(&name["id"])?, &name["name"]),
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
        assert_eq!(
            categories.find_detected(&json!("1")),
            Some(&LabelledTaxon::unnamed(ObservationType::Animal))
        );
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
