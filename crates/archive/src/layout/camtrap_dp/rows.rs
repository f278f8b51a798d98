//! The rows of the three tables, as far as the data set knows.

use std::collections::BTreeMap;

use detections::{Dataset, Level, LocalTime, ObservationType, RelativeBox, SourceFormat};

use super::super::times::timestamp;
use super::coverage::Coverage;
use super::offset_at;
use super::table::Cells;
use crate::contents::{Contents, Filed};
use crate::order::{Coordinates, Media};
use crate::place::Place;

/// What rows are made of.
pub(super) struct Rows<'a> {
    pub contents: &'a Contents<'a>,
    pub coverage: &'a Coverage,
    /// The file that shows each observation of the package.
    pub files: &'a BTreeMap<u32, Option<&'a Filed>>,
    /// For each media row its files: the observation that they show, the file, and the number of the
    /// picture in the plan.
    pub media: &'a BTreeMap<u32, Vec<(u32, &'a Filed, usize)>>,
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
            .map(|(observation, file, number)| {
                let mut cells = Cells::default();
                let (id, media_type) = match self.contents.order.media {
                    Media::Whole => {
                        let seen = self.contents.seen[*number];
                        (data.media.id(row), seen.map_or("image/jpeg", |seen| seen.format.media_type()))
                    }
                    Media::Crops => (data.observations.get(*observation).id, "image/jpeg"),
                };
                cells.set("mediaID", id);
                cells.set("deploymentID", &data.deployments[deployment as usize].id);
                if let Some((time, offset)) = data.media.time(row) {
                    let offset =
                        offset.or_else(|| offset_at(&data.deployments[deployment as usize].clock, time));
                    cells.set("timestamp", timestamp(time, offset));
                }
                cells.set("filePath", &file.name);
                // What is not said to be public is taken to be private.
                cells.set("filePublic", "false");
                cells.set("fileName", file.base_name());
                cells.set("fileMediatype", media_type);
                cells
            })
            .collect()
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
            cells.set("eventEnd", timestamp(time, offset));
        }
        cells.set("observationLevel", if o.level == Level::Media { "media" } else { "event" });
        cells.set("observationType", type_name(o.kind));
        cells.set(
            "scientificName",
            o.class.map_or("", |class| scientific(&data.classes[class as usize].name)),
        );
        cells.set("count", o.count.to_string());
        cells.set("lifeStage", o.life_stage.unwrap_or_default().to_lowercase());
        cells.set("sex", o.sex.unwrap_or_default().to_lowercase());
        cells.set("individualID", o.individual.unwrap_or_default());
        let crops = self.contents.order.media == Media::Crops;
        if let (Some(media), Some(file)) = (o.media, self.files.get(&row).copied().flatten()) {
            cells.set("mediaID", if crops { o.id } else { data.media.id(media) });
            set_box(&mut cells, o.bbox.map(|area| area.relative(file.width, file.height)), crops);
        }
        if let Some(seconds) = o.classified_at.and_then(|at| jiff::Timestamp::from_second(at).ok()) {
            cells.set("classificationTimestamp", seconds.to_string());
        }
        if let Some(confidence) = o.confidence {
            cells.set("classificationProbability", confidence.to_string());
        }
        if matches!(data.format, SourceFormat::MegaDetector | SourceFormat::SpeciesNet) {
            cells.set("classificationMethod", "machine");
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

/// A detector's class is no name of a taxon.
pub(super) fn scientific(class: &str) -> &str {
    match class {
        "animal" => "Animalia",
        "person" => "Homo sapiens",
        "vehicle" => "",
        other => other,
    }
}
