//! Builds a request from a file and fields.

use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value};

use crate::cli::arguments::{FieldArgument, SubmitArguments};
use crate::cli::command_error::CommandError;

/// Builds the request that arguments describe.
pub fn read(arguments: &SubmitArguments) -> Result<Value, CommandError> {
    let mut request = match &arguments.request {
        Some(path) => read_file(path)?,
        None => Value::Object(Map::new()),
    };
    for FieldArgument { path, value } in &arguments.fields {
        let mut place = &mut request;
        for name in path {
            let Value::Object(fields) = place else {
                let field = path.join(".");
                return Err(CommandError::input(format!(
                    "{field}: the part before .{name} is not an object"
                )));
            };
            place = fields.entry(name).or_insert_with(|| Value::Object(Map::new()));
        }
        *place = value.clone();
    }
    Ok(request)
}

fn read_file(path: &Path) -> Result<Value, CommandError> {
    let wrong =
        |error: &dyn std::fmt::Display| CommandError::input(format!("--request {}: {error}", path.display()));
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    let request: Value =
        serde_json::from_str(&read.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
    if request.is_object() { Ok(request) } else { Err(wrong(&"the request must be a JSON object")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::arguments::ExportKind;

    fn make_request(fields: &[(&str, Value)]) -> Result<Value, CommandError> {
        let field = |(path, value): &(&str, Value)| FieldArgument {
            path: path.split('.').map(str::to_owned).collect(),
            value: value.clone(),
        };
        let fields = fields.iter().map(field).collect();
        read(&SubmitArguments { kind: ExportKind::Zip, fields, request: None, wait: false, output: None })
    }

    #[test]
    fn fields_are_set_at_their_paths() {
        let fields =
            [("filter.start_date", json!("a")), ("filter.end_date", json!("b")), ("crop_size", json!(5))];
        let expected = json!({"filter": {"start_date": "a", "end_date": "b"}, "crop_size": 5});
        assert_eq!(make_request(&fields).unwrap(), expected);
        assert!(make_request(&[("filter", json!("x")), ("filter.start_date", json!("a"))]).is_err());
    }
}
