//! `datapackage.json`: the tables of a package and its description.

use std::collections::HashMap;
use std::io::Read;

use serde_json::Value;

use super::DESCRIPTOR;
use crate::builder::Description;
use crate::container::Container;
use crate::error::SourceError;
use crate::excerpt::{excerpt, excerpt_error, find_position};
use crate::json_text::LenientJson;
use crate::model::Licence;
use crate::source_format::SourceFormat;
use crate::table::TableFile;
use crate::taxon::{Rank, StatedTaxon};
use crate::vocabulary::fold;

/// The largest descriptor that is read. As JSON values it takes about twenty times as much memory.
const DESCRIPTOR_BYTES: u64 = 16 << 20;

/// The files of a table.
pub(super) struct TableFiles {
    pub name: String,
    pub paths: Vec<String>,
    pub delimiter: u8,
}

pub(super) struct PackageDescriptor {
    pub description: Description,
    /// Common names by folded scientific names.
    vernacular: HashMap<String, String>,
    /// Ranks by folded scientific names.
    taxa: HashMap<String, StatedTaxon>,
    tables: Vec<TableFiles>,
}

impl PackageDescriptor {
    pub fn read(container: &Container) -> Result<Self, SourceError> {
        let text = read_descriptor(container)?;
        let json: Value = serde_json::from_slice(&text).map_err(|error| {
            let position = (error.line() as u64, error.column() as u64);
            SourceError::structure(DESCRIPTOR, position, excerpt_error(&error), "a JSON object")
        })?;
        let text = String::from_utf8_lossy(&text);
        check_version(&json, &text)?;
        let string = |key: &str| json[key].as_str().filter(|s| !s.is_empty()).map(str::to_owned);
        let title = string("title").or_else(|| json["project"]["title"].as_str().map(str::to_owned));
        Ok(Self {
            vernacular: read_vernacular_names(&json),
            taxa: read_stated_taxa(&json),
            tables: read_tables(&json),
            description: Description {
                format: SourceFormat::CamtrapDp,
                title: title.or_else(|| string("name")).unwrap_or_else(|| "Untitled data set".into()),
                citation: string("bibliographicCitation"),
                licences: read_licences(&json),
                descriptor: json,
            },
        })
    }

    /// The files of a required table in the package's container.
    pub fn table_files(&self, name: &str, container: &Container) -> Result<Vec<TableFile>, SourceError> {
        let table = self.tables.iter().find(|table| table.name == name).ok_or_else(|| {
            let expected = "the resources deployments, media and observations, each with its path";
            SourceError::structure(DESCRIPTOR, (1, 1), format!("no resource is named {name}"), expected)
        })?;
        let file = |path: &String| TableFile {
            container: container.clone(),
            name: path.clone(),
            delimiter: table.delimiter,
            purpose: format!("as {DESCRIPTOR} says for the table {name}"),
        };
        Ok(table.paths.iter().map(file).collect())
    }

    pub fn find_vernacular(&self, scientific_name: &str) -> Option<String> {
        self.vernacular.get(&fold(scientific_name)).cloned()
    }

    /// The rank and higher taxa of a class, if stated.
    pub fn find_stated_taxon(&self, scientific_name: &str) -> Option<StatedTaxon> {
        self.taxa.get(&fold(scientific_name)).cloned()
    }
}

fn read_descriptor(container: &Container) -> Result<Vec<u8>, SourceError> {
    let reader = container.open_table(DESCRIPTOR, "which describes a Camtrap DP package")?;
    let mut text = Vec::new();
    LenientJson::new(reader)
        .take(DESCRIPTOR_BYTES + 1)
        .read_to_end(&mut text)
        .map_err(SourceError::io(DESCRIPTOR))?;
    if text.len() as u64 <= DESCRIPTOR_BYTES {
        return Ok(text);
    }
    let found = format!("the file has more than {} MiB", DESCRIPTOR_BYTES >> 20);
    let expected = "a description of the package; its rows belong in the tables";
    Err(SourceError::structure(DESCRIPTOR, (1, 1), found, expected))
}

