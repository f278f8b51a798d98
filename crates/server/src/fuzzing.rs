//! What fuzz targets and benchmarks call of the private parts.
//!
//! The fuzz target `request` reads a body, stores it as a job does and reads it again, without a server.
//!
//! It is compiled for tests and with the feature `fuzzing`.

use std::sync::LazyLock;

use axum::response::IntoResponse;
use jiff::civil::{Date, date};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::representation::problem::Problem;
use crate::representation::{StatusBody, infer_kind};
use crate::requests::read_request::{AcceptedRequest, RequestReader};
use crate::webhook::Webhooks;
use exports::datasets::{DataAddress, DataArgument, Datasets, OpenOptions};
use exports::export::{Export, ExportRequest};
use exports::templates::Templates;
use jobs::JobRecord;

pub use crate::representation::etag::compute_etag;

/// The day of all requests, so that the same body always gives the same result.
const TODAY: Date = date(2025, 6, 1);
/// The deepest nesting of a request in the job store. Parsers have limits (that of `serde_json` is 128), and
/// a job that cannot be parsed cannot run.
const MAX_DEPTH: usize = 40;

/// The bundled example, with the places and classes that the seeds name.
static DATASETS: LazyLock<Datasets> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/camtrap-dp");
    let example = DataArgument { name: "camtrap-dp".into(), address: DataAddress::Path(folder.into()) };
    Datasets::open(&[example], &OpenOptions::default()).expect("the example can be read")
});

/// Submits a body as a request for a report and as one for an archive, and does with each accepted one what a
/// job store and a worker do before a file is written. Returns how many were accepted.
///
/// # Panics
/// When an accepted request is not kept as it is.
pub fn submit(body: &[u8]) -> usize {
    let mut accepted = 0;
    for request in read(body) {
        match request {
            Ok(AcceptedRequest { export, total, .. }) => {
                export.title(total);
                prepare(&store_and_read(&export));
                accepted += 1;
            }
            Err(problem) => drop(problem.into_response()),
        }
    }
    accepted
}

/// Writes the status of a job as a server without tokens sends it. Returns its JSON and its entity tag.
pub fn write_status(record: &JobRecord) -> (String, String) {
    let body = StatusBody::new(record, infer_kind(record), None, &Access::open());
    (body.text().to_owned(), body.etag)
}

/// Reads and checks a body as a request for a report and as one for an archive.
fn read(body: &[u8]) -> [Result<AcceptedRequest, Problem>; 2] {
    let reader = RequestReader {
        datasets: DATASETS.clone(),
        templates: Templates::default(),
        webhooks: Webhooks::none(),
        today: TODAY,
        is_strict: false,
    };
    [reader.read_report(body), reader.read_archive(body)]
}

/// Writes a request as text, as job stores do, and reads it as workers do.
fn store_and_read(export: &Export) -> Export {
    let request = serde_json::to_value(export).expect("a request has a JSON form");
    let stored = request.to_string();
    let read: Value = serde_json::from_str(&stored).expect("a stored request can be parsed");
    let depth = depth_of(&read);
    assert!(depth <= MAX_DEPTH, "a stored request is nested {depth} deep");
    let read: Export = serde_json::from_value(read).expect("a stored request can be read");
    assert_eq!(*export, read);
    read
}

/// How deeply arrays and objects are nested.
fn depth_of(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth_of).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth_of).max().unwrap_or(0),
        _ => 0,
    }
}

/// Does what a worker does before it lays out pages or reads pictures: computes the numbers of a report, and
/// finds the detections of an archive.
fn prepare(export: &Export) {
    let (_, source) = DATASETS.get(Some(&export.dataset)).expect("the data set of an accepted request");
    match &export.request {
        ExportRequest::Report(request) => {
            let data = source.load_for_report(request, &CancellationToken::new()).expect("data in memory");
            if let Ok(numbers) = report::compute(&data, request) {
                serde_json::to_string(&numbers).expect("numbers have a JSON form");
            }
        }
        ExportRequest::Archive(request) => {
            let data = source.load_for_archive(request, &CancellationToken::new()).expect("data in memory");
            request.select_ids(&data).expect("an accepted request names what there is");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The seeds are named after what becomes of them. Odd ones may be refused.
    #[test]
    fn seeds_of_the_fuzz_target_are_refused_or_kept_as_they_are() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/request");
        let mut seeds = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let accepted = submit(&std::fs::read(&path).unwrap());
            let name = path.file_name().unwrap().to_str().unwrap();
            match name.split('-').next() {
                Some("report" | "archive") => assert_eq!(accepted, 1, "{name}"),
                Some("refused") => assert_eq!(accepted, 0, "{name}"),
                other => assert_eq!(other, Some("odd"), "{name}"),
            }
            seeds += 1;
        }
        assert!(seeds > 20, "{seeds} seeds");
    }

    #[test]
    fn nesting_is_counted() {
        let depth = |text: &str| depth_of(&serde_json::from_str(text).unwrap());
        assert_eq!(["1", "[]", r#"{"a": [1, {"b": []}]}"#].map(depth), [0, 1, 4]);
    }
}
