//! A JSON object that is passed on.

use serde_json::Value;
use serde_json::value::RawValue;

/// A JSON object as text without line breaks. It is passed on as it was read, without being taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JsonObject(Box<str>);

impl JsonObject {
    /// Reads an object; `None` if the text is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_raw(serde_json::from_str(text).ok()?)
    }

    /// The same for JSON that is known to be valid.
    pub(crate) fn from_raw(json: &RawValue) -> Option<Self> {
        let text = json.get();
        if !text.starts_with('{') {
            return None;
        }
        // Only between tokens can there be line breaks, which event streams would not carry.
        let line_breaks = text.bytes().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
        Some(Self(if line_breaks > 0 {
            serde_json::from_str::<Value>(text).ok()?.to_string().into()
        } else {
            text.into()
        }))
    }

    /// The JSON.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_kept_as_it_is_but_for_line_breaks() {
        let kept = |text| JsonObject::parse(text).map(|object| object.as_str().to_owned());
        assert_eq!(kept(r#"{"b": 1, "a": "\n"}"#), Some(r#"{"b": 1, "a": "\n"}"#.into()));
        assert_eq!(kept("{\r\n\"b\": [1,\n2]}"), Some(r#"{"b":[1,2]}"#.into()));
        for other in ["", "[]", "null", "1", "{", "{}}"] {
            assert_eq!(kept(other), None, "{other}");
        }
    }
}
