//! Videos: the same animals are detected on frame after frame.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::image_result::DetectedObject;
use super::labelled_taxon::LabelledTaxon;
use crate::observations::ObservationType;

/// Keeps, for each class, only the frame of a video with the most detections, so that no animal counts
/// twice. Different classes may keep different frames. Detections on images are kept.
pub(super) fn keep_fullest_frames(objects: &mut Vec<DetectedObject>) {
    if objects.iter().all(|one| one.frame.is_none()) {
        return;
    }
    let mut boxes: HashMap<(FrameGroup<'_>, Option<u64>), usize> = HashMap::new();
    for one in &*objects {
        *boxes.entry((group_of(&one.taxon), one.frame)).or_default() += 1;
    }
    let mut fullest: HashMap<FrameGroup<'_>, (usize, Reverse<u64>, Option<u64>)> = HashMap::new();
    for ((group, frame), boxes) in boxes {
        // The first of equal frames wins; boxes without a frame number come last.
        let this = (boxes, Reverse(frame.unwrap_or(u64::MAX)), frame);
        let best = fullest.entry(group).or_insert(this);
        *best = this.max(*best);
    }
    let is_kept: Vec<bool> =
        objects.iter().map(|one| fullest[&group_of(&one.taxon)].2 == one.frame).collect();
    let mut is_kept = is_kept.into_iter();
    objects.retain(|_| is_kept.next().unwrap_or(true));
}

/// Detections that are counted together.
type FrameGroup<'a> = (ObservationType, &'a str);

/// All people are one group, and all vehicles are another, since the detector says "person" where the
/// classifier says "Homo sapiens".
fn group_of(taxon: &LabelledTaxon) -> FrameGroup<'_> {
    (taxon.kind, if taxon.kind.is_human() { "" } else { &taxon.name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep_objects(objects: &[(&str, Option<u64>)]) -> Vec<(String, Option<u64>)> {
        let on = |name: &str, frame| DetectedObject {
            frame,
            ..DetectedObject::whole_image(LabelledTaxon::from_name(name), None)
        };
        let mut objects: Vec<DetectedObject> = objects.iter().map(|(name, frame)| on(name, *frame)).collect();
        keep_fullest_frames(&mut objects);
        objects.into_iter().map(|one| (one.taxon.name, one.frame)).collect()
    }

    #[test]
    fn each_class_has_its_own_frame() {
        let objects =
            [("fox", Some(20)), ("roe deer", Some(100)), ("roe deer", Some(100)), ("fox", Some(40))];
        let expected = [("fox", Some(20)), ("roe deer", Some(100)), ("roe deer", Some(100))];
        assert_eq!(keep_objects(&objects), expected.map(|(name, frame)| (name.to_owned(), frame)));
    }

    #[test]
    fn people_are_one_class_whoever_named_them() {
        assert_eq!(
            keep_objects(&[("person", Some(7)), ("Homo sapiens", Some(3))]),
            [("Homo sapiens".into(), Some(3))]
        );
    }

    #[test]
    fn boxes_without_a_frame_are_one_frame_of_a_video_and_all_of_an_image() {
        assert_eq!(keep_objects(&[("fox", None), ("fox", Some(7))]), [("fox".into(), Some(7))]);
        assert_eq!(keep_objects(&[("fox", None), ("fox", None), ("fox", Some(7))]).len(), 2);
        assert_eq!(keep_objects(&[("fox", None), ("fox", None)]).len(), 2);
    }
}
