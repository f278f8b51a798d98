//! Reading a request: all errors at once, and unknown fields.

use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::schema::{Field, FieldKind};
use crate::nearest::nearest;

/// Something that is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The field, such as `filter.start_date`.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

impl FieldError {
    /// An error of a field.
    pub fn new(field: impl Into<String>, detail: impl ToString) -> Self {
        Self { field: field.into(), detail: detail.to_string() }
    }
}

/// Longest part of what a client sent that a message repeats, in characters.
const MAX_REPEATED: usize = 200;

/// The beginning of a text that a client made up, for messages and the log.
pub fn shorten(text: &str) -> &str {
    let end = text.char_indices().nth(MAX_REPEATED).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

/// Longest part of the name of an unknown field that a warning repeats, in characters.
const MAX_UNKNOWN_NAME: usize = 60;
/// Unknown fields that are named to a client.
const MAX_UNKNOWN: usize = 20;

/// A request that is being read and checked.
#[derive(Debug)]
pub struct Reading<T> {
    /// The request. Fields that are wrong have their defaults.
    pub request: T,
    given: Map<String, Value>,
    /// Names of all fields, in the order of their errors.
    order: Vec<String>,
    errors: Vec<FieldError>,
    /// Unknown fields, with a suggestion.
    unknown: Vec<FieldError>,
}

impl<T: DeserializeOwned> Reading<T> {
    /// Reads the fields of an object. `unknown` are names of further fields that it had.
    ///
    /// # Panics
    /// When `fields` are not those of `T`.
    pub fn new(object: Map<String, Value>, fields: &[Field], unknown: Vec<String>) -> Self {
        let mut checked = Checked::default();
        let mut given = object;
        given.retain(|_, value| !value.is_null());
        let right = checked.object("", &given, fields);
        for name in &unknown {
            checked.add_unknown("", name, fields);
        }
        let request = serde_json::from_value(Value::Object(right)).expect("checked fields can be read");
        let order = fields.iter().map(|field| field.name.clone()).collect();
        Self { request, given, order, errors: checked.errors, unknown: checked.unknown }
    }
}

impl<T> Reading<T> {
    /// Whether the request has a field, right or wrong.
    pub fn has(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// What was sent, without the fields that are `null` or unknown.
    pub fn given_fields(&self) -> &Map<String, Value> {
        &self.given
    }

    /// The value of a field as it was sent.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.given.get(name)
    }

    /// The errors so far.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// Adds an error.
    pub fn add_error(&mut self, field: impl Into<String>, detail: impl ToString) {
        self.errors.push(FieldError::new(field, detail));
    }

    /// Takes out the error of a field, if it has one.
    pub fn take_error(&mut self, field: &str) -> Option<FieldError> {
        let at = self.errors.iter().position(|error| error.field == field)?;
        Some(self.errors.remove(at))
    }

    /// Fields that were sent and are unknown.
    pub fn unknown(&self) -> &[FieldError] {
        &self.unknown
    }

    /// All errors: of the data set, then in the order of the fields. Unknown fields are among them when
    /// `is_strict`, and when something else is wrong, since a typing error may be the reason.
    pub fn take_errors(&mut self, is_strict: bool) -> Vec<FieldError> {
        let mut errors = std::mem::take(&mut self.errors);
        if is_strict || !errors.is_empty() {
            errors.append(&mut self.unknown);
        }
        let place = |error: &FieldError| {
            let outer = error.field.split(['.', '[']).next().unwrap_or_default();
            let place = self.order.iter().position(|name| name == outer).unwrap_or(usize::MAX);
            (outer != "dataset", place)
        };
        errors.sort_by_key(place);
        errors
    }
}

/// What was found wrong so far.
#[derive(Default)]
struct Checked {
    errors: Vec<FieldError>,
    unknown: Vec<FieldError>,
}

impl Checked {
    fn wrong(&mut self, field: &str, detail: String) -> Option<Value> {
        self.errors.push(FieldError::new(field, detail));
        None
    }

    /// The fields of an object that are right; `outer` is the path of the object with a dot, or empty.
    fn object(&mut self, outer: &str, object: &Map<String, Value>, fields: &[Field]) -> Map<String, Value> {
        let mut right = Map::new();
        for field in fields {
            let path = format!("{outer}{}", field.name);
            match object.get(&field.name).filter(|value| !value.is_null()) {
                Some(value) => {
                    right.extend(self.value(&path, field, value).map(|value| (field.name.clone(), value)));
                }
                None if field.is_required => drop(self.wrong(&path, format!("{} is missing", field.name))),
                None => {}
            }
        }
        let is_unknown = |name: &&String| fields.iter().all(|field| field.name != **name);
        for name in object.keys().filter(is_unknown) {
            self.add_unknown(outer, name, fields);
        }
        right
    }

    /// Such as: unknown field “classification”; did you mean “classifications”? Of many the first are named.
    fn add_unknown(&mut self, outer: &str, name: &str, fields: &[Field]) {
        match self.unknown.len() {
            0..MAX_UNKNOWN => {
                let name: String = name.chars().take(MAX_UNKNOWN_NAME).collect();
                let path = format!("{outer}{name}");
                let known = nearest(&name, fields.iter().map(|field| field.name.as_str()));
                let hint =
                    known.map_or_else(String::new, |known| format!("; did you mean “{outer}{known}”?"));
                self.unknown.push(FieldError::new(path.clone(), format!("unknown field “{path}”{hint}")));
            }
            MAX_UNKNOWN => self.unknown.push(FieldError::new("", "more unknown fields are not listed")),
            _ => {}
        }
    }

    fn value(&mut self, path: &str, field: &Field, value: &Value) -> Option<Value> {
        let name = &field.name;
        let expected = match &field.kind {
            FieldKind::Text(length) => return self.text(path, name, value, length),
            FieldKind::List(item, count) => return self.list(path, name, value, item, count),
            FieldKind::Object(fields) => match value {
                Value::Object(object) => return self.inner(path, object, fields).map(Value::Object),
                _ => format!("an object of {}", names(fields)),
            },
            FieldKind::Date => match value.as_str() {
                Some(text) if is_date(text) => return Some(value.clone()),
                Some(text) => {
                    let detail = format!("{name} must be a date written YYYY-MM-DD, not “{}”", shorten(text));
                    return self.wrong(path, detail);
                }
                None => "a text".into(),
            },
            FieldKind::Flag if value.is_boolean() => return Some(value.clone()),
            FieldKind::Flag => "true or false".into(),
            FieldKind::Choice(names) => match value.as_str() {
                Some(text) if names.iter().any(|known| known == text) => return Some(value.clone()),
                Some(_) => format!("one of: {}", names.join(", ")),
                None => "a text".into(),
            },
            FieldKind::Integer(least, most) => match value.as_u64() {
                Some(number) if number >= *least && most.is_none_or(|most| number <= most) => {
                    return Some(value.clone());
                }
                _ => match most {
                    Some(most) => format!("a whole number from {least} to {most}"),
                    None => format!("a whole number from {least}"),
                },
            },
            FieldKind::Number(least, most) => match value.as_f64() {
                Some(number) if (*least..=*most).contains(&number) => return Some(value.clone()),
                _ => format!("a number from {least} to {most}"),
            },
        };
        self.wrong(path, format!("{name} must be {expected}"))
    }

    /// An object inside the request, when all of it is right.
    fn inner(
        &mut self,
        path: &str,
        object: &Map<String, Value>,
        fields: &[Field],
    ) -> Option<Map<String, Value>> {
        let before = self.errors.len();
        let right = self.object(&format!("{path}."), object, fields);
        (self.errors.len() == before).then_some(right)
    }

    fn text(
        &mut self,
        path: &str,
        name: &str,
        value: &Value,
        length: &std::ops::RangeInclusive<u64>,
    ) -> Option<Value> {
        let Some(text) = value.as_str() else { return self.wrong(path, format!("{name} must be a text")) };
        let (characters, own) = (text.chars().count() as u64, text.trim().chars().count() as u64);
        if characters <= *length.end() && own >= *length.start() {
            return Some(value.clone());
        }
        self.wrong(
            path,
            match length.start() {
                0 => format!("{name} must have at most {} characters", length.end()),
                least => format!("{name} must have {least} to {} characters", length.end()),
            },
        )
    }

    fn list(
        &mut self,
        path: &str,
        name: &str,
        value: &Value,
        item: &FieldKind,
        count: &std::ops::RangeInclusive<u64>,
    ) -> Option<Value> {
        let is_counted = |items: &[Value]| count.contains(&(items.len() as u64));
        let FieldKind::Object(fields) = item else {
            return match value.as_array().filter(|items| items.iter().all(Value::is_string)) {
                Some(items) if is_counted(items) => Some(value.clone()),
                Some(_) => {
                    self.wrong(path, format!("{name} must have {} to {} items", count.start(), count.end()))
                }
                None => self.wrong(path, format!("{name} must be a list of texts")),
            };
        };
        let Some(items) = value.as_array().filter(|items| is_counted(items)) else {
            let (least, most, names) = (count.start(), count.end(), names(fields));
            let what = if value.is_array() { "items".to_owned() } else { format!("objects of {names}") };
            return self.wrong(path, format!("{name} must be a list of {least} to {most} {what}"));
        };
        let before = self.errors.len();
        let mut right = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let place = format!("{path}[{at}]");
            match item {
                Value::Object(object) => right.extend(self.inner(&place, object, fields).map(Value::Object)),
                _ => drop(self.wrong(&place, format!("{place} must be an object of {}", names(fields)))),
            }
        }
        (self.errors.len() == before).then_some(Value::Array(right))
    }
}

fn is_date(text: &str) -> bool {
    let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    is_plain && text.parse::<Date>().is_ok()
}

fn names(fields: &[Field]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    match names.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.join(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_made_up_is_repeated_in_part() {
        assert_eq!(shorten("/nowhere"), "/nowhere");
        assert_eq!(shorten(&"é".repeat(MAX_REPEATED + 1)).chars().count(), MAX_REPEATED);
    }
}
