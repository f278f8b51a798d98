//! The fields of a request, as the declaration of its type describes them.
//!
//! [`report::Request`] and [`archive::ArchiveRequest`] derive a schema of the interface, which has names, limits,
//! defaults and descriptions. Bodies are read, flags are made and tables of the documentation are written by
//! what stands there, so none of it is said a second time.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

/// The field with the address that is called when a job has ended. It is kept apart from the request, so that
/// it appears neither in statuses nor in archives.
pub const CALLBACK_URL: &str = "callback_url";

/// A field of a request.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name in JSON.
    pub name: String,
    /// What it means, in plain text.
    pub description: String,
    /// Whether a request must have it.
    pub is_required: bool,
    /// Its value in a request that lacks it, if that is more than nothing.
    pub default: Option<Value>,
    /// What it holds.
    pub kind: FieldKind,
}

/// What a field holds.
#[derive(Clone, Debug)]
pub enum FieldKind {
    /// A text of so many characters.
    Text(RangeInclusive<u64>),
    /// A date, YYYY-MM-DD.
    Date,
    /// True or false.
    Flag,
    /// A whole number from a limit to another, or without an upper limit.
    Integer(u64, Option<u64>),
    /// A number from a limit to another.
    Number(f64, f64),
    /// One of these names.
    Choice(Vec<String>),
    /// A list of so many items.
    List(Box<FieldKind>, RangeInclusive<u64>),
    /// An object with fields of its own.
    Object(Vec<Field>),
}

/// The fields of a request of this type, in the order of its declaration.
pub fn fields_of<T: ToSchema>() -> Vec<Field> {
    let mut named = Vec::new();
    T::schemas(&mut named);
    let components = named.iter().map(|(name, schema)| (name.as_str(), to_json(schema))).collect();
    object_fields(&to_json(&T::schema()), &components)
}

/// The field `callback_url` of both kinds of requests.
pub fn callback_field() -> Field {
    Field {
        name: CALLBACK_URL.into(),
        description: "An https address that is called when the export has ended, with a signature as in \
                      Standard Webhooks."
            .into(),
        is_required: false,
        default: None,
        // Its length is checked with its host.
        kind: FieldKind::Text(0..=u64::MAX),
    }
}

/// All fields with their paths, those of inner objects too, for the tables of the documentation.
pub fn flatten(fields: Vec<Field>) -> Vec<(String, Field)> {
    let mut flat = Vec::new();
    for field in fields {
        match field.kind {
            FieldKind::Object(inner) => flat.extend(
                flatten(inner).into_iter().map(|(path, inner)| (format!("{}.{path}", field.name), inner)),
            ),
            _ => flat.push((field.name.clone(), field)),
        }
    }
    flat
}

impl Field {
    /// What it means, with its values, limits and default, for a table of the documentation.
    pub fn describe(&self) -> String {
        let values = match &self.kind {
            FieldKind::Choice(names) => {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                format!(" Values: {}.", names.join(", "))
            }
            FieldKind::Integer(least, Some(most)) if *most < u64::from(u32::MAX) => {
                format!(" {least} to {most}.")
            }
            FieldKind::Number(least, most) => format!(" {least} to {most}."),
            FieldKind::Text(length) if *length.end() < u64::MAX => {
                format!(" At most {} characters.", length.end())
            }
            FieldKind::List(_, count) if *count.end() < u64::MAX => {
                format!(" {} to {} items.", count.start(), count.end())
            }
            _ => String::new(),
        };
        let default = match &self.default {
            Some(Value::String(name)) => format!(" Default: `{name}`."),
            Some(other) => format!(" Default: {other}."),
            None => String::new(),
        };
        format!("{}{values}{default}", self.description)
    }
}

fn to_json(schema: &RefOr<Schema>) -> Value {
    serde_json::to_value(schema).expect("a schema has a JSON form")
}

type Components<'a> = BTreeMap<&'a str, Value>;

fn object_fields(schema: &Value, components: &Components<'_>) -> Vec<Field> {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().expect("an object has properties");
    let field = |(name, schema): (&String, &Value)| {
        let schema = without_null(schema);
        Field {
            name: name.clone(),
            description: schema["description"].as_str().unwrap_or_default().replace('\n', " "),
            is_required: required.contains(&name.as_str()),
            default: schema.get("default").filter(|default| !is_nothing(default)).cloned(),
            kind: kind_of(&schema, components),
        }
    };
    properties.iter().map(field).collect()
}

