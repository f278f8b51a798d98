//! Statements about a survey as a whole: its places, its classes, and when its cameras worked.

use std::fmt::Write;

use jiff::civil::Date;

use super::statement::Statement;
use super::{FIRST_MOMENT, Sql, seconds};
use crate::postgres::mapping::Mapping;

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
    /// Places, with the first and the last picture of each that is not of a time still to come, or before
    /// all times.
    pub fn locations(&self) -> Statement {
        let Mapping { tables, image, location, .. } = self.mapping;
        let edge = |which: &str| {
            let edge = format!(
                "(SELECT {which}({time}) FROM {images} AS image WHERE {at} = {id} AND {time} >= {FIRST_MOMENT} AND {time} <= now() + interval '1 day')",
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
            "SELECT coalesce(({})::text, ''), count(*)\nFROM {} AS detection\nWHERE {}\nGROUP BY 1 ORDER BY 1",
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
