//! A statement and what is bound to its places.

use std::fmt::Write;

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres};

/// A statement and what is bound to its places.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Statement {
    pub sql: String,
    bound: Vec<Bound>,
}

#[derive(Clone, Debug)]
pub(super) enum Bound {
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

    pub(super) fn place(&mut self, bound: Bound) -> usize {
        self.bound.push(bound);
        self.bound.len()
    }

    /// Adds a condition.
    pub(super) fn and(&mut self, condition: std::fmt::Arguments<'_>) {
        write!(self.sql, "\n  AND {condition}").expect("writing to a string");
    }
}
