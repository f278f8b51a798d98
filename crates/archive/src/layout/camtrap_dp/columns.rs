//! The columns of Camtrap DP 1.0.2, and their allowed values. <https://camtrap-dp.tdwg.org/data>

use detections::WrittenTime;
use serde_json::Value;

/// The allowed values of a cell, which may always be empty.
#[derive(Clone, Copy, Debug)]
pub(super) enum ColumnKind {
    Text,
    /// A number inside these limits.
    Number(f64, f64),
    /// A whole number inside these limits.
    Whole(f64, f64),
    Flag,
    /// One of these words, which spaces separate.
    Choice(&'static str),
    /// A media type of pictures, videos or sounds.
    MediaType,
    /// A time with its offset.
    Time,
    /// An object of JSON.
    Object,
}

/// A column, and whether its cells may be copied from the source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub name: &'static str,
    pub kind: ColumnKind,
    pub from_source: bool,
}

const ANY: f64 = f64::INFINITY;

const fn own(name: &'static str, kind: ColumnKind) -> Column {
    Column { name, kind, from_source: false }
}

const fn keep(name: &'static str, kind: ColumnKind) -> Column {
    Column { name, kind, from_source: true }
}

use ColumnKind::{Choice, Flag, MediaType, Number, Object, Text, Time, Whole};

const FEATURES: &str = "roadPaved roadDirt trailHiking trailGame roadUnderpass roadOverpass roadBridge culvert burrow \
                        nestSite carcass waterSource fruitingTree";

pub(super) const DEPLOYMENTS: [Column; 24] = [
    own("deploymentID", Text),
    keep("locationID", Text),
    keep("locationName", Text),
    own("latitude", Number(-90.0, 90.0)),
    own("longitude", Number(-180.0, 180.0)),
    own("coordinateUncertainty", Whole(1.0, ANY)),
    keep("deploymentStart", Time),
    keep("deploymentEnd", Time),
    keep("setupBy", Text),
    keep("cameraID", Text),
    keep("cameraModel", Text),
    keep("cameraDelay", Whole(0.0, ANY)),
    keep("cameraHeight", Number(0.0, ANY)),
    keep("cameraDepth", Number(0.0, ANY)),
    keep("cameraTilt", Whole(-90.0, 90.0)),
    keep("cameraHeading", Whole(0.0, 360.0)),
    keep("detectionDistance", Number(0.0, ANY)),
    keep("timestampIssues", Flag),
    keep("baitUse", Flag),
    keep("featureType", Choice(FEATURES)),
    keep("habitat", Text),
    keep("deploymentGroups", Text),
    keep("deploymentTags", Text),
    keep("deploymentComments", Text),
];

pub(super) const MEDIA: [Column; 11] = [
    own("mediaID", Text),
    own("deploymentID", Text),
    keep("captureMethod", Choice("activityDetection timeLapse")),
    keep("timestamp", Time),
    own("filePath", Text),
    keep("filePublic", Flag),
    own("fileName", Text),
    own("fileMediatype", MediaType),
    keep("exifData", Object),
    keep("favorite", Flag),
    keep("mediaComments", Text),
];

pub(super) const OBSERVATIONS: [Column; 28] = [
    own("observationID", Text),
    own("deploymentID", Text),
    own("mediaID", Text),
    keep("eventID", Text),
    keep("eventStart", Time),
    keep("eventEnd", Time),
    own("observationLevel", Choice("media event")),
    own("observationType", Choice("animal human vehicle blank unknown unclassified")),
    keep("cameraSetupType", Choice("setup calibration")),
    own("scientificName", Text),
    keep("count", Whole(1.0, ANY)),
    keep("lifeStage", Choice("adult subadult juvenile")),
    keep("sex", Choice("female male")),
    keep("behavior", Text),
    keep("individualID", Text),
    keep("individualPositionRadius", Number(0.0, ANY)),
    keep("individualPositionAngle", Number(-90.0, 90.0)),
    keep("individualSpeed", Number(0.0, ANY)),
    own("bboxX", Number(0.0, 1.0)),
    own("bboxY", Number(0.0, 1.0)),
    own("bboxWidth", Number(1e-15, 1.0)),
    own("bboxHeight", Number(1e-15, 1.0)),
    keep("classificationMethod", Choice("human machine")),
    keep("classifiedBy", Text),
    keep("classificationTimestamp", Time),
    keep("classificationProbability", Number(0.0, 1.0)),
    keep("observationTags", Text),
    keep("observationComments", Text),
];

impl ColumnKind {
    /// Whether the standard allows the text.
    pub fn allows(self, text: &str) -> bool {
        let inside = |least: f64, most: f64| {
            // Rust accepts more forms of numbers than the standard.
            let plain =
                text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'));
            plain
                && text
                    .parse()
                    .is_ok_and(|number: f64| (least..=most).contains(&number) && number.is_finite())
        };
        match self {
            Text => true,
            Number(least, most) => inside(least, most),
            Whole(least, most) => inside(least, most) && text.parse::<i64>().is_ok(),
            Flag => matches!(text, "true" | "false"),
            Choice(words) => words.split(' ').any(|word| word == text),
            MediaType => ["image/", "video/", "audio/"].iter().any(|start| text.starts_with(*start)),
            Time => is_time(text),
            Object => serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object()),
        }
    }
}

/// Whether a text has the form of times in the standard, such as `2020-03-24T11:21:46Z` or
/// `2020-03-24T11:21:46+01:00`.
fn is_time(text: &str) -> bool {
    matches!((text.len(), text.as_bytes().get(10)), (20 | 25, Some(b'T')))
        && WrittenTime::parse(text).is_some_and(|written| written.offset.is_some() && !written.date_only)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_holds_what_the_standard_allows_and_nothing_else() {
        let cases = [
            (Whole(0.0, 360.0), "285", true),
            (Whole(0.0, 360.0), "361", false),
            (Whole(0.0, 360.0), "2.5", false),
            (Number(0.0, ANY), "3.20", true),
            (Number(0.0, ANY), "inf", false),
            (Number(0.0, ANY), "high", false),
            (Flag, "true", true),
            (Flag, "yes", false),
            (Choice("human machine"), "Human", false),
            (MediaType, "video/mp4", true),
            (MediaType, "jpg", false),
            (Time, "2020-05-30T02:57:37Z", true),
            (Time, "2020-05-30T02:57:37+02:00", true),
            (Time, "2020-05-30T02:57:37", false),
            (Time, "2020-05-30 02:57:37Z", false),
            (Object, "{\"ISO\": 200}", true),
            (Object, "ISO 200", false),
        ];
        for (kind, text, allowed) in cases {
            assert_eq!(kind.allows(text), allowed, "{kind:?} {text}");
        }
    }
}
