//! What the fuzz target `request` calls: a body is read, kept as a job and read again, without a server.
//!
//! It is compiled for tests and with the feature `fuzzing`.

use std::sync::LazyLock;

use axum::response::IntoResponse;
use jiff::civil::{Date, date};
use serde_json::Value;

use crate::datasets::{DataAddress, DataArgument, Datasets, How};
use crate::export::{Export, What};
use crate::http::read_requests;
use crate::limits::Limits;
use crate::templates::Templates;

/// The day on which all requests come, so that the same body always does the same.
const TODAY: Date = date(2025, 6, 1);
/// The deepest nesting of a request in the job store. Parsers have limits (that of `serde_json` is 128),
/// and a job that cannot be read again cannot be done.
const MAX_DEPTH: usize = 40;
/// Memory of an export and of pictures, in MiB. No picture is read here.
const MEMORY_MIB: u32 = 64;

/// The bundled example, with the places and classes that the seeds name.
static DATASETS: LazyLock<Datasets> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/camtrap-dp");
    let example = DataArgument { name: "camtrap-dp".into(), at: DataAddress::Path(folder.into()) };
    Datasets::read(&[example], &How::default()).expect("the example can be read")
});

/// Submits a body as a request for a report and as one for an archive, and does with each that is
/// accepted what a job store and a worker do before anything is written. Returns how many were accepted.
///
/// # Panics
/// When an accepted request is not kept as it is.
pub fn submit(body: &[u8]) -> usize {
    let mut accepted = 0;
    for request in read_requests(body, &DATASETS, &Templates::default(), TODAY) {
        match request {
            Ok((export, total)) => {
                export.title(total);
                prepare(&store_and_read(&export));
                accepted += 1;
            }
            Err(problem) => drop(problem.into_response()),
        }
    }
    accepted
}

/// Writes a request as text, as job stores do, and reads it as workers do.
fn store_and_read(export: &Export) -> Export {
    let request = serde_json::to_value(export).expect("a request has a JSON form");
    let stored = request.to_string();
    let read: Value = serde_json::from_str(&stored).expect("a stored request can be parsed");
    let depth = depth_of(&read);
    assert!(depth <= MAX_DEPTH, "a stored request is nested {depth} deep");
    let read: Export = serde_json::from_value(read).expect("a stored request can be read");
    assert_same(export, &read);
    read
}

/// Fails unless two exports are the same, but for the last bits of fractions in the request as it was
/// sent: `serde_json` parses a fraction to a neighbour of the nearest number, and only the manifest shows
/// it.
fn assert_same(export: &Export, read: &Export) {
    let mut expected = export.clone();
    if let (What::Archive(expected), What::Archive(read)) = (&mut expected.what, &read.what) {
        assert!(is_alike(&expected.asked, &read.asked), "{} became {}", expected.asked, read.asked);
        expected.asked = read.asked.clone();
    }
    assert_eq!(expected, *read);
}

/// Whether two values are the same but for the last bits of fractions.
fn is_alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| is_near(a, b))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_alike(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| is_alike(a, b)))
        }
        _ => a == b,
    }
}

fn is_near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 4.0 * f64::EPSILON * a.abs().max(f64::MIN_POSITIVE)
}

/// How many arrays and objects are inside each other.
fn depth_of(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth_of).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth_of).max().unwrap_or(0),
        _ => 0,
    }
}

/// Does what a worker does before it draws pages or reads pictures: it computes the numbers of a report,
/// and finds the detections of an archive.
fn prepare(export: &Export) {
    let (_, source) = DATASETS.get(Some(&export.dataset)).expect("the data set of an accepted request");
    match &export.what {
        What::Report(request) => {
            let periods = request.numbers.periods();
            let data = source.for_report(&periods, &|| false).expect("data in memory");
            if let Ok(numbers) = report::compute(&data, &request.numbers) {
                serde_json::to_string(&numbers).expect("numbers have a JSON form");
            }
        }
        What::Archive(request) => {
            let data = source.for_archive(|| request.slice(), &|| false).expect("data in memory");
            let order = request.order(&data, &Limits::new(MEMORY_MIB, MEMORY_MIB));
            order.expect("an accepted request names what there is");
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

    #[test]
    fn values_are_alike_up_to_the_last_bits() {
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let alike = |a: &str, b: &str| is_alike(&value(a), &value(b));
        assert!(alike(r#"{"a": [0.1]}"#, r#"{"a": [0.10000000000000002]}"#));
        assert!(!alike(r#"{"a": [0.1]}"#, r#"{"a": [0.1001]}"#));
        assert!(!alike(r#"{"a": 1}"#, r#"{"b": 1}"#));
        assert!(!alike("[1]", "[1, 2]"));
    }
}
