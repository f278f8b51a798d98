//! The first pass over all images of a file, which finds what must be known before the first image is
//! read.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, RandomState};

use serde_json::{Value, json};

use super::image_list::ImageList;
use super::metadata::list_times;
use super::paths::{identify_path, split_path};
use super::values::{Scale, ScaleEvidence, read_key, read_path};
use crate::media::is_remote;
use crate::written_dates::DateEvidence;

/// The number of paths at the start of the file that are tried first, to find where the pictures are.
const FIRST: usize = 20;
/// The number of paths from the whole file that are tried if none of the first exists.
const SPREAD: usize = 1024;

/// What the images of a file have in common.
#[derive(Debug, Default)]
pub(super) struct FirstPass {
    /// The first paths.
    pub first_paths: Vec<String>,
    /// Paths from the whole file, evenly spaced.
    pub spread_paths: Vec<String>,
    /// `spread_paths` has every n-th path, where n is two to this power.
    thinning: u32,
    paths: u64,
    boxes: ScaleEvidence,
    classes: ScaleEvidence,
    seen: BTreeSet<Feature>,
    /// Evidence on the order of day and month, from the times of all images.
    pub dates: DateEvidence,
    cuts: PathCuts,
}

/// How many folders at the start of all paths can be removed so that different paths stay different.
#[derive(Debug, Default)]
struct PathCuts {
    keys: RandomState,
    /// Hashes of the whole paths.
    whole: HashSet<u64>,
    /// Hashes of the paths without their first folder, without their first two folders, and so on.
    cut: Vec<HashSet<u64>>,
    /// Without this many folders two paths become the same.
    too_many: Option<usize>,
}

impl PathCuts {
    fn add(&mut self, path: &str) {
        if !self.whole.insert(self.keys.hash_one(identify_path(path))) {
            return;
        }
        let names = split_path(path);
        for skipped in 1..names.len().min(self.too_many.unwrap_or(usize::MAX)) {
            if self.cut.len() < skipped {
                self.cut.push(HashSet::new());
            }
            let print = self.keys.hash_one(&names[skipped..]);
            if !self.cut[skipped - 1].insert(print) {
                // Removing more folders makes the same two paths equal.
                self.cut.truncate(skipped - 1);
                self.too_many = Some(skipped);
                return;
            }
        }
    }
}

/// A feature of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Feature {
    /// Items of `images` that have detections.
    Detections,
    /// Items of `annotations` that name pictures.
    ImageIds,
    /// SpeciesNet's classes of pictures or boxes.
    Predictions,
    Boxes,
    /// A box of category 0.
    Category0,
    /// A box of category 3.
    Category3,
}

impl FirstPass {
    /// Takes an item of a list into account.
    pub fn scan_item(&mut self, list: ImageList, item: &Value) {
        list_times(item).filter_map(|(_, value)| value.as_str()).for_each(|text| self.dates.add(text));
        match list {
            ImageList::Images => {
                self.add_path(&item["file"]);
                self.note_feature(Feature::Detections, item.get("detections").is_some());
                self.add_detections(&item["detections"]);
            }
            ImageList::Predictions => {
                self.add_path(&item["filepath"]);
                self.add_detections(&item["detections"]);
                self.add_prediction(item);
            }
            ImageList::Annotations => {
                self.add_path(&item["img_id"]);
                self.note_feature(Feature::ImageIds, item.get("img_id").is_some());
                for confidences in [&item["confidence"], &item["det_confidence"]] {
                    self.boxes.add_all(confidences);
                }
                self.classes.add_all(&item["clf_confidence"]);
            }
        }
    }

    fn add_detections(&mut self, detections: &Value) {
        for detection in detections.as_array().into_iter().flatten() {
            self.boxes.add(&detection["conf"]);
            let category = read_key(&detection["category"]);
            self.note_feature(Feature::Boxes, true);
            self.note_feature(Feature::Category0, category.as_deref() == Some("0"));
            self.note_feature(Feature::Category3, category.as_deref() == Some("3"));
            for classification in detection["classifications"].as_array().into_iter().flatten() {
                self.classes.add(&classification[1]);
            }
            self.add_prediction(detection);
        }
    }

    /// Takes the prediction of a picture or of a box into account.
    fn add_prediction(&mut self, item: &Value) {
        let has_class = !item["prediction"].is_null() || !item["classifications"].is_null();
        self.note_feature(Feature::Predictions, has_class);
        self.classes.add(&item["prediction_score"]);
        self.classes.add_all(&item["classifications"]["scores"]);
    }

