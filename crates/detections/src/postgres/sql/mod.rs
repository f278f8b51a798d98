//! SQL statements, built from a mapping and a slice.
//!
//! - `statement` is a text with placeholders, and the values that are bound to them;
//! - `select` selects detections, `survey` queries the survey as a whole.

mod select;
mod statement;
mod survey;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::mapping::Mapping;
use super::values::IdForm;
use crate::clock::LocalTime;
use statement::BoundValue;

pub(super) use statement::Statement;

/// The times that are accepted, in seconds since 1970: those of the years 1 to 9998. Other times are
/// infinite or outside of the calendar that reports use.
const MOMENTS: [i64; 2] = [-62_135_596_800, 253_370_764_799];
/// Whether a time in seconds since 1970 is accepted.
pub(super) fn is_possible(seconds: i64) -> bool {
    (MOMENTS[0]..=MOMENTS[1]).contains(&seconds)
}

/// Stands for any other time.
pub(super) const OTHER_MOMENT: i64 = i64::MAX;
/// The first accepted time in PostgreSQL syntax, which is valid with and without a zone.
const FIRST_MOMENT: &str = "'0001-01-01 00:00:00'";

/// The PostgreSQL types of the columns that statements depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Types {
    /// Times are on the camera's own clock, without an offset.
    pub local_times: bool,
    pub image_id: String,
    pub detection_id: String,
    pub location_id: String,
    pub event: String,
    pub image_location: String,
    pub confidence: String,
}

/// Builds statements.
#[derive(Clone, Copy)]
pub(super) struct Sql<'a> {
    pub mapping: &'a Mapping,
    pub types: &'a Types,
    pub zone: Option<&'a TimeZone>,
}

/// The columns of `Sql::select_rows`, in their order.
pub(super) mod column {
    pub const ID: usize = 0;
    pub const CLASS: usize = 1;
    pub const CONFIDENCE: usize = 2;
    pub const BOX: usize = 3;
    pub const EVENT: usize = 4;
    pub const CLASSIFIED_AT: usize = 5;
    pub const INDIVIDUAL: usize = 6;
    pub const SEX: usize = 7;
    pub const LIFE_STAGE: usize = 8;
    pub const IMAGE: usize = 9;
    pub const LOCATION: usize = 10;
    pub const TIME: usize = 11;
    pub const PATH: usize = 12;
    pub const NAME: usize = 13;
}

/// An expression for seconds since 1970 as `int8`; [`OTHER_MOMENT`] for a time that is infinite or out of
/// range.
fn seconds_if_possible(expression: &str) -> String {
    let epoch = format!("extract(epoch from {expression})");
    let [first, last] = MOMENTS;
    format!(
        "CASE WHEN {epoch} BETWEEN {first} AND {last} THEN floor({epoch})::int8 \
         WHEN {epoch} IS NOT NULL THEN {OTHER_MOMENT} END"
    )
}

/// An expression for seconds since 1970 as `int8`, for a time that is known to be in range.
fn seconds(expression: &str) -> String {
    format!("floor(extract(epoch from {expression}))::int8")
}

/// Selects an id: in its own type if [`IdForm`] can read that, else as text. Writing a million ids as text takes
/// a server longer than finding them.
fn select_id(expression: &str, of: &str) -> String {
    if IdForm::from_type(of) == IdForm::Text { format!("({expression})::text") } else { expression.into() }
}

/// Whether a type is compared as text.
fn is_text(name: &str) -> bool {
    matches!(name, "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "CITEXT")
}

/// Keeps the ids that are valid for a type: no row can have the others, and comparing with them would
/// fail.
fn keep_possible_ids(ids: &[String], of: &str) -> Vec<String> {
    let fits = |id: &&String| match of {
        "UUID" => {
            let is_right = |(at, byte): (usize, u8)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            };
            id.len() == 36 && id.bytes().enumerate().all(is_right)
        }
        "INT2" => id.parse::<i16>().is_ok(),
        "INT4" => id.parse::<i32>().is_ok(),
        "INT8" => id.parse::<i64>().is_ok(),
        // Texts in PostgreSQL cannot contain a zero byte.
        _ => !id.contains('\0'),
    };
    ids.iter().filter(fits).cloned().collect()
}

/// Adds the condition that `expression` is one of `ids`. It compares values of the column's own type, so
/// that an index can be used; for unusual types it compares texts, since a cast of an invalid id would fail.
fn add_id_condition(statement: &mut Statement, expression: &str, of: &str, ids: &[String]) {
    let place = statement.bind(BoundValue::Texts(keep_possible_ids(ids, of)));
    if is_text(of) {
        statement.add_condition(format_args!("{expression} = ANY (${place}::text[])"));
    } else if matches!(of, "UUID" | "INT2" | "INT4" | "INT8") {
        statement
            .add_condition(format_args!("{expression} = ANY (${place}::text[]::{}[])", of.to_lowercase()));
    } else {
        statement.add_condition(format_args!("({expression})::text = ANY (${place}::text[])"));
    }
}

