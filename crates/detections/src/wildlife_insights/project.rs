//! `projects.csv`: what an export says of itself.

use serde_json::{Value, json};

use crate::builder::Description;
use crate::container::Container;
use crate::error::SourceError;
use crate::model::{Licence, SourceFormat};
use crate::table::{Row, Step, Table};

/// What `projects.csv` says of the whole. The table may be absent.
pub(super) fn describe(container: &Container) -> Result<Description, SourceError> {
    let mut description = Description {
        format: SourceFormat::WildlifeInsights,
        title: "Wildlife Insights export".into(),
        citation: None,
        licences: Vec::new(),
        descriptor: Value::Null,
    };
    let file = "projects.csv";
    let Ok(reader) = container.open(file) else { return Ok(description) };
    let mut table = Table::open(reader, file, b',')?;
    let Step::Row(row) = table.step()? else { return Ok(description) };
    let text = |column| Some(row.named(column)).filter(|text| !text.is_empty()).map(str::to_owned);
    if let Some(title) = text("project_name") {
        description.title = title;
    }
    description.citation = text("data_citation");
    description.descriptor = descriptor(&row, &description.title);
    let licence =
        |(column, scope): (_, &str)| Some(Licence { name: text(column)?, scope: Some(scope.into()) });
    let licences = [("metadata_license", "data"), ("image_license", "media")];
    description.licences = licences.into_iter().filter_map(licence).collect();
    Ok(description)
}

/// The project in the words of Camtrap DP, as far as they have words for it. The address of the
/// person in charge is not handed on.
fn descriptor(row: &Row<'_>, title: &str) -> Value {
    let text = |column: &str| row.named(column);
    let is = |column: &str, start: &str| text(column).to_lowercase().starts_with(start);
    let design = match text("project_sensor_layout").to_lowercase().as_str() {
        layout if layout.starts_with("systematic") => Some("systematicRandom"),
        layout if layout.starts_with("random") => Some("simpleRandom"),
        layout if layout.starts_with("stratified") => Some("clusteredRandom"),
        layout if layout.starts_with("targeted") => Some("targeted"),
        layout if layout.starts_with("convenience") => Some("opportunistic"),
        _ => None,
    };
    let method = if is("project_sensor_method", "time") { "timeLapse" } else { "activityDetection" };
    let mut descriptor = json!({
        "project": {
            "id": text("project_id"), "title": title, "acronym": text("project_short_name"),
            "description": text("project_objectives"), "samplingDesign": design, "captureMethod": [method],
            "individualAnimals": is("project_individual_animals", "y"),
        },
        "sources": [{"title": "Wildlife Insights", "path": "https://www.wildlifeinsights.org"}],
    });
    let (admin, organization) = (text("project_admin"), text("project_admin_organization"));
    if let Some(title) = [admin, organization].into_iter().find(|name| !name.is_empty()) {
        descriptor["contributors"] =
            json!([{"title": title, "organization": organization, "role": "contact"}]);
    }
    descriptor
}
