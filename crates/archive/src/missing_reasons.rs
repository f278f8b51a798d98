//! Grouping missing detections by reason, in sentences.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use detections::{FetchError, MediaError, is_web_address};
use serde::Serialize;

use crate::missing::MissingError;
use crate::numbers::count;
use crate::picture::PictureError;

/// The most reasons in a status. The manifest lists every detection with its reason.
const MAX_REASONS: usize = 10;

/// A reason why detections are not in an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingReason {
    /// The code of the reason, as in `missing.csv`.
    pub reason: &'static str,
    /// The number of detections that are missing for this reason.
    pub count: usize,
    /// A sentence with the number.
    pub message: String,
    /// What the user can do.
    pub hint: Option<&'static str>,
}

/// Groups missing detections by reason, the most frequent first. Each comes with the row of its picture,
/// if it has one.
pub(crate) fn group_missing<'a>(
    missing: impl Iterator<Item = (&'a MissingError, Option<u32>)>,
) -> Vec<MissingReason> {
    let mut groups: BTreeMap<&'static str, Vec<(&MissingError, Option<u32>)>> = BTreeMap::new();
    for (why, picture) in missing {
        groups.entry(why.code()).or_default().push((why, picture));
    }
    let describe_group = |(reason, members): (&'static str, Vec<(&MissingError, Option<u32>)>)| {
        let count = members.len();
        let pictures: HashSet<u32> = members.iter().filter_map(|(_, picture)| *picture).collect();
        let message = describe(members[0].0, count, pictures.len());
        MissingReason { reason, count, message, hint: members.iter().find_map(|(why, _)| hint_for(why)) }
    };
    let mut reasons: Vec<MissingReason> = groups.into_iter().map(describe_group).collect();
    // The sort is stable, so equally frequent reasons are in the order of their codes.
    reasons.sort_by_key(|reason| Reverse(reason.count));
    reasons.truncate(MAX_REASONS);
    reasons
}

/// The sentence on a number of detections and their pictures.
fn describe(why: &MissingError, detections: usize, pictures: usize) -> String {
    let (subject, predicate) = words_for(why);
    let count = |number: usize, noun: &str| count(number as u64, noun, &format!("{noun}s"));
    // Several detections may be on one picture, which counts once.
    if subject == PICTURE && (1..detections).contains(&pictures) {
        let (subject, detections) = (count(pictures, PICTURE), count(detections, DETECTION));
        return format!("{subject} with {detections} {}", choose_number(predicate, pictures == 1));
    }
    format!("{} {}", count(detections, subject), choose_number(predicate, detections == 1))
}

/// The singular or the plural of a text in which both stand, as in `[is|are] large`.
fn choose_number(text: &str, is_one: bool) -> String {
    let chosen = if is_one { 1 } else { 2 };
    let parts = text.split(['[', '|', ']']).enumerate();
    parts.filter(|(at, _)| [0, chosen].contains(&(at % 3))).map(|(_, part)| part).collect()
}

const ID: &str = "id";
const DETECTION: &str = "detection";
const PICTURE: &str = "picture";

