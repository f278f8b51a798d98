//! The columns of Camtrap DP 1.0.2, and what each may hold. <https://camtrap-dp.tdwg.org/data>

use detections::Written;
use serde_json::Value;

/// What a cell may hold beside nothing.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    /// A number inside these limits.
    Number(f64, f64),
    /// A whole number inside these limits.
    Whole(f64, f64),
    Flag,
    Choice(&'static [&'static str]),
    /// A media type of pictures, videos or sounds.
    MediaType,
    /// A time with its offset.
    Time,
    /// An object of JSON.
    Object,
}

/// A column, and whether its cells are made anew or may be those of the source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub name: &'static str,
    pub kind: Kind,
    pub from_source: bool,
}

const ANY: f64 = f64::INFINITY;

const fn own(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, from_source: false }
}

const fn kept(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, from_source: true }
}

use Kind::{Choice, Flag, MediaType, Number, Object, Text, Time, Whole};

pub(super) const DEPLOYMENTS: [Column; 24] = [
    own("deploymentID", Text),
    kept("locationID", Text),
    kept("locationName", Text),
    own("latitude", Number(-90.0, 90.0)),
    own("longitude", Number(-180.0, 180.0)),
    own("coordinateUncertainty", Whole(1.0, ANY)),
    kept("deploymentStart", Time),
    kept("deploymentEnd", Time),
    kept("setupBy", Text),
    kept("cameraID", Text),
    kept("cameraModel", Text),
    kept("cameraDelay", Whole(0.0, ANY)),
    kept("cameraHeight", Number(0.0, ANY)),
    kept("cameraDepth", Number(0.0, ANY)),
    kept("cameraTilt", Whole(-90.0, 90.0)),
    kept("cameraHeading", Whole(0.0, 360.0)),
    kept("detectionDistance", Number(0.0, ANY)),
    kept("timestampIssues", Flag),
    kept("baitUse", Flag),
    kept(
        "featureType",
        Choice(&[
            "roadPaved",
            "roadDirt",
            "trailHiking",
            "trailGame",
            "roadUnderpass",
            "roadOverpass",
            "roadBridge",
            "culvert",
            "burrow",
            "nestSite",
            "carcass",
            "waterSource",
            "fruitingTree",
        ]),
    ),
    kept("habitat", Text),
    kept("deploymentGroups", Text),
    kept("deploymentTags", Text),
    kept("deploymentComments", Text),
];

pub(super) const MEDIA: [Column; 11] = [
    own("mediaID", Text),
    own("deploymentID", Text),
    kept("captureMethod", Choice(&["activityDetection", "timeLapse"])),
    kept("timestamp", Time),
    own("filePath", Text),
    kept("filePublic", Flag),
    own("fileName", Text),
    own("fileMediatype", MediaType),
    kept("exifData", Object),
    kept("favorite", Flag),
    kept("mediaComments", Text),
];

pub(super) const OBSERVATIONS: [Column; 28] = [
    own("observationID", Text),
    own("deploymentID", Text),
    own("mediaID", Text),
    kept("eventID", Text),
    kept("eventStart", Time),
    kept("eventEnd", Time),
    own("observationLevel", Choice(&["media", "event"])),
    own("observationType", Choice(&["animal", "human", "vehicle", "blank", "unknown", "unclassified"])),
    kept("cameraSetupType", Choice(&["setup", "calibration"])),
    own("scientificName", Text),
    kept("count", Whole(1.0, ANY)),
    kept("lifeStage", Choice(&["adult", "subadult", "juvenile"])),
    kept("sex", Choice(&["female", "male"])),
    kept("behavior", Text),
    kept("individualID", Text),
    kept("individualPositionRadius", Number(0.0, ANY)),
    kept("individualPositionAngle", Number(-90.0, 90.0)),
    kept("individualSpeed", Number(0.0, ANY)),
    own("bboxX", Number(0.0, 1.0)),
    own("bboxY", Number(0.0, 1.0)),
    own("bboxWidth", Number(1e-15, 1.0)),
    own("bboxHeight", Number(1e-15, 1.0)),
    kept("classificationMethod", Choice(&["human", "machine"])),
    kept("classifiedBy", Text),
    kept("classificationTimestamp", Time),
    kept("classificationProbability", Number(0.0, 1.0)),
    kept("observationTags", Text),
    kept("observationComments", Text),
];

impl Kind {
    /// Whether the standard allows the text.
    pub fn allows(self, text: &str) -> bool {
        let inside = |least: f64, most: f64| {
            // Rust reads more as a number than the standard does.
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
            Choice(known) => known.contains(&text),
            MediaType => ["image/", "video/", "audio/"].iter().any(|start| text.starts_with(*start)),
            Time => is_time(text),
            Object => serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object()),
        }
    }
}

/// Such as `2020-03-24T11:21:46Z` or `2020-03-24T11:21:46+01:00`, which is how the standard wants
/// times written.
fn is_time(text: &str) -> bool {
    matches!((text.len(), text.as_bytes().get(10)), (20 | 25, Some(b'T')))
        && Written::parse(text).is_some_and(|written| written.offset.is_some() && !written.date_only)
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
            (Choice(&["human", "machine"]), "Human", false),
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
