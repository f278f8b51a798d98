//! Bodies of requests: JSON objects whose fields are looked at one by one, so that everything
//! that is wrong is told and not only the first.

use jiff::civil::Date;
use serde_json::{Map, Value};

use super::bounded_json::read_object;
use super::problem::{FieldError, Problem};

/// The fields of a body, and what is wrong with them so far.
pub struct Fields {
    object: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// Reads the `known` fields of a body. One that is not JSON is 400, one that is no object or holds
    /// too much is 422.
    pub fn read(body: &[u8], known: &[&str]) -> Result<Self, Problem> {
        Ok(Self { object: read_object(body, known)?, errors: Vec::new() })
    }

    /// Fields of an object inside the body, told of as `outer.field`.
    pub fn within(object: Map<String, Value>) -> Self {
        Self { object, errors: Vec::new() }
    }

    /// The whole body as it was sent.
    pub fn whole(&self) -> Value {
        Value::Object(self.object.clone())
    }

    /// Takes a field out, which is then no part of the request as it was sent.
    pub fn take_out(&mut self, name: &str) {
        self.object.remove(name);
    }

    /// A field, when it is there and not `null`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    pub fn wrong(&mut self, field: &str, detail: impl ToString) {
        self.errors.push(FieldError::new(field, detail));
    }

    /// 422 with everything that is wrong, when anything is.
    pub fn check(&mut self) -> Result<(), Problem> {
        match std::mem::take(&mut self.errors) {
            errors if errors.is_empty() => Ok(()),
            errors => Err(Problem::fields(422, errors)),
        }
    }

    /// What is wrong, for the fields of an inner object.
    pub fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }

    /// Takes over what is wrong with an inner object.
    pub fn wrong_within(&mut self, outer: &str, inner: Vec<FieldError>) {
        let named = |error: FieldError| FieldError { field: format!("{outer}.{}", error.field), ..error };
        self.errors.extend(inner.into_iter().map(named));
    }

    pub fn text(&mut self, name: &str) -> Option<String> {
        let text = self.get(name)?.as_str().map(str::to_owned);
        if text.is_none() {
            self.wrong(name, format!("{name} must be a text"));
        }
        text
    }

    pub fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.get(name) {
            None => default,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.wrong(name, format!("{name} must be true or false"));
                default
            }
        }
    }

    /// A calendar date, written `YYYY-MM-DD`.
    pub fn date(&mut self, name: &str) -> Option<Date> {
        let text = self.text(name)?;
        let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let date = plain.then(|| text.parse().ok()).flatten();
        if date.is_none() {
            self.wrong(name, format!("{name} must be a date written YYYY-MM-DD, and “{text}” is none"));
        }
        date
    }

    /// A field that has to be there: `read` is one of the methods above.
    pub fn required<T>(&mut self, name: &str, read: fn(&mut Self, &str) -> Option<T>) -> Option<T> {
        if self.get(name).is_none() {
            self.wrong(name, format!("{name} is missing"));
            return None;
        }
        read(self, name)
    }

    /// A whole number between two limits, both inside.
    pub fn whole_number(&mut self, name: &str, limits: std::ops::RangeInclusive<u32>, default: u32) -> u32 {
        let Some(value) = self.get(name) else { return default };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        number.filter(|number| limits.contains(number)).unwrap_or_else(|| {
            let detail = format!("{name} must be a whole number from {} to {}", limits.start(), limits.end());
            self.wrong(name, detail);
            default
        })
    }

    /// One of several names; the first when the field is not there.
    ///
    /// # Panics
    /// When there is no name to choose from.
    pub fn choice<T: Copy>(&mut self, name: &str, known: &[(&str, T)]) -> T {
        let (_, default) = known.first().expect("something to choose from");
        let Some(chosen) = self.text(name) else { return *default };
        let found = known.iter().find(|(known, _)| *known == chosen);
        found.map_or_else(
            || {
                let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
                self.wrong(name, format!("{name} must be one of: {}", names.join(", ")));
                *default
            },
            |(_, value)| *value,
        )
    }

    /// A list of texts; empty when it is not there.
    pub fn texts(&mut self, name: &str) -> Vec<String> {
        let Some(value) = self.get(name) else { return Vec::new() };
        let texts = value.as_array().and_then(|items| {
            items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        texts.unwrap_or_else(|| {
            self.wrong(name, format!("{name} must be a list of texts"));
            Vec::new()
        })
    }
}
