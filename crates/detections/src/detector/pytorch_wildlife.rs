//! Lists of detections that Pytorch-Wildlife writes, in which MegaDetector 6 came out: an annotation for
//! each image, with lists of boxes, categories and confidences beside each other.
//! <https://github.com/microsoft/CameraTraps>, `PytorchWildlife/utils/post_process.py`

use serde_json::{Value, json};

use super::categories::Categories;
use super::found::Found;
use super::images::Images;
use super::results::{Head, List, Source};
use super::taxon::{Taxon, judge};
use super::values::{NOTHING, four_numbers, items_of, path_of, shown, single_of, text_of};
use crate::bbox::BoundingBox;
use crate::error::SourceError;
use crate::excerpt::excerpt;
use crate::media_files::MediaFiles;
use crate::model::{Dataset, SourceFormat};
use crate::observations::ObservationType;
use crate::source::ReadOptions;

pub(super) fn read(
    source: &Source<'_>,
    head: &Head,
    files: MediaFiles,
    options: &ReadOptions,
) -> Result<Dataset, SourceError> {
    let threshold = options.min_confidence.unwrap_or(ReadOptions::MIN_CONFIDENCE);
    let mut reading = Reading {
        categories: categories_of(head),
        images: Images::new(source, head, files, options, threshold),
    };
    source.items(List::Annotations, &mut |item| reading.read_image(&item))?;
    let made_by = text_of(&head.field("info")["detector"]).map(str::to_owned);
    reading.images.finish(SourceFormat::MegaDetector, source.title(), made_by)
}

/// What the numbers stand for. Names are there when whoever wrote the file gave them.
fn categories_of(head: &Head) -> Categories {
    let named = ["categories", "det_categories"].map(|name| head.field(name));
    let usual = json!({"0": "animal", "1": "person", "2": "vehicle"});
    let detected = named.into_iter().find(|names| !names.is_null()).unwrap_or(&usual);
    let mut categories = Categories::new(detected, head.field("clf_categories"), &NOTHING);
    categories.has_classifier |= head.has_field("clf_categories");
    categories
}

struct Reading<'a> {
    categories: Categories,
    images: Images<'a>,
}

/// The lists of an annotation.
struct Lists<'a> {
    boxes: &'a [Value],
    dots: &'a [Value],
    categories: &'a [Value],
    confidences: &'a [Value],
    classes: &'a [Value],
    scores: &'a [Value],
}

impl<'a> Lists<'a> {
    /// Nothing when it has none. Files without a classifier call two of them otherwise.
    fn of(item: &'a Value) -> Option<Self> {
        let either = |names: [&str; 2]| {
            let lists = names.map(|name| &item[name]);
            items_of(lists.into_iter().find(|list| !list.is_null()).unwrap_or(&NOTHING))
        };
        let has_any = ["bbox", "dot", "category", "det_category"].iter().any(|name| !item[*name].is_null());
        has_any.then(|| Self {
            boxes: lists_of(&item["bbox"]),
            dots: lists_of(&item["dot"]),
            categories: either(["category", "det_category"]),
            confidences: either(["confidence", "det_confidence"]),
            classes: items_of(&item["clf_category"]),
            scores: items_of(&item["clf_confidence"]),
        })
    }

    /// How many detections there are.
    fn len(&self) -> usize {
        self.boxes.len().max(self.dots.len()).max(self.categories.len())
    }
}

