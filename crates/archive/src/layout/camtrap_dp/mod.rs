//! A Camera Trap Data Package, version 1.0.2, that is complete in itself: the detections with their media
//! files. <https://camtrap-dp.tdwg.org>

mod columns;
mod coverage;
mod descriptor;
mod media_type;
mod rows;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use detections::{Dataset, Level, Observation, SourceTable};
use serde_json::{Map, Value};

use super::times::find_offset;
use super::{ForeignField, LayoutWriter, Tables, find_switches};
use crate::contents::{Contents, PictureLocation};
use crate::error::ArchiveError;
use crate::missing::MissingError;
use crate::request::{ArchiveRequest, Media};
use crate::rules::Rules;
use crate::zip_file::ZipFile;

use coverage::Coverage;
use rows::{RowMaker, convert_unread_box};
use table::{Findings, Table};

pub(super) struct CamtrapDp;

impl LayoutWriter for CamtrapDp {
    fn describe_content(&self, _: &ArchiveRequest) -> &'static str {
        "Camtrap DP package"
    }

    fn find_foreign_fields(&self, _: &ArchiveRequest, given: &Map<String, Value>) -> Vec<ForeignField> {
        find_switches(given)
    }

    fn rules(&self, request: &ArchiveRequest) -> Rules {
        let media = request.media;
        Rules {
            folders: ["media/"; 2],
            has_crops: media == Media::Crops,
            has_whole: media == Media::Whole,
            may_name_pictures: media != Media::Crops,
            needs_pictures: media != Media::None,
            takes_without_box: media != Media::Crops,
            ..Rules::default()
        }
    }

    /// The standard requires times with an offset, and coordinates.
    fn check_observation(&self, data: &Dataset, observation: &Observation<'_>) -> Result<(), MissingError> {
        let deployment = &data.deployments[observation.deployment as usize];
        let of_file = observation.media.filter(|_| observation.level == Level::Media);
        let time = match of_file {
            Some(media) => data.media.time(media),
            None => observation.time.map(|time| (time, observation.offset)),
        };
        let (time, offset) = time.ok_or(MissingError::NoTime)?;
        if offset.or_else(|| find_offset(&deployment.clock, time)).is_none() {
            return Err(MissingError::NoTimeZone);
        }
        deployment.latitude.zip(deployment.longitude).map(|_| ()).ok_or(MissingError::NoCoordinates)
    }

    /// Writes the three tables and the descriptor.
    fn write_tables(&self, contents: &Contents<'_>, zip: &mut ZipFile<'_>) -> Result<Tables, ArchiveError> {
        let data = contents.data;
        let mut of_observation = BTreeMap::new();
        let mut without_box = 0;
        let (mut media, mut deployments): (BTreeMap<u32, Vec<_>>, BTreeSet<u32>) = Default::default();
        for included in contents.list_included() {
            deployments.insert(included.observation.deployment);
            let location = included.location();
            if let Some(((_, task), location)) = included.picture.zip(location) {
                let files = media.entry(task.media).or_default();
                // A whole picture is one row, however many detections are on it.
                if contents.job.request.media == Media::Crops || files.is_empty() {
                    files.push((included.row, location));
                }
            }
            let is_unread = matches!(location, Some(PictureLocation::Source));
            if is_unread && included.observation.bbox.is_some_and(|area| convert_unread_box(area).is_none()) {
                without_box += 1;
            }
            of_observation.insert(included.row, location);
        }
        let coverage = Coverage::compute(data, &deployments, of_observation.keys().copied());
        let rows = RowMaker { contents, coverage: &coverage, locations: &of_observation, media: &media };
        let mut findings = Findings::default();
        let tables = [
            Table {
                name: "deployments.csv",
                columns: &columns::DEPLOYMENTS,
                source: SourceTable::Deployments,
                rows: deployments.clone(),
                cells: &|row| vec![rows.make_deployment(row)],
            },
            Table {
                name: "media.csv",
                columns: &columns::MEDIA,
                source: SourceTable::Media,
                rows: media.keys().copied().collect(),
                cells: &|row| rows.make_media(row),
            },
            Table {
                name: "observations.csv",
                columns: &columns::OBSERVATIONS,
                source: SourceTable::Observations,
                rows: of_observation.keys().copied().collect(),
                cells: &|row| vec![rows.make_observation(row)],
            },
        ];
        let mut entries = Vec::new();
        for table in tables {
            entries.push(table.write(data, zip, &mut findings)?);
        }
        let descriptor = descriptor::make_descriptor(contents, &coverage);
        let entry = zip.deflate("datapackage.json", |to| {
            serde_json::to_writer_pretty(&mut *to, &descriptor)?;
            to.write_all(b"\n")
        })?;
        entries.push(("datapackage.json", entry));
        let mut notes = notes(&findings, &coverage);
        notes.extend(notes_on_pictures(contents, without_box));
        Ok(Tables { entries, rows: of_observation.len(), notes })
    }
}

/// Notes on what is left out because pictures were not read.
fn notes_on_pictures(contents: &Contents<'_>, without_box: usize) -> impl Iterator<Item = String> {
    let boxes = (without_box > 0).then(|| {
        format!(
            "boxes left out, since they are in pixels of pictures whose sizes are not known, or beside their pictures: \
             {without_box}"
        )
    });
    let unfetched = contents.unfetched.values().next().map(|first| {
        let count = contents.unfetched.len();
        format!("pictures that could not be fetched, and are named by their addresses: {count}; the first: {first}")
    });
    boxes.into_iter().chain(unfetched)
}

fn notes(findings: &Findings, coverage: &Coverage) -> Vec<String> {
    let refused = findings.refused.iter().map(|(column, cells)| {
        format!("{column}: {cells} cells of the source hold what Camtrap DP does not allow there, and are left empty")
    });
    let unread = findings.unread.iter().map(|why| {
        format!("the source could not be read again ({why}), so columns that only it has are left empty")
    });
    coverage.notes().chain(refused).chain(unread).collect()
}
