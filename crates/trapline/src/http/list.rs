//! `GET /api/exports`: the jobs there are, newest first.

use std::collections::HashMap;

use axum::Json;
use axum::extract::Query;
use jobs::{JobStore, Kind, Record, StoreError};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answers::{KindName, Listing};
use super::eyes::Eyes;
use super::feed::{read_places, waiting_jobs};
use super::problem::{FieldError, Problem};
use super::responses::{NoToken, NotAllowed, Unavailable, WrongParameter};
use super::status::{self, kind_of, status_name};
use crate::access::Access;

/// Jobs in one answer, when the client does not say.
const USUAL: u32 = 20;
/// Most jobs in one answer.
const MOST: u32 = 100;
/// Jobs that are looked at for one answer, when few of them are of the kind that is asked for.
const LOOKED_AT: usize = 1000;

/// What is asked for.
#[derive(Debug, PartialEq)]
struct Wanted {
    status: Option<String>,
    kind: Option<Kind>,
    limit: u32,
    cursor: Option<u64>,
}

/// List exports
///
/// Jobs, newest first, and where the next of them are. A job that is submitted in the meantime
/// comes before all of them, so no other is shown twice or left out.
#[utoipa::path(
    get, path = "/api/exports", operation_id = "list_exports", tag = "Exports",
    params(
        ("status" = Option<ListedStatus>, Query, description = "Only those that are there."),
        ("kind" = Option<KindName>, Query, description = "Only reports, or only archives."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "At most so many; 20 without it."),
        ("cursor" = Option<u64>, Query, description = "The `next_cursor` of an earlier answer.")
    ),
    responses(
        (status = 200, description = "Jobs, newest first.", body = Listing, example = json!({"exports": [], "next_cursor": null})),
        NoToken, NotAllowed, WrongParameter, Unavailable
    )
)]
pub async fn jobs(
    eyes: Eyes,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Listing>, Problem> {
    let wanted = Wanted::read(&query)?;
    Ok(Json(listed(&eyes, &wanted).await?))
}

/// The newest jobs, as many as one answer has.
pub async fn newest(eyes: &Eyes) -> Result<Listing, StoreError> {
    listed(eyes, &Wanted { status: None, kind: None, limit: MOST, cursor: None }).await
}

async fn listed(eyes: &Eyes, wanted: &Wanted) -> Result<Listing, StoreError> {
    let (records, next) = found(eyes, wanted).await?;
    let places = read_places(&*eyes.store, waiting_jobs(records.iter())).await?;
    let write_status = |record: &Record| {
        let place = places.get(&record.job_id).copied();
        json!(status::body(record, kind_of(record), place, &eyes.access))
    };
    let exports = records.iter().map(write_status).collect();
    Ok(Listing { exports, next_cursor: next.map(|place| place.to_string()) })
}

/// The status of a job whose address does not tell what it makes.
pub async fn told(store: &dyn JobStore, record: &Record, access: &Access) -> Result<Value, StoreError> {
    status::told(store, record, kind_of(record), access).await
}

async fn found(eyes: &Eyes, wanted: &Wanted) -> Result<(Vec<Record>, Option<u64>), StoreError> {
    let (mut records, mut from, mut looked_at) = (Vec::new(), wanted.cursor, 0);
    loop {
        let page = eyes.store.list(from, MOST).await?;
        looked_at += page.records.len();
        for (place, record) in page.records {
            if records.len() == wanted.limit as usize {
                return Ok((records, from));
            }
            from = Some(place);
            if eyes.who.sees(&record) && wanted.takes(&record) {
                records.push(record);
            }
        }
        if page.next.is_none() || looked_at >= LOOKED_AT {
            return Ok((records, page.next));
        }
    }
}

impl Wanted {
    fn read(query: &HashMap<String, String>) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, detail: &str| errors.push(FieldError::new(field, detail));
        let status = query.get("status").cloned();
        if status.as_deref().is_some_and(|status| !STATUSES.contains(&status)) {
            wrong("status", "status must be one of: processing, queued, running, completed, failed");
        }
        let kind = query.get("kind").and_then(|kind| kind.parse().ok());
        if query.contains_key("kind") && kind.is_none() {
            wrong("kind", "kind must be one of: pdf, zip");
        }
        let limit = query.get("limit").map_or(Some(USUAL), |limit| limit.parse().ok());
        let limit = limit.filter(|limit| (1..=MOST).contains(limit));
        if limit.is_none() {
            wrong("limit", "limit must be a number from 1 to 100");
        }
        // Places are numbers that a signed one can hold.
        let place = |cursor: &String| cursor.parse().ok().and_then(|place: i64| u64::try_from(place).ok());
        let cursor = query.get("cursor").map(place);
        if cursor == Some(None) {
            wrong("cursor", "cursor must be the next_cursor of an earlier answer");
        }
        match limit {
            Some(limit) if errors.is_empty() => Ok(Self { status, kind, limit, cursor: cursor.flatten() }),
            _ => Err(Problem::fields(422, errors)),
        }
    }

    fn takes(&self, record: &Record) -> bool {
        let status = |wanted: &str| status_name(record.state) == wanted || record.state.name() == wanted;
        self.status.as_deref().is_none_or(status) && self.kind.is_none_or(|kind| record.kind == Some(kind))
    }
}

/// Where jobs are that are asked for.
// Its values are those of `STATUSES`.
#[allow(dead_code)]
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum ListedStatus {
    Processing,
    Queued,
    Running,
    Completed,
    Failed,
}

const STATUSES: [&str; 5] = ["processing", "queued", "running", "completed", "failed"];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &[(&str, &str)]) -> Result<Wanted, Problem> {
        Wanted::read(&query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn without_a_query_the_newest_are_wanted() {
        assert_eq!(read(&[]).unwrap(), Wanted { status: None, kind: None, limit: 20, cursor: None });
    }

    #[test]
    fn everything_that_is_wrong_is_told() {
        let problem =
            read(&[("status", "done"), ("kind", "png"), ("limit", "0"), ("cursor", "x")]).unwrap_err();
        let fields: Vec<_> = problem.errors().iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["status", "kind", "limit", "cursor"]);
    }
}