    fn note_feature(&mut self, seen: Feature, is_there: bool) {
        if is_there {
            self.seen.insert(seen);
        }
    }

    /// Whether the file has a feature.
    pub fn has_feature(&self, seen: Feature) -> bool {
        self.seen.contains(&seen)
    }

    fn add_path(&mut self, path: &Value) {
        let Some(path) = read_path(path).filter(|path| !is_remote(path)) else { return };
        self.cuts.add(path);
        if self.first_paths.len() < FIRST {
            self.first_paths.push(path.to_owned());
        }
        if self.paths & ((1 << self.thinning) - 1) == 0 {
            self.spread_paths.push(path.to_owned());
        }
        self.paths += 1;
        if self.spread_paths.len() == SPREAD {
            let mut is_kept = false;
            self.spread_paths.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.thinning += 1;
        }
    }

    /// Whether all paths stay different without this many folders at their start.
    pub fn may_skip(&self, folders: usize) -> bool {
        self.cuts.too_many.is_none_or(|too_many| folders < too_many)
    }

    /// The scale of the confidences of boxes.
    pub fn box_scale(&self) -> Scale {
        self.boxes.scale()
    }

    /// The scale of the scores of classes.
    pub fn class_scale(&self) -> Scale {
        self.classes.scale()
    }

    /// Guesses the names of categories in a file that lacks them, from the category numbers of its boxes:
    /// Pytorch-Wildlife starts with 0, MegaDetector with 1.
    pub fn guess_categories(&self) -> Option<Value> {
        if self.has_feature(Feature::Category3) {
            Some(json!({"1": "animal", "2": "person", "3": "vehicle"}))
        } else if self.has_feature(Feature::Category0) || !self.has_feature(Feature::Boxes) {
            Some(json!({"0": "animal", "1": "person", "2": "vehicle"}))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_kept_from_all_over_a_file() {
        let mut first_pass = FirstPass::default();
        for number in 0..10_000 {
            first_pass.scan_item(ImageList::Images, &json!({"file": format!("{number}.jpg")}));
        }
        assert_eq!(first_pass.first_paths.len(), FIRST);
        let expected: Vec<String> = (0..10_000).step_by(16).map(|number| format!("{number}.jpg")).collect();
        assert_eq!(first_pass.spread_paths, expected);
    }

    #[test]
    fn folders_are_left_out_as_long_as_no_two_paths_become_one() {
        let may_skip = |paths: &[&str]| {
            let mut first_pass = FirstPass::default();
            for path in paths {
                first_pass.scan_item(ImageList::Images, &json!({"file": path}));
            }
            [0, 1, 2, 3].map(|folders| first_pass.may_skip(folders))
        };
        assert_eq!(may_skip(&["/m/camA/1.jpg", "/m/camB/1.jpg"]), [true, true, false, false]);
        assert_eq!(may_skip(&["/m/camA/1.jpg", "/n/camA/1.jpg"]), [true, false, false, false]);
        assert_eq!(may_skip(&["/m/camA/1.jpg", "/m/camB/2.jpg", "/m//camA/1.jpg"]), [true; 4]);
    }

    #[test]
    fn an_address_is_no_path_to_look_for() {
        let mut first_pass = FirstPass::default();
        first_pass.scan_item(ImageList::Predictions, &json!({"filepath": "https://example.org/a.jpg"}));
        first_pass.scan_item(ImageList::Predictions, &json!(7));
        assert!(
            first_pass.first_paths.is_empty()
                && first_pass.spread_paths.is_empty()
                && !first_pass.has_feature(Feature::Predictions)
        );
    }

    #[test]
    fn numbers_of_categories_say_whose_they_are() {
        let usual = |categories: &[&str]| {
            let mut first_pass = FirstPass::default();
            let boxes: Value = categories.iter().map(|category| json!({"category": category})).collect();
            first_pass.scan_item(ImageList::Images, &json!({"file": "a.jpg", "detections": boxes}));
            first_pass.guess_categories().map(|names| names["1"].as_str().unwrap().to_owned())
        };
        assert_eq!(usual(&["1", "3"]).as_deref(), Some("animal"));
        assert_eq!(usual(&["1", "0"]).as_deref(), Some("person"));
        assert_eq!(usual(&["1", "2"]), None);
    }
}
