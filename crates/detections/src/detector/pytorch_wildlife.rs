//! Lists of detections that Pytorch-Wildlife writes, the first program with MegaDetector 6: one
//! annotation per image, with parallel lists of boxes, categories and confidences.
//! <https://github.com/microsoft/CameraTraps>, `PytorchWildlife/utils/post_process.py`

use serde_json::{Value, json};

use super::categories::Categories;
use super::image_collector::ImageCollector;
use super::image_list::ImageList;
use super::image_result::DetectedObject;
use super::labelled_taxon::{LabelledTaxon, decide_taxon};
use super::results::{Results, ResultsHeader};
use super::values::{NULL, excerpt_value, read_f32, read_four_numbers, read_items, read_text};
use crate::bbox::BoundingBox;
use crate::error::SourceError;
use crate::excerpt::excerpt;
use crate::model::Dataset;
use crate::observations::ObservationType;
use crate::options::ReadOptions;
use crate::source_format::SourceFormat;

pub(super) fn read(results: &Results<'_>) -> Result<Dataset, SourceError> {
    let head = &results.header;
    let mut reader = PytorchWildlifeReader {
        categories: read_categories(head),
        images: ImageCollector::new(results, ReadOptions::MIN_CONFIDENCE),
    };
    results.file.for_each_item(ImageList::Annotations, &mut |item| reader.read_image(&item))?;
    let model_name = read_text(&head.field("info")["detector"]).map(str::to_owned);
    reader.images.finish(SourceFormat::MegaDetector, results.file.title(), model_name)
}

/// Reads what the category numbers mean. Only some files contain the names.
fn read_categories(head: &ResultsHeader) -> Categories {
    let named = ["categories", "det_categories"].map(|name| head.field(name));
    let usual = json!({"0": "animal", "1": "person", "2": "vehicle"});
    let detected = named.into_iter().find(|names| !names.is_null()).unwrap_or(&usual);
    let mut categories = Categories::new(detected, head.field("clf_categories"), &NULL);
    categories.has_classifier |= head.has_field("clf_categories");
    categories
}

struct PytorchWildlifeReader<'a> {
    categories: Categories,
    images: ImageCollector<'a>,
}

/// The parallel lists of an annotation.
struct AnnotationLists<'a> {
    boxes: &'a [Value],
    dots: &'a [Value],
    categories: &'a [Value],
    confidences: &'a [Value],
    classes: &'a [Value],
    scores: &'a [Value],
}

impl<'a> AnnotationLists<'a> {
    /// Reads the lists; `None` if there are none. Files without a classifier use other names for two of
    /// them.
    fn read(item: &'a Value) -> Option<Self> {
        let either = |names: [&str; 2]| {
            let lists = names.map(|name| &item[name]);
            read_items(lists.into_iter().find(|list| !list.is_null()).unwrap_or(&NULL))
        };
        let has_any = ["bbox", "dot", "category", "det_category"].iter().any(|name| !item[*name].is_null());
        has_any.then(|| Self {
            boxes: read_lists(&item["bbox"]),
            dots: read_lists(&item["dot"]),
            categories: either(["category", "det_category"]),
            confidences: either(["confidence", "det_confidence"]),
            classes: read_items(&item["clf_category"]),
            scores: read_items(&item["clf_confidence"]),
        })
    }

    /// The number of detections.
    fn len(&self) -> usize {
        self.boxes.len().max(self.dots.len()).max(self.categories.len())
    }
}

impl PytorchWildlifeReader<'_> {
    fn read_image(&mut self, item: &Value) {
        let Some(path) = self.images.begin_image(item, "img_id") else { return };
        let Some(lists) = AnnotationLists::read(item) else {
            let shown = excerpt(path);
            let message =
                format!("{shown} has no lists bbox, category and confidence; expected them, even if empty");
            self.images.ignore_value("bbox", message);
            self.images.add_image(path, item, vec![DetectedObject::new_unclassified()]);
            return;
        };
        let detected: Vec<Option<LabelledTaxon>> =
            (0..lists.len()).map(|at| self.read_category(item_or_null(lists.categories, at))).collect();
        let classes = self.match_classes(&detected, lists.classes.len());
        let mut objects: Vec<DetectedObject> = detected
            .into_iter()
            .zip(classes)
            .enumerate()
            .filter_map(|(at, (detected, class))| self.read_detection(&lists, at, &detected?, class))
            .collect();
        if objects.is_empty() {
            objects.push(DetectedObject::blank());
        }
        self.images.add_image(path, item, objects);
    }

    /// The detector's category.
    fn read_category(&mut self, category: &Value) -> Option<LabelledTaxon> {
        let taxon = self.categories.find_detected(category).cloned();
        if taxon.is_none() {
            let message = format!("{} is not among the categories", excerpt_value(category));
            self.images.ignore_value("category", message);
        }
        taxon
    }

    /// The index of each detection's class in the list of classes. The list has one class for each
    /// animal, or one for each detection.
    fn match_classes(&mut self, detected: &[Option<LabelledTaxon>], classes: usize) -> Vec<Option<usize>> {
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
        self.images.ignore_value("clf_category", message);
        vec![None; detected.len()]
    }

    fn read_detection(
        &mut self,
        lists: &AnnotationLists<'_>,
        at: usize,
        detected: &LabelledTaxon,
        class: Option<usize>,
    ) -> Option<DetectedObject> {
        let confidence = self.images.read_confidence(item_or_null(lists.confidences, at));
        if self.images.count_if_below_threshold(confidence) {
            return None;
        }
        let number = class.map(|class| item_or_null(lists.classes, class));
        let classified = number.and_then(|number| self.categories.find_classified(number).cloned());
        if let (Some(number), None) = (number, &classified) {
            let number = excerpt_value(number);
            self.images.ignore_value("clf_category", format!("{number} is not among clf_categories"));
        }
        let (taxon, is_of_classifier) =
            decide_taxon(detected, classified.as_ref(), self.categories.has_classifier);
        if taxon.kind == ObservationType::Blank {
            return None;
        }
        let score = class.filter(|_| is_of_classifier).map(|class| item_or_null(lists.scores, class));
        let score = score.and_then(|score| self.images.read_score(score));
        let dot = read_dot(item_or_null(lists.dots, at));
        let bbox =
            if lists.dots.is_empty() { self.read_pixel_box(item_or_null(lists.boxes, at)) } else { None };
        Some(DetectedObject { taxon, confidence: score.or(confidence), bbox, dot, frame: None })
    }

    /// Reads a box from its top left and bottom right corners in pixels.
    fn read_pixel_box(&mut self, value: &Value) -> Option<BoundingBox> {
        let corners = read_four_numbers(value);
        if corners.is_none() {
            let message = format!("{} is not a box; expected x and y of two corners", excerpt_value(value));
            self.images.ignore_value("bbox", message);
        }
        corners.map(|[left, top, right, bottom]| BoundingBox::Pixels([left, top, right - left, bottom - top]))
    }
}

/// An item of a list; null past its end.
fn item_or_null(list: &[Value], at: usize) -> &Value {
    list.get(at).unwrap_or(&NULL)
}

/// The items of a list of lists. A plain list of numbers is its own only item.
fn read_lists(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) if items.first().is_some_and(Value::is_number) => std::slice::from_ref(value),
        other => read_items(other),
    }
}

fn read_dot(value: &Value) -> Option<[f32; 2]> {
    let [x, y] = value.as_array()?.as_slice() else { return None };
    Some([read_f32(x)?, read_f32(y)?])
}
