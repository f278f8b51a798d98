//! Results of detectors in all the forms that programs write them in: what is on each image, and that no
//! image is lost without being counted.

use ObservationType::{Animal, Blank, Human, Unclassified, Unknown, Vehicle};
use detections::{BoundingBox, Dataset, ObservationType, PixelBox, ReadOptions, SourceError};
use serde_json::{Value, json};
use testkit::{CameraExif, assert_contains, assert_starts_with, write_exif};

/// Opens a file of results beside which no pictures are.
fn open_text(text: &str) -> Result<Dataset, SourceError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("results.json"), text).unwrap();
    detections::open(&folder.path().join("results.json"), &all_rows())
}

/// Small tables of which much is lost are read all the same.
fn all_rows() -> ReadOptions {
    ReadOptions { allow_bad_rows: 1.0, ..ReadOptions::default() }
}

/// The same, in which each image has a time, since there are no pictures to tell it.
fn open(mut results: Value) -> Dataset {
    for list in ["images", "predictions", "annotations"] {
        let items = results.get_mut(list).and_then(Value::as_array_mut);
        for item in items.into_iter().flatten().filter(|item| item.is_object()) {
            if item.get("datetime").is_none() {
                item["datetime"] = "2024-05-02 06:00:00".into();
            }
        }
    }
    let data = open_text(&results.to_string()).unwrap();
    assert_none_is_lost(&data);
    data
}

/// Every image of the file is in the data, or counted as lost.
fn assert_none_is_lost(data: &Dataset) {
    let tables = data.problems.tables();
    let rows: u64 = tables.iter().map(|table| table.rows).sum();
    let lost: u64 = tables.iter().map(|table| table.rows_lost).sum();
    assert_eq!(rows, lost + data.media.len() as u64, "{:#?}", data.problems);
}

/// Kind and class of each observation.
fn observations_of(data: &Dataset) -> Vec<(ObservationType, &str)> {
    let class = |class: Option<u32>| class.map_or("", |class| data.classes[class as usize].name.as_str());
    data.observations.iter().map(|o| (o.kind, class(o.class))).collect()
}

#[track_caller]
fn assert_observations(data: &Dataset, expected: &[(ObservationType, &str)]) {
    assert_eq!(observations_of(data), expected);
}

fn confidences_of(data: &Dataset) -> Vec<Option<f32>> {
    data.observations.iter().map(|o| o.confidence).collect()
}

fn problems_of(data: &Dataset) -> Vec<String> {
    data.problems.list().iter().map(ToString::to_string).collect()
}

/// A box of a category of MegaDetector.
fn detection(category: &str, more: Value) -> Value {
    let mut detection = json!({"category": category, "conf": 0.9, "bbox": [0.1, 0.2, 0.3, 0.4]});
    detection.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    detection
}

/// Results of MegaDetector with these images.
fn megadetector(images: Value) -> Value {
    json!({
        "info": {"format_version": "1.6"},
        "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"},
        "images": images,
    })
}

/// The same with names of classes and their descriptions.
fn make_results(images: Value, names: Value, descriptions: Value) -> Value {
    let mut results = megadetector(images);
    results["classification_categories"] = names;
    results["classification_category_descriptions"] = descriptions;
    results
}

/// An image for each list of classifications of the box of an animal on it.
fn one_box_each(classifications: &[Value]) -> Value {
    let image = |(number, classifications): (usize, &Value)| {
        let animal = detection("1", json!({"classifications": classifications}));
        json!({"file": format!("north/{number}.jpg"), "detections": [animal]})
    };
    classifications.iter().enumerate().map(image).collect()
}

