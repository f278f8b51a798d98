//! Grouping missing detections by reason, in sentences.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use detections::{FetchError, MediaError, is_web_address};
use serde::Serialize;

use crate::missing::Missing;
use crate::numbers::in_thousands;

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

/// The detections that are missing for one reason.
struct ReasonGroup<'a> {
    first: &'a Missing,
    detections: usize,
    /// The rows of their pictures.
    pictures: HashSet<u32>,
    hint: Option<&'static str>,
}

/// Groups missing detections by reason, the most frequent first. Each comes with the row of its picture,
/// if it has one.
pub(crate) fn group_missing<'a>(
    missing: impl Iterator<Item = (&'a Missing, Option<u32>)>,
) -> Vec<MissingReason> {
    let mut groups: BTreeMap<&'static str, ReasonGroup<'_>> = BTreeMap::new();
    for (why, picture) in missing {
        let group = groups.entry(why.code()).or_insert_with(|| ReasonGroup {
            first: why,
            detections: 0,
            pictures: HashSet::new(),
            hint: None,
        });
        group.detections += 1;
        group.pictures.extend(picture);
        group.hint = group.hint.or_else(|| hint_for(why));
    }
    let mut reasons: Vec<MissingReason> = groups
        .into_iter()
        .map(|(reason, group)| MissingReason {
            reason,
            count: group.detections,
            message: describe(group.first, group.detections, group.pictures.len()),
            hint: group.hint,
        })
        .collect();
    // The sort is stable, so equally frequent reasons are in the order of their codes.
    reasons.sort_by_key(|reason| Reverse(reason.count));
    reasons.truncate(MAX_REASONS);
    reasons
}

/// The subject of a sentence.
#[derive(Clone, Copy)]
enum Subject {
    Id,
    Detection,
    Picture,
}

/// The sentence on a number of detections and their pictures.
fn describe(why: &Missing, detections: usize, pictures: usize) -> String {
    let (subject, of_one, of_many) = words_for(why);
    let count = |number: usize, noun: &str| match number {
        1 => format!("1 {noun}"),
        number => format!("{} {noun}s", in_thousands(number as u64)),
    };
    let noun = match subject {
        Subject::Id => "id",
        Subject::Detection => "detection",
        // Several detections may be on one picture, which counts once.
        Subject::Picture if (1..detections).contains(&pictures) => {
            let predicate = if pictures == 1 { of_one } else { of_many };
            return format!(
                "{} with {} {predicate}",
                count(pictures, "picture"),
                count(detections, "detection")
            );
        }
        Subject::Picture => "picture",
    };
    format!("{} {}", count(detections, noun), if detections == 1 { of_one } else { of_many })
}

/// The subject of a sentence, and its predicate in the singular and plural.
fn words_for(why: &Missing) -> (Subject, &'static str, &'static str) {
    use Subject::{Detection, Id, Picture};
    match why {
        Missing::NoSuchId => {
            (Id, "is of no detection of the data set", "are of no detections of the data set")
        }
        Missing::AskedTwice => (Id, "was asked for more than once", "were asked for more than once"),
        Missing::NoMedia => {
            (Detection, "is on no picture of the data set", "are on no pictures of the data set")
        }
        Missing::NoBox => (Detection, "has no bounding box", "have no bounding boxes"),
        Missing::BoxOutside { .. } => {
            (Detection, "has a box outside of its picture", "have boxes outside of their pictures")
        }
        Missing::Human => (Detection, "is of a person or a vehicle", "are of people or vehicles"),
        Missing::PeopleOnPicture => (
            Picture,
            "shows people or a vehicle, or is of an event that does",
            "show people or vehicles, or are of events that do",
        ),
        Missing::NotOnWeb => (
            Picture,
            "is a file of the data set and not on the web",
            "are files of the data set and not on the web",
        ),
        Missing::NoTime => {
            (Detection, "has no time, and Camtrap DP needs one", "have no time, and Camtrap DP needs one")
        }
        Missing::NoTimeZone => (
            Detection,
            "has a time without a time zone, and Camtrap DP needs one",
            "have times without a time zone, and Camtrap DP needs one",
        ),
        Missing::NoCoordinates => (
            Detection,
            "is of a deployment without coordinates, and Camtrap DP needs them",
            "are of deployments without coordinates, and Camtrap DP needs them",
        ),
        Missing::Media(error) => {
            let (of_one, of_many) = words_for_media(error);
            (Picture, of_one, of_many)
        }
        Missing::TooLarge { .. } | Missing::TooMuchMemory { .. } => {
            (Picture, "is too large", "are too large")
        }
        Missing::Empty(_) => (Picture, "is an empty file", "are empty files"),
        Missing::NotAPicture { .. } => {
            (Picture, "is no JPEG or PNG that can be read", "are no JPEG or PNG that can be read")
        }
        Missing::Truncated { .. } => (Picture, "ends too early", "end too early"),
        Missing::Damaged { .. } => (Picture, "is damaged", "are damaged"),
        Missing::Stopped => (
            Picture,
            "was not reached before the export was stopped",
            "were not reached before the export was stopped",
        ),
    }
}

