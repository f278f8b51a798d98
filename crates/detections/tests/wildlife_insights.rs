//! What the columns of a Wildlife Insights export become.

use detections::{Dataset, Keep, ObservationType, Overview, Rank, ReadOptions};

const DEPLOYMENTS: &str = "project_id,deployment_id,placename,longitude,latitude,start_date,end_date";
const IMAGES: &str = "project_id,deployment_id,image_id,filename,location,is_blank,identified_by,class,order,family,\
                      genus,species,common_name,timestamp,number_of_objects";

/// An export as it is read for archives and for reports.
fn open(deployments: &str, images: &str) -> [Dataset; 2] {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("deployments.csv"), deployments).unwrap();
    std::fs::write(folder.path().join("images.csv"), images).unwrap();
    [Keep::All, Keep::Numbers].map(|keep| {
        let options = ReadOptions { keep, ..ReadOptions::default() };
        detections::open(folder.path(), &options).unwrap()
    })
}

#[test]
fn a_camera_that_failed_is_known_with_the_words_of_the_table() {
    let written = [
        "Camera Functioning",
        "camera functioning ",
        "Functioning",
        "NA",
        "",
        "Unknown",
        "Unknown Failure",
        "Vandalism/Theft",
        "Memory Card/Film Failure",
    ];
    let rows = (1..).zip(written).map(|(number, functioning)| {
        format!("1,D{number},Creek,-74.2,4.6,2022-03-01,2022-03-31,{functioning}\n")
    });
    let deployments = format!("{DEPLOYMENTS},camera_functioning\n{}", rows.collect::<String>());
    for data in open(&deployments, &format!("{IMAGES}\n")) {
        let malfunctions: Vec<Option<&str>> =
            data.deployments.iter().map(|deployment| deployment.malfunction.as_deref()).collect();
        let (working, failed) = malfunctions.split_at(6);
        assert_eq!(working, [None::<&str>; 6]);
        let expected = ["Unknown Failure", "Vandalism/Theft", "Memory Card/Film Failure"];
        assert_eq!(failed, expected.map(Some));
    }
}

#[test]
fn without_the_column_nothing_is_known_to_have_failed() {
    let deployments = format!("{DEPLOYMENTS}\n1,D1,Creek,-74.2,4.6,2022-03-01,2022-03-31\n");
    for data in open(&deployments, &format!("{IMAGES}\n")) {
        assert_eq!(data.deployments[0].malfunction, None);
    }
}

/// What images are of which these are the ranks, from class to species, and the common name.
fn identified_as(rows: &[&str]) -> [Dataset; 2] {
    let rows = (1..).zip(rows).map(|(number, identified)| {
        format!("1,D1,i{number},{number}.jpg,,0,Computer vision,{identified},2022-03-05 21:10:00,1\n")
    });
    let images = format!("{IMAGES}\n{}", rows.collect::<String>());
    open(&format!("{DEPLOYMENTS}\n1,D1,Creek,-74.2,4.6,2022-03-01,2022-03-31\n"), &images)
}

#[test]
fn an_animal_that_is_only_that_has_no_class() {
    const NO_RESULT: &str = "No CV Result,No CV Result,No CV Result,No CV Result,No CV Result";
    let rows = [
        ",,,,,Animal",
        "NA,NA,NA,NA,NA,Animal",
        &format!("{NO_RESULT},Animal"),
        ",,,,,Animalia",
        "Animalia,,,,,Animal",
        "Unknown,Unknown,Unknown,Unknown,unknown,Animal",
    ];
    for data in identified_as(&rows) {
        assert_eq!(data.observations.len(), rows.len());
        assert!(data.classes.is_empty(), "{:?}", data.classes);
        assert!(data.observations.iter().all(|o| o.class.is_none() && o.kind == ObservationType::Animal));
    }
    let [data, _] = identified_as(&rows);
    let overview = Overview::count(&data);
    assert_eq!((overview.species.len(), overview.unnamed_animals), (0, rows.len() as u64));
}

#[test]
fn a_mammal_and_a_bird_are_classes_and_no_species() {
    let rows = ["Mammalia,,,,,Mammal", "Aves,,,,,Bird", "Mammalia,Carnivora,Canidae,Vulpes,vulpes,Red Fox"];
    for data in identified_as(&rows) {
        let ranks: Vec<(&str, Rank)> =
            data.classes.iter().map(|class| (class.name.as_str(), class.taxon.rank)).collect();
        let expected = [("Mammalia", Rank::Higher), ("Aves", Rank::Higher), ("Vulpes vulpes", Rank::Species)];
        assert_eq!(ranks, expected);
    }
}

#[test]
fn the_ranks_of_a_row_are_the_lineage_of_its_class() {
    let rows = [
        "Mammalia,Carnivora,Mustelidae,Weasel,spp.,Weasel",
        "Mammalia,Carnivora,Canidae,Canis,lupus familiaris,Domestic Dog",
        "Aves,Passeriformes,Corvidae,,,Crow Family",
    ];
    for data in identified_as(&rows) {
        let [weasel, dog, crow] = &data.classes[..] else { panic!("{:?}", data.classes) };
        assert_eq!((weasel.name.as_str(), weasel.taxon.rank), ("Weasel spp.", Rank::Genus));
        assert_eq!(weasel.taxon.lineage, ["Mammalia", "Carnivora", "Mustelidae", "Weasel"]);
        assert_eq!((dog.name.as_str(), dog.taxon.rank), ("Canis lupus familiaris", Rank::Species));
        assert_eq!(dog.taxon.lineage, ["Mammalia", "Carnivora", "Canidae", "Canis", "Canis lupus"]);
        assert_eq!((crow.name.as_str(), crow.taxon.rank), ("Corvidae", Rank::Higher));
        assert_eq!(crow.taxon.lineage, ["Aves", "Passeriformes"]);
    }
}
