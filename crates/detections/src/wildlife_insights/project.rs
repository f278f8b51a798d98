//! `projects.csv`: the description of an export.

use serde_json::{Value, json};

use crate::builder::Description;
use crate::container::Container;
use crate::error::SourceError;
use crate::model::Licence;
use crate::source_format::SourceFormat;
use crate::table::{Row, Step};

/// Reads the description. The table may be missing.
pub(super) fn describe_export(container: &Container) -> Result<Description, SourceError> {
    let mut description = Description::new(SourceFormat::WildlifeInsights, "Wildlife Insights export".into());
    let Ok(mut table) = super::make_table_file(container, "projects.csv").open() else {
        return Ok(description);
    };
    let (mut titles, mut citations) = (Vec::new(), Vec::new());
    loop {
        let row = match table.step()? {
            Step::Row(row) => row,
            Step::Broken(_) => continue,
            Step::End => break,
        };
        add_new(&mut titles, row.text_by_name("project_name"));
        add_new(&mut citations, row.text_by_name("data_citation"));
        for (column, scope) in [("metadata_license", "data"), ("image_license", "media")] {
            let licence = Licence { name: row.text_by_name(column).into(), scope: Some(scope.into()) };
            if !licence.name.is_empty() && !description.licences.contains(&licence) {
                description.licences.push(licence);
            }
        }
        // None of several projects describes the whole export.
        description.descriptor = match description.descriptor {
            Value::Null => make_descriptor(&row, row.text_by_name("project_name")),
            _ => json!({}),
        };
    }
    if !titles.is_empty() {
        description.title = list_titles(&titles);
    }
    description.citation = (!citations.is_empty()).then(|| citations.join("; "));
    Ok(description)
}

fn add_new(texts: &mut Vec<String>, text: &str) {
    if !text.is_empty() && !texts.iter().any(|known| known == text) {
        texts.push(text.to_owned());
    }
}

/// Lists the titles of one or a few projects; of many the first ones.
fn list_titles(titles: &[String]) -> String {
    const NAMED: usize = 3;
    match titles.len() {
        0..=NAMED => titles.join(", "),
        all => format!("{} and {} more projects", titles[..NAMED - 1].join(", "), all + 1 - NAMED),
    }
}

/// The project in Camtrap DP's terms, as far as they exist. The email address of the administrator is left
/// out.
fn make_descriptor(row: &Row<'_>, title: &str) -> Value {
    let text = |column: &str| row.text_by_name(column);
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
