//! A first look at all images of a file: what has to be known before the first of them is read.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, RandomState};

use serde_json::{Value, json};

use super::metadata::times_in;
use super::paths::{identity_of, parts};
use super::results::List;
use super::values::{Scale, Shares, key_of, path_of};
use crate::media::is_remote;
use crate::written_dates::DateEvidence;

/// Paths that are tried first to find out where the pictures are.
const FIRST: usize = 20;
/// Paths from all over the file that are tried when none of the first is there.
const SPREAD: usize = 1024;

/// What all images of a file have in common.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// The first paths.
    pub first: Vec<String>,
    /// Paths from all over the file, at even distances.
    pub spread: Vec<String>,
    /// Of so many paths one is among `spread`: a power of two, and this its exponent.
    thinned: u32,
    paths: u64,
    boxes: Shares,
    classes: Shares,
    seen: BTreeSet<Seen>,
    /// What the times of all images say of the order of day and month.
    pub dates: DateEvidence,
    cuts: Cuts,
}

/// How much may be cut off the start of all paths so that different ones stay different.
#[derive(Debug, Default)]
struct Cuts {
    keys: RandomState,
    /// Fingerprints of the whole paths.
    whole: HashSet<u64>,
    /// Fingerprints of what is left of them without one folder, without two, and so on.
    cut: Vec<HashSet<u64>>,
    /// Without so many folders two paths are the same.
    too_many: Option<usize>,
}

impl Cuts {
    fn add(&mut self, path: &str) {
        if !self.whole.insert(self.keys.hash_one(identity_of(path))) {
            return;
        }
        let names = parts(path);
        for skipped in 1..names.len().min(self.too_many.unwrap_or(usize::MAX)) {
            if self.cut.len() < skipped {
                self.cut.push(HashSet::new());
            }
            let print = self.keys.hash_one(&names[skipped..]);
            if !self.cut[skipped - 1].insert(print) {
                // What is the same without so many folders is so without more.
                self.cut.truncate(skipped - 1);
                self.too_many = Some(skipped);
                return;
            }
        }
    }
}

/// What there is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seen {
    /// Items of `images` that have detections.
    Detections,
    /// Items of `annotations` that name pictures.
    ImageIds,
    /// Classes of pictures or boxes by SpeciesNet.
    Predictions,
    Boxes,
    /// Boxes of the categories 0 and 3.
    Category0,
    Category3,
}

impl Survey {
    /// Takes an item of a list into account.
    pub fn look_at(&mut self, list: List, item: &Value) {
        times_in(item).filter_map(|(_, value)| value.as_str()).for_each(|text| self.dates.add(text));
        match list {
            List::Images => {
                self.take_path(&item["file"]);
                self.note(Seen::Detections, item.get("detections").is_some());
                self.take_detections(&item["detections"]);
            }
            List::Predictions => {
                self.take_path(&item["filepath"]);
                self.take_detections(&item["detections"]);
                self.take_prediction(item);
            }
            List::Annotations => {
                self.take_path(&item["img_id"]);
                self.note(Seen::ImageIds, item.get("img_id").is_some());
                for confidences in [&item["confidence"], &item["det_confidence"]] {
                    self.boxes.add_all(confidences);
                }
                self.classes.add_all(&item["clf_confidence"]);
            }
        }
    }

    fn take_detections(&mut self, detections: &Value) {
        for detection in detections.as_array().into_iter().flatten() {
            self.boxes.add(&detection["conf"]);
            let category = key_of(&detection["category"]);
            self.note(Seen::Boxes, true);
            self.note(Seen::Category0, category.as_deref() == Some("0"));
            self.note(Seen::Category3, category.as_deref() == Some("3"));
            for classification in detection["classifications"].as_array().into_iter().flatten() {
                self.classes.add(&classification[1]);
            }
            self.take_prediction(detection);
        }
    }

    /// Of a picture, or of a box on it.
    fn take_prediction(&mut self, item: &Value) {
        let has_class = !item["prediction"].is_null() || !item["classifications"].is_null();
        self.note(Seen::Predictions, has_class);
        self.classes.add(&item["prediction_score"]);
        self.classes.add_all(&item["classifications"]["scores"]);
    }

