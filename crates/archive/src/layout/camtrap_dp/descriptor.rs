//! `datapackage.json`: the description of the package.

use std::collections::BTreeSet;

use detections::{Coordinates, Level, ObservationType};
use serde_json::{Map, Value, json};

use super::coverage::{Coverage, to_utc_seconds};
use super::rows::scientific_name;
use crate::contents::Contents;
use crate::coordinates::Point;
use crate::request::Media;

const STANDARD: &str = "https://raw.githubusercontent.com/tdwg/camtrap-dp/1.0.2";

/// Makes the descriptor. Statements of the source are kept if they hold for a selection too, and recomputed
/// otherwise.
pub(super) fn make_descriptor(contents: &Contents<'_>, coverage: &Coverage) -> Value {
    let (data, source) = (contents.data, &contents.data.descriptor);
    let count = contents.list_included().count();
    let pictures = match contents.job.request.media {
        Media::Whole if contents.count_remote_pictures() > 0 => {
            "their media files, or the addresses of these"
        }
        Media::Whole => "their media files",
        Media::Crops => "crops of their media files",
        Media::Remote => "the addresses of their media files",
        Media::None => "the names of their media files",
    };
    let description = format!(
        "{count} observations of “{}” with {pictures}, selected and packed by trapline {}. manifest.json tells what \
         was asked for, and missing.csv what could not be had.",
        data.title,
        env!("CARGO_PKG_VERSION")
    );
    let cited = data.citation.as_ref().unwrap_or(&data.title);
    let precision = match contents.job.request.coordinates {
        Coordinates::Rounded => 0.1.into(),
        Coordinates::Exact => source["coordinatePrecision"].clone(),
    };
    let days = coverage.days().map(|(first, last)| [first, last].map(|time| time.date().to_string()));
    let resources = ["deployments", "media", "observations"].map(make_resource);
    let mut package = json!({
        "resources": resources,
        "profile": format!("{STANDARD}/camtrap-dp-profile.json"),
        "name": format!("{}-selection", make_slug(source["name"].as_str().unwrap_or(&data.title))),
        "created": find_created(contents, coverage),
        "title": format!("Selection from: {}", data.title),
        "contributors": make_contributors(source),
        "description": description,
        "keywords": source["keywords"],
        "sources": make_sources(contents),
        "licenses": make_licences(source),
        "bibliographicCitation": format!("Selection of {count} observations from: {cited}"),
        "project": make_project(contents),
        "coordinatePrecision": precision,
        "spatial": make_spatial(contents, coverage),
        "temporal": days.map(|[start, end]| json!({"start": start, "end": end})),
        "taxonomic": make_taxonomic(contents, coverage),
        "relatedIdentifiers": make_related(source),
    });
    if let Value::Object(fields) = &mut package {
        // The standard requires the taxa, even if there are none.
        fields.retain(|name, value| !is_nothing(value) || name == "taxonomic");
    }
    package
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn make_resource(name: &str) -> Value {
    json!({
        "name": name, "path": format!("{name}.csv"), "profile": "tabular-data-resource", "format": "csv",
        "mediatype": "text/csv", "encoding": "utf-8", "schema": format!("{STANDARD}/{name}-table-schema.json"),
    })
}

/// Makes a valid name: lower-case letters, digits and single hyphens.
fn make_slug(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    match slug.char_indices().nth(60) {
        Some((end, _)) => slug[..end].trim_end_matches('-').to_owned(),
        None if slug.is_empty() => "survey".into(),
        None => slug,
    }
}

/// The same selection from the same data must give the same file at any time, so this is the date of the
/// data: the source's own date, else the end of the coverage.
fn find_created(contents: &Contents<'_>, coverage: &Coverage) -> String {
    if let Some(created) = contents.data.descriptor["created"].as_str().filter(|text| !text.is_empty()) {
        return created.to_owned();
    }
    let ends = coverage.spans.iter().filter_map(|(deployment, (_, end))| {
        to_utc_seconds(&contents.data.deployments[*deployment as usize].clock, *end)
    });
    let last = ends.max().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    last.unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}

/// The contributors of the source, without their email addresses, since the archive may be passed on.
fn make_contributors(source: &Value) -> Value {
    const KEPT: [&str; 4] = ["title", "path", "role", "organization"];
    let each = source["contributors"].as_array().into_iter().flatten();
    let mut kept: Vec<Map<String, Value>> = each.filter_map(Value::as_object).cloned().collect();
    for contributor in &mut kept {
        contributor.retain(|name, value| KEPT.contains(&name.as_str()) && !is_nothing(value));
    }
    kept.retain(|contributor| contributor.contains_key("title"));
    if kept.is_empty() {
        return json!([{"title": "The contributors are not stated by the source"}]);
    }
    json!(kept)
}

/// The sources of the source, and the source itself.
fn make_sources(contents: &Contents<'_>) -> Value {
    let (data, source) = (contents.data, &contents.data.descriptor);
    let mut sources: Vec<Value> = source["sources"].as_array().cloned().unwrap_or_default();
    let mut itself = json!({"title": data.title});
    for (name, value) in [("path", &source["homepage"]), ("version", &source["version"])] {
        if !is_nothing(value) {
            itself[name] = value.clone();
        }
    }
    if let Some(model) = &data.model_name {
        sources.push(json!({"title": model}));
    }
    sources.push(itself);
    Value::Array(sources)
}

/// Licences for data and media; the standard requires both if any is stated.
fn make_licences(source: &Value) -> Value {
    let mut licences: Vec<Value> = source["licenses"].as_array().cloned().unwrap_or_default();
    licences.retain(|licence| matches!(licence["scope"].as_str(), Some("data" | "media")));
    for scope in ["data", "media"] {
        if !licences.iter().any(|licence| licence["scope"] == scope) {
            // The Open Definition's name for an unstated licence.
            licences.push(json!({"name": "notspecified", "title": "License not specified by the source", "scope": scope}));
        }
    }
    Value::Array(licences)
}

/// The project of the source. Required values that the source does not state are marked in its description.
fn make_project(contents: &Contents<'_>) -> Value {
    let data = contents.data;
    let mut project = data.descriptor["project"].as_object().cloned().unwrap_or_default();
    project.retain(|_, value| !is_nothing(value));
    project.entry("title").or_insert_with(|| data.title.clone().into());
    let mut guessed = Vec::new();
    for (name, value) in
        [("samplingDesign", json!("opportunistic")), ("captureMethod", json!(["activityDetection"]))]
    {
        if !project.contains_key(name) {
            guessed.push(name);
            project.insert(name.into(), value);
        }
    }
    if !guessed.is_empty() {
        let said = project.get("description").and_then(Value::as_str).unwrap_or_default();
        let described =
            format!("The source does not state {}; Camtrap DP requires a value.", guessed.join(" and "));
        let description = if said.is_empty() { described } else { format!("{said} {described}") };
        project.insert("description".into(), description.into());
    }
    let marked = contents.list_included().any(|included| included.observation.individual.is_some());
    project.entry("individualAnimals").or_insert_with(|| marked.into());
    let mut levels = vec![("media", Level::Media), ("event", Level::Event)];
    levels.retain(|(_, level)| contents.list_included().any(|included| included.observation.level == *level));
    project.insert("observationLevel".into(), levels.into_iter().map(|(name, _)| name).collect());
    Value::Object(project)
}

/// The bounding box of the deployments' coordinates as they are written, or a single point.
fn make_spatial(contents: &Contents<'_>, coverage: &Coverage) -> Value {
    let deployments = coverage.spans.keys().map(|number| &contents.data.deployments[*number as usize]);
    let places = deployments.filter_map(|deployment| {
        let place = Point { latitude: deployment.latitude?, longitude: deployment.longitude? };
        Some(if contents.job.request.coordinates == Coordinates::Rounded { place.round().0 } else { place })
    });
    let edges = places.fold(None, |edges: Option<[f64; 4]>, Point { latitude, longitude }| {
        let [west, south, east, north] = edges.unwrap_or([longitude, latitude, longitude, latitude]);
        Some([west.min(longitude), south.min(latitude), east.max(longitude), north.max(latitude)])
    });
    match edges {
        None => Value::Null,
        Some([west, south, east, north])
            if (west, south).partial_cmp(&(east, north)) == Some(std::cmp::Ordering::Equal) =>
        {
            json!({"type": "Point", "coordinates": [west, south]})
        }
        Some([west, south, east, north]) => {
            let ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
            json!({"type": "Polygon", "coordinates": [ring]})
        }
    }
}

/// The taxa of the selection, as the source describes them.
fn make_taxonomic(contents: &Contents<'_>, coverage: &Coverage) -> Value {
    let data = contents.data;
    let known = |name: &str| {
        let taxa = data.descriptor["taxonomic"].as_array().into_iter().flatten();
        taxa.into_iter().find(|taxon| taxon["scientificName"] == name).cloned()
    };
    let mut names = BTreeSet::new();
    let taxa = coverage.kinds.iter().filter_map(|(kind, class)| {
        let class = class.map(|class| &data.classes[class as usize]);
        let name = scientific_name(*kind, class.map(|class| class.name.as_str()));
        // Several classes of people are one taxon.
        if name.is_empty() || !names.insert(name) {
            return None;
        }
        let of_animal = class.filter(|_| *kind == ObservationType::Animal);
        let vernacular = of_animal.and_then(|class| Some((class.vernacular.as_deref()?, class)));
        Some(known(name).unwrap_or_else(|| match vernacular {
            Some((vernacular, class)) => {
                let language = class.vernacular_language.as_deref().unwrap_or("eng");
                json!({"scientificName": name, "vernacularNames": {language: vernacular}})
            }
            None => json!({"scientificName": name}),
        }))
    });
    taxa.collect()
}

/// The identifier of the source, if it can be looked up.
fn make_related(source: &Value) -> Value {
    let mut related: Vec<Value> = source["relatedIdentifiers"].as_array().cloned().unwrap_or_default();
    if let Some(id) = source["id"].as_str().filter(|id| id.starts_with("http")) {
        related.push(json!({
            "relationType": "IsDerivedFrom", "relatedIdentifier": id, "resourceTypeGeneral": "Dataset",
            "relatedIdentifierType": if id.contains("doi.org/") { "DOI" } else { "URL" },
        }));
    }
    Value::Array(related)
}

#[cfg(test)]
mod tests {
    use super::make_slug;

    #[test]
    fn a_name_is_of_small_letters_and_hyphens() {
        assert_eq!(make_slug("Sample from: MICA – Muskrat"), "sample-from-mica-muskrat");
        assert_eq!(make_slug("лось"), "survey");
        assert!(make_slug(&"a ".repeat(100)).len() <= 60);
    }
}