/// The schema of a value that is there: `null` means the same as a field that is not.
fn without_null(schema: &Value) -> Value {
    let Some(variants) = schema["oneOf"].as_array() else { return schema.clone() };
    let mut only = variants.iter().find(|variant| variant["type"] != "null").cloned().unwrap_or_default();
    if let (Some(only), Some(default)) = (only.as_object_mut(), schema.get("default")) {
        only.insert("default".into(), default.clone());
    }
    only
}

fn kind_of(schema: &Value, components: &Components<'_>) -> FieldKind {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return kind_of(&components[name], components);
    }
    if let Some(names) = schema["enum"].as_array() {
        return FieldKind::Choice(names.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    }
    let limit = |name: &str| schema[name].as_u64();
    let own_type = match &schema["type"] {
        Value::Array(types) => types.iter().find(|name| *name != "null").cloned().unwrap_or_default(),
        only => only.clone(),
    };
    match own_type.as_str() {
        Some("string") if schema["format"] == "date" => FieldKind::Date,
        Some("string") => {
            FieldKind::Text(limit("minLength").unwrap_or(0)..=limit("maxLength").unwrap_or(u64::MAX))
        }
        Some("boolean") => FieldKind::Flag,
        Some("integer") => {
            let largest = (schema["format"] == "int32").then_some(u64::from(u32::MAX));
            FieldKind::Integer(limit("minimum").unwrap_or(0), limit("maximum").or(largest))
        }
        Some("number") => {
            let limit = |name: &str| schema[name].as_f64().expect("a number has limits");
            FieldKind::Number(limit("minimum"), limit("maximum"))
        }
        Some("array") => {
            let count = limit("minItems").unwrap_or(0)..=limit("maxItems").unwrap_or(u64::MAX);
            FieldKind::List(Box::new(kind_of(&schema["items"], components)), count)
        }
        Some("object") => FieldKind::Object(object_fields(schema, components)),
        other => unreachable!("no field of a request has the type {other:?}"),
    }
}

fn is_nothing(default: &Value) -> bool {
    default.is_null() || default.as_array().is_some_and(Vec::is_empty)
}

/// The schema of a request of this type over HTTP: with `callback_url`, and with `null` allowed
/// wherever a field may be missing.
pub fn body_schema<T: ToSchema>() -> RefOr<Schema> {
    let mut schema = to_json(&T::schema());
    let callback = callback_field();
    let (name, text) = (callback.name, callback.description);
    schema["properties"][name] =
        serde_json::json!({"type": "string", "description": text, "maxLength": 2000});
    allow_null(&mut schema);
    from_json(schema)
}

/// The schemas that [`body_schema`] refers to.
pub fn body_components<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    let mut own = Vec::new();
    T::schemas(&mut own);
    for (name, schema) in own {
        let mut schema = to_json(&schema);
        allow_null(&mut schema);
        schemas.push((name, from_json(schema)));
    }
}

fn from_json(schema: Value) -> RefOr<Schema> {
    serde_json::from_value(schema).expect("a schema in JSON can be read")
}

/// Lets `null` stand for each field of an object that may be missing.
fn allow_null(object: &mut Value) {
    let required = object["required"].clone();
    let is_required =
        |name: &String| required.as_array().is_some_and(|names| names.iter().any(|known| known == name));
    for (name, property) in object.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten()
    {
        let is_required = is_required(name);
        let Some(fields) = property.as_object_mut() else { continue };
        if is_required || fields.get("default").is_some_and(is_nothing) {
            fields.shift_remove("default");
        }
        if is_required {
            continue;
        }
        if fields.contains_key("$ref") {
            let default = fields.shift_remove("default");
            let mut nullable = Map::new();
            nullable.insert(
                "oneOf".into(),
                Value::Array(vec![Value::Object(fields.clone()), serde_json::json!({"type": "null"})]),
            );
            nullable.extend(default.map(|default| ("default".to_owned(), default)));
            *property = Value::Object(nullable);
        } else if let Some(Value::String(only)) = fields.get("type") {
            let nullable = serde_json::json!([only, "null"]);
            fields.insert("type".into(), nullable);
        }
    }
}

/// A body of requests in the description of the interface.
macro_rules! body {
    ($name:ident = $request:ty) => {
        /// The body of a request, for the description of the interface.
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                body_schema::<$request>()
            }
        }

        impl ToSchema for $name {
            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                body_components::<$request>(schemas);
            }
        }
    };
}

body!(ReportBody = report::Request);
body!(ArchiveBody = archive::ArchiveRequest);
