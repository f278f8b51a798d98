//! What the JSON form of a report looks like, for those who write templates and other readers.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::data::ReportData;

/// The JSON Schema (draft 2020-12) of [`ReportData`], whose descriptions are its doc comments.
pub fn schema() -> Value {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<ReportData>();
    schema.to_value()
}
