//! A statement and its bound values.

use std::fmt::Write;

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres};

/// A statement and its bound values.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Statement {
    pub sql: String,
    bound: Vec<BoundValue>,
}

#[derive(Clone, Debug)]
pub(super) enum BoundValue {
    Texts(Vec<String>),
    Number(f64),
}

impl Statement {
    pub fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), bound: Vec::new() }
    }

    /// The same statement with `EXPLAIN`.
    pub fn to_explain(&self) -> Self {
        Self { sql: format!("EXPLAIN {}", self.sql), bound: self.bound.clone() }
    }

    /// The query to run. All values of a request are bound and never part of the text.
    pub fn to_query(&self) -> Query<'_, Postgres, PgArguments> {
        let query = sqlx::query(AssertSqlSafe(self.sql.clone()));
        self.bound.iter().fold(query, |query, bound| match bound {
            BoundValue::Texts(texts) => query.bind(texts),
            BoundValue::Number(number) => query.bind(number),
        })
    }

    pub(super) fn bind(&mut self, bound: BoundValue) -> usize {
        self.bound.push(bound);
        self.bound.len()
    }

    /// Adds a condition with `AND`.
    pub(super) fn add_condition(&mut self, condition: std::fmt::Arguments<'_>) {
        write!(self.sql, "\n  AND {condition}").expect("writing to a string");
    }
}
