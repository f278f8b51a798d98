//! Statements that choose detections.

use std::fmt::Write;

use jiff::civil::Date;

use super::statement::{Bound, Statement};
use super::{FIRST_MOMENT, Sql, among};
use crate::postgres::mapping::Mapping;
use crate::select::Selection;
use crate::vocabulary::pattern_of_people;

impl Sql<'_> {
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

    /// Those whose pictures have no time that can be one, or one that is still to come and not among
    /// `days`.
    pub fn strays(&self, from: Date, to: Date) -> [Statement; 2] {
        let time = &self.mapping.image.time;
        let mut timeless = self.rows(false);
        timeless.and(format_args!("({time} IS NULL OR {time} < {FIRST_MOMENT})"));
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
            "SELECT coalesce(({class})::text, ''), count(*)\nFROM {}\nWHERE {}",
            self.joined(),
            self.counted()
        ));
        self.wanted(&mut statement, selection, locations);
        write!(statement.sql, "\nGROUP BY 1").expect("writing to a string");
        statement
    }

    fn wanted(&self, statement: &mut Statement, selection: &Selection, locations: &[String]) {
        let Mapping { image, detection, location, classes, tables, .. } = self.mapping;
        let class = format!("lower(coalesce(({})::text, ''))", detection.class);
        let mut not = classes.of_nothing();
        not.push(String::new());
        if !selection.humans {
            not.extend(classes.of_people());
        }
        let place = statement.place(Bound::Texts(not));
        statement.and(format_args!("{class} <> ALL (${place})"));
        if !selection.humans {
            let place = statement.place(Bound::Texts(vec![pattern_of_people()]));
            statement.and(format_args!("{class} !~ ALL (${place})"));
        }
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
            let condition = is_at_least(&detection.confidence, place);
            statement.and(format_args!("{condition}"));
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
            let patterns = statement.place(Bound::Texts(vec![pattern_of_people()]));
            let class = format!("lower(({})::text)", self.mapping.detection.class);
            statement.and(format_args!("({class} = ANY (${place}) OR {class} ~ ANY (${patterns}))"));
            statement
        };
        [
            of(&self.mapping.image.id, &self.types.image_id, images),
            of(&self.mapping.detection.event, &self.types.event, events),
        ]
    }
}

/// A confidence is not below the number at a place, or is none: it is compared in single precision, as
/// it is read, which many numbers cannot be cast to. One that is not from 0 to 1 is no confidence.
fn is_at_least(confidence: &str, place: usize) -> String {
    let usual = r"^(0(\.0*)?|1(\.0*)?|0?\.0{0,30}[1-9]\d*|[1-9](\.\d+)?e-(0?\d|[12]\d|30))$";
    let tiny = r"^(0?\.0{31}\d*|[1-9](\.\d+)?e-\d+)$";
    format!(
        "CASE WHEN ({confidence})::text ~ '{usual}' THEN ({confidence})::text::float4 >= ${place}::float4 \
         WHEN ({confidence})::text ~ '{tiny}' THEN ${place}::float4 <= 0 ELSE true END"
    )
}
