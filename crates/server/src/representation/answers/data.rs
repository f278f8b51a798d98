//! Answers about data sets and their contents.

use detections::Hemisphere;
use report::Summary;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

/// The counts of a period.
#[derive(Serialize, JsonSchema)]
pub struct SummaryAnswer {
    /// Name of the data set.
    pub dataset: String,
    /// Number of detections with a box; an archive would have as many crops.
    pub detections: usize,
    #[serde(flatten)]
    pub counts: Summary,
}

/// [`Summary`] describes itself with `schemars`, so this schema is built with it too.
impl PartialSchema for SummaryAnswer {
    fn schema() -> RefOr<Schema> {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        });
        let schema = settings.into_generator().into_root_schema_for::<Self>();
        serde_json::from_value(schema.into()).expect("OpenAPI takes JSON Schema")
    }
}

impl ToSchema for SummaryAnswer {}

/// The data sets, the default first.
#[derive(Serialize, ToSchema)]
#[schema(examples(json!({"datasets": [{
    "name": "algar", "title": "Algar", "first_day": "2018-06-01", "last_day": "2019-05-31", "observations": 1234,
    "classes": [{"classification": "Odocoileus virginianus", "vernacular_name": "White-tailed Deer"}],
    "locations": ["ALG027"], "hemisphere": "north"
}]})))]
pub struct DatasetsAnswer {
    pub datasets: Vec<DatasetAnswer>,
}

/// A data set.
#[derive(Default, Serialize, ToSchema)]
pub struct DatasetAnswer {
    /// Name in requests.
    pub name: String,
    /// Title.
    pub title: String,
    /// Day of the first record.
    #[schema(value_type = Option<String>, format = Date)]
    pub first_day: Option<String>,
    /// Day of the last record.
    #[schema(value_type = Option<String>, format = Date)]
    pub last_day: Option<String>,
    /// Number of observations.
    pub observations: u64,
    /// The species and other classes.
    pub classes: Vec<ClassAnswer>,
    /// Names of the locations.
    pub locations: Vec<String>,
    /// The hemisphere, which decides when seasons begin: `south` if the median of the latitudes is below 0,
    /// else `north`, also if no latitude is known.
    #[schema(value_type = String)]
    pub hemisphere: Hemisphere,
    /// Why the data set does not answer at the moment, or why it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// A warning for each file with rows that could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A species or another class.
#[derive(Serialize, ToSchema)]
pub struct ClassAnswer {
    /// Name in requests.
    pub classification: String,
    /// Common name, if the data have one.
    pub vernacular_name: Option<String>,
}
