//! The table `observations`.

use std::borrow::Cow;

use crate::bbox::{BoundingBox, RelativeBox};
use crate::builder::Builder;
use crate::clock::{CameraClock, LocalTime, Written};
use crate::error::SourceError;
use crate::observations::{Classifier, Level, NewObservation, ObservationType};
use crate::problems::RowProblem;
use crate::table::{Column, Row, Table};
use crate::unicode_forms::compose_text;
use crate::vocabulary::{Meaning, meaning_of};

pub(super) struct Columns {
    id: Column,
    deployment: Column,
    media: Option<Column>,
    event: Option<Column>,
    start: Column,
    end: Option<Column>,
    level: Option<Column>,
    kind: Column,
    setup: Option<Column>,
    class: Column,
    count: Option<Column>,
    bbox: [Option<Column>; 4],
    confidence: Option<Column>,
    individual: Option<Column>,
    sex: Option<Column>,
    life_stage: Option<Column>,
    classifier: Option<Column>,
    classified_at: Option<Column>,
}

impl Columns {
    pub fn find(table: &Table<'_>) -> Result<Self, SourceError> {
        Ok(Self {
            id: table.require("observationID")?,
            deployment: table.require("deploymentID")?,
            media: table.optional("mediaID"),
            event: table.optional("eventID"),
            start: table.require("eventStart")?,
            end: table.optional("eventEnd"),
            level: table.optional("observationLevel"),
            kind: table.require("observationType")?,
            setup: table.optional("cameraSetupType"),
            class: table.require("scientificName")?,
            count: table.optional("count"),
            bbox: ["bboxX", "bboxY", "bboxWidth", "bboxHeight"].map(|name| table.optional(name)),
            confidence: table.optional("classificationProbability"),
            individual: table.optional("individualID"),
            sex: table.optional("sex"),
            life_stage: table.optional("lifeStage"),
            classifier: table.optional("classificationMethod"),
            classified_at: table.optional("classificationTimestamp"),
        })
    }
}

pub(super) fn row(builder: &mut Builder, columns: &Columns, row: &Row<'_>) -> Result<(), RowProblem> {
    let id = row.text(columns.id);
    if id.is_empty() {
        return Err(row.problem(columns.id, id, "an observationID"));
    }
    let deployment = builder.find_deployment(row.text(columns.deployment), row, columns.deployment)?;
    let level = level(builder, row, columns);
    let stated = kind(builder, row, columns.kind);
    let count = builder.kept(row.whole(columns.count, "a whole number of individuals"));
    let bbox = builder.kept(bounding_box(row, columns.bbox));
    let confidence = builder.kept(row.fraction(columns.confidence));
    let media = media(builder, row, columns, level);
    let file = media.filter(|_| level == Level::Media);
    let (time, duration) = time(builder, row, columns, file, deployment);
    let (kind, class) = builder.identify(stated, row.text(columns.class));
    let event = event(row, columns, level);
    let new = NewObservation {
        id,
        deployment,
        media,
        event: &event,
        class,
        kind,
        level,
        count: count.unwrap_or(1),
        time,
        confidence,
        bbox,
        individual: row.text(columns.individual),
        sex: row.text(columns.sex),
        life_stage: row.text(columns.life_stage),
        classified_at: Written::parse(row.text(columns.classified_at))
            .and_then(|written| Some(written.local.seconds() - i64::from(written.offset?))),
        duration,
        classifier: classifier(row.text(columns.classifier)),
        is_time_lapse: media.is_some_and(|media| builder.media.is_time_lapse(media)),
        is_camera_setup: is_camera_setup(builder, row, columns.setup),
    };
    match builder.observations.push(&new) {
        Some(_) => Ok(()),
        None => Err(row.problem(columns.id, id, "an observationID that no earlier row has")),
    }
}

/// The event of a row. Without an `eventID`, rows of one deployment with the same start and end are of
/// one event (<https://github.com/tdwg/camtrap-dp/issues/377>).
fn event<'t>(row: &'t Row<'_>, columns: &Columns, level: Level) -> Cow<'t, str> {
    let id = row.text(columns.event);
    let start = row.text(columns.start);
    if !id.is_empty() || level == Level::Media || start.is_empty() {
        return id.into();
    }
    let deployment = compose_text(row.text(columns.deployment));
    format!("{deployment} {start} {}", row.text(columns.end)).into()
}

fn classifier(method: &str) -> Option<Classifier> {
    match method.to_ascii_lowercase().as_str() {
        "human" => Some(Classifier::Person),
        "machine" => Some(Classifier::Machine),
        _ => None,
    }
}