/// The subject of a sentence, and its predicate in the singular and plural.
fn words_for(why: &MissingError) -> (&'static str, &'static str) {
    use {MediaError as M, PictureError as P};
    match why {
        MissingError::NoSuchId => (ID, "[is|are] of no [detection|detections] of the data set"),
        MissingError::AskedTwice => (ID, "[was|were] asked for more than once"),
        MissingError::NoMedia => (DETECTION, "[is|are] on no [picture|pictures] of the data set"),
        MissingError::NoBox => (DETECTION, "[has no bounding box|have no bounding boxes]"),
        MissingError::BoxOutside(..) => {
            (DETECTION, "[has a box outside of its picture|have boxes outside of their pictures]")
        }
        MissingError::Human => (DETECTION, "[is of a person or a vehicle|are of people or vehicles]"),
        MissingError::PeopleOnPicture => (
            PICTURE,
            "[shows people or a vehicle, or is of an event that does|show people or vehicles, or are of events \
                      that do]",
        ),
        MissingError::NotOnWeb => (PICTURE, "[is a file|are files] of the data set and not on the web"),
        MissingError::NoTime => (DETECTION, "[has|have] no time, and Camtrap DP needs one"),
        MissingError::NoTimeZone => {
            (DETECTION, "[has a time|have times] without a time zone, and Camtrap DP needs one")
        }
        MissingError::NoCoordinates => (
            DETECTION,
            "[is of a deployment|are of deployments] without coordinates, and Camtrap DP needs them",
        ),
        MissingError::Media(M::Remote(_)) => (PICTURE, "[is|are] on the web only"),
        MissingError::Media(M::NotFetched { why: FetchError::Private(_), .. }) => {
            (PICTURE, "[is on a host that is|are on hosts that are] not on the public internet")
        }
        MissingError::Media(M::NotFetched { .. }) => (PICTURE, "could not be fetched"),
        MissingError::Media(M::Missing(_)) => (PICTURE, "[is|are] not on this server"),
        MissingError::Media(M::Outside(_)) => {
            (PICTURE, "[has a path that leads|have paths that lead] out of the data set")
        }
        MissingError::Media(M::NotAFile(_)) => {
            (PICTURE, "[is a folder, pipe or device and no file|are folders, pipes or devices and no files]")
        }
        MissingError::Media(M::Io { .. }) => (PICTURE, "cannot be read from the disk"),
        MissingError::Media(M::TooLarge { .. })
        | MissingError::TooMuchMemory { .. }
        | MissingError::Picture(_, P::TooLarge(..)) => (PICTURE, "[is|are] too large"),
        MissingError::Picture(_, P::Empty) => (PICTURE, "[is an empty file|are empty files]"),
        MissingError::Picture(_, P::NotAPicture(_)) => (PICTURE, "[is|are] no JPEG or PNG that can be read"),
        MissingError::Picture(_, P::Truncated(_)) => (PICTURE, "[ends|end] too early"),
        MissingError::Picture(_, P::Damaged(_)) => (PICTURE, "[is|are] damaged"),
        MissingError::Picture(_, P::Cancelled) => {
            (PICTURE, "[was|were] not reached before the export was stopped")
        }
    }
}

/// What the user can do about a reason.
fn hint_for(why: &MissingError) -> Option<&'static str> {
    match why {
        MissingError::Media(MediaError::Remote(address)) => {
            is_web_address(address).then_some("add --fetch-media")
        }
        MissingError::Media(MediaError::NotFetched { why: FetchError::Private(_), .. }) => {
            Some("add --fetch-private")
        }
        MissingError::Media(MediaError::Missing(_)) => Some("look for them with --images FOLDER"),
        MissingError::Media(MediaError::TooLarge { .. }) => Some("raise --max-file-size"),
        MissingError::TooMuchMemory { .. } => Some("raise --picture-memory and --job-memory"),
        MissingError::Human | MissingError::PeopleOnPicture => Some("ask for them with include_humans"),
        MissingError::Picture(_, PictureError::Damaged(_)) => Some("ask for them with include_damaged"),
        MissingError::NotOnWeb => Some("ask for media whole"),
        MissingError::NoTimeZone => Some("give the data set a zone with --time-zone"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_counts_pictures_once_and_agrees_with_its_number() {
        let remote = MissingError::Media(MediaError::Remote("https://example.org/1.jpg".into()));
        assert_eq!(describe(&remote, 1, 1), "1 picture is on the web only");
        assert_eq!(describe(&remote, 1_327, 1_327), "1,327 pictures are on the web only");
        assert_eq!(describe(&remote, 10, 1), "1 picture with 10 detections is on the web only");
        assert_eq!(describe(&remote, 10, 4), "4 pictures with 10 detections are on the web only");
        assert_eq!(describe(&MissingError::NoSuchId, 2, 0), "2 ids are of no detections of the data set");
        assert_eq!(describe(&MissingError::NoBox, 1, 1), "1 detection has no bounding box");
    }

    #[test]
    fn fetching_is_proposed_where_it_would_help() {
        let of = |address: &str| hint_for(&MissingError::Media(MediaError::Remote(address.into())));
        assert_eq!(of("HTTPS://example.org/1.jpg"), Some("add --fetch-media"));
        assert_eq!(of("gs://bucket/1.jpg"), None);
    }
}