/// The predicates for pictures whose files could not be read.
fn words_for_media(error: &MediaError) -> (&'static str, &'static str) {
    match error {
        MediaError::Remote(_) => ("is on the web only", "are on the web only"),
        MediaError::NotFetched { why: FetchError::Private(_), .. } => (
            "is on a host that is not on the public internet",
            "are on hosts that are not on the public internet",
        ),
        MediaError::NotFetched { .. } => ("could not be fetched", "could not be fetched"),
        MediaError::Missing(_) => ("is not on this server", "are not on this server"),
        MediaError::Outside(_) => {
            ("has a path that leads out of the data set", "have paths that lead out of the data set")
        }
        MediaError::NotAFile(_) => {
            ("is a folder, pipe or device and no file", "are folders, pipes or devices and no files")
        }
        MediaError::TooLarge { .. } => ("is too large", "are too large"),
        MediaError::Io { .. } => ("cannot be read from the disk", "cannot be read from the disk"),
    }
}

/// What the user can do about a reason.
fn hint_for(why: &Missing) -> Option<&'static str> {
    match why {
        Missing::Media(MediaError::Remote(address)) => is_web_address(address).then_some("add --fetch-media"),
        Missing::Media(MediaError::NotFetched { why: FetchError::Private(_), .. }) => {
            Some("add --fetch-private")
        }
        Missing::Media(MediaError::Missing(_)) => Some("look for them with --images FOLDER"),
        Missing::Media(MediaError::TooLarge { .. }) => Some("raise --max-file-size"),
        Missing::TooMuchMemory { .. } => Some("raise --picture-memory and --job-memory"),
        Missing::Human | Missing::PeopleOnPicture => Some("ask for them with include_humans"),
        Missing::Damaged { .. } => Some("ask for them with include_damaged"),
        Missing::NotOnWeb => Some("ask for media whole"),
        Missing::NoTimeZone => Some("give the data set a zone with --time-zone"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_counts_pictures_once_and_agrees_with_its_number() {
        let remote = Missing::Media(MediaError::Remote("https://example.org/1.jpg".into()));
        assert_eq!(describe(&remote, 1, 1), "1 picture is on the web only");
        assert_eq!(describe(&remote, 1_327, 1_327), "1,327 pictures are on the web only");
        assert_eq!(describe(&remote, 10, 1), "1 picture with 10 detections is on the web only");
        assert_eq!(describe(&remote, 10, 4), "4 pictures with 10 detections are on the web only");
        assert_eq!(describe(&Missing::NoSuchId, 2, 0), "2 ids are of no detections of the data set");
        assert_eq!(describe(&Missing::NoBox, 1, 1), "1 detection has no bounding box");
    }

    #[test]
    fn fetching_is_proposed_where_it_would_help() {
        let of = |address: &str| hint_for(&Missing::Media(MediaError::Remote(address.into())));
        assert_eq!(of("HTTPS://example.org/1.jpg"), Some("add --fetch-media"));
        assert_eq!(of("gs://bucket/1.jpg"), None);
    }
}
