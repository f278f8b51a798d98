//! Statements made of a mapping and a slice.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres};

use super::mapping::Mapping;
use crate::clock::LocalTime;
use crate::select::Selection;

/// The types that a schema has where statements depend on them, by their names in PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Types {
    /// Times are on the camera's own clock, without an offset.
    pub local_times: bool,
    pub image_id: String,
    pub detection_id: String,
    pub location_id: String,
    pub event: String,
}

/// A statement and what is bound to its places.
#[derive(Clone, Debug, Default)]
pub(super) struct Statement {
    pub sql: String,
    bound: Vec<Bound>,
}

#[derive(Clone, Debug)]
enum Bound {
    Text(String),
    Texts(Vec<String>),
    Number(f64),
}

impl Statement {
    pub fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), bound: Vec::new() }
    }

    /// The same, to be explained and not run.
    pub fn explained(&self) -> Self {
        Self { sql: format!("EXPLAIN {}", self.sql), bound: self.bound.clone() }
    }

    /// For running it. All that a request says is bound, and nothing of it is text of the statement.
    pub fn query(&self) -> Query<'_, Postgres, PgArguments> {
        let query = sqlx::query(AssertSqlSafe(self.sql.clone()));
        self.bound.iter().fold(query, |query, bound| match bound {
            Bound::Text(text) => query.bind(text),
            Bound::Texts(texts) => query.bind(texts),
            Bound::Number(number) => query.bind(number),
        })
    }

    fn place(&mut self, bound: Bound) -> usize {
        self.bound.push(bound);
        self.bound.len()
    }

    /// Adds a condition.
    fn and(&mut self, condition: std::fmt::Arguments<'_>) {
        write!(self.sql, "\n  AND {condition}").expect("writing to a string");
    }
}

/// What statements are made of.
#[derive(Clone, Copy)]
pub(super) struct Sql<'a> {
    pub mapping: &'a Mapping,
    pub types: &'a Types,
    pub zone: Option<&'a TimeZone>,
}

/// Columns of [`Sql::rows`], in their order.
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

/// Seconds since 1970, as `int8`.
fn seconds(expression: &str) -> String {
    format!("floor(extract(epoch from {expression}))::int8")
}

