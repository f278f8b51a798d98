//! The rows of the three tables, as far as the data set knows.

use std::collections::BTreeMap;

use detections::{
    BoundingBox, Classifier, Dataset, Level, LocalTime, ObservationType, RelativeBox, SourceFormat,
};

use super::super::name_in_source;
use super::super::times::timestamp;
use super::coverage::Coverage;
use super::media_type::media_type_of;
use super::offset_at;
use super::table::Cells;
use crate::contents::{Contents, Filed, PictureLocation};
use crate::order::{Coordinates, Media};
use crate::place::Place;

/// Sides of boxes that Camtrap DP allows are longer than this.
const SMALLEST_SIDE: f32 = 1e-15;

/// What rows are made of.
pub(super) struct Rows<'a> {
    pub contents: &'a Contents<'a>,
    pub coverage: &'a Coverage,
    /// Where the picture of each observation of the package is.
    pub locations: &'a BTreeMap<u32, Option<PictureLocation<'a>>>,
    /// For each media row its files: the observation that they show, where the file is, and the number of
    /// the picture in the plan.
    pub media: &'a BTreeMap<u32, Vec<(u32, PictureLocation<'a>, usize)>>,
}

impl Rows<'_> {
    fn data(&self) -> &Dataset {
        self.contents.data
    }

    fn written(&self, deployment: u32, time: LocalTime) -> String {
        timestamp(time, offset_at(&self.data().deployments[deployment as usize].clock, time))
    }

    pub fn deployment(&self, row: u32) -> Cells {
        let deployment = &self.data().deployments[row as usize];
        let location = &self.data().locations[deployment.location as usize];
        let mut cells = Cells::default();
        cells.set("deploymentID", &deployment.id);
        cells.set("locationID", &location.key);
        cells.set("locationName", &location.name);
        if let (Some(latitude), Some(longitude)) = (deployment.latitude, deployment.longitude) {
            let place = Place { latitude, longitude };
            match self.contents.order.coordinates {
                Coordinates::Exact => {
                    cells.set("latitude", latitude.to_string());
                    cells.set("longitude", longitude.to_string());
                }
                Coordinates::Rounded => {
                    let (rounded, metres) = place.rounded();
                    cells.set("latitude", format!("{:.1}", rounded.latitude));
                    cells.set("longitude", format!("{:.1}", rounded.longitude));
                    cells.set("coordinateUncertainty", metres.to_string());
                }
            }
        }
        if let Some((start, end)) = self.coverage.spans.get(&row) {
            cells.set("deploymentStart", self.written(row, *start));
            cells.set("deploymentEnd", self.written(row, *end));
        }
        cells
    }

    pub fn media(&self, row: u32) -> Vec<Cells> {
        let data = self.data();
        let deployment = data.media.deployment(row);
        let files = self.media.get(&row).into_iter().flatten();
        files
            .map(|(observation, location, number)| {
                let mut cells = Cells::default();
                match location {
                    PictureLocation::Archive(file) => {
                        self.set_file(&mut cells, row, *observation, file, *number);
                    }
                    PictureLocation::Source => self.set_name_in_source(&mut cells, row),
                }
                cells.set("deploymentID", &data.deployments[deployment as usize].id);
                if let Some((time, offset)) = data.media.time(row) {
                    let offset =
                        offset.or_else(|| offset_at(&data.deployments[deployment as usize].clock, time));
                    cells.set("timestamp", timestamp(time, offset));
                }
                // What is not said to be public is taken to be private.
                cells.set("filePublic", "false");
                cells
            })
            .collect()
    }

    /// A picture that is a file of the package: the whole of it, or the crop of an observation.
    fn set_file(&self, cells: &mut Cells, row: u32, observation: u32, file: &Filed, number: usize) {
        let data = self.data();
        let (id, media_type) = if self.contents.order.media == Media::Crops {
            (data.observations.get(observation).id, "image/jpeg")
        } else {
            let seen = self.contents.seen[number];
            (data.media.id(row), seen.map_or("image/jpeg", |seen| seen.format.media_type()))
        };
        cells.set("mediaID", id);
        cells.set("filePath", &file.name);
        cells.set("fileName", file.base_name());
        cells.set("fileMediatype", media_type);
    }

    /// A picture that stays where it is.
    fn set_name_in_source(&self, cells: &mut Cells, row: u32) {
        let media = &self.data().media;
        let (name, path) = (media.file_name(row), name_in_source(media, row));
        cells.set("mediaID", media.id(row));
        cells.set("filePath", path);
        cells.set("fileName", name);
        cells.set_unless_stated("fileMediatype", media_type_of(name, path));
    }

    pub fn observation(&self, row: u32) -> Cells {
        let data = self.data();
        let o = data.observations.get(row);
        let mut cells = Cells::default();
        cells.set("observationID", o.id);
        cells.set("deploymentID", &data.deployments[o.deployment as usize].id);
        cells.set("eventID", o.event.map_or("", |event| data.observations.event_id(event)));
        if let Some(time) = o.time {
            let offset = o.offset.or_else(|| offset_at(&data.deployments[o.deployment as usize].clock, time));
            cells.set("eventStart", timestamp(time, offset));
            let seconds = i64::from(o.duration);
            cells.set("eventEnd", timestamp(time.plus_seconds(seconds), offset));
        }
        cells.set("observationLevel", if o.level == Level::Media { "media" } else { "event" });
        cells.set("observationType", type_name(o.kind));
        cells.set(
            "scientificName",
            scientific_name(o.kind, o.class.map(|class| data.classes[class as usize].name.as_str())),
        );
        cells.set("count", o.count.to_string());
        cells.set("lifeStage", o.life_stage.unwrap_or_default().to_lowercase());
        cells.set("sex", o.sex.unwrap_or_default().to_lowercase());
        cells.set("individualID", o.individual.unwrap_or_default());
        let crops = self.contents.order.media == Media::Crops;
        if let (Some(media), Some(location)) = (o.media, self.locations.get(&row).copied().flatten()) {
            cells.set("mediaID", if crops { o.id } else { data.media.id(media) });
            let bbox = o.bbox.and_then(|area| match location {
                PictureLocation::Archive(file) => Some(area.relative(file.width, file.height)),
                PictureLocation::Source => box_of_unread(area),
            });
            set_box(&mut cells, bbox, crops);
        }
        if let Some(seconds) = o.classified_at.and_then(|at| jiff::Timestamp::from_second(at).ok()) {
            cells.set("classificationTimestamp", seconds.to_string());
        }
        if let Some(confidence) = o.confidence {
            cells.set("classificationProbability", confidence.to_string());
        }
        if let Some(classifier) = o.classifier {
            let is_person = classifier == Classifier::Person;
            cells.set("classificationMethod", if is_person { "human" } else { "machine" });
        }
        if matches!(data.format, SourceFormat::MegaDetector | SourceFormat::SpeciesNet) {
            cells.set("classifiedBy", data.made_by.as_deref().unwrap_or(data.format.name()));
        }
        cells
    }
}