    fn note(&mut self, seen: Seen, is_there: bool) {
        if is_there {
            self.seen.insert(seen);
        }
    }

    /// Whether there is any of these in the file.
    pub fn has(&self, seen: Seen) -> bool {
        self.seen.contains(&seen)
    }

    fn take_path(&mut self, path: &Value) {
        let Some(path) = path_of(path).filter(|path| !is_remote(path)) else { return };
        self.cuts.add(path);
        if self.first.len() < FIRST {
            self.first.push(path.to_owned());
        }
        if self.paths & ((1 << self.thinned) - 1) == 0 {
            self.spread.push(path.to_owned());
        }
        self.paths += 1;
        if self.spread.len() == SPREAD {
            let mut is_kept = false;
            self.spread.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.thinned += 1;
        }
    }

    /// Whether all paths stay different when so many folders are left out at their start.
    pub fn may_skip(&self, folders: usize) -> bool {
        self.cuts.too_many.is_none_or(|too_many| folders < too_many)
    }

    /// How confidences of boxes are written.
    pub fn box_scale(&self) -> Scale {
        self.boxes.scale()
    }

    /// How scores of classes are written.
    pub fn class_scale(&self) -> Scale {
        self.classes.scale()
    }

    /// The names of categories in a file that does not have them, as far as the numbers of its boxes say
    /// whose they are: Pytorch-Wildlife begins with 0, MegaDetector with 1.
    pub fn usual_categories(&self) -> Option<Value> {
        if self.has(Seen::Category3) {
            Some(json!({"1": "animal", "2": "person", "3": "vehicle"}))
        } else if self.has(Seen::Category0) || !self.has(Seen::Boxes) {
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
        let mut survey = Survey::default();
        for number in 0..10_000 {
            survey.look_at(List::Images, &json!({"file": format!("{number}.jpg")}));
        }
        assert_eq!(survey.first.len(), FIRST);
        let expected: Vec<String> = (0..10_000).step_by(16).map(|number| format!("{number}.jpg")).collect();
        assert_eq!(survey.spread, expected);
    }

    #[test]
    fn folders_are_left_out_as_long_as_no_two_paths_become_one() {
        let may_skip = |paths: &[&str]| {
            let mut survey = Survey::default();
            for path in paths {
                survey.look_at(List::Images, &json!({"file": path}));
            }
            [0, 1, 2, 3].map(|folders| survey.may_skip(folders))
        };
        assert_eq!(may_skip(&["/m/camA/1.jpg", "/m/camB/1.jpg"]), [true, true, false, false]);
        assert_eq!(may_skip(&["/m/camA/1.jpg", "/n/camA/1.jpg"]), [true, false, false, false]);
        assert_eq!(may_skip(&["/m/camA/1.jpg", "/m/camB/2.jpg", "/m//camA/1.jpg"]), [true; 4]);
    }

    #[test]
    fn an_address_is_no_path_to_look_for() {
        let mut survey = Survey::default();
        survey.look_at(List::Predictions, &json!({"filepath": "https://example.org/a.jpg"}));
        survey.look_at(List::Predictions, &json!(7));
        assert!(survey.first.is_empty() && survey.spread.is_empty() && !survey.has(Seen::Predictions));
    }

    #[test]
    fn numbers_of_categories_say_whose_they_are() {
        let usual = |categories: &[&str]| {
            let mut survey = Survey::default();
            let boxes: Value = categories.iter().map(|category| json!({"category": category})).collect();
            survey.look_at(List::Images, &json!({"file": "a.jpg", "detections": boxes}));
            survey.usual_categories().map(|names| names["1"].as_str().unwrap().to_owned())
        };
        assert_eq!(usual(&["1", "3"]).as_deref(), Some("animal"));
        assert_eq!(usual(&["1", "0"]).as_deref(), Some("person"));
        assert_eq!(usual(&["1", "2"]), None);
    }
}
