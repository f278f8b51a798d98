//! Crops, with `metadata.csv`: a row for each detection of the archive.

use detections::{Dataset, Observation, PixelBox};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::times::format_timestamp;
use super::{ForeignField, LayoutWriter, Tables};
use crate::cells::escape_formula;
use crate::contents::Contents;
use crate::error::ArchiveError;
use crate::request::ArchiveRequest;
use crate::rules::Rules;
use crate::zip_file::ZipFile;

const COLUMNS: &str = "detection_id,image_id,filename,timestamp,classification,confidence,\
                       bbox_x,bbox_y,bbox_width,bbox_height,deer_id,location,created_at";

pub(super) struct Crops;

impl LayoutWriter for Crops {
    fn describe_content(&self, request: &ArchiveRequest) -> &'static str {
        if request.include_crops { "Pictures" } else { "Table" }
    }

    fn find_foreign_fields(&self, _: &ArchiveRequest, given: &Map<String, Value>) -> Vec<ForeignField> {
        let reason = "media is for the layouts camtrap-dp and coco; with crops use include_crops and include_originals";
        given.contains_key("media").then(|| ("media", reason.to_owned())).into_iter().collect()
    }

    fn rules(&self, request: &ArchiveRequest) -> Rules {
        let (has_crops, has_whole) = (request.include_crops, request.include_originals);
        Rules {
            folders: ["crops/detection_", "originals/"],
            is_of_files: true,
            has_crops,
            has_whole,
            needs_pictures: has_crops || has_whole,
            ..Rules::default()
        }
    }

    /// Writes a row for each known detection, even if its picture is missing.
    fn write_tables(&self, contents: &Contents<'_>, zip: &mut ZipFile<'_>) -> Result<Tables, ArchiveError> {
        if !contents.job.request.include_metadata_csv {
            return Ok(Tables::default());
        }
        let data = contents.data;
        let mut rows = 0;
        let entry = zip.deflate("metadata.csv", |to| {
            let mut csv = csv::Writer::from_writer(to);
            csv.write_record(COLUMNS.split(','))?;
            for (place, row) in contents.plan.rows.iter().enumerate() {
                if let Ok(row) = row {
                    let size = contents.find_size(place);
                    csv.write_record(make_fields(data, &data.observations.get(*row), size))?;
                    rows += 1;
                }
            }
            csv.flush()
        })?;
        Ok(Tables { entries: vec![("metadata.csv", entry)], rows, ..Tables::default() })
    }
}

fn make_fields(data: &Dataset, o: &Observation<'_>, size: Option<(u32, u32)>) -> [String; 13] {
    let area = o.bbox.zip(size).and_then(|(area, (width, height))| area.to_pixels(width, height));
    let pixels = |side: fn(PixelBox) -> u32| area.map_or_else(String::new, |area| side(area).to_string());
    let text = |text: &str| escape_formula(text).into_owned();
    let location = data.deployments[o.deployment as usize].location;
    [
        text(o.id),
        text(o.media.map_or("", |row| data.media.id(row))),
        text(o.media.map_or("", |row| data.media.file_name(row))),
        o.time.map_or_else(String::new, |time| format_timestamp(time, o.offset)),
        text(o.class.map_or("", |class| &data.classes[class as usize].name)),
        o.confidence.map_or_else(String::new, |confidence| confidence.to_string()),
        pixels(|area| area.x),
        pixels(|area| area.y),
        pixels(|area| area.width),
        pixels(|area| area.height),
        text(o.individual.unwrap_or_default()),
        text(&data.locations[location as usize].name),
        o.classified_at
            .and_then(|at| Timestamp::from_second(at).ok())
            .map_or_else(String::new, |at| at.to_string()),
    ]
}