/// The box as fractions of the picture, clipped to it. A crop is all box.
fn set_box(cells: &mut Cells, bbox: Option<RelativeBox>, crop: bool) {
    let Some(bbox) = bbox else { return };
    let whole = RelativeBox { x: 0.0, y: 0.0, width: 1.0, height: 1.0 };
    let clipped = if crop { whole } else { bbox.clipped() };
    for (column, side) in [
        ("bboxX", clipped.x),
        ("bboxY", clipped.y),
        ("bboxWidth", clipped.width),
        ("bboxHeight", clipped.height),
    ] {
        cells.set(column, side.to_string());
    }
}

/// A box on a picture that was not read, as fractions of it. Pixels are no fractions while nobody knows
/// how large the picture is, and a box beside it is none.
pub(super) fn box_of_unread(bbox: BoundingBox) -> Option<RelativeBox> {
    match bbox {
        BoundingBox::Pixels(_) => None,
        BoundingBox::Relative(area) => {
            let clipped = area.clipped();
            // NaN is no side either.
            (clipped.width > SMALLEST_SIDE && clipped.height > SMALLEST_SIDE).then_some(area)
        }
    }
}

fn type_name(kind: ObservationType) -> &'static str {
    match kind {
        ObservationType::Animal => "animal",
        ObservationType::Human => "human",
        ObservationType::Vehicle => "vehicle",
        ObservationType::Blank => "blank",
        ObservationType::Unknown => "unknown",
        ObservationType::Unclassified => "unclassified",
    }
}

/// The name of a taxon. What people, objects and animals that nobody named are called in a source is
/// none: what they are is known by the type.
pub(super) fn scientific_name(kind: ObservationType, class: Option<&str>) -> &str {
    match (kind, class) {
        (ObservationType::Human, _) => "Homo sapiens",
        (ObservationType::Animal, Some(name)) if !name.eq_ignore_ascii_case("animal") => name,
        (ObservationType::Animal, _) => "Animalia",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_on_a_picture_that_was_not_read_is_one_of_fractions() {
        let relative = |x: f32, width: f32| RelativeBox { x, y: 0.1, width, height: 0.2 };
        let known = |area: RelativeBox| box_of_unread(BoundingBox::Relative(area));
        assert_eq!(known(relative(0.9, 0.4)), Some(relative(0.9, 0.4)));
        for beside in [relative(1.2, 0.4), relative(0.1, 0.0), relative(0.1, f32::NAN)] {
            assert_eq!(known(beside), None, "{beside:?}");
        }
        assert_eq!(box_of_unread(BoundingBox::Pixels([10.0, 10.0, 20.0, 20.0])), None);
    }

    #[test]
    fn what_is_no_taxon_is_named_by_its_type() {
        let cases = [
            (ObservationType::Animal, Some("Ardea"), "Ardea"),
            (ObservationType::Animal, Some("Animal"), "Animalia"),
            (ObservationType::Animal, None, "Animalia"),
            (ObservationType::Human, Some("Human-Camera Trapper"), "Homo sapiens"),
            (ObservationType::Vehicle, Some("bicycle"), ""),
            (ObservationType::Blank, None, ""),
        ];
        for (kind, class, name) in cases {
            assert_eq!(scientific_name(kind, class), name, "{kind:?} {class:?}");
        }
    }
}