impl Sql<'_> {
    /// The day of a picture on the cameras' clock.
    fn day_expression(&self) -> String {
        let time = &self.mapping.image.time;
        if self.types.local_times {
            return format!("{time}::date");
        }
        format!("({time} AT TIME ZONE {})::date", self.zone_literal())
    }

    fn zone_literal(&self) -> String {
        let name = self.zone.and_then(TimeZone::iana_name).unwrap_or("UTC");
        format!("'{}'", name.replace('\'', "''"))
    }

    /// Binds the start of a day on the cameras' clock, in the type of the picture's time.
    ///
    /// It is bound as seconds: a text would be parsed again for each row, since how it is read depends on settings.
    fn bind_day_start(&self, statement: &mut Statement, date: Date) -> String {
        let mut bind = |seconds: i64| {
            let place = statement.bind(BoundValue::Number(seconds as f64));
            format!("to_timestamp(${place}::float8)")
        };
        if self.types.local_times {
            return format!("({} AT TIME ZONE 'UTC')", bind(LocalTime::start_of(date).seconds()));
        }
        // This is the first moment of the day even if the clock changes at midnight.
        let zone = self.zone.cloned().unwrap_or(TimeZone::UTC);
        let begins = date.to_zoned_datetime(zone).map_or(Timestamp::MAX, |day| day.timestamp());
        bind(begins.as_second())
    }

    /// Limits pictures to some days on the cameras' clock.
    fn add_day_conditions(&self, statement: &mut Statement, from: Option<Date>, to: Option<Date>) {
        let time = &self.mapping.image.time;
        if let Some(from) = from {
            let from = self.bind_day_start(statement, from);
            statement.add_condition(format_args!("{time} >= {from}"));
        }
        if let Some(to) = to.and_then(|to| to.tomorrow().ok()) {
            let until = self.bind_day_start(statement, to);
            statement.add_condition(format_args!("{time} < {until}"));
        }
    }

    /// A condition that holds for detections that count.
    fn counted_condition(&self) -> String {
        let reasons = self.mapping.not_counted.0.values();
        let conditions: Vec<String> = reasons.map(|reason| format!("({reason}) IS NOT TRUE")).collect();
        if conditions.is_empty() { "true".into() } else { conditions.join(" AND ") }
    }

    /// Detections joined with their pictures.
    fn joined_tables(&self) -> String {
        let Mapping { tables, image, detection, .. } = self.mapping;
        format!(
            "{} AS image\n  JOIN {} AS detection ON {} = {}",
            tables.images, tables.detections, detection.image, image.id
        )
    }

    /// Selects the detections that count; further conditions can be added.
    fn select_rows(&self, texts: bool) -> Statement {
        let Mapping { tables, image, detection, individual, .. } = self.mapping;
        let unless =
            |expression: &str| if texts { format!("({expression})::text") } else { "null::text".into() };
        let known = !tables.individuals.is_empty();
        let of_individual =
            |expression: &str| if known { format!("({expression})::text") } else { "null::text".into() };
        let animals = if known {
            format!(
                "\n  LEFT JOIN {} AS individual ON {} = {}",
                tables.individuals, individual.id, detection.individual
            )
        } else {
            String::new()
        };
        let confidence = if self.types.confidence == "FLOAT8" {
            detection.confidence.clone()
        } else {
            format!("({})::text", detection.confidence)
        };
        let classified_at =
            if texts { seconds_if_possible(&detection.classified_at) } else { "null::int8".into() };
        Statement::new(format!(
            "SELECT {}, ({})::text, {}, {}, {}, {classified_at}, {}, {}, {}, {}, {}, {}, {}, {}\n\
             FROM {}{animals}\nWHERE {}",
            select_id(&detection.id, &self.types.detection_id),
            detection.class,
            confidence,
            unless(&detection.r#box),
            select_id(&detection.event, &self.types.event),
            of_individual(&individual.name),
            of_individual(&individual.sex),
            of_individual(&individual.life_stage),
            select_id(&image.id, &self.types.image_id),
            select_id(&image.location, &self.types.image_location),
            image.time,
            unless(&image.path),
            unless(&image.name),
            self.joined_tables(),
            self.counted_condition(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::select::Selection;

    fn types() -> Types {
        let [image_id, detection_id, location_id, event, image_location] = ["UUID"; 5].map(str::to_owned);
        let confidence = "FLOAT8".into();
        Types { local_times: false, image_id, detection_id, location_id, event, image_location, confidence }
    }

    #[test]
    fn nothing_that_is_asked_for_becomes_part_of_a_statement() {
        let (mapping, types) = (Mapping::default(), types());
        let sql = Sql { mapping: &mapping, types: &types, zone: None };
        let evil = "'; DROP TABLE deer; --".to_owned();
        let selection =
            Selection { classes: vec![evil.clone()], min_confidence: Some(0.5), ..Selection::default() };
        for statement in [
            sql.select_matching(&selection, std::slice::from_ref(&evil)),
            sql.count_matching(&selection, std::slice::from_ref(&evil)),
            sql.select_ids(std::slice::from_ref(&evil)),
        ] {
            assert!(!statement.sql.contains("DROP"), "{}", statement.sql);
        }
    }

    #[test]
    fn ids_that_no_row_can_have_are_not_asked_for() {
        let ids: Vec<String> = [
            "705e6036-09d0-4f4c-b45d-4cb4ddb0e1d0",
            "12",
            "x",
            "a\0b",
            "----705e603609d04f4cb45d4cb4ddb0e1d0",
        ]
        .map(str::to_owned)
        .into();
        assert_eq!(keep_possible_ids(&ids, "UUID"), ids[..1]);
        assert_eq!(keep_possible_ids(&ids, "INT4"), ids[1..2]);
        assert_eq!(keep_possible_ids(&ids[..4], "TEXT"), ids[..3]);
    }
}
