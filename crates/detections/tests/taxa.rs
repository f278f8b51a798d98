//! Of which rank the classes of each format are, and in which taxa they lie.

use std::collections::BTreeMap;
use std::path::Path;

use detections::{Dataset, Keep, Rank, ReadOptions, Taxon};
use serde_json::json;
use testkit::{Package, examples};

fn open(path: &Path) -> Dataset {
    detections::open(path, &ReadOptions::default()).unwrap()
}

fn taxon<'a>(data: &'a Dataset, class: &str) -> &'a Taxon {
    &data.classes[data.find_class(class).unwrap() as usize].taxon
}

/// The rank of each class.
fn ranks(data: &Dataset) -> BTreeMap<&str, Rank> {
    data.classes.iter().map(|class| (class.name.as_str(), class.taxon.rank)).collect()
}

#[test]
fn an_export_of_wildlife_insights_tells_the_ranks_of_its_rows() {
    let data = open(&examples().join("algar.zip"));
    let deer = taxon(&data, "Odocoileus virginianus");
    assert_eq!(deer.rank, Rank::Species);
    assert_eq!(deer.lineage, ["Mammalia", "Artiodactyla", "Cervidae", "Odocoileus"]);
    // Somebody wrote an English word for the genus.
    assert_eq!(taxon(&data, "Weasel spp.").rank, Rank::Genus);
    let others = ranks(&data).into_iter().filter(|(_, rank)| *rank != Rank::Species);
    assert_eq!(others.map(|(name, _)| name).collect::<Vec<_>>(), ["Weasel spp."]);
}

#[test]
fn a_package_of_camtrap_dp_may_tell_them_in_its_descriptor() {
    let example = open(&examples().join("camtrap-dp"));
    let coarse = ["Ardea", "Aves"].map(|class| taxon(&example, class).rank);
    assert_eq!(coarse, [Rank::Genus, Rank::Higher]);
    assert_eq!(taxon(&example, "Ardea cinerea").lineage, ["Ardea"]);

    let mut package = Package::new();
    let mut descriptor: serde_json::Value = serde_json::from_str(&package.descriptor).unwrap();
    descriptor["taxonomic"] = json!([
        {"scientificName": "Canis lupus familiaris", "taxonRank": "subspecies", "class": "Mammalia",
         "order": "Carnivora", "family": "Canidae", "genus": "Canis"},
        {"scientificName": "Quaeronia", "taxonRank": "GENUS", "kingdom": "Animalia", "family": "Quaeronidae"},
        {"scientificName": "Mustelidae", "family": "Mustelidae", "order": "Carnivora"},
    ]);
    package.descriptor = descriptor.to_string();
    let classes = ["Canis lupus familiaris", "quaeronia", "Mustelidae", "Rodentia", "Reh", "Small mammal"];
    for (number, class) in (0..).zip(classes) {
        package.sighting(&format!("o{number}"), "dep1", "2023-10-01T06:00:00Z", class, 1);
    }
    let folder = package.write();
    for keep in [Keep::All, Keep::Numbers] {
        let options = ReadOptions { keep, ..ReadOptions::default() };
        let data = detections::open(folder.path(), &options).unwrap();
        let dog = taxon(&data, "Canis lupus familiaris");
        assert_eq!(dog.rank, Rank::Species);
        assert_eq!(dog.lineage, ["Mammalia", "Carnivora", "Canidae", "Canis", "Canis lupus"]);
        assert_eq!(taxon(&data, "quaeronia").rank, Rank::Genus);
        assert_eq!(taxon(&data, "quaeronia").lineage, ["Quaeronidae"]);
        assert_eq!(taxon(&data, "Mustelidae").lineage, ["Carnivora"]);
        let coarse = ["Mustelidae", "Rodentia", "Reh", "Small mammal"].map(|class| taxon(&data, class).rank);
        assert_eq!(coarse, [Rank::Higher, Rank::Higher, Rank::Other, Rank::Other]);
    }
}

/// Results of a detector in a folder, and the data set that they become.
fn results(results: &serde_json::Value) -> Dataset {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.json");
    std::fs::write(&path, results.to_string()).unwrap();
    open(&path)
}

#[test]
fn predictions_of_species_net_have_them_in_their_labels() {
    let prediction = |number: usize, label: &str| {
        json!({"filepath": format!("cam/{number}.jpg"), "datetime": "2023-10-01 06:00:00", "detections": [],
               "prediction": label, "prediction_score": 0.9})
    };
    let labels = [
        "ab1;mammalia;cetartiodactyla;cervidae;odocoileus;virginianus;white-tailed deer",
        "ab2;mammalia;carnivora;felidae;;;cat family",
        "ab3;mammalia;carnivora;canidae;vulpes;;vulpes species",
        "ab4;;;;;;bird",
    ];
    let predictions: Vec<_> = (0..).zip(labels).map(|(number, label)| prediction(number, label)).collect();
    let data = results(&json!({"predictions": predictions}));
    let expected = BTreeMap::from([
        ("Odocoileus virginianus", Rank::Species),
        ("Felidae", Rank::Higher),
        ("Vulpes", Rank::Genus),
        ("bird", Rank::Other),
    ]);
    assert_eq!(ranks(&data), expected);
    let deer = taxon(&data, "Odocoileus virginianus");
    assert_eq!(deer.lineage, ["Mammalia", "Cetartiodactyla", "Cervidae", "Odocoileus"]);
    assert_eq!(taxon(&data, "Vulpes").lineage, ["Mammalia", "Carnivora", "Canidae"]);
}

#[test]
fn a_label_of_a_classifier_is_a_species_when_one_is_called_so() {
    let names = ["coyote", "deer", "rodent", "Vulpes vulpes"];
    let categories: BTreeMap<String, &str> =
        (0..).zip(names).map(|(n, name): (u8, _)| (n.to_string(), name)).collect();
    let image = |number: usize| {
        json!({"file": format!("cam/{number}.jpg"), "datetime": "2023-10-01 06:00:00", "detections": [
            {"category": "1", "conf": 0.9, "bbox": [0.1, 0.2, 0.3, 0.4],
             "classifications": [[number.to_string(), 0.8]]}
        ]})
    };
    let images: Vec<_> = (0..names.len()).map(image).collect();
    let data = results(&json!({
        "info": {"format_version": "1.5"}, "detection_categories": {"1": "animal"},
        "classification_categories": categories, "images": images,
    }));
    let expected = [
        ("Vulpes vulpes", Rank::Species),
        ("coyote", Rank::Species),
        ("deer", Rank::Other),
        ("rodent", Rank::Other),
    ];
    assert_eq!(ranks(&data), BTreeMap::from(expected));
    let coyote = taxon(&data, "coyote");
    assert_eq!(coyote.scientific.as_deref(), Some("Canis latrans"));
    assert_eq!(coyote.lineage, ["Canis"]);
    assert_eq!(taxon(&data, "Vulpes vulpes").scientific, None);
}
