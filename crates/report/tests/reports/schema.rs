//! docs/report.schema.json is the schema of what reports are.

use std::path::Path;

use report::Request;
use serde_json::Value;

use crate::tools::{compute, example, json, label_period, period, read, seasonal};

/// The file, with a line break at its end.
const FILE: &str = "../../docs/report.schema.json";

#[test]
fn the_documented_schema_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let now = format!("{}\n", serde_json::to_string_pretty(&report::schema()).unwrap());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == now,
        "docs/report.schema.json is not of this code: UPDATE_SCHEMA=1 scripts/test schema"
    );
}

#[test]
fn reports_conform_to_it() {
    let schema = report::schema();
    let halves = [
        label_period("a", period("2018-05-01", "2018-10-31")),
        label_period("b", period("2018-11-01", "2019-04-30")),
    ];
    for (data, request) in [
        (example("algar.zip"), seasonal("2018-05-01", "2019-04-30")),
        (example("algar.zip"), Request::comparison(halves.to_vec())),
        (example("camtrap-dp"), seasonal("2020-05-01", "2021-04-30")),
        (read(&testkit::Package::new()), seasonal("2020-05-01", "2021-04-30")),
    ] {
        let numbers = json(&compute(&data, &request));
        check(&schema, &schema, &numbers, "report");
        let read: report::ReportData = serde_json::from_value(numbers.clone()).unwrap();
        assert_eq!(json(&read), numbers, "it is read back as it was written");
    }
}

/// Checks a value against a schema: as much of JSON Schema as ours uses, and no more.
fn check(root: &Value, schema: &Value, value: &Value, place: &str) {
    for keyword in schema.as_object().into_iter().flat_map(|object| object.keys()) {
        let known = "$ref $schema $defs title description type format minimum maximum properties required items enum \
                     const default anyOf oneOf additionalProperties";
        assert!(
            known.split_whitespace().any(|known| known == keyword),
            "{place}: {keyword} is not checked here"
        );
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).expect(reference);
        check(root, target, value, place);
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let fits = |choice: &&Value| {
                let part = without_properties(value, schema);
                std::panic::catch_unwind(|| check(root, choice, &part, place)).is_ok()
            };
            assert_eq!(choices.iter().filter(fits).count(), 1, "{place}: {value} fits none or several");
        }
    }
    if let Some(expected) = schema.get("const") {
        assert_eq!(value, expected, "{place}");
    }
    if let Some(known) = schema["enum"].as_array() {
        assert!(known.contains(value), "{place}: {value} is none of {known:?}");
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let is = |name: &&str| match *name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{place}: the type {other} is not checked here"),
    };
    assert!(types.is_empty() || types.iter().any(is), "{place}: {value} is no {types:?}");
    for (at, item) in value.as_array().into_iter().flatten().enumerate() {
        check(root, &schema["items"], item, &format!("{place}[{at}]"));
    }
    if let (Some(object), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(object.contains_key(name.as_str().unwrap()), "{place} has no {name}");
        }
        for (name, inner) in object {
            // What an object has beside is in one of its choices.
            let has_choices = schema.get("oneOf").is_some();
            match properties.get(name) {
                Some(known) => check(root, known, inner, &format!("{place}.{name}")),
                None => assert!(has_choices, "{place}.{name} is not in the schema"),
            }
        }
    }
}

/// An object without what the properties of a schema say of it: what is left is for its choices.
fn without_properties(value: &Value, schema: &Value) -> Value {
    let mut part = value.clone();
    if let (Some(object), Some(properties)) = (part.as_object_mut(), schema["properties"].as_object()) {
        object.retain(|name, _| !properties.contains_key(name));
    }
    part
}