#[test]
fn a_person_to_the_classifier_is_a_person_though_its_box_says_animal() {
    let data = open(make_results(
        one_box_each(&[json!([["0", 0.99]]), json!([["1", 0.97]]), json!([["2", 0.9]])]),
        json!({"0": "homo species", "1": "human", "2": "white-tailed deer"}),
        json!({
            "0": "x1;mammalia;primates;hominidae;homo;;homo species",
            "1": "990a;mammalia;primates;hominidae;homo;sapiens;human",
            "2": "y;mammalia;cetartiodactyla;cervidae;odocoileus;virginianus;white-tailed deer",
        }),
    ));
    assert_observations(
        &data,
        &[(Human, "Homo"), (Human, "Homo sapiens"), (Animal, "Odocoileus virginianus")],
    );
    assert_eq!(confidences_of(&data), [Some(0.99), Some(0.97), Some(0.9)]);
    assert_eq!(data.classes[2].vernacular.as_deref(), Some("white-tailed deer"));
}

#[test]
fn an_animal_that_the_classifier_does_not_name_has_no_class() {
    let names = json!({"0": "animal", "1": "no cv result", "2": "blank", "3": "unidentified", "4": "fox"});
    let of = |class: &str| json!([[class, 0.8]]);
    let mut images = one_box_each(&[of("0"), of("1"), of("2"), of("3"), json!([]), json!(null), of("4")]);
    images.as_array_mut().unwrap().push(json!({"file": "blank.jpg", "detections": []}));
    let data = open(make_results(images, names, json!({})));
    let unnamed = (Animal, "");
    let expected = [unnamed, unnamed, unnamed, unnamed, unnamed, unnamed, (Animal, "fox"), (Blank, "")];
    assert_observations(&data, &expected);
    // What the detector is sure of is that there is an animal.
    assert_eq!(confidences_of(&data)[0], Some(0.9));
    // Without any classifier "animal" is all that there is to tell apart.
    let data = open(megadetector(one_box_each(&[json!([])])));
    assert_observations(&data, &[(Animal, "animal")]);
}

#[test]
fn descriptions_from_kingdom_to_species_give_names_that_people_use() {
    let data = open(make_results(
        one_box_each(&[json!([["0", 0.9]]), json!([["1", 0.9]]), json!([["2", 0.9]]), json!([["3", 0.9]])]),
        json!({"0": "badger", "1": "ibex", "2": "person", "3": "elk"}),
        json!({
            "0": "animalia;chordata;mammalia;carnivora;mustelidae;melesmeles",
            "1": "animalia;chordata;mammalia;artiodactyla;bovidae;Capra ibex",
            "2": "animalia;chordata;mammalia;primates;hominidae;homosapiens",
        }),
    ));
    assert_observations(
        &data,
        &[(Animal, "badger"), (Animal, "Capra ibex"), (Human, "person"), (Animal, "elk")],
    );
    assert_eq!(data.classes[1].vernacular.as_deref(), Some("ibex"));
}

#[test]
fn the_likeliest_class_counts_in_whatever_order_they_stand() {
    let names = json!({"0": "fox", "1": "elk"});
    let lists = [json!([["0", 0.2], ["1", "0.7"]]), json!([[0, null], [1, null]]), json!([["7", 0.9]])];
    let data = open(make_results(one_box_each(&lists), names, json!({})));
    assert_observations(&data, &[(Animal, "elk"), (Animal, "fox"), (Animal, "")]);
    assert_eq!(confidences_of(&data), [Some(0.7), Some(0.9), Some(0.9)]);
    assert!(problems_of(&data)[0].contains("\"7\" is not among classification_categories (value ignored)"));
}

#[test]
fn species_among_the_categories_are_the_classes_of_their_boxes() {
    let mut results = make_results(
        json!([{"file": "north/a.jpg", "manually_checked": false, "detections": [
            // The score of the species took the place of that of the box, which is the one that counts for
            // whether there is anything.
            detection("4", json!({"conf": 0.15, "prev_conf": 0.95, "prev_category": "1", "classifications": [["0", 0.15]]})),
            detection("4", json!({"conf": 0.95, "prev_conf": 0.05, "prev_category": "1", "classifications": [["0", 0.95]]})),
            // Not sure enough of the class, so that the program that wrote this left it open.
            detection("1", json!({"classifications": [["0", 0.1]]})),
            detection("1", json!({"classifications": [["1", 0.3]]})),
            detection("2", json!({})),
        ]}]),
        json!({"0": "red fox", "1": "human"}),
        json!({}),
    );
    results["detection_categories"] =
        json!({"1": "unidentified animal", "2": "person", "3": "vehicle", "4": "red fox", "5": "human"});
    results["detection_categories_original"] = json!({"1": "animal"});
    let data = open(results);
    assert_observations(&data, &[(Animal, "red fox"), (Animal, ""), (Human, "human"), (Human, "person")]);
    assert_eq!((confidences_of(&data)[0], data.below_threshold), (Some(0.15), 1));
}

