//! Making the rows of the three tables from the data set.

use std::collections::BTreeMap;

use detections::{
    BoundingBox, Classifier, Coordinates, Dataset, Level, LocalTime, ObservationType, RelativeBox,
    SourceFormat,
};

use super::super::find_source_name;
use super::super::times::{find_offset, format_timestamp};
use super::coverage::Coverage;
use super::media_type::find_media_type;
use super::table::Cells;
use crate::contents::{Contents, PictureLocation};
use crate::coordinates::Point;
use crate::request::Media;

/// Camtrap DP requires sides of boxes to be longer than this.
const SMALLEST_SIDE: f32 = 1e-15;

/// The data for the rows.
pub(super) struct RowMaker<'a> {
    pub contents: &'a Contents<'a>,
    pub coverage: &'a Coverage,
    /// Where the picture of each observation of the package is.
    pub locations: &'a BTreeMap<u32, Option<PictureLocation<'a>>>,
    /// For each media row its files: the observation that each shows, and where the file is.
    pub media: &'a BTreeMap<u32, Vec<(u32, PictureLocation<'a>)>>,
}

impl RowMaker<'_> {
    fn data(&self) -> &Dataset {
        self.contents.data
    }

    fn format_time(&self, deployment: u32, time: LocalTime) -> String {
        format_timestamp(time, find_offset(&self.data().deployments[deployment as usize].clock, time))
    }

    pub fn make_deployment(&self, row: u32) -> Cells {
        let deployment = &self.data().deployments[row as usize];
        let location = &self.data().locations[deployment.location as usize];
        let mut cells = Cells::default();
        cells.set("deploymentID", &deployment.id);
        cells.set("locationID", &location.key);
        cells.set("locationName", &location.name);
        if let (Some(latitude), Some(longitude)) = (deployment.latitude, deployment.longitude) {
            let place = Point { latitude, longitude };
            match self.contents.job.request.coordinates {
                Coordinates::Exact => {
                    cells.set("latitude", latitude.to_string());
                    cells.set("longitude", longitude.to_string());
                }
                Coordinates::Rounded => {
                    let (rounded, metres) = place.round();
                    cells.set("latitude", format!("{:.1}", rounded.latitude));
                    cells.set("longitude", format!("{:.1}", rounded.longitude));
                    cells.set("coordinateUncertainty", metres.to_string());
                }
            }
        }
        if let Some((start, end)) = self.coverage.spans.get(&row) {
            cells.set("deploymentStart", self.format_time(row, *start));
            cells.set("deploymentEnd", self.format_time(row, *end));
        }
        cells
    }

    pub fn make_media(&self, row: u32) -> Vec<Cells> {
        let data = self.data();
        let deployment = data.media.deployment(row);
        let files = self.media.get(&row).into_iter().flatten();
        files
            .map(|(observation, location)| {
                let mut cells = Cells::default();
                match location {
                    PictureLocation::Archive(file) => {
                        let is_crop = self.contents.job.request.media == Media::Crops;
                        let observation = is_crop.then(|| data.observations.get(*observation).id);
                        cells.set("mediaID", observation.unwrap_or(data.media.id(row)));
                        cells.set("filePath", &file.name);
                        cells.set("fileName", file.base_name());
                        cells.set("fileMediatype", file.info.format.media_type());
                    }
                    PictureLocation::Source => {
                        let (name, path) = (data.media.file_name(row), find_source_name(&data.media, row));
                        cells.set("mediaID", data.media.id(row));
                        cells.set("filePath", path);
                        cells.set("fileName", name);
                        cells.set_unless_stated("fileMediatype", find_media_type(name, path));
                    }
                }
                cells.set("deploymentID", &data.deployments[deployment as usize].id);
                if let Some((time, offset)) = data.media.time(row) {
                    let offset =
                        offset.or_else(|| find_offset(&data.deployments[deployment as usize].clock, time));
                    cells.set("timestamp", format_timestamp(time, offset));
                }
                // Media count as private unless the source says that they are public.
                cells.set("filePublic", "false");
                cells
            })
            .collect()
    }

    pub fn make_observation(&self, row: u32) -> Cells {
        let data = self.data();
        let o = data.observations.get(row);
        let mut cells = Cells::default();
        cells.set("observationID", o.id);
        cells.set("deploymentID", &data.deployments[o.deployment as usize].id);
        cells.set("eventID", o.event.map_or("", |event| data.observations.event_id(event)));
        if let Some(time) = o.time {
            let offset =
                o.offset.or_else(|| find_offset(&data.deployments[o.deployment as usize].clock, time));
            cells.set("eventStart", format_timestamp(time, offset));
            let seconds = i64::from(o.duration);
            cells.set("eventEnd", format_timestamp(time.plus_seconds(seconds), offset));
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
        let crops = self.contents.job.request.media == Media::Crops;
        if let (Some(media), Some(location)) = (o.media, self.locations.get(&row).copied().flatten()) {
            cells.set("mediaID", if crops { o.id } else { data.media.id(media) });
            let bbox = o.bbox.and_then(|area| match location {
                PictureLocation::Archive(file) => Some(area.to_relative(file.info.width, file.info.height)),
                PictureLocation::Source => convert_unread_box(area),
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
            cells.set("classifiedBy", data.model_name.as_deref().unwrap_or(data.format.name()));
        }
        cells
    }
}

/// Sets the box, as fractions of the picture and clipped to it. The box of a crop is the whole crop.
fn set_box(cells: &mut Cells, bbox: Option<RelativeBox>, crop: bool) {
    let Some(bbox) = bbox else { return };
    let whole = RelativeBox { x: 0.0, y: 0.0, width: 1.0, height: 1.0 };
    let clipped = if crop { whole } else { bbox.clip() };
    for (column, side) in [
        ("bboxX", clipped.x),
        ("bboxY", clipped.y),
        ("bboxWidth", clipped.width),
        ("bboxHeight", clipped.height),
    ] {
        cells.set(column, side.to_string());
    }
}

/// Converts a box on a picture that was not read to fractions; `None` for a box in pixels, since the size of
/// the picture is not known, and for a box outside of the picture.
pub(super) fn convert_unread_box(bbox: BoundingBox) -> Option<RelativeBox> {
    match bbox {
        BoundingBox::Pixels(_) => None,
        BoundingBox::Relative(area) => {
            let clipped = area.clip();
            // This also rejects NaN.
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

/// The scientific name of a class. Names of people, objects and unidentified animals are not taxa: the
/// observation type describes them.
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
        let known = |area: RelativeBox| convert_unread_box(BoundingBox::Relative(area));
        assert_eq!(known(relative(0.9, 0.4)), Some(relative(0.9, 0.4)));
        for beside in [relative(1.2, 0.4), relative(0.1, 0.0), relative(0.1, f32::NAN)] {
            assert_eq!(known(beside), None, "{beside:?}");
        }
        assert_eq!(convert_unread_box(BoundingBox::Pixels([10.0, 10.0, 20.0, 20.0])), None);
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