/// The type of columns whose texts are compared as such.
fn is_text(name: &str) -> bool {
    matches!(name, "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "CITEXT")
}

/// Ids that can be of a type: comparing with others would fail, and they are of no row.
fn fitting(ids: &[String], of: &str) -> Vec<String> {
    let fits = |id: &&String| match of {
        "UUID" => {
            let digits = id.bytes().filter(|byte| *byte != b'-');
            id.len() == 36
                && digits.clone().count() == 32
                && digits.into_iter().all(|byte| byte.is_ascii_hexdigit())
        }
        "INT2" => id.parse::<i16>().is_ok(),
        "INT4" => id.parse::<i32>().is_ok(),
        "INT8" => id.parse::<i64>().is_ok(),
        // No text of PostgreSQL holds a zero byte.
        _ => !id.contains('\0'),
    };
    ids.iter().filter(fits).cloned().collect()
}

/// `expression` is one of `ids`, compared as what it is, so that an index on it serves.
fn among(statement: &mut Statement, expression: &str, of: &str, ids: &[String]) {
    let place = statement.place(Bound::Texts(fitting(ids, of)));
    let cast = if is_text(of) { String::new() } else { format!("::{}[]", of.to_lowercase()) };
    statement.and(format_args!("{expression} = ANY (${place}::text[]{cast})"));
}

impl Sql<'_> {
    /// The types of what statements depend on.
    pub fn types(mapping: &Mapping) -> Statement {
        let Mapping { tables, image, detection, location, .. } = mapping;
        Statement::new(format!(
            "SELECT {}, {}, {}, {}, {} FROM {} AS image, {} AS detection, {} AS location LIMIT 0",
            image.time,
            image.id,
            detection.id,
            location.id,
            detection.event,
            tables.images,
            tables.detections,
            tables.locations,
        ))
    }

    /// The day of a picture on the cameras' clock.
    fn day(&self) -> String {
        let time = &self.mapping.image.time;
        if self.types.local_times {
            return format!("{time}::date");
        }
        format!("({time} AT TIME ZONE {})::date", self.zone())
    }

    fn zone(&self) -> String {
        let name = self.zone.and_then(TimeZone::iana_name).unwrap_or("UTC");
        format!("'{}'", name.replace('\'', "''"))
    }

    /// The moment at which a day begins on the cameras' clock, bound as whatever type the time of a
    /// picture has.
    fn start_of(&self, statement: &mut Statement, date: Date) -> String {
        if self.types.local_times {
            let place = statement.place(Bound::Text(LocalTime::start_of(date).to_string()));
            return format!("${place}::text::timestamp");
        }
        // Also where a clock is set back or on at midnight, this is the day's first moment.
        let zone = self.zone.cloned().unwrap_or(TimeZone::UTC);
        let begins = date.to_zoned_datetime(zone).map_or(Timestamp::MAX, |day| day.timestamp());
        let place = statement.place(Bound::Text(begins.to_string()));
        format!("${place}::text::timestamptz")
    }

    /// Pictures from the start of one day to the end of another, on the cameras' clock.
    fn days(&self, statement: &mut Statement, from: Option<Date>, to: Option<Date>) {
        let time = &self.mapping.image.time;
        if let Some(from) = from {
            let from = self.start_of(statement, from);
            statement.and(format_args!("{time} >= {from}"));
        }
        if let Some(to) = to.and_then(|to| to.tomorrow().ok()) {
            let until = self.start_of(statement, to);
            statement.and(format_args!("{time} < {until}"));
        }
    }

    /// A condition that is true for what counts.
    fn counted(&self) -> String {
        let reasons = self.mapping.not_counted.0.values();
        let conditions: Vec<String> = reasons.map(|reason| format!("({reason}) IS NOT TRUE")).collect();
        if conditions.is_empty() { "true".into() } else { conditions.join(" AND ") }
    }

    /// The tables of detections with their pictures.
    fn joined(&self) -> String {
        let Mapping { tables, image, detection, .. } = self.mapping;
        format!(
            "{} AS image\n  JOIN {} AS detection ON {} = {}",
            tables.images, tables.detections, detection.image, image.id
        )
    }

    /// Detections that count, with all that is read of them; conditions follow.
    fn rows(&self, texts: bool) -> Statement {
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
        let classified_at = if texts { seconds(&detection.classified_at) } else { "null::int8".into() };
        Statement::new(format!(
            "SELECT ({})::text, ({})::text, ({})::text, {}, ({})::text, {classified_at}, {}, {}, {}, ({})::text, \
             ({})::text, {}, {}, {}\nFROM {}{animals}\nWHERE {}",
            detection.id,
            detection.class,
            detection.confidence,
            unless(&detection.r#box),
            detection.event,
            of_individual(&individual.name),
            of_individual(&individual.sex),
            of_individual(&individual.life_stage),
            image.id,
            image.location,
            seconds(&image.time),
            unless(&image.path),
            unless(&image.name),
            self.joined(),
            self.counted(),
        ))
    }

    /// A statement that names every column of the mapping.
    pub fn all_columns(&self) -> Statement {
        self.rows(true)
    }

    /// Those of some days.
    pub fn on_days(&self, from: Date, to: Date) -> Statement {
        let mut statement = self.rows(false);
        self.days(&mut statement, Some(from), Some(to));
        statement
    }

    /// Those whose pictures have no time, or one that is still to come and not among `days`.
    pub fn strays(&self, from: Date, to: Date) -> [Statement; 2] {
        let time = &self.mapping.image.time;
        let mut timeless = self.rows(false);
        timeless.and(format_args!("{time} IS NULL"));
        let mut to_come = self.rows(false);
        to_come.and(format_args!("{time} > now() + interval '1 day'"));
        let from = self.start_of(&mut to_come, from);
        let mut inside = format!("{time} >= {from}");
        if let Ok(to) = to.tomorrow() {
            let until = self.start_of(&mut to_come, to);
            write!(inside, " AND {time} < {until}").expect("writing to a string");
        }
        to_come.and(format_args!("NOT ({inside})"));
        [timeless, to_come]
    }

    /// Those with some ids.
    pub fn with_ids(&self, ids: &[String]) -> Statement {
        let mut statement = self.rows(true);
        among(&mut statement, &self.mapping.detection.id, &self.types.detection_id, ids);
        self.in_order(&mut statement);
        statement
    }

    fn in_order(&self, statement: &mut Statement) {
        write!(statement.sql, "\nORDER BY {}, {}", self.mapping.image.time, self.mapping.detection.id)
            .expect("writing to a string");
    }

    /// Those that a selection wants, of the locations with these ids.
    pub fn selected(&self, selection: &Selection, locations: &[String]) -> Statement {
        let mut statement = self.rows(true);
        self.wanted(&mut statement, selection, locations);
        self.in_order(&mut statement);
        statement
    }

    /// How many of each class a selection wants.
    pub fn count(&self, selection: &Selection, locations: &[String]) -> Statement {
        let class = &self.mapping.detection.class;
        let mut statement = Statement::new(format!(
            "SELECT coalesce({class}, '')::text, count(*)\nFROM {}\nWHERE {}",
            self.joined(),
            self.counted()
        ));
        self.wanted(&mut statement, selection, locations);
        write!(statement.sql, "\nGROUP BY 1").expect("writing to a string");
        statement
    }

    fn wanted(&self, statement: &mut Statement, selection: &Selection, locations: &[String]) {
        let Mapping { image, detection, location, classes, tables, .. } = self.mapping;
        let class = format!("lower(coalesce({}, ''))", detection.class);
        let mut not = classes.of_nothing();
        not.push(String::new());
        if !selection.humans {
            not.extend(classes.of_people());
        }
        let place = statement.place(Bound::Texts(not));
        statement.and(format_args!("{class} <> ALL (${place})"));
        if !selection.without_box {
            statement.and(format_args!("({})::text <> 'null'", detection.r#box));
        }
        if !selection.classes.is_empty() {
            let place = statement.place(Bound::Texts(selection.classes.clone()));
            statement.and(format_args!("({})::text = ANY (${place})", detection.class));
        }
        if selection.locations.is_empty() {
            statement.and(format_args!(
                "EXISTS (SELECT FROM {} AS location WHERE {} = {})",
                tables.locations, location.id, image.location
            ));
        } else {
            among(statement, &image.location, &self.types.location_id, locations);
        }
        if let Some(least) = selection.min_confidence {
            let place = statement.place(Bound::Number(f64::from(least)));
            let confidence = &detection.confidence;
            statement
                .and(format_args!("(({confidence}) IS NULL OR ({confidence})::float4 >= ${place}::float4)"));
        }
        self.days(statement, selection.start, selection.end);
    }

    /// People and vehicles on some pictures, or on other pictures of some visits.
    pub fn people(&self, images: &[String], events: &[String]) -> [Statement; 2] {
        let people = self.mapping.classes.of_people();
        let of = |expression: &str, of: &str, ids: &[String]| {
            let mut statement = self.rows(true);
            among(&mut statement, expression, of, ids);
            let place = statement.place(Bound::Texts(people.clone()));
            statement.and(format_args!("lower({}) = ANY (${place})", self.mapping.detection.class));
            statement
        };
        [
            of(&self.mapping.image.id, &self.types.image_id, images),
            of(&self.mapping.detection.event, &self.types.event, events),
        ]
    }

    /// Places, with the first and the last picture of each that is not of a time still to come.
    pub fn locations(&self) -> Statement {
        let Mapping { tables, image, location, .. } = self.mapping;
        let edge = |which: &str| {
            let edge = format!(
                "(SELECT {which}({time}) FROM {images} AS image WHERE {at} = {id} AND {time} <= now() + interval '1 day')",
                time = image.time,
                images = tables.images,
                at = image.location,
                id = location.id,
            );
            seconds(&edge)
        };
        Statement::new(format!(
            "SELECT ({})::text, ({})::text, ({})::text, ({})::text, {}, {}\nFROM {} AS location ORDER BY 2, 1",
            location.id,
            location.name,
            location.latitude,
            location.longitude,
            edge("min"),
            edge("max"),
            tables.locations,
        ))
    }

    /// Whether this role may change the tables.
    pub fn may_write(&self) -> Statement {
        let tables = &self.mapping.tables;
        let may = |table: &str| {
            format!("has_table_privilege('{}', 'INSERT, UPDATE, DELETE')", table.replace('\'', "''"))
        };
        Statement::new(format!("SELECT {} OR {}", may(&tables.images), may(&tables.detections)))
    }

    /// Classes of what counts, with the number of their detections.
    pub fn classes(&self) -> Statement {
        let Mapping { tables, detection, .. } = self.mapping;
        Statement::new(format!(
            "SELECT coalesce({}, '')::text, count(*)\nFROM {} AS detection\nWHERE {}\nGROUP BY 1 ORDER BY 1",
            detection.class,
            tables.detections,
            self.counted()
        ))
    }

    /// How many detections of some days do not count, by each reason in its order; one with two is
    /// there once.
    pub fn not_counted(&self, from: Date, to: Date) -> Option<Statement> {
        let reasons: Vec<&String> = self.mapping.not_counted.0.values().collect();
        let counts = reasons.iter().enumerate().map(|(number, reason)| {
            let earlier: String =
                reasons[..number].iter().map(|other| format!(" AND ({other}) IS NOT TRUE")).collect();
            format!("count(*) FILTER (WHERE ({reason}) IS TRUE{earlier})")
        });
        let counts: Vec<String> = counts.collect();
        if counts.is_empty() {
            return None;
        }
        let mut statement = Statement::new(format!(
            "SELECT {}\nFROM {}\nWHERE NOT ({})",
            counts.join(", "),
            self.joined(),
            self.counted()
        ));
        self.days(&mut statement, Some(from), Some(to));
        Some(statement)
    }

    /// The first and last picture of each day at each place.
    pub fn days_with_pictures(&self, from: Date, to: Date) -> Statement {
        let Mapping { tables, image, .. } = self.mapping;
        let mut statement = Statement::new(format!(
            "SELECT ({at})::text, {}, {}\nFROM {} AS image\nWHERE true",
            seconds(&format!("min({})", image.time)),
            seconds(&format!("max({})", image.time)),
            tables.images,
            at = image.location,
        ));
        self.days(&mut statement, Some(from), Some(to));
        write!(statement.sql, "\nGROUP BY {}, {}", image.location, self.day()).expect("writing to a string");
        statement
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types() -> Types {
        let [image_id, detection_id, location_id, event] = ["UUID"; 4].map(str::to_owned);
        Types { local_times: false, image_id, detection_id, location_id, event }
    }

    #[test]
    fn nothing_that_is_asked_for_becomes_part_of_a_statement() {
        let (mapping, types) = (Mapping::default(), types());
        let sql = Sql { mapping: &mapping, types: &types, zone: None };
        let evil = "'; DROP TABLE deer; --".to_owned();
        let selection =
            Selection { classes: vec![evil.clone()], min_confidence: Some(0.5), ..Selection::default() };
        for statement in [
            sql.selected(&selection, std::slice::from_ref(&evil)),
            sql.count(&selection, std::slice::from_ref(&evil)),
            sql.with_ids(std::slice::from_ref(&evil)),
        ] {
            assert!(!statement.sql.contains("DROP"), "{}", statement.sql);
        }
    }

    #[test]
    fn ids_that_no_row_can_have_are_not_asked_for() {
        let ids: Vec<String> =
            ["705e6036-09d0-4f4c-b45d-4cb4ddb0e1d0", "12", "x", "a\0b"].map(str::to_owned).into();
        assert_eq!(fitting(&ids, "UUID"), ids[..1]);
        assert_eq!(fitting(&ids, "INT4"), ids[1..2]);
        assert_eq!(fitting(&ids, "TEXT"), ids[..3]);
    }
}