#[test]
fn a_box_that_a_person_verified_is_read_however_unsure_the_detector_was() {
    let image = json!([{"file": "a.jpg", "detections": [
        detection("1", json!({"conf": 0.05, "verified": true})),
        detection("1", json!({"conf": 0.05, "verified": false})),
    ]}]);
    let data = open(megadetector(image));
    assert_eq!((data.observations.len(), data.below_threshold), (1, 1));
}

#[test]
fn a_class_of_a_whole_picture_has_no_box() {
    // What a converter writes for a class without a box.
    let whole = json!({"bbox": [0, 0, 1, 1], "conf": 0.7, "classifications": [["0", 0.7]]});
    let mut results = make_results(
        json!([{"file": "a.jpg", "detections": [detection("4", whole)]}]),
        json!({"0": "red fox"}),
        json!({}),
    );
    results["detection_categories"] = json!({"1": "animal", "2": "person", "4": "unknown"});
    let data = open(results);
    assert_observations(&data, &[(Animal, "red fox")]);
    assert!(data.observations.get(0).bbox.is_none());
}

#[test]
fn of_a_video_each_class_has_the_frame_with_most_of_it() {
    let on = |category: &str, frame: Value, class: &str| {
        detection(category, json!({"frame_number": frame, "classifications": [[class, 0.9]]}))
    };
    let person = |frame: Value| detection("2", json!({"frame_number": frame}));
    let names = json!({"0": "fox", "1": "roe deer"});
    let video = |number: u32, detections: Value| {
        json!({"file": format!("{number}.mp4"), "frame_rate": 20, "frames_processed": [0, 60, 120],
               "detections": detections})
    };
    let data = open(make_results(
        json!([
            video(1, json!([person(json!(0)), on("1", json!(120), "1")])),
            video(2, json!([on("1", json!(20), "0"), on("1", json!(100), "1"), on("1", json!(100.0), "1")])),
            // Numbers in any form, and none at all.
            video(3, json!([on("1", json!("12"), "0"), on("1", json!(12), "0"), on("1", json!(null), "0")])),
        ]),
        names,
        json!({}),
    ));
    let (fox, roe) = ((Animal, "fox"), (Animal, "roe deer"));
    assert_observations(&data, &[(Human, "person"), roe, fox, roe, roe, fox, fox]);
    // What stands on other frames is the same animal, and neither unsure nor a problem.
    assert_eq!((data.below_threshold, problems_of(&data).len()), (0, 0));
}

#[test]
fn every_kind_of_failure_is_counted_and_named() {
    let data = open(megadetector(json!([
        {"file": "1.jpg", "failure": "Failure image access", "detections": null},
        {"file": "2.jpg", "failure": {"error": "out of memory"}},
        {"file": "3.jpg", "failure": true, "detections": []},
        {"file": "4.jpg"},
        {"file": "5.jpg", "detections": null, "max_detection_conf": 0},
        {"file": "6.jpg", "detections": {}},
        {"file": "", "detections": []},
        {"file": null, "detections": []},
        {"file": 7, "detections": []},
        "7.jpg",
        {"file": "8.jpg", "failure": null, "detections": []},
        {"file": "8.jpg", "detections": []},
        {"file": "9.jpg", "failure": "Failure of the classifier", "detections": [detection("1", json!({}))]},
        {"file": "10.jpg", "failure": "", "detections": []},
    ])));
    let listed = problems_of(&data);
    assert_eq!((data.problems.rows_skipped(), data.problems.values_ignored()), (5, 7), "{listed:#?}");
    assert_contains(&listed[1], &["could not read 2.jpg ({\"error\":\"out of memory\"}) (value ignored)"]);
    let parts = [
        "image 12, file: “8.jpg” occurs again",
        "was only processed in part (Failure of the classifier) (value ignored)",
    ];
    assert_contains(&listed.join("\n"), &parts);
    // What the detector failed on was taken all the same.
    let failed = vec![(Unclassified, ""); 6];
    let expected = [failed, vec![(Blank, ""), (Animal, "animal"), (Blank, "")]].concat();
    assert_observations(&data, &expected);
}

