//! What there is to be exported.

use detections::Hemisphere;
use report::Summary;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

/// What there is in a period.
#[derive(Serialize, JsonSchema)]
pub struct SummaryAnswer {
    /// Name of the data set.
    pub dataset: String,
    /// Detections with a box, of which an archive would have crops.
    pub detections: usize,
    #[serde(flatten)]
    pub counts: Summary,
}

/// As the counts themselves are described.
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
    /// Its name in requests.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The day of its first record.
    #[schema(value_type = Option<String>, format = Date)]
    pub first_day: Option<String>,
    /// The day of its last record.
    #[schema(value_type = Option<String>, format = Date)]
    pub last_day: Option<String>,
    /// How many observations it has.
    pub observations: u64,
    /// Which classes.
    pub classes: Vec<ClassAnswer>,
    /// Which locations.
    pub locations: Vec<String>,
    /// The half of the earth that its seasons are of: `south` where the median of its latitudes is below 0, else
    /// `north`, as where no latitude is known.
    #[schema(value_type = String)]
    pub hemisphere: Hemisphere,
    /// Why nothing more is known of it at the moment, or why it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// What of its tables could not be read, a sentence for each file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A class.
#[derive(Serialize, ToSchema)]
pub struct ClassAnswer {
    /// Its name in requests.
    pub classification: String,
    /// Its everyday name, where the data have one.
    pub vernacular_name: Option<String>,
}
