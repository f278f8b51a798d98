//! The table `observations`.

use std::borrow::Cow;

use crate::bbox::{BoundingBox, RelativeBox};
use crate::builder::Builder;
use crate::clock::{CameraClock, LocalTime, WrittenTime};
use crate::error::SourceError;
use crate::observations::{Classifier, Level, NewObservation, ObservationType};
use crate::problems::RowError;
use crate::table::{Column, Row, Table};
use crate::unicode_forms::compose_text;
use crate::vocabulary::{Meaning, find_meaning};

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
            id: table.require_column("observationID")?,
            deployment: table.require_column("deploymentID")?,
            media: table.find_column("mediaID"),
            event: table.find_column("eventID"),
            start: table.require_column("eventStart")?,
            end: table.find_column("eventEnd"),
            level: table.find_column("observationLevel"),
            kind: table.require_column("observationType")?,
            setup: table.find_column("cameraSetupType"),
            class: table.require_column("scientificName")?,
            count: table.find_column("count"),
            bbox: ["bboxX", "bboxY", "bboxWidth", "bboxHeight"].map(|name| table.find_column(name)),
            confidence: table.find_column("classificationProbability"),
            individual: table.find_column("individualID"),
            sex: table.find_column("sex"),
            life_stage: table.find_column("lifeStage"),
            classifier: table.find_column("classificationMethod"),
            classified_at: table.find_column("classificationTimestamp"),
        })
    }
}

pub(super) fn read_row(builder: &mut Builder, columns: &Columns, row: &Row<'_>) -> Result<(), RowError> {
    let id = row.text(columns.id);
    if id.is_empty() {
        return Err(row.problem(columns.id, id, "an observationID"));
    }
    let deployment = builder.find_deployment(row.text(columns.deployment), row, columns.deployment)?;
    let level = read_level(builder, row, columns);
    let stated = read_type(builder, row, columns.kind);
    let count = builder.keep_value(row.read_whole(columns.count, "a whole number of individuals"));
    let bbox = builder.keep_value(read_bounding_box(row, columns.bbox));
    let confidence = builder.keep_value(row.read_fraction(columns.confidence));
    let media = find_media(builder, row, columns, level);
    let file = media.filter(|_| level == Level::Media);
    let (time, duration) = read_time(builder, row, columns, file, deployment);
    let (kind, class) = builder.identify(stated, row.text(columns.class));
    let event = find_event_id(row, columns, level);
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
        classified_at: WrittenTime::parse(row.text(columns.classified_at))
            .and_then(|written| Some(written.local.seconds() - i64::from(written.offset?))),
        duration,
        classifier: parse_classifier(row.text(columns.classifier)),
        is_time_lapse: media.is_some_and(|media| builder.media.is_time_lapse(media)),
        is_camera_setup: is_camera_setup(builder, row, columns.setup),
    };
    match builder.observations.push(&new) {
        Some(_) => Ok(()),
        None => Err(row.problem(columns.id, id, "an observationID that no earlier row has")),
    }
}

/// The event id of a row. Without an `eventID`, rows of one deployment with the same start and end are one
/// event (<https://github.com/tdwg/camtrap-dp/issues/377>).
fn find_event_id<'t>(row: &'t Row<'_>, columns: &Columns, level: Level) -> Cow<'t, str> {
    let id = row.text(columns.event);
    let start = row.text(columns.start);
    if !id.is_empty() || level == Level::Media || start.is_empty() {
        return id.into();
    }
    let deployment = compose_text(row.text(columns.deployment));
    format!("{deployment} {start} {}", row.text(columns.end)).into()
}

fn parse_classifier(method: &str) -> Option<Classifier> {
    match method.to_ascii_lowercase().as_str() {
        "human" => Some(Classifier::Person),
        "machine" => Some(Classifier::Machine),
        _ => None,
    }
}