/// The level that a row names. Where it names none that is known, a row with a file is about the file.
fn level(builder: &mut Builder, row: &Row<'_>, columns: &Columns) -> Level {
    let level = row.text(columns.level);
    if level.eq_ignore_ascii_case("media") {
        return Level::Media;
    }
    if level.eq_ignore_ascii_case("event") {
        return Level::Event;
    }
    if columns.level.is_some() {
        let problem = row.problem(columns.level, level, "media or event");
        builder.problems.add(problem.ignoring_value());
    }
    if row.text(columns.media).is_empty() { Level::Event } else { Level::Media }
}

/// The type that a row states, which may be written as a name of people, objects or nothing (`person`,
/// `car`, `empty`). One that is not known, as a later version may have, is unknown.
fn kind(builder: &mut Builder, row: &Row<'_>, column: Column) -> ObservationType {
    match row.text(column).to_ascii_lowercase().as_str() {
        "animal" => ObservationType::Animal,
        "human" => ObservationType::Human,
        "vehicle" => ObservationType::Vehicle,
        "blank" => ObservationType::Blank,
        "unknown" => ObservationType::Unknown,
        "unclassified" => ObservationType::Unclassified,
        other => {
            let meaning = meaning_of(other);
            if matches!(meaning, Meaning::Human | Meaning::Vehicle | Meaning::Blank) {
                return meaning.kind();
            }
            let expected = "animal, human, vehicle, blank, unknown or unclassified";
            let problem = row.problem(column, row.text(column), expected);
            builder.problems.add(problem.ignoring_value());
            ObservationType::Unknown
        }
    }
}

/// Whether people were setting the camera up or trying it out (`cameraSetupType`).
fn is_camera_setup(builder: &mut Builder, row: &Row<'_>, column: Option<Column>) -> bool {
    let setup = row.text(column);
    let is_one = ["setup", "calibration"].iter().any(|known| setup.eq_ignore_ascii_case(known));
    if !is_one && !setup.is_empty() {
        let problem = row.problem(column, setup, "setup or calibration");
        builder.problems.add(problem.ignoring_value());
    }
    is_one
}

fn bounding_box(row: &Row<'_>, columns: [Option<Column>; 4]) -> Result<Option<BoundingBox>, RowProblem> {
    let mut sides = [0_f32; 4];
    let mut given = 0;
    for (side, column) in sides.iter_mut().zip(columns) {
        // A box may reach outside of its picture, but not to nowhere.
        if let Some(value) = row.number(column, -10.0..=10.0_f32, "a fraction of the picture")? {
            *side = value;
            given += 1;
        }
    }
    let [x, y, width, height] = sides;
    match given {
        0 => Ok(None),
        4 => Ok(Some(BoundingBox::Relative(RelativeBox { x, y, width, height }))),
        _ => Err(row.problem(columns[0], "a box with only some of its sides", "all four sides or none")),
    }
}

/// The media row of an observation; one that is named and not there is a value ignored.
fn media(builder: &mut Builder, row: &Row<'_>, columns: &Columns, level: Level) -> Option<u32> {
    let id = row.text(columns.media);
    let found = builder.media.find_expected(&compose_text(id), builder.next_media);
    builder.next_media = found.map_or(builder.next_media, |row| row + 1);
    if found.is_none() && (level == Level::Media || !id.is_empty()) {
        let problem = row.problem(columns.media, id, "a mediaID of the table media");
        builder.problems.add(problem.ignoring_value());
    }
    found
}

/// The time of the file it is about; without one, and on event level, `eventStart`, with the seconds
/// until an `eventEnd` that may be true.
fn time(
    builder: &mut Builder,
    row: &Row<'_>,
    columns: &Columns,
    file: Option<u32>,
    deployment: u32,
) -> (Option<(LocalTime, Option<i32>)>, u32) {
    if let Some(taken) = file.and_then(|media| builder.media.time(media)) {
        return (Some(taken), 0);
    }
    let Some(written) = builder.kept_time(row.time(columns.start)) else { return (None, 0) };
    let clock = &builder.deployments[deployment as usize].clock;
    if written.offset.is_some() && *clock == CameraClock::Unknown {
        builder.clock_unknown += 1;
    }
    let end = columns.end.filter(|_| file.is_none()).and_then(|end| builder.kept(row.time(end)));
    let duration = end.map_or(0, |end| builder.duration(deployment, written, end, row, columns.end));
    (Some(builder.on_clock_of(deployment, written)), duration)
}
