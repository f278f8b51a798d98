//! `GET /api/exports`: the list of exports, newest first.

use std::collections::{HashMap, HashSet};

use axum::Json;
use axum::extract::Query;
use jobs::{JobRecord, StoreError};
use serde_json::value::to_raw_value;

use crate::access::viewer::Viewer;
use crate::representation::answers::Listing;
use crate::representation::problem::{FieldError, Problem};
use crate::representation::responses::{NoToken, NotAllowed, Unavailable, WrongParameter};
use crate::representation::{build_status, infer_kind};
use crate::requests::parameters::{ListQuery, ListedStatus};

/// Exports in one answer, unless the client sets a limit.
const DEFAULT_LIMIT: u32 = 20;
/// The largest limit that a client may set.
const MAX_LIMIT: u32 = 100;
/// Jobs that are examined for one answer, when few of them match.
const MAX_EXAMINED: usize = 1000;

/// List exports
///
/// Exports, newest first, with a cursor for the next page. An export that is submitted in the meantime comes
/// before all of them, so no page repeats or skips another.
#[utoipa::path(
    get, path = "/api/exports", operation_id = "list_exports", tag = "Exports",
    params(ListQuery),
    responses(
        (status = 200, description = "Exports, newest first.", body = Listing, example = json!({"exports": [], "next_cursor": null})),
        NoToken, NotAllowed, WrongParameter, Unavailable
    )
)]
pub async fn list_exports(
    viewer: Viewer,
    Query(parameters): Query<HashMap<String, String>>,
) -> Result<Json<Listing>, Problem> {
    let query = ListQuery::parse(&parameters)?;
    let (records, next) = find_records(&viewer, &query).await?;
    Ok(Json(build_listing(&viewer, &records, next).await?))
}

/// The newest exports, as many as one answer may have, and their ids.
pub async fn list_newest(viewer: &Viewer) -> Result<(Listing, HashSet<String>), StoreError> {
    let query = ListQuery { status: None, kind: None, limit: MAX_LIMIT, cursor: None };
    let (records, next) = find_records(viewer, &query).await?;
    let job_ids = records.iter().map(|record| record.job_id.to_string()).collect();
    Ok((build_listing(viewer, &records, next).await?, job_ids))
}

async fn build_listing(
    viewer: &Viewer,
    records: &[JobRecord],
    next: Option<u64>,
) -> Result<Listing, StoreError> {
    let positions = viewer.queue_positions(records).await?;
    let status_of = |record: &JobRecord| {
        let position = positions.get(&record.job_id).copied();
        let status = build_status(record, infer_kind(record), position, &viewer.access);
        to_raw_value(&status).expect("a status has no keys that are not text")
    };
    let exports = records.iter().map(status_of).collect();
    Ok(Listing { exports, next_cursor: next.map(|place| place.to_string()) })
}

/// The matching records, and the place from which the next page begins.
async fn find_records(
    viewer: &Viewer,
    query: &ListQuery,
) -> Result<(Vec<JobRecord>, Option<u64>), StoreError> {
    let (mut records, mut from, mut examined) = (Vec::new(), query.cursor, 0);
    loop {
        let page = viewer.list(from, MAX_LIMIT).await?;
        examined += page.records.len();
        for (place, record) in page.records {
            if records.len() == query.limit as usize {
                return Ok((records, from));
            }
            from = Some(place);
            records.extend(record.filter(|record| query.matches(record)));
        }
        if page.next.is_none() || examined >= MAX_EXAMINED {
            return Ok((records, page.next));
        }
    }
}

impl ListQuery {
    fn parse(query: &HashMap<String, String>) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, detail: &str| errors.push(FieldError::new(field, detail));
        let status =
            query.get("status").map(|name| ListedStatus::ALL.into_iter().find(|(known, _)| known == name));
        if status == Some(None) {
            wrong("status", "status must be one of: processing, queued, running, completed, failed");
        }
        let status = status.flatten().map(|(_, status)| status);
        let kind = query.get("kind").and_then(|kind| kind.parse().ok());
        if query.contains_key("kind") && kind.is_none() {
            wrong("kind", "kind must be one of: pdf, zip");
        }
        let limit = query.get("limit").map_or(Some(DEFAULT_LIMIT), |limit| limit.parse().ok());
        let limit = limit.filter(|limit| (1..=MAX_LIMIT).contains(limit));
        if limit.is_none() {
            wrong("limit", "limit must be a number from 1 to 100");
        }
        // The job store keeps places as signed numbers.
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

    fn matches(&self, record: &JobRecord) -> bool {
        self.status.is_none_or(|status| status.includes(record.state))
            && self.kind.is_none_or(|kind| record.kind == Some(kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &[(&str, &str)]) -> Result<ListQuery, Problem> {
        ListQuery::parse(
            &query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        )
    }

    #[test]
    fn without_parameters_the_newest_are_listed() {
        assert_eq!(parse(&[]).unwrap(), ListQuery { status: None, kind: None, limit: 20, cursor: None });
    }

    #[test]
    fn everything_that_is_wrong_is_listed() {
        let problem =
            parse(&[("status", "done"), ("kind", "png"), ("limit", "0"), ("cursor", "x")]).unwrap_err();
        let fields: Vec<_> = problem.errors().iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["status", "kind", "limit", "cursor"]);
    }
}
