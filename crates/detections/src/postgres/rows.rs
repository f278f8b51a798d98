//! Adding rows of a database to a data set.

use serde_json::Value;
use sqlx::postgres::{PgRow, PgValueRef};
use sqlx::{Column, Row, TypeInfo, ValueRef};

use super::reader::DatabaseReader;
use super::session::MAX_TEXT_BYTES;
use super::sql::{OTHER_MOMENT, column, is_possible};
use super::values::{IdForm, IdText, read_timestamp};
use crate::bbox::{BoundingBox, RelativeBox};
use crate::clock::LocalTime;
use crate::excerpt::excerpt;
use crate::media::NewMedia;
use crate::observations::{Level, NewObservation};
use crate::problems::{Consequence, RowError};

impl DatabaseReader<'_> {
    /// Adds a detection. Values that cannot be read are noted and left out.
    pub fn add_detection(&mut self, row: &PgRow) -> Result<(), sqlx::Error> {
        let inner = self.inner;
        self.builder.problems.count_row(&inner.options.mapping.tables.detections);
        let mut texts = [(); 4].map(|()| IdText::new());
        let [id_text, location_text, event_text, image_text] = &mut texts;
        let id = self.read_id(row, column::ID, "detection.id", id_text);
        if id.is_empty() {
            self.add_problem("detection.id", "no id; expected one".into(), Consequence::RowSkipped);
            return Ok(());
        }
        let location = self.read_id(row, column::LOCATION, "image.location", location_text);
        let Some(deployment) = self.find_or_add_deployment(location, None) else {
            let message = format!("the picture of detection {} has no known location", excerpt(id));
            self.add_problem("location", message, Consequence::RowSkipped);
            return Ok(());
        };
        let seconds = row.try_get_raw(column::TIME)?;
        let seconds = if seconds.is_null() { None } else { read_timestamp(as_bytes(&seconds)?) };
        let seconds = seconds.map(|seconds| if is_possible(seconds) { seconds } else { OTHER_MOMENT });
        let seconds = self.check_moment(seconds, "image.time", id);
        let time = seconds.map(|seconds| self.to_local_time(seconds));
        if time.is_some() && !self.types.local_times && self.inner.time_zone.is_none() {
            self.builder.clock_unknown += 1;
        }
        let media = self.find_or_add_media(row, image_text, deployment, time);
        let class = self.read_text(row, column::CLASS, "detection.class").trim();
        let (kind, number) = self.identify_class(class);
        let (confidence, bbox) = (self.read_confidence(row, id), self.read_box(row, id));
        let observation = NewObservation {
            id,
            deployment,
            media: Some(media),
            event: self.read_id(row, column::EVENT, "detection.event", event_text),
            class: number,
            kind,
            level: Level::Media,
            time,
            confidence,
            bbox,
            individual: self.read_text(row, column::INDIVIDUAL, "individual.name"),
            sex: self.read_text(row, column::SEX, "individual.sex"),
            life_stage: self.read_text(row, column::LIFE_STAGE, "individual.life_stage"),
            classified_at: self.check_moment(
                row.try_get(column::CLASSIFIED_AT)?,
                "detection.classified_at",
                id,
            ),
            ..NewObservation::default()
        };
        // Several statements may return the same detection; the id makes it count once.
        self.builder.observations.push(&observation);
        Ok(())
    }

    /// The text of a column, empty for null. A text that is too long or not UTF-8 is noted and left out.
    pub fn read_text<'r>(&mut self, row: &'r PgRow, column: usize, name: &str) -> &'r str {
        let message = match row.try_get::<Option<&str>, _>(column) {
            Ok(None) => return "",
            Ok(Some(text)) if text.len() <= MAX_TEXT_BYTES => return text,
            Ok(Some(_)) => {
                format!("a text of more than {} KiB; expected a shorter one", MAX_TEXT_BYTES >> 10)
            }
            // A database with the encoding SQL_ASCII may hold any bytes.
            Err(_) => "a text that is not UTF-8; expected UTF-8".into(),
        };
        self.add_problem(name, message, Consequence::ValueIgnored);
        ""
    }

    /// The id in a column, empty for null.
    fn read_id<'r>(&mut self, row: &'r PgRow, column: usize, name: &str, text: &'r mut IdText) -> &'r str {
        let form = id_form(row, column);
        if form == IdForm::Text {
            return self.read_text(row, column, name);
        }
        match row.try_get_raw(column) {
            Ok(value) if !value.is_null() => text.write(value.as_bytes().unwrap_or_default(), form),
            _ => "",
        }
    }

    /// Notes a time that is infinite or not in the calendar of reports, and leaves it out.
    fn check_moment(&mut self, seconds: Option<i64>, name: &str, id: &str) -> Option<i64> {
        if seconds == Some(OTHER_MOMENT) {
            let message = format!(
                "detection {} has a time that is infinite or not of the years 1 to 9998",
                excerpt(id)
            );
            self.add_problem(name, message, Consequence::ValueIgnored);
            return None;
        }
        seconds
    }

    /// Finds the media row of a detection's picture, or adds it.
    fn find_or_add_media(
        &mut self,
        row: &PgRow,
        text: &mut IdText,
        deployment: u32,
        time: Option<(LocalTime, Option<i32>)>,
    ) -> u32 {
        let id = self.read_id(row, column::IMAGE, "image.id", text);
        let expected = self.builder.next_media.wrapping_sub(1);
        if let Some(known) = self.builder.media.find_expected(id, expected) {
            return known;
        }
        let path = self.read_text(row, column::PATH, "image.path");
        let name = self.read_text(row, column::NAME, "image.name");
        let media = NewMedia { id, path, name, deployment, time, is_time_lapse: false };
        let added = self.builder.media.push(&media).expect("it was not found");
        self.builder.next_media = added + 1;
        added
    }

    fn read_confidence(&mut self, row: &PgRow, id: &str) -> Option<f32> {
        if let Ok(number) = row.try_get::<Option<f64>, _>(column::CONFIDENCE) {
            return self.check_confidence(number?, id);
        }
        let text = self.read_text(row, column::CONFIDENCE, "detection.confidence");
        if text.is_empty() {
            return None;
        }
        let confidence = text.parse().ok().filter(|confidence| (0.0..=1.0).contains(confidence));
        if confidence.is_none() {
            self.add_wrong_confidence(id, text);
        }
        confidence
    }

    fn check_confidence(&mut self, number: f64, id: &str) -> Option<f32> {
        // In single precision, in which confidences are stored: sums may be a little above 1 in double precision.
        #[allow(clippy::cast_possible_truncation)]
        let confidence = Some(number as f32).filter(|confidence| (0.0..=1.0).contains(confidence));
        if confidence.is_none() {
            self.add_wrong_confidence(id, &format!("{number:?}"));
        }
        confidence
    }

    fn add_wrong_confidence(&mut self, id: &str, text: &str) {
        let (id, text) = (excerpt(id), excerpt(text));
        let message = format!("detection {id} has a confidence of “{text}”, which is not from 0 to 1");
        self.add_problem("confidence", message, Consequence::ValueIgnored);
    }

    fn read_box(&mut self, row: &PgRow, id: &str) -> Option<BoundingBox> {
        let text = self.read_text(row, column::BOX, "detection.box");
        if text.is_empty() || text == "null" {
            return None;
        }
        let sides = serde_json::from_str(text).ok().and_then(|json| parse_sides(&json));
        if sides.is_none() {
            let id = excerpt(id);
            let message = format!("detection {id} has a box that is not x, y, width and height as numbers");
            self.add_problem("box", message, Consequence::ValueIgnored);
        }
        let in_pixels = self.inner.options.mapping.detection.box_unit == "pixels";
        sides.map(|sides @ [x, y, width, height]| {
            if in_pixels {
                BoundingBox::Pixels(sides)
            } else {
                BoundingBox::Relative(RelativeBox { x, y, width, height })
            }
        })
    }

    /// Notes a problem with a row. The name of the column in the mapping tells the table.
    pub fn add_problem(&mut self, column: &str, message: String, consequence: Consequence) {
        let tables = &self.inner.options.mapping.tables;
        let (file, before) = match column.split_once('.') {
            Some(("location", _)) => (&tables.locations, self.locations.len()),
            Some(("image", _)) => (&tables.images, self.builder.observations.len()),
            _ => (&tables.detections, self.builder.observations.len()),
        };
        let line = before as u64 + 1;
        let problem = RowError::new(file.clone(), "row", line, column.to_owned(), message);
        self.builder.problems.add(RowError { consequence, ..problem });
    }
}

