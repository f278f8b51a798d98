//! The table `observations`.

use crate::bbox::{BoundingBox, RelativeBox};
use crate::builder::Builder;
use crate::clock::{CameraClock, LocalTime, Written};
use crate::error::SourceError;
use crate::observations::{Level, NewObservation, ObservationType};
use crate::problems::RowProblem;
use crate::table::{Column, Row, Table};

pub(super) struct Columns {
    id: Column,
    deployment: Column,
    media: Column,
    event: Option<Column>,
    start: Column,
    level: Column,
    kind: Column,
    class: Column,
    count: Option<Column>,
    bbox: [Option<Column>; 4],
    confidence: Option<Column>,
    individual: Option<Column>,
    sex: Option<Column>,
    life_stage: Option<Column>,
    classified_at: Option<Column>,
}

impl Columns {
    pub fn find(table: &Table<'_>) -> Result<Self, SourceError> {
        Ok(Self {
            id: table.require("observationID")?,
            deployment: table.require("deploymentID")?,
            media: table.require("mediaID")?,
            event: table.optional("eventID"),
            start: table.require("eventStart")?,
            level: table.require("observationLevel")?,
            kind: table.require("observationType")?,
            class: table.require("scientificName")?,
            count: table.optional("count"),
            bbox: ["bboxX", "bboxY", "bboxWidth", "bboxHeight"].map(|name| table.optional(name)),
            confidence: table.optional("classificationProbability"),
            individual: table.optional("individualID"),
            sex: table.optional("sex"),
            life_stage: table.optional("lifeStage"),
            classified_at: table.optional("classificationTimestamp"),
        })
    }
}

pub(super) fn row(builder: &mut Builder, columns: &Columns, row: &Row<'_>) -> Result<(), RowProblem> {
    let id = row.text(columns.id);
    if id.is_empty() {
        return Err(row.problem(columns.id, id, "an observationID"));
    }
    let deployment = builder.deployment_of(row, columns.deployment)?;
    let level = level(row, columns.level)?;
    let kind = kind(row, columns.kind)?;
    let count = row.parsed::<u32>(columns.count, "a whole number of individuals")?;
    let bbox = bounding_box(row, columns.bbox)?;
    let confidence = confidence(row, columns.confidence)?;
    let media = media(builder, row, columns, level);
    let file = media.filter(|_| level == Level::Media);
    let time = time(builder, row, columns, file, deployment)?;
    let class = match row.text(columns.class) {
        "" => None,
        name => Some(builder.classes.intern(name)),
    };
    let new = NewObservation {
        id,
        deployment,
        media,
        event: row.text(columns.event),
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
    };
    match builder.observations.push(&new) {
        Some(_) => Ok(()),
        None => Err(row.problem(columns.id, id, "an observationID that no earlier row has")),
    }
}

fn level(row: &Row<'_>, column: Column) -> Result<Level, RowProblem> {
    match row.text(column) {
        "media" => Ok(Level::Media),
        "event" => Ok(Level::Event),
        other => Err(row.problem(column, other, "media or event")),
    }
}

fn kind(row: &Row<'_>, column: Column) -> Result<ObservationType, RowProblem> {
    Ok(match row.text(column) {
        "animal" => ObservationType::Animal,
        "human" => ObservationType::Human,
        "vehicle" => ObservationType::Vehicle,
        "blank" => ObservationType::Blank,
        "unknown" => ObservationType::Unknown,
        "unclassified" => ObservationType::Unclassified,
        other => {
            let expected = "animal, human, vehicle, blank, unknown or unclassified";
            return Err(row.problem(column, other, expected));
        }
    })
}

fn bounding_box(row: &Row<'_>, columns: [Option<Column>; 4]) -> Result<Option<BoundingBox>, RowProblem> {
    let mut sides = [0_f32; 4];
    let mut given = 0;
    for (side, column) in sides.iter_mut().zip(columns) {
        if let Some(value) = row.parsed::<f32>(column, "a fraction of the picture, 0 to 1")? {
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

/// A probability, rounded to single precision.
fn confidence(row: &Row<'_>, column: Option<Column>) -> Result<Option<f32>, RowProblem> {
    row.number(column, 0.0..=1.0, "a probability")
}

/// The media row of an observation; one that is named and not there is a value ignored.
fn media(builder: &mut Builder, row: &Row<'_>, columns: &Columns, level: Level) -> Option<u32> {
    let id = row.text(columns.media);
    let found = builder.media.find_expected(id, builder.next_media);
    builder.next_media = found.map_or(builder.next_media, |row| row + 1);
    if found.is_none() && (level == Level::Media || !id.is_empty()) {
        let problem = row.problem(columns.media, id, "a mediaID of the table media");
        builder.problems.add(problem.ignoring_value());
    }
    found
}

/// The time of the file it is about; without one, and on event level, `eventStart`.
fn time(
    builder: &mut Builder,
    row: &Row<'_>,
    columns: &Columns,
    file: Option<u32>,
    deployment: u32,
) -> Result<Option<(LocalTime, Option<i32>)>, RowProblem> {
    if let Some(taken) = file.and_then(|media| builder.media.time(media)) {
        return Ok(Some(taken));
    }
    let Some(written) = row.time(columns.start)? else { return Ok(None) };
    let clock = &builder.deployments[deployment as usize].clock;
    if written.offset.is_some() && *clock == CameraClock::Unknown {
        builder.clock_unknown += 1;
    }
    Ok(Some(builder.on_clock_of(deployment, written)))
}