#[test]
fn a_value_that_cannot_be_read_costs_the_value_alone() {
    let data = open(megadetector(json!([{"file": "a.jpg", "detections": [
        detection("1", json!({"conf": "0.9"})),
        detection("1", json!({"conf": "91 %"})),
        detection("1", json!({"conf": null})),
        detection("1", json!({"conf": 17})),
        detection("1", json!({"bbox": ["0.1", "0.2", "0.3", "0.4"]})),
        detection("1", json!({"bbox": [0.1, 0.2, 0.3]})),
        detection("1", json!({"bbox": [0.1, null, 0.3, 0.4]})),
        {"category": 2, "conf": 0.8, "bbox": [0.1, 0.2, 0.3, 0.4]},
    ]}])));
    let expected = [Some(0.9), Some(0.91), None, None, Some(0.9), Some(0.9), Some(0.9), Some(0.8)];
    assert_eq!(confidences_of(&data), expected);
    let has_box: Vec<bool> = data.observations.iter().map(|o| o.bbox.is_some()).collect();
    assert_eq!(has_box, [true, true, true, true, true, false, false, true]);
    let listed = problems_of(&data);
    assert_eq!((data.problems.rows_skipped(), data.problems.values_ignored()), (0, 4), "{listed:#?}");
    let expected =
        "results.json, image 1, conf: 17 is not a confidence; expected a number from 0 to 1 (value ignored)";
    assert_eq!(listed[1], expected);
}

#[test]
fn a_file_in_percent_is_one_in_percent_throughout() {
    let percent = |conf: f64| detection("1", json!({"conf": conf, "classifications": [["0", conf]]}));
    let data = open(make_results(
        json!([{"file": "a.jpg", "detections": [percent(90.0), percent(55.5), percent(0.8)]}]),
        json!({"0": "fox"}),
        json!({}),
    ));
    assert_eq!((confidences_of(&data), data.below_threshold), (vec![Some(0.9), Some(0.555)], 1));
}