/// The id in a column of this type; `None` for null, and for a text that cannot be read.
pub(super) fn find_id(row: &PgRow, column: usize) -> Option<String> {
    let form = id_form(row, column);
    if form == IdForm::Text {
        return row.try_get(column).ok()?;
    }
    let value = row.try_get_raw(column).ok().filter(|value| !value.is_null())?;
    Some(IdText::new().write(value.as_bytes().ok()?, form).to_owned())
}

/// How the ids of a column are read: by the type that it has in this row, since another program may change that after
/// the statement was built.
fn id_form(row: &PgRow, column: usize) -> IdForm {
    IdForm::from_type(row.column(column).type_info().name())
}

fn as_bytes<'r>(value: &PgValueRef<'r>) -> Result<&'r [u8], sqlx::Error> {
    value.as_bytes().map_err(sqlx::Error::Decode)
}

/// Parses `{"x", "y", "width", "height"}` or an array of the four; the area must not be empty.
fn parse_sides(json: &Value) -> Option<[f32; 4]> {
    // Boxes are stored in single precision.
    #[allow(clippy::cast_possible_truncation)]
    let number =
        |value: &Value| value.as_f64().map(|number| number as f32).filter(|number| number.is_finite());
    let sides = match json {
        Value::Array(sides) if sides.len() == 4 => [0, 1, 2, 3].map(|side| number(&sides[side])),
        Value::Object(_) => ["x", "y", "width", "height"].map(|side| number(&json[side])),
        _ => return None,
    };
    match sides {
        [Some(x), Some(y), Some(width), Some(height)] if width > 0.0 && height > 0.0 => {
            Some([x, y, width, height])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_box_is_four_numbers_with_an_area() {
        let expected = Some([1.0, 2.5, 30.0, 4.0]);
        assert_eq!(parse_sides(&json!({"x": 1, "y": 2.5, "width": 30, "height": 4, "score": 1})), expected);
        assert_eq!(parse_sides(&json!([1, 2.5, 30, 4])), expected);
        for wrong in
            [json!({"x": 1}), json!([1, 2, 3]), json!("NA"), json!([1, 2, 0, 4]), json!(["1", 2, 3, 4])]
        {
            assert_eq!(parse_sides(&wrong), None, "{wrong}");
        }
    }
}
