//! Rows of a database on their way into a data set.

use serde_json::Value;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::outline::Ground;
use super::sql::column;
use crate::bbox::{BoundingBox, RelativeBox};
use crate::media::NewMedia;
use crate::observations::{Level, NewObservation};
use crate::problems::{Consequence, RowProblem};

impl Ground<'_> {
    /// Adds a detection. What cannot be read of it is noted, and it is kept without.
    pub fn detection(&mut self, row: &PgRow) -> Result<(), sqlx::Error> {
        let text = |column: usize| -> Result<&str, sqlx::Error> {
            Ok(row.try_get::<Option<&str>, _>(column)?.unwrap_or_default())
        };
        let id = text(column::ID)?;
        let Some(deployment) = self.camera(text(column::LOCATION)?, None) else {
            self.problem(
                "location",
                format!("the picture of detection {id} is of no known location"),
                Consequence::RowSkipped,
            );
            return Ok(());
        };
        let seconds: Option<i64> = row.try_get(column::TIME)?;
        let time = seconds.map(|seconds| self.time(seconds));
        if time.is_some() && !self.types.local_times && self.inner.time_zone.is_none() {
            self.builder.clock_unknown += 1;
        }
        let media = self.picture(row, deployment, time)?;
        let class = text(column::CLASS)?.trim();
        let number = self.class(class);
        let (confidence, bbox) =
            (self.confidence(id, text(column::CONFIDENCE)?), self.bbox(id, text(column::BOX)?));
        let observation = NewObservation {
            id,
            deployment,
            media: Some(media),
            event: text(column::EVENT)?,
            class: number,
            kind: self.inner.options.mapping.classes.kind(class),
            level: Level::Media,
            count: 1,
            time,
            confidence,
            bbox,
            individual: text(column::INDIVIDUAL)?,
            sex: text(column::SEX)?,
            life_stage: text(column::LIFE_STAGE)?,
            classified_at: row.try_get(column::CLASSIFIED_AT)?,
        };
        // The same detection may be asked for in several ways.
        self.builder.observations.push(&observation);
        Ok(())
    }

    /// The row of the picture that a detection is on.
    fn picture(
        &mut self,
        row: &PgRow,
        deployment: u32,
        time: Option<(crate::clock::LocalTime, Option<i32>)>,
    ) -> Result<u32, sqlx::Error> {
        let text = |column: usize| -> Result<&str, sqlx::Error> {
            Ok(row.try_get::<Option<&str>, _>(column)?.unwrap_or_default())
        };
        let id = text(column::IMAGE)?;
        let media = &mut self.builder.media;
        if let Some(known) = media.find_expected(id, self.builder.next_media.wrapping_sub(1)) {
            return Ok(known);
        }
        let (path, name) = (text(column::PATH)?, text(column::NAME)?);
        let added = media.push(&NewMedia { id, path, name, deployment, time }).expect("it was not found");
        self.builder.next_media = added + 1;
        Ok(added)
    }

    fn confidence(&mut self, id: &str, text: &str) -> Option<f32> {
        if text.is_empty() {
            return None;
        }
        let confidence = text.parse().ok().filter(|confidence| (0.0..=1.0).contains(confidence));
        if confidence.is_none() {
            let message = format!("detection {id} has a confidence of “{text}”, which is not from 0 to 1");
            self.problem("confidence", message, Consequence::ValueIgnored);
        }
        confidence
    }

    fn bbox(&mut self, id: &str, text: &str) -> Option<BoundingBox> {
        if text.is_empty() || text == "null" {
            return None;
        }
        let sides = serde_json::from_str(text).ok().and_then(|json| sides(&json));
        if sides.is_none() {
            let message = format!("detection {id} has a box that is not x, y, width and height as numbers");
            self.problem("box", message, Consequence::ValueIgnored);
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

    fn problem(&mut self, column: &str, message: String, consequence: Consequence) {
        let (file, column) = (self.inner.options.mapping.tables.detections.clone(), column.to_owned());
        let line = self.builder.observations.len() as u64 + 1;
        self.builder.problems.add(RowProblem { file, unit: "row", line, column, message, consequence });
    }
}

/// `{"x", "y", "width", "height"}` or an array of the four, which have an area.
fn sides(json: &Value) -> Option<[f32; 4]> {
    // A box is kept in single precision.
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
        assert_eq!(sides(&json!({"x": 1, "y": 2.5, "width": 30, "height": 4, "score": 1})), expected);
        assert_eq!(sides(&json!([1, 2.5, 30, 4])), expected);
        for wrong in
            [json!({"x": 1}), json!([1, 2, 3]), json!("NA"), json!([1, 2, 0, 4]), json!(["1", 2, 3, 4])]
        {
            assert_eq!(sides(&wrong), None, "{wrong}");
        }
    }
}
