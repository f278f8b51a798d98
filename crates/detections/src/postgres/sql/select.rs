//! Statements that select detections.

use std::fmt::Write;

use jiff::civil::Date;

use super::statement::{BoundValue, Statement};
use super::{FIRST_MOMENT, Sql, add_id_condition};
use crate::postgres::mapping::Mapping;
use crate::select::Selection;
use crate::vocabulary::people_pattern;

impl Sql<'_> {
    /// Selects every column of the mapping.
    pub fn select_all_columns(&self) -> Statement {
        self.select_rows(true)
    }

    /// Selects the detections of some days.
    pub fn select_days(&self, from: Date, to: Date) -> Statement {
        let mut statement = self.select_rows(false);
        self.add_day_conditions(&mut statement, Some(from), Some(to));
        statement
    }

    /// Selects the detections whose pictures have no valid time, and those whose time is in the future
    /// and not on the given days.
    pub fn select_impossible_times(&self, from: Date, to: Date) -> [Statement; 2] {
        let time = &self.mapping.image.time;
        let mut timeless = self.select_rows(false);
        timeless.add_condition(format_args!("({time} IS NULL OR {time} < {FIRST_MOMENT})"));
        let mut to_come = self.select_rows(false);
        to_come.add_condition(format_args!("{time} > now() + interval '1 day'"));
        let from = self.bind_day_start(&mut to_come, from);
        let mut inside = format!("{time} >= {from}");
        if let Ok(to) = to.tomorrow() {
            let until = self.bind_day_start(&mut to_come, to);
            write!(inside, " AND {time} < {until}").expect("writing to a string");
        }
        to_come.add_condition(format_args!("NOT ({inside})"));
        [timeless, to_come]
    }

    /// Selects the detections with these ids.
    pub fn select_ids(&self, ids: &[String]) -> Statement {
        let mut statement = self.select_rows(true);
        add_id_condition(&mut statement, &self.mapping.detection.id, &self.types.detection_id, ids);
        self.add_order(&mut statement);
        statement
    }

    fn add_order(&self, statement: &mut Statement) {
        write!(statement.sql, "\nORDER BY {}, {}", self.mapping.image.time, self.mapping.detection.id)
            .expect("writing to a string");
    }

    /// Selects the detections that match a selection, at the locations with these ids.
    pub fn select_matching(&self, selection: &Selection, locations: &[String]) -> Statement {
        let mut statement = self.select_rows(true);
        self.add_selection(&mut statement, selection, locations);
        self.add_order(&mut statement);
        statement
    }

    /// Counts the detections of each class that match a selection.
    pub fn count_matching(&self, selection: &Selection, locations: &[String]) -> Statement {
        let class = &self.mapping.detection.class;
        let mut statement = Statement::new(format!(
            "SELECT coalesce(({class})::text, ''), count(*)\nFROM {}\nWHERE {}",
            self.joined_tables(),
            self.counted_condition()
        ));
        self.add_selection(&mut statement, selection, locations);
        write!(statement.sql, "\nGROUP BY 1").expect("writing to a string");
        statement
    }

    fn add_selection(&self, statement: &mut Statement, selection: &Selection, locations: &[String]) {
        let Mapping { image, detection, location, classes, tables, .. } = self.mapping;
        let class = format!("lower(coalesce(({})::text, ''))", detection.class);
        let mut not = classes.list_non_animal_words();
        not.push(String::new());
        if !selection.humans {
            not.extend(classes.list_people_words());
        }
        let place = statement.bind(BoundValue::Texts(not));
        statement.add_condition(format_args!("{class} <> ALL (${place})"));
        if !selection.humans {
            let place = statement.bind(BoundValue::Texts(vec![people_pattern()]));
            statement.add_condition(format_args!("{class} !~ ALL (${place})"));
        }
        if !selection.without_box {
            statement.add_condition(format_args!("({})::text <> 'null'", detection.r#box));
        }
        if !selection.classes.is_empty() {
            let place = statement.bind(BoundValue::Texts(selection.classes.clone()));
            statement.add_condition(format_args!("({})::text = ANY (${place})", detection.class));
        }
        if selection.locations.is_empty() {
            statement.add_condition(format_args!(
                "EXISTS (SELECT FROM {} AS location WHERE {} = {})",
                tables.locations, location.id, image.location
            ));
        } else {
            add_id_condition(statement, &image.location, &self.types.location_id, locations);
        }
        if let Some(least) = selection.min_confidence {
            let place = statement.bind(BoundValue::Number(f64::from(least)));
            let condition = is_at_least(&detection.confidence, place);
            statement.add_condition(format_args!("{condition}"));
        }
        self.add_day_conditions(statement, selection.start, selection.end);
    }

    /// Selects people and vehicles: first those on some pictures, then those in some visits.
    pub fn select_people(&self, images: &[String], events: &[String]) -> [Statement; 2] {
        let people = self.mapping.classes.list_people_words();
        let of = |expression: &str, of: &str, ids: &[String]| {
            let mut statement = self.select_rows(true);
            add_id_condition(&mut statement, expression, of, ids);
            let place = statement.bind(BoundValue::Texts(people.clone()));
            let patterns = statement.bind(BoundValue::Texts(vec![people_pattern()]));
            let class = format!("lower(({})::text)", self.mapping.detection.class);
            statement
                .add_condition(format_args!("({class} = ANY (${place}) OR {class} ~ ANY (${patterns}))"));
            statement
        };
        [
            of(&self.mapping.image.id, &self.types.image_id, images),
            of(&self.mapping.detection.event, &self.types.event, events),
        ]
    }
}

/// The condition that a confidence is at least the value of a placeholder, or missing. It compares in
/// single precision, as confidences are stored, and only casts numbers for which that succeeds. A value that
/// is not from 0 to 1 counts as missing.
fn is_at_least(confidence: &str, place: usize) -> String {
    let usual = r"^(0(\.0*)?|1(\.0*)?|0?\.0{0,30}[1-9]\d*|[1-9](\.\d+)?e-(0?\d|[12]\d|30))$";
    let tiny = r"^(0?\.0{31}\d*|[1-9](\.\d+)?e-\d+)$";
    format!(
        "CASE WHEN ({confidence})::text ~ '{usual}' THEN ({confidence})::text::float4 >= ${place}::float4 \
         WHEN ({confidence})::text ~ '{tiny}' THEN ${place}::float4 <= 0 ELSE true END"
    )
}