#[test]
fn a_mark_and_numbers_that_json_does_not_have_do_no_harm() {
    let text =
        "\u{feff}{\"info\": {\"format_version\": \"1.4\"}, \"detection_categories\": {\"1\": \"animal\"},
        \"images\": [{\"file\": \"NaN/a.jpg\", \"datetime\": \"2024-05-02 06:00:00\", \"latitude\": NaN,
        \"longitude\": -Infinity, \"detections\": [
            {\"category\": \"1\", \"conf\": 0.9, \"bbox\": [0.1, 0.1, 0.5, 0.5]},
            {\"category\": \"1\", \"conf\": NaN, \"bbox\": [0.1, 0.1, 0.5, Infinity]}]}]}";
    let data = open_text(text).unwrap();
    assert_observations(&data, &[(Animal, "animal"), (Animal, "animal")]);
    assert_eq!((data.media.path(0), data.problems.values_ignored()), ("NaN/a.jpg", 2));
    assert_eq!(data.locations[0].latitude, None);
    let error = open_text("\u{feff}{\"images\": [\n{\"a\": NaN},\n oops]}").unwrap_err().to_string();
    assert!(error.starts_with("results.json, line 3, "), "{error}");
}

#[test]
fn names_of_categories_may_be_missing_where_numbers_say_whose_they_are() {
    let of = |categories: Value, boxes: &[&str]| {
        let detections: Value = boxes.iter().map(|category| detection(category, json!({}))).collect();
        let image = json!({"file": "a.jpg", "datetime": "2024-05-02 06:00:00", "detections": detections});
        let mut results = megadetector(json!([image]));
        results["detection_categories"] = categories;
        open_text(&results.to_string())
    };
    assert_observations(&of(json!(null), &["0", "1"]).unwrap(), &[(Animal, "animal"), (Human, "person")]);
    assert_observations(&of(json!(null), &["1", "3"]).unwrap(), &[(Animal, "animal"), (Vehicle, "vehicle")]);
    let error = of(json!(null), &["1"]).unwrap_err().to_string();
    assert!(error.contains("there are no detection_categories"), "{error}");
    assert_observations(&of(json!(["animal", "person"]), &["1"]).unwrap(), &[(Human, "person")]);
}

#[test]
fn what_results_say_of_a_picture_goes_before_its_folder_and_file() {
    let data = open(megadetector(json!([
        {"file": "a/1.jpg", "location": "North fence", "latitude": 51.5, "longitude": "-114.25", "detections": []},
        {"file": "b/2.jpg", "location": "North fence", "detections": [], "datetime": null,
         "exif_metadata": {"DateTimeOriginal": "2024:05:03 07:00:00", "Make": "Trailcam",
                           "GPSInfo": {"GPSLatitudeRef": "S", "GPSLatitude": [10, 30, 0],
                                       "GPSLongitudeRef": "E", "GPSLongitude": "(20.0, 15.0, 0.0)"}}},
        {"file": "b/3.jpg", "detections": [], "datetime": null,
         "exif_metadata": [["Make", "Trailcam"], ["DateTimeOriginal", "2024:05:04 08:00:00"]]},
        {"file": "b/4.jpg", "location": 17, "latitude": 100, "longitude": 0, "detections": []},
    ])));
    let names: Vec<&str> = data.locations.iter().map(|location| location.name.as_str()).collect();
    assert_eq!(names, ["North fence", "b", "17"]);
    assert_eq!((data.locations[0].latitude, data.locations[0].longitude), (Some(51.5), Some(-114.25)));
    let times: Vec<String> = data.observations.iter().map(|o| o.time.unwrap().to_string()).collect();
    let expected =
        ["2024-05-02 06:00:00", "2024-05-03 07:00:00", "2024-05-04 08:00:00", "2024-05-02 06:00:00"];
    assert_eq!(times, expected);
    let listed = problems_of(&data);
    assert_eq!(listed.len(), 1, "{listed:#?}");
    assert_contains(&listed[0], &["image 4, latitude, longitude: not coordinates"]);
}

#[test]
fn a_clock_that_was_never_set_is_named_and_gives_no_time() {
    let folder = tempfile::tempdir().unwrap();
    let results = megadetector(json!([
        {"file": "a.jpg", "detections": [], "datetime": "0000:00:00 00:00:00"},
        {"file": "b.jpg", "detections": []},
        {"file": "c.jpg", "detections": [], "datetime": "yesterday"},
        {"file": "d.jpg", "detections": [], "datetime": "1970:01:01 00:12:51"},
    ]));
    std::fs::write(folder.path().join("results.json"), results.to_string()).unwrap();
    for (name, time) in [("b.jpg", "1970:01:01 00:00:00"), ("d.jpg", "2024:05:02 06:00:00")] {
        let picture = write_exif(CameraExif { time, ..CameraExif::default() });
        std::fs::write(folder.path().join(name), picture).unwrap();
    }
    let path = folder.path().join("results.json");
    let data = detections::open(&path, &all_rows()).unwrap();
    assert_none_is_lost(&data);
    // Without the flag to go on, such a data set is refused.
    let refusal = detections::open(&path, &ReadOptions::default()).unwrap_err().to_string();
    assert!(refusal.starts_with("results.json: 3 of 4 rows have a time that could not be read"), "{refusal}");
    let has_time: Vec<bool> = data.observations.iter().map(|o| o.time.is_some()).collect();
    // Of the last the file knows better.
    assert_eq!(has_time, [false, false, false, true]);
    let causes: Vec<Option<&str>> = data.problems.list().iter().map(|problem| problem.likely_cause).collect();
    let never_set = Some("the clock of the camera was never set");
    assert_eq!(causes, [never_set, never_set, None]);
    let expected = "results.json, image 2, EXIF: “1970:01:01 00:00:00” is too early";
    assert_starts_with(&problems_of(&data)[1], expected);
}

/// A prediction of SpeciesNet for a picture with boxes of these labels.
fn prediction(number: u32, labels: &[&str], more: Value) -> Value {
    let on = |(at, label): (usize, &&str)| {
        let x = f64::from(u32::try_from(at).unwrap()) / 10.0;
        json!({"label": label, "conf": 0.9, "bbox": [x, 0.2, 0.3, 0.4]})
    };
    let boxes: Value = labels.iter().enumerate().map(on).collect();
    let mut item = json!({"filepath": format!("north/{number}.jpg"), "detections": boxes});
    item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    item
}

const DEER: &str = "ab12;mammalia;cetartiodactyla;cervidae;odocoileus;virginianus;white-tailed deer";
const DEER_NAME: &str = "Odocoileus virginianus";

#[test]
fn a_predicted_person_wins_over_an_animal_and_a_box_of_a_person_over_all() {
    let of = |label: &str| json!({"prediction": label, "prediction_score": 0.7});
    let homo = of("ab12;mammalia;primates;hominidae;homo;;homo species");
    let data = open(json!({"predictions": [
        prediction(1, &["animal", "animal"], homo.clone()),
        prediction(2, &[], homo),
        prediction(3, &["human", "vehicle", "animal"], of("ab12;;;;;;blank")),
        prediction(4, &["human"], of(DEER)),
        prediction(5, &["animal"], of("ab12;;;;;;vehicle")),
    ]}));
    let homo = (Human, "Homo");
    let (human, vehicle) = ((Human, "human"), (Vehicle, "vehicle"));
    // A blank takes back the box of an animal, and not those of people and vehicles. The deer was predicted for
    // the picture, and the box is a person's.
    assert_observations(&data, &[homo, homo, homo, human, vehicle, human, (Animal, DEER_NAME), vehicle]);
    assert_eq!(confidences_of(&data)[..2], [Some(0.7), Some(0.7)]);
}

#[test]
fn a_prediction_that_names_nothing_leaves_an_animal_without_a_class() {
    let of = |label: &str| json!({"prediction": label});
    let unknown = "ab12;no cv result;no cv result;no cv result;no cv result;no cv result;no cv result";
    let data = open(json!({"predictions": [
        prediction(1, &["animal"], of("ab12;;;;;;animal")),
        prediction(2, &["animal"], of(unknown)),
        prediction(3, &[], of(unknown)),
        prediction(4, &["animal"], of("error")),
        prediction(5, &[], of("error")),
        prediction(6, &[], json!({})),
        prediction(7, &["animal"], json!({})),
    ]}));
    let unnamed = (Animal, "");
    let unknown = (Unknown, "");
    assert_observations(&data, &[unnamed, unnamed, unknown, unnamed, unknown, (Unclassified, ""), unnamed]);
    // The detector alone tells animals from people, and nothing more.
    let data = open(json!({"predictions": [prediction(1, &["animal", "human"], json!({}))]}));
    assert_observations(&data, &[(Animal, "animal"), (Human, "human")]);
}

#[test]
fn classes_of_each_box_go_before_that_of_the_picture() {
    let boxes = |first: Value, second: Value| {
        let one = |more: Value| detection("1", more);
        json!({"detections": [one(first), one(second)], "prediction": DEER, "prediction_score": 0.6})
    };
    let lists = json!({"classifications": {"classes": ["fox", "dog"], "scores": [0.8, 0.1]}});
    let pairs = json!({"classifications": [["fox", 0.8], ["dog", 0.1]]});
    let own = json!({"prediction": "fox", "prediction_score": 0.8});
    let data = open(json!({"predictions": [
        prediction(1, &[], boxes(lists, json!({}))),
        prediction(2, &[], boxes(pairs, json!({}))),
        prediction(3, &[], boxes(own, json!({}))),
    ]}));
    let expected = [(Animal, "fox"), (Animal, DEER_NAME)];
    assert_eq!(observations_of(&data), expected.repeat(3));
    assert_eq!(confidences_of(&data), [Some(0.8), Some(0.6)].repeat(3));
}

#[test]
fn a_classifier_without_a_detector_and_parts_that_failed_are_read() {
    let classes = json!({"classes": [DEER], "scores": [0.9], "target_logits": [1.5]});
    let data = open(json!({"predictions": [
        {"filepath": "1.jpg", "classifications": classes, "country": "USA", "admin1_region": "CA"},
        {"filepath": "2.jpg", "classifications": classes, "failures": ["DETECTOR"]},
        {"filepath": "3.jpg", "failures": ["DETECTOR", "CLASSIFIER"]},
        {"filepath": "4.jpg", "failures": "CLASSIFIER"},
        {"filepath": "5.jpg", "failures": [], "detections": [], "prediction": "ab12;;;;;;blank"},
        {"filepath": " "},
        {"filepath": "5.jpg"},
        {"filepath": "6.jpg", "prediction": DEER, "prediction_source": "classifier",
         "detections": [detection("9", json!({})), detection("2", json!({}))]},
    ]}));
    let deer = (Animal, DEER_NAME);
    let failed = (Unclassified, "");
    let expected = [deer, deer, failed, failed, (Blank, ""), (Human, "human"), deer];
    assert_observations(&data, &expected);
    let listed = problems_of(&data);
    assert_eq!((data.problems.rows_skipped(), data.problems.values_ignored()), (2, 4), "{listed:#?}");
    assert!(listed[0].contains("SpeciesNet failed on part of 2.jpg (DETECTOR)"), "{listed:#?}");
}

/// The corners of each box on a picture of 400 x 300 pixels.
fn pixels_of(data: &Dataset) -> Vec<Option<PixelBox>> {
    let in_pixels = |bbox: BoundingBox| bbox.to_pixels(400, 300);
    data.observations.iter().map(|o| o.bbox.and_then(in_pixels)).collect()
}

#[test]
fn lists_of_pytorch_wildlife_have_corners_in_pixels() {
    let data = open(json!({
        "annotations": [
            {"img_id": "north/a.jpg", "bbox": [[10, 20, 110, 220], [0, 0, 50, 60], [1, 1, 9, 9]],
             "category": [0, 1, 0], "confidence": [0.9, 0.8, 0.1]},
            {"img_id": "north/b.jpg", "bbox": [], "category": [], "confidence": []},
            {"img_id": "north/c.jpg", "bbox": [10, 20, 110, 220], "category": 2, "confidence": 0.7},
            {"img_id": "north/d.jpg"},
            {"img_id": "north/a.jpg", "bbox": [], "category": [], "confidence": []},
        ],
        "categories": {"0": "animal", "1": "person", "2": "vehicle"},
    }));
    assert_observations(
        &data,
        &[(Animal, "animal"), (Human, "person"), (Blank, ""), (Vehicle, "vehicle"), (Unclassified, "")],
    );
    assert_eq!((data.below_threshold, data.problems.rows_skipped()), (1, 1));
    let first = PixelBox { x: 10, y: 20, width: 100, height: 200 };
    let second = PixelBox { x: 0, y: 0, width: 50, height: 60 };
    assert_eq!(pixels_of(&data), [Some(first), Some(second), None, Some(first), None]);
}

#[test]
fn lists_of_pytorch_wildlife_need_no_names_and_may_have_points() {
    let data = open(json!({
        "annotations": [{"img_id": "a.jpg", "dot": [[10.5, 20], [30, 40]], "category": [0, 0], "confidence": [0.9, 0.8]}],
        "categories": null,
    }));
    assert_observations(&data, &[(Animal, "animal"), (Animal, "animal")]);
    assert_eq!(pixels_of(&data), [None, None]);
    let ids: Vec<&str> = data.observations.iter().map(|o| o.id).collect();
    assert!(ids.iter().all(|id| id.len() == 24) && ids[0] != ids[1], "{ids:?}");
}

#[test]
fn classes_in_lists_of_pytorch_wildlife_belong_to_their_animals() {
    let annotation = |name: &str, categories: Value, classes: Value, scores: Value| {
        let boxes = vec![json!([0, 0, 50, 60]); categories.as_array().unwrap().len()];
        let confidences = vec![0.9; boxes.len()];
        json!({"img_id": name, "bbox": boxes, "det_category": categories, "det_confidence": confidences,
               "clf_category": classes, "clf_confidence": scores})
    };
    let data = open(json!({
        "annotations": [
            annotation("a.jpg", json!([1, 0, 0]), json!([1, 0]), json!([0.75, 0.5])),
            annotation("b.jpg", json!([0, 1]), json!([0, 2]), json!([0.75, 0.5])),
            annotation("c.jpg", json!([0, 0, 0]), json!([0]), json!([0.75])),
            annotation("d.jpg", json!([0]), json!([]), json!([])),
            annotation("e.jpg", json!([0]), json!([9]), json!([0.75])),
        ],
        "det_categories": {"0": "animal", "1": "person", "2": "vehicle"},
        "clf_categories": {"0": "Dasyprocta", "1": "Homo sapiens", "2": "Dasyprocta"},
    }));
    let (agouti, unnamed, person) = ((Animal, "Dasyprocta"), (Animal, ""), (Human, "person"));
    let first = [person, (Human, "Homo sapiens"), agouti, agouti, person];
    let expected = [first, [unnamed; 5]].concat();
    assert_observations(&data, &expected);
    assert_eq!(confidences_of(&data)[1], Some(0.75));
    let listed = problems_of(&data);
    assert_eq!(data.problems.values_ignored(), 2, "{listed:#?}");
    assert!(listed[0].contains("a list of 1 for 3 detections"), "{listed:#?}");
    assert!(listed[1].contains("9 is not among clf_categories"), "{listed:#?}");
}

#[test]
fn a_class_of_each_animal_of_a_picture_on_all_of_its_boxes_is_the_likeliest() {
    // The list for Timelapse repeats the classes of all boxes at each of them.
    let all = json!({"classifications": [["1", 0.6], ["0", 0.8]]});
    let data = open(json!({
        "info": {"detector": "megadetector_v5"},
        "detection_categories": {"0": "animal", "1": "person", "2": "vehicle"},
        "classification_categories": {"0": "agouti", "1": "paca"},
        "images": [
            {"file": "a.jpg", "max_detection_conf": 0.9, "detections": [detection("0", all.clone()), detection("0", all)]},
            {"file": "b.jpg", "max_detection_conf": "", "detections": []},
        ],
    }));
    assert_observations(&data, &[(Animal, "agouti"), (Animal, "agouti"), (Blank, "")]);
    assert_eq!(data.model_name.as_deref(), Some("megadetector_v5"));
}

#[test]
fn lists_of_other_programs_are_not_taken_for_results() {
    // COCO Camera Traps, which has lists of both names.
    let coco = json!({"images": [{"id": "1", "file_name": "a.jpg"}],
                      "annotations": [{"id": "1", "image_id": "1", "category_id": 1}],
                      "categories": [{"id": 1, "name": "fox"}]});
    for json in [coco, json!({"annotations": []}), json!({"images": []})] {
        assert!(matches!(open_text(&json.to_string()), Err(SourceError::UnknownFormat(_))), "{json}");
    }
    let error = open_text(r#"{"detection_categories": {}, "images": [], "images": []}"#).unwrap_err();
    assert!(error.to_string().contains("duplicate field `images`"), "{error}");
}
