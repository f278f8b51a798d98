//! The table `images`.

use super::observation_columns::{ObservationColumns, make_event_id, make_unused_id};
use super::picture_index::{Picture, PictureIndex};
use super::projects::{NamedDeployment, Projects, parse_project_id};
use super::repeated_rows::Repeats;
use crate::builder::Builder;
use crate::clock::LocalTime;
use crate::error::SourceError;
use crate::excerpt::excerpt;
use crate::media::NewMedia;
use crate::observations::{Level, NewObservation, ObservationType};
use crate::problems::RowError;
use crate::table::{Column, Row, Table};

pub(super) struct Columns<'a> {
    shared: ObservationColumns<'a>,
    pictures: &'a PictureIndex,
    /// Identifications are in `sequences`, though older exports also have them here.
    has_sequences: bool,
    sequence: Option<Column>,
    filename: Option<Column>,
    address: Option<Column>,
}

impl<'a> Columns<'a> {
    pub fn find(
        table: &Table<'_>,
        projects: &'a Projects,
        pictures: &'a PictureIndex,
        repeats: Repeats<'a>,
        has_sequences: bool,
    ) -> Result<Self, SourceError> {
        Ok(Self {
            shared: ObservationColumns::find(table, projects, repeats, "image_id", "timestamp")?,
            pictures,
            has_sequences,
            sequence: table.find_column("sequence_id"),
            filename: table.find_column("filename"),
            address: table.find_column("location"),
        })
    }
}

pub(super) fn read_row(builder: &mut Builder, columns: &Columns<'_>, row: &Row<'_>) -> Result<(), RowError> {
    let NamedDeployment { id: deployment_id, number: deployment } =
        columns.shared.find_deployment(builder, row)?;
    let written = builder.keep_time(row.read_time(columns.shared.time));
    let time = written.map(|written| builder.convert_time(deployment, written));
    let image = row.text(columns.shared.id);
    // The platform withholds pictures of people: such a row has no id and no file, but it counts.
    let picture = (!image.is_empty()).then(|| find_picture(builder, columns, row, deployment, time));
    let media = picture.as_ref().map(|picture| picture.media);
    let is_unidentified = columns.shared.identification.is_unidentified(row);
    // If an image is not identified by itself, its sequence says what it shows.
    let identified = columns.shared.identification.read(builder, row);
    let kind = match identified.kind {
        ObservationType::Unknown if is_unidentified && columns.has_sequences => ObservationType::Unclassified,
        kind => kind,
    };
    let id = match &picture {
        // Ids of images are unique in their project, ids of observations in the export.
        Some(picture) if picture.is_other => make_unused_id(builder, &picture.id),
        Some(_) => make_unused_id(builder, image),
        None => row.position(),
    };
    // The identification of a sequence applies to its images, which matters most for people.
    let event = match row.text(columns.sequence) {
        "" => String::new(),
        sequence => make_event_id(&deployment_id, sequence),
    };
    builder.observations.push(&NewObservation {
        id: &id,
        deployment,
        media,
        event: &event,
        kind,
        level: Level::Media,
        time,
        ..identified
    });
    Ok(())
}

/// Finds or adds the picture of a row; several rows may be about one picture. If another picture has the same
/// id, that is noted.
fn find_picture(
    builder: &mut Builder,
    columns: &Columns<'_>,
    row: &Row<'_>,
    deployment: u32,
    time: Option<(LocalTime, Option<i32>)>,
) -> Picture {
    let (id, name) = (row.text(columns.shared.id), row.text(columns.filename));
    let path = match row.text(columns.address) {
        "" => name,
        address => address,
    };
    let project = parse_project_id(row.text(columns.shared.project));
    let media = NewMedia { id, path, name, deployment, time, is_time_lapse: false };
    let picture = columns.pictures.find_or_add(builder, project, &media);
    if picture.is_other {
        let mut problem = row.problem(columns.shared.id, id, "an image_id");
        problem.message = format!(
            "“{}” is an image_id that an earlier image has, with another time or name; expected one that no other \
             image has",
            excerpt(id)
        );
        if id.contains("E+") {
            problem =
                problem.with_likely_cause("a spreadsheet has shortened the ids: save the column as text");
        }
        builder.ignore_value(problem);
    }
    picture
}