impl Reading<'_> {
    fn read_image(&mut self, item: &Value) {
        self.images.begin_image();
        let Some(path) = path_of(&item["img_id"]) else {
            self.images.skip("img_id", "no file is named; expected the path of a picture".into());
            return;
        };
        let Some(lists) = Lists::of(item) else {
            let shown = excerpt(path);
            let message =
                format!("{shown} has no lists bbox, category and confidence; expected them, if empty");
            self.images.ignore("bbox", message);
            self.images.add(path, item, vec![Found::unclassified()]);
            return;
        };
        let detected: Vec<Option<Taxon>> =
            (0..lists.len()).map(|at| self.read_category(value_at(lists.categories, at))).collect();
        let classes = self.classes_of(&detected, lists.classes.len());
        let mut found: Vec<Found> = detected
            .into_iter()
            .zip(classes)
            .enumerate()
            .filter_map(|(at, (detected, class))| self.read_detection(&lists, at, &detected?, class))
            .collect();
        if found.is_empty() {
            found.push(Found::nothing());
        }
        self.images.add(path, item, found);
    }

    /// What the detector calls a category.
    fn read_category(&mut self, category: &Value) -> Option<Taxon> {
        let taxon = self.categories.find_detected(category).cloned();
        if taxon.is_none() {
            self.images.ignore("category", format!("{} is not among the categories", shown(category)));
        }
        taxon
    }

    /// The place of each detection's class in the list of classes: animals alone are classified, so that
    /// the list has as many as there are animals, or else as there are detections.
    fn classes_of(&mut self, detected: &[Option<Taxon>], classes: usize) -> Vec<Option<usize>> {
        if classes == 0 {
            return vec![None; detected.len()];
        }
        let animals =
            detected.iter().map(|taxon| taxon.as_ref().filter(|taxon| taxon.kind == ObservationType::Animal));
        if classes == animals.clone().flatten().count() {
            let mut next = 0..;
            return animals.map(|animal| animal.and_then(|_| next.next())).collect();
        }
        if classes == detected.len() {
            return (0..classes).map(Some).collect();
        }
        let message = format!(
            "a list of {classes} for {} detections; expected one class for each animal",
            detected.len()
        );
        self.images.ignore("clf_category", message);
        vec![None; detected.len()]
    }

    fn read_detection(
        &mut self,
        lists: &Lists<'_>,
        at: usize,
        detected: &Taxon,
        class: Option<usize>,
    ) -> Option<Found> {
        let confidence = self.images.read_confidence(value_at(lists.confidences, at));
        if self.images.count_if_unsure(confidence) {
            return None;
        }
        let number = class.map(|class| value_at(lists.classes, class));
        let classified = number.and_then(|number| self.categories.find_classified(number).cloned());
        if let (Some(number), None) = (number, &classified) {
            self.images.ignore("clf_category", format!("{} is not among clf_categories", shown(number)));
        }
        let (taxon, is_of_classifier) = judge(detected, classified.as_ref(), self.categories.has_classifier);
        if taxon.kind == ObservationType::Blank {
            return None;
        }
        let score = class.filter(|_| is_of_classifier).map(|class| value_at(lists.scores, class));
        let score = score.and_then(|score| self.images.read_score(score));
        let dot = dot_of(value_at(lists.dots, at));
        let bbox = if lists.dots.is_empty() { self.read_pixel_box(value_at(lists.boxes, at)) } else { None };
        Some(Found { taxon, confidence: score.or(confidence), bbox, dot, frame: None })
    }

    /// A box whose corners are in pixels, top left and bottom right.
    fn read_pixel_box(&mut self, value: &Value) -> Option<BoundingBox> {
        let corners = four_numbers(value);
        if corners.is_none() {
            let message = format!("{} is no box; expected x and y of two corners", shown(value));
            self.images.ignore("bbox", message);
        }
        corners.map(|[left, top, right, bottom]| BoundingBox::Pixels([left, top, right - left, bottom - top]))
    }
}

/// The item of a list; null where it has ended.
fn value_at(list: &[Value], at: usize) -> &Value {
    list.get(at).unwrap_or(&NOTHING)
}

/// The items of a list of lists; one list of numbers is the only item.
fn lists_of(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) if items.first().is_some_and(Value::is_number) => std::slice::from_ref(value),
        other => items_of(other),
    }
}

fn dot_of(value: &Value) -> Option<[f32; 2]> {
    let [x, y] = value.as_array()?.as_slice() else { return None };
    Some([single_of(x)?, single_of(y)?])
}
