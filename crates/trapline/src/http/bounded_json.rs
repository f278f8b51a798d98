//! Reading the JSON of a request into memory that is limited, whatever the body holds.
//!
//! A body of 4 MiB can hold a million empty lists, which as values take a hundred times its size;
//! one nested a hundred deep can be read and, wrapped in the record of a job, not be read again. So
//! a body is read in one pass: fields that nobody knows are skipped, lists are read as far as they
//! may be long, and all that is kept is counted.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::problem::Problem;

/// How deep lists and objects may be nested, in fields that nobody knows too.
const MAX_DEPTH: usize = 32;
/// The items of a list that are read: one more than any list may have, so that its length is seen
/// to be wrong.
const MAX_ITEMS: usize = 10_001;
/// Values that are read of a whole body: the longest list, and more than enough for the rest.
const MAX_VALUES: usize = 12_000;
/// Names to which `serde_json` gives a meaning of its own when it reads a stored request: what stands
/// beside one would become another value, or could not be read at all.
const RESERVED_NAMES: &str = "$serde_json::private::";

/// Reads the fields of an object that are in `known`. A body that is not JSON is 400, one that is no
/// object, or holds too much, is 422.
pub fn read_object(body: &[u8], known: &[&str]) -> Result<Map<String, Value>, Problem> {
    let not_json = |error: serde_json::Error| Problem::new(400, format!("The body is not JSON: {error}"));
    // Some editors begin a file with a byte order mark.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    if depth(body) > MAX_DEPTH {
        let detail =
            format!("The body is nested more than {MAX_DEPTH} deep; no request needs more than four levels");
        return Err(Problem::new(422, detail));
    }
    let begins_object = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    if !begins_object {
        serde_json::from_slice::<IgnoredAny>(body).map_err(not_json)?;
        return Err(Problem::new(422, "The body must be a JSON object"));
    }
    let mut room = Room { left: MAX_VALUES };
    let mut reader = serde_json::Deserializer::from_slice(body);
    let object = ObjectSeed { known: Some(known), room: &mut room }.deserialize(&mut reader);
    let object = object.and_then(|object| reader.end().map(|()| object)).map_err(not_json)?;
    if room.left == 0 {
        let detail =
            format!("The body holds more than {MAX_VALUES} values; ask for fewer detections at once");
        return Err(Problem::new(422, detail));
    }
    Ok(object)
}

/// How deep a text is nested, if it is JSON.
fn depth(body: &[u8]) -> usize {
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

/// How many values may still be kept. What comes when there is no room is skipped.
struct Room {
    left: usize,
}

impl Room {
    fn take(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }
}

/// Reads an object: its known fields, or all of them where none are given.
struct ObjectSeed<'a> {
    known: Option<&'a [&'a str]>,
    room: &'a mut Room,
}

impl<'de> DeserializeSeed<'de> for ObjectSeed<'_> {
    type Value = Map<String, Value>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ObjectSeed<'_> {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let is_known = self.known.is_none_or(|known| known.contains(&name.as_str()));
            let is_kept = is_known && !name.starts_with(RESERVED_NAMES);
            if is_kept && self.room.take() {
                let value = fields.next_value_seed(ValueSeed { room: self.room })?;
                object.insert(name, value);
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(object)
    }
}

/// Reads any value.
struct ValueSeed<'a> {
    room: &'a mut Room,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while list.len() < MAX_ITEMS && self.room.take() {
            match items.next_element_seed(ValueSeed { room: self.room })? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Value, A::Error> {
        ObjectSeed { known: None, room: self.room }.visit_map(fields).map(Value::Object)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(body: &str) -> Result<Value, u16> {
        read_object(body.as_bytes(), &["a", "b"]).map(Value::Object).map_err(|problem| problem.status())
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
    fn what_is_no_object_is_told_from_what_is_no_json() {
        for text in ["", "{", "{]", "nonsense", "{} {}", r#"{"c": nonsense}"#, r#"{"a": 1e999}"#] {
            assert_eq!(read(text), Err(400), "{text}");
        }
        for text in ["[]", "1", "null", r#" "text""#] {
            assert_eq!(read(text), Err(422), "{text}");
        }
    }

    #[test]
    fn depth_is_limited_in_fields_that_nobody_knows_too() {
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
