//! Statements about a survey as a whole: its locations, its classes, and when its cameras worked.

use std::fmt::Write;

use jiff::civil::Date;

use super::statement::Statement;
use super::{FIRST_MOMENT, Sql, seconds};
use crate::postgres::mapping::Mapping;

impl Sql<'_> {
    /// Selects nothing from the columns whose types statements depend on.
    pub fn select_types(mapping: &Mapping) -> Statement {
        let Mapping { tables, image, detection, location, .. } = mapping;
        Statement::new(format!(
            "SELECT {}, {}, {}, {}, {}, {}, {} FROM {} AS image, {} AS detection, {} AS location LIMIT 0",
            image.time,
            image.id,
            detection.id,
            location.id,
            detection.event,
            image.location,
            detection.confidence,
            tables.images,
            tables.detections,
            tables.locations,
        ))
    }
    /// Selects the locations, each with the times of its first and last picture; times that are in the
    /// future or out of range are ignored.
    pub fn select_locations(&self) -> Statement {
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

    /// Selects whether the role has write access to the tables.
    pub fn select_write_privilege(&self) -> Statement {
        let tables = &self.mapping.tables;
        let may = |table: &str| {
            format!("has_table_privilege('{}', 'INSERT, UPDATE, DELETE')", table.replace('\'', "''"))
        };
        Statement::new(format!("SELECT {} OR {}", may(&tables.images), may(&tables.detections)))
    }

    /// Counts the detections of each class, as far as they count.
    pub fn count_classes(&self) -> Statement {
        let Mapping { tables, detection, .. } = self.mapping;
        Statement::new(format!(
            "SELECT coalesce(({})::text, ''), count(*)\nFROM {} AS detection\nWHERE {}\nGROUP BY 1 ORDER BY 1",
            detection.class,
            tables.detections,
            self.counted_condition()
        ))
    }

    /// Counts the detections of some days that do not count, by reason. A detection with two reasons
    /// counts for the first.
    pub fn count_not_counted(&self, from: Date, to: Date) -> Option<Statement> {
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
            self.joined_tables(),
            self.counted_condition()
        ));
        self.add_day_conditions(&mut statement, Some(from), Some(to));
        Some(statement)
    }

    /// Selects the first and last picture of each day at each location.
    pub fn select_days_with_pictures(&self, from: Date, to: Date) -> Statement {
        let Mapping { tables, image, .. } = self.mapping;
        let mut statement = Statement::new(format!(
            "SELECT ({at})::text, {}, {}\nFROM {} AS image\nWHERE true",
            seconds(&format!("min({})", image.time)),
            seconds(&format!("max({})", image.time)),
            tables.images,
            at = image.location,
        ));
        self.add_day_conditions(&mut statement, Some(from), Some(to));
        write!(statement.sql, "\nGROUP BY {}, {}", image.location, self.day_expression())
            .expect("writing to a string");
        statement
    }
}
