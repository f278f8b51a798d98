//! Videos: the same animals are found on frame after frame.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::found::Found;
use super::taxon::Taxon;
use crate::observations::ObservationType;

/// Leaves of each class the frame of a video with the most of it, so that no animal counts twice. A
/// person and an animal may stand on different frames, and so may two species. What is found on images
/// stays.
pub(super) fn keep_fullest_frames(found: &mut Vec<Found>) {
    if found.iter().all(|one| one.frame.is_none()) {
        return;
    }
    let mut boxes: HashMap<(Group<'_>, Option<u64>), usize> = HashMap::new();
    for one in &*found {
        *boxes.entry((group_of(&one.taxon), one.frame)).or_default() += 1;
    }
    let mut fullest: HashMap<Group<'_>, (usize, Reverse<u64>, Option<u64>)> = HashMap::new();
    for ((group, frame), boxes) in boxes {
        // Of equals the first; boxes that name no frame come last.
        let this = (boxes, Reverse(frame.unwrap_or(u64::MAX)), frame);
        let best = fullest.entry(group).or_insert(this);
        *best = this.max(*best);
    }
    let is_kept: Vec<bool> = found.iter().map(|one| fullest[&group_of(&one.taxon)].2 == one.frame).collect();
    let mut is_kept = is_kept.into_iter();
    found.retain(|_| is_kept.next().unwrap_or(true));
}

/// What is counted together.
type Group<'a> = (ObservationType, &'a str);

/// People and vehicles are one class each, whoever named them: the detector says "person" where the
/// classifier says "Homo sapiens".
fn group_of(taxon: &Taxon) -> Group<'_> {
    (taxon.kind, if taxon.kind.is_human() { "" } else { &taxon.name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(found: &[(&str, Option<u64>)]) -> Vec<(String, Option<u64>)> {
        let on = |name: &str, frame| Found { frame, ..Found::on_image(Taxon::named(name), None) };
        let mut found: Vec<Found> = found.iter().map(|(name, frame)| on(name, *frame)).collect();
        keep_fullest_frames(&mut found);
        found.into_iter().map(|one| (one.taxon.name, one.frame)).collect()
    }

    #[test]
    fn each_class_has_its_own_frame() {
        let found = [("fox", Some(20)), ("roe deer", Some(100)), ("roe deer", Some(100)), ("fox", Some(40))];
        let expected = [("fox", Some(20)), ("roe deer", Some(100)), ("roe deer", Some(100))];
        assert_eq!(kept(&found), expected.map(|(name, frame)| (name.to_owned(), frame)));
    }

    #[test]
    fn people_are_one_class_whoever_named_them() {
        assert_eq!(
            kept(&[("person", Some(7)), ("Homo sapiens", Some(3))]),
            [("Homo sapiens".into(), Some(3))]
        );
    }

    #[test]
    fn boxes_without_a_frame_are_one_frame_of_a_video_and_all_of_an_image() {
        assert_eq!(kept(&[("fox", None), ("fox", Some(7))]), [("fox".into(), Some(7))]);
        assert_eq!(kept(&[("fox", None), ("fox", None), ("fox", Some(7))]).len(), 2);
        assert_eq!(kept(&[("fox", None), ("fox", None)]).len(), 2);
    }
}