/// Only version 1 is read: version 0 has other columns, and version 2 may change anything.
fn check_version(json: &Value, text: &str) -> Result<(), SourceError> {
    let profile = json["profile"].as_str().unwrap_or_default();
    let version = version_in(profile);
    if version.is_some_and(|version| version.split('.').next() == Some("1")) {
        return Ok(());
    }
    let found = match version {
        Some(version) => format!("this is Camtrap DP version {}", excerpt(version)),
        None if profile.is_empty() => "there is no profile".into(),
        None => format!("the profile “{}” names no Camtrap DP version", excerpt(profile)),
    };
    let expected = match version {
        Some(version) if version.starts_with("0.") => {
            "version 1 (the R package camtrapdp converts older packages: \
             write_camtrapdp(read_camtrapdp(\"datapackage.json\"), \"new\"))"
        }
        _ => {
            "a Camtrap DP profile of version 1, such as https://raw.githubusercontent.com/\
             tdwg/camtrap-dp/1.0.2/camtrap-dp-profile.json"
        }
    };
    let before = text.find("\"profile\"").map_or("", |at| &text[..at]);
    Err(SourceError::structure(DESCRIPTOR, find_position(before), found, expected))
}

/// The part of the profile's path that is a version, such as `1.0.2` or `1.0-rc.1`.
fn version_in(profile: &str) -> Option<&str> {
    profile.contains("camtrap-dp").then_some(())?;
    profile.split('/').find(|part| {
        let (major, rest) = part.split_once('.').unwrap_or((part, ""));
        !major.is_empty()
            && major.bytes().all(|byte| byte.is_ascii_digit())
            && rest.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
    })
}

fn read_licences(json: &Value) -> Vec<Licence> {
    let each = json["licenses"].as_array().into_iter().flatten();
    each.filter_map(|licence| {
        let name = licence["name"].as_str().or(licence["path"].as_str()).or(licence["title"].as_str())?;
        Some(Licence { name: name.into(), scope: licence["scope"].as_str().map(str::to_owned) })
    })
    .collect()
}

/// English names if there are any, else those of the first language.
fn read_vernacular_names(json: &Value) -> HashMap<String, String> {
    let taxa = json["taxonomic"].as_array().into_iter().flatten();
    taxa.filter_map(|taxon| {
        let names = taxon["vernacularNames"].as_object()?;
        let name = names.get("eng").or(names.get("en")).or(names.values().next())?;
        Some((fold(taxon["scientificName"].as_str()?), name.as_str()?.to_owned()))
    })
    .collect()
}

fn read_stated_taxa(json: &Value) -> HashMap<String, StatedTaxon> {
    let taxa = json["taxonomic"].as_array().into_iter().flatten();
    taxa.filter_map(|taxon| {
        let text = |field: &str| taxon[field].as_str().unwrap_or_default();
        let ranks = ["class", "order", "family", "genus"].map(text);
        let stated = StatedTaxon { rank: Rank::parse(text("taxonRank")), ..StatedTaxon::from_ranks(ranks) };
        Some((fold(taxon["scientificName"].as_str()?), stated))
    })
    .collect()
}

fn read_tables(json: &Value) -> Vec<TableFiles> {
    let resources = json["resources"].as_array().into_iter().flatten();
    resources
        .filter_map(|resource| {
            let paths: Vec<String> = match &resource["path"] {
                Value::String(path) => vec![path.clone()],
                Value::Array(parts) => parts.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                _ => Vec::new(),
            };
            let delimiter = resource["dialect"]["delimiter"].as_str().and_then(|d| d.bytes().next());
            (!paths.is_empty()).then(|| TableFiles {
                name: resource["name"].as_str().unwrap_or_default().into(),
                paths,
                delimiter: delimiter.unwrap_or(b','),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_in_the_profile() {
        let of = |version: &str| {
            format!("https://raw.githubusercontent.com/tdwg/camtrap-dp/{version}/camtrap-dp-profile.json")
        };
        assert_eq!(version_in(&of("1.0.2")), Some("1.0.2"));
        assert_eq!(version_in(&of("1.0-rc.1")), Some("1.0-rc.1"));
        assert_eq!(version_in(&of("0.1.6")), Some("0.1.6"));
        assert_eq!(version_in(&of("main")), None);
        assert_eq!(version_in("https://example.org/1.0/x.json"), None);
    }

    #[test]
    fn an_unknown_major_version_is_refused_where_it_stands() {
        let text = "{\n  \"profile\": \"https://x/camtrap-dp/2.0/p.json\"\n}";
        let error = check_version(&serde_json::from_str(text).unwrap(), text).unwrap_err();
        let message = error.to_string();
        assert!(message.starts_with("datapackage.json, line 2, column 3: this is Camtrap DP version 2.0"));
    }
}