/// The level of a row. If it is missing or unknown, a row with a file is on media level.
fn read_level(builder: &mut Builder, row: &Row<'_>, columns: &Columns) -> Level {
    let level = row.text(columns.level);
    if level.eq_ignore_ascii_case("media") {
        return Level::Media;
    }
    if level.eq_ignore_ascii_case("event") {
        return Level::Event;
    }
    if columns.level.is_some() {
        builder.ignore_value(row.problem(columns.level, level, "media or event"));
    }
    if row.text(columns.media).is_empty() { Level::Event } else { Level::Media }
}

/// The type of a row, which may also be written as a word for people, objects or nothing (`person`, `car`,
/// `empty`). An unknown type, for example of a later version, is read as unknown.
fn read_type(builder: &mut Builder, row: &Row<'_>, column: Column) -> ObservationType {
    match row.text(column).to_ascii_lowercase().as_str() {
        "animal" => ObservationType::Animal,
        "human" => ObservationType::Human,
        "vehicle" => ObservationType::Vehicle,
        "blank" => ObservationType::Blank,
        "unknown" => ObservationType::Unknown,
        "unclassified" => ObservationType::Unclassified,
        other => {
            let meaning = find_meaning(other);
            if matches!(meaning, Meaning::Human | Meaning::Vehicle | Meaning::Blank) {
                return meaning.kind();
            }
            let expected = "animal, human, vehicle, blank, unknown or unclassified";
            builder.ignore_value(row.problem(column, row.text(column), expected));
            ObservationType::Unknown
        }
    }
}

/// Whether people were setting up or testing the camera (`cameraSetupType`).
fn is_camera_setup(builder: &mut Builder, row: &Row<'_>, column: Option<Column>) -> bool {
    let setup = row.text(column);
    let is_one = ["setup", "calibration"].iter().any(|known| setup.eq_ignore_ascii_case(known));
    if !is_one && !setup.is_empty() {
        builder.ignore_value(row.problem(column, setup, "setup or calibration"));
    }
    is_one
}

fn read_bounding_box(row: &Row<'_>, columns: [Option<Column>; 4]) -> Result<Option<BoundingBox>, RowError> {
    let mut sides = [0_f32; 4];
    let mut given = 0;
    for (side, column) in sides.iter_mut().zip(columns) {
        // A box may reach outside of its picture, within limits.
        if let Some(value) = row.read_number(column, -10.0..=10.0_f32, "a fraction of the picture")? {
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

/// The media row of an observation. If the table lacks the media that is named, the value is ignored.
fn find_media(builder: &mut Builder, row: &Row<'_>, columns: &Columns, level: Level) -> Option<u32> {
    let id = row.text(columns.media);
    let found = builder.media.find_expected(&compose_text(id), builder.next_media);
    builder.next_media = found.map_or(builder.next_media, |row| row + 1);
    if found.is_none() && (level == Level::Media || !id.is_empty()) {
        builder.ignore_value(row.problem(columns.media, id, "a mediaID of the table media"));
    }
    found
}

/// The time of the file; without a file, and on event level, `eventStart`, with the seconds until a plausible
/// `eventEnd`.
fn read_time(
    builder: &mut Builder,
    row: &Row<'_>,
    columns: &Columns,
    file: Option<u32>,
    deployment: u32,
) -> (Option<(LocalTime, Option<i32>)>, u32) {
    if let Some(taken) = file.and_then(|media| builder.media.time(media)) {
        return (Some(taken), 0);
    }
    let Some(written) = builder.keep_time(row.read_time(columns.start)) else { return (None, 0) };
    let clock = &builder.deployments[deployment as usize].clock;
    if written.offset.is_some() && *clock == CameraClock::Unknown {
        builder.clock_unknown += 1;
    }
    let end = columns.end.filter(|_| file.is_none()).and_then(|end| builder.keep_value(row.read_time(end)));
    let duration = end.map_or(0, |end| builder.measure_duration(deployment, written, end, row, columns.end));
    (Some(builder.convert_time(deployment, written)), duration)
}
