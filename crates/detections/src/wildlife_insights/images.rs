//! The table `images`.

use super::identification::{self, Identification};
use super::pictures::{Picture, Pictures};
use super::projects::{NamedDeployment, Projects, project_of};
use super::repeated_rows::Repeats;
use crate::builder::Builder;
use crate::clock::LocalTime;
use crate::error::SourceError;
use crate::excerpt::excerpt;
use crate::media::NewMedia;
use crate::observations::{Level, NewObservation, ObservationType};
use crate::problems::RowProblem;
use crate::table::{Column, Row, Table};

pub(super) struct Columns<'a> {
    projects: &'a Projects,
    pictures: &'a Pictures,
    repeats: Repeats<'a>,
    /// Identifications are in `sequences`, though older exports have them here as well.
    has_sequences: bool,
    project: Option<Column>,
    id: Column,
    deployment: Column,
    timestamp: Column,
    sequence: Option<Column>,
    filename: Option<Column>,
    address: Option<Column>,
    identification: identification::Columns,
}

impl<'a> Columns<'a> {
    pub fn find(
        table: &Table<'_>,
        projects: &'a Projects,
        pictures: &'a Pictures,
        repeats: Repeats<'a>,
        has_sequences: bool,
    ) -> Result<Self, SourceError> {
        Ok(Self {
            projects,
            pictures,
            repeats,
            has_sequences,
            project: table.optional("project_id"),
            id: table.require("image_id")?,
            deployment: table.require("deployment_id")?,
            timestamp: table.require("timestamp")?,
            sequence: table.optional("sequence_id"),
            filename: table.optional("filename"),
            address: table.optional("location"),
            identification: identification::Columns::find(table)?,
        })
    }
}

pub(super) fn row(builder: &mut Builder, columns: &Columns<'_>, row: &Row<'_>) -> Result<(), RowProblem> {
    columns.repeats.check(row)?;
    let NamedDeployment { id: deployment_id, number: deployment } =
        columns.projects.find_deployment(builder, row, columns.project, columns.deployment)?;
    let written = builder.kept_time(row.time(columns.timestamp));
    let time = written.map(|written| builder.on_clock_of(deployment, written));
    let image = row.text(columns.id);
    // The platform withholds pictures of people: such a row has no id and no file, and still counts.
    let picture = (!image.is_empty()).then(|| find_picture(builder, columns, row, deployment, time));
    let media = picture.as_ref().map(|picture| picture.media);
    let is_unidentified = columns.identification.are_empty(row);
    // Where nobody has identified a single image, its sequence says what it shows.
    let identified = columns.identification.read(builder, row);
    let kind = match identified.kind {
        ObservationType::Unknown if is_unidentified && columns.has_sequences => ObservationType::Unclassified,
        kind => kind,
    };
    let id = match &picture {
        // Ids of images are unique in their project, those of observations in the export.
        Some(picture) if picture.is_other => unused_id(builder, &picture.id),
        Some(_) => unused_id(builder, image),
        None => row.place(),
    };
    // What is said of a sequence is true of its images, people above all.
    let event = match row.text(columns.sequence) {
        "" => String::new(),
        sequence => event_of(&deployment_id, sequence),
    };
    let Identification { class, count, confidence, individual, sex, age, classifier, .. } = identified;
    builder.observations.push(&NewObservation {
        id: &id,
        deployment,
        media,
        event: &event,
        class,
        kind,
        level: Level::Media,
        count,
        time,
        confidence,
        bbox: None,
        individual,
        sex,
        life_stage: age,
        classified_at: None,
        duration: 0,
        classifier,
        is_time_lapse: false,
        is_camera_setup: false,
    });
    Ok(())
}

/// The picture of a row, which several rows may be about. One whose id an earlier picture has is noted.
fn find_picture(
    builder: &mut Builder,
    columns: &Columns<'_>,
    row: &Row<'_>,
    deployment: u32,
    time: Option<(LocalTime, Option<i32>)>,
) -> Picture {
    let (id, name) = (row.text(columns.id), row.text(columns.filename));
    let path = match row.text(columns.address) {
        "" => name,
        address => address,
    };
    let project = project_of(row.text(columns.project));
    let media = NewMedia { id, path, name, deployment, time, is_time_lapse: false };
    let picture = columns.pictures.find_or_add(builder, project, &media);
    if picture.is_other {
        let mut problem = row.problem(columns.id, id, "an image_id").ignoring_value();
        problem.message = format!(
            "“{}” is an image_id that an earlier image has, with another time or name; expected one that no other \
             image has",
            excerpt(id)
        );
        if id.contains("E+") {
            problem = problem.likely("a spreadsheet has shortened the ids: save the column as text");
        }
        builder.problems.add(problem);
    }
    picture
}

/// The event of a sequence, whose id is unique in its deployment.
pub(super) fn event_of(deployment: &str, sequence: &str) -> String {
    format!("{deployment} {sequence}")
}

/// An id that no observation has: a second animal on an image is `id#2`, and so on.
pub(super) fn unused_id(builder: &Builder, id: &str) -> String {
    let mut unused = id.to_owned();
    let mut number = 2;
    while builder.observations.find(&unused).is_some() {
        unused = format!("{id}#{number}");
        number += 1;
    }
    unused
}
