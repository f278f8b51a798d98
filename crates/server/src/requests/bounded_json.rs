//! Parsing the JSON of a request with limited memory, whatever the body contains.
//!
//! A body of 4 MiB can contain a million empty lists, which take a hundred times as much memory as values. A
//! body with a hundred nested lists can be parsed, but not once more when the record of a job wraps it. So
//! the body is parsed in one pass that skips unknown fields, stops at the longest allowed list, and counts
//! all values that it keeps.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::representation::problem::Problem;

/// How deep lists and objects may be nested, also in unknown fields.
const MAX_DEPTH: usize = 32;
/// Items of a list that are kept: one more than any list may have, so that its length is seen to be wrong.
const MAX_ITEMS: usize = 10_001;
/// Values of a body that are kept: enough for the longest list and for everything else.
const MAX_VALUES: usize = 12_000;
/// The prefix of names that `serde_json` treats specially when it reads a stored request: the object around
/// such a field would become another value or fail to parse.
const RESERVED_NAMES: &str = "$serde_json::private::";

/// Names of unknown fields that are kept for warnings.
const MAX_UNKNOWN: usize = 21;

/// Parses an object: the fields in `known`, and the names of the first unknown ones. A body that is not JSON
/// is 400; one that is not an object, or too large, is 422.
pub fn read_object(body: &[u8], known: &[&str]) -> Result<(Map<String, Value>, Vec<String>), Problem> {
    let not_json = |error: serde_json::Error| Problem::new(400, format!("The body is not JSON: {error}"));
    // Some editors write a byte order mark at the start of a file.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    if measure_depth(body) > MAX_DEPTH {
        let detail =
            format!("The body is nested more than {MAX_DEPTH} levels deep; no request needs more than four");
        return Err(Problem::new(422, detail));
    }
    let begins_object = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    if !begins_object {
        serde_json::from_slice::<IgnoredAny>(body).map_err(not_json)?;
        return Err(Problem::new(422, "The body must be a JSON object"));
    }
    let mut budget = Budget { left: MAX_VALUES, unknown: Vec::new() };
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = ValueSeed { known: Some(known), budget: &mut budget }.deserialize(&mut reader);
    let value = value.and_then(|value| reader.end().map(|()| value)).map_err(not_json)?;
    if budget.left == 0 {
        let detail = format!("The body has more than {MAX_VALUES} values; request fewer detections");
        return Err(Problem::new(422, detail));
    }
    let Value::Object(object) = value else { unreachable!("what begins with a brace is an object") };
    Ok((object, budget.unknown))
}

/// Measures how deep a JSON text is nested.
fn measure_depth(body: &[u8]) -> usize {
    let (mut now, mut most, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                now += 1;
                most = most.max(now);
            }
            b']' | b'}' if !in_text => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// How many more values may be kept. Values beyond that are skipped.
struct Budget {
    left: usize,
    /// Names of unknown fields.
    unknown: Vec<String>,
}

impl Budget {
    fn take(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }
}

/// Parses a value. Of an object it keeps the `known` fields, or all of them if none are given.
struct ValueSeed<'a> {
    known: Option<&'a [&'a str]>,
    budget: &'a mut Budget,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

/// Methods of a visitor for values that contain no other values.
macro_rules! keep {
    ($($visit:ident: $type:ty;)*) => {
        $(
            fn $visit<E>(self, value: $type) -> Result<Value, E> {
                Ok(value.into())
            }
        )*
    };
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    keep! {
        visit_bool: bool;
        visit_i64: i64;
        visit_u64: u64;
        visit_f64: f64;
        visit_str: &str;
        visit_string: String;
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while list.len() < MAX_ITEMS && self.budget.take() {
            match items.next_element_seed(ValueSeed { known: None, budget: self.budget })? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let is_known = self.known.is_none_or(|known| known.contains(&name.as_str()));
            let is_kept = is_known && !name.starts_with(RESERVED_NAMES);
            if is_kept && self.budget.take() {
                let value = fields.next_value_seed(ValueSeed { known: None, budget: self.budget })?;
                object.insert(name, value);
            } else {
                fields.next_value::<IgnoredAny>()?;
                let unknown = &mut self.budget.unknown;
                if !is_known && unknown.len() < MAX_UNKNOWN && !unknown.contains(&name) {
                    unknown.push(name);
                }
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(body: &str) -> Result<Value, u16> {
        read_object(body.as_bytes(), &["a", "b"])
            .map(|(object, _)| Value::Object(object))
            .map_err(|problem| problem.status())
    }

    #[test]
    fn known_fields_are_read_and_others_are_not_kept() {
        let body = r#"{"a": [1, -2, 3.5, "x\n", null, true, {"c": []}], "c": [[[]]], "b": {}, "b": "last"}"#;
        assert_eq!(read(body), Ok(json!({"a": [1, -2, 3.5, "x\n", null, true, {"c": []}], "b": "last"})));
        assert_eq!(read("\u{FEFF}{}"), Ok(json!({})));
    }

    #[test]
    fn names_that_mean_something_in_a_stored_request_are_not_kept() {
        for name in ["RawValue", "Number"] {
            let body = format!(r#"{{"a": {{"$serde_json::private::{name}": "[1", "x": 2}}}}"#);
            assert_eq!(read(&body), Ok(json!({"a": {"x": 2}})), "{name}");
        }
    }

    #[test]
    fn a_body_that_is_no_object_differs_from_one_that_is_no_json() {
        for text in ["", "{", "{]", "nonsense", "{} {}", r#"{"c": nonsense}"#, r#"{"a": 1e999}"#] {
            assert_eq!(read(text), Err(400), "{text}");
        }
        for text in ["[]", "1", "null", r#" "text""#] {
            assert_eq!(read(text), Err(422), "{text}");
        }
    }

    #[test]
    fn depth_is_limited_in_unknown_fields_too() {
        for (field, depth, expected) in
            [("a", 31, true), ("c", 31, true), ("a", 32, false), ("c", 125, false)]
        {
            let nested = format!(r#"{{"{field}": {}{}}}"#, "[".repeat(depth), "]".repeat(depth));
            assert_eq!(read(&nested).is_ok(), expected, "{field} {depth}");
        }
        assert!(read(&format!(r#"{{"a": "{}"}}"#, "[\\\"".repeat(100))).is_ok(), "a text is not nested");
    }

    #[test]
    fn long_lists_are_seen_to_be_too_long_and_no_more_is_kept() {
        let list = read(&format!(r#"{{"a": [{}0]}}"#, "0,".repeat(1_000_000))).unwrap();
        assert_eq!(list["a"].as_array().unwrap().len(), MAX_ITEMS);
        let lists = format!(r#"{{"a": [{}[]]}}"#, format!("[{}0],", "0,".repeat(5000)).repeat(100));
        assert_eq!(read(&lists), Err(422));
        let objects = format!(r#"{{"a": [{}{{}}]}}"#, r#"{"x":0,"y":0},"#.repeat(10_000));
        assert_eq!(read(&objects), Err(422));
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map(".{0,3}", inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_written(a in json(), b in json()) {
            let body = json!({"a": a, "b": b}).to_string();
            prop_assert_eq!(read(&body), Ok(json!({"a": a, "b": b})));
        }
    }
}
