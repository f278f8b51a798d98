//! Exports of Wildlife Insights: the tables `projects`, `cameras`, `deployments` and `images`.
//!
//! Each row of `images` is an observation on media level. Times have no zone and are the
//! camera's own clock. `NA` is empty. <https://www.wildlifeinsights.org>

mod project;

use crate::builder::{Builder, TableFile};
use crate::clock::LocalTime;
use crate::container::Container;
use crate::error::SourceError;
use crate::media::NewMedia;
use crate::model::{Dataset, Deployment};
use crate::observations::{Level, NewObservation, ObservationType};
use crate::problems::RowProblem;
use crate::source::{Format, Input};
use crate::table::{Column, Row, Table};
use crate::taxon_name::taxon_name;

const DEPLOYMENTS: &str = "deployments.csv";

pub(crate) struct WildlifeInsights;

impl Format for WildlifeInsights {
    fn recognise(&self, container: &Container) -> Option<Container> {
        let rooted = container.rooted_at(|name| name == DEPLOYMENTS)?;
        (!image_tables(&rooted).is_empty()).then_some(rooted)
    }

    fn read(&self, input: Input<'_>) -> Result<Dataset, SourceError> {
        let description = project::describe(&input.container)?;
        let mut builder = Builder::new(input.options, false);
        builder.read(&input.container, &table_file(DEPLOYMENTS), DeploymentColumns::find, deployment)?;
        for table in image_tables(&input.container) {
            builder.read(&input.container, &table_file(&table), ImageColumns::find, image)?;
        }
        Ok(builder
            .finish(description, input.files)
            .expect("ids that are asked for one by one are no surprise"))
    }
}

fn table_file(name: &str) -> TableFile<'_> {
    TableFile { name, delimiter: b',', needed: "which a Wildlife Insights export has" }
}

fn image_tables(container: &Container) -> Vec<String> {
    container.names_at_root(is_image_table)
}

/// `images.csv`, or a numbered part of a large export, such as `images_2000123_1.csv`.
fn is_image_table(name: &str) -> bool {
    let part = name.strip_prefix("images").and_then(|rest| rest.strip_suffix(".csv"));
    part.is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'-')))
}

struct DeploymentColumns {
    id: Column,
    place: Column,
    latitude: Option<Column>,
    longitude: Option<Column>,
    start: Column,
    end: Column,
}

impl DeploymentColumns {
    fn find(table: &Table<'_>) -> Result<Self, SourceError> {
        Ok(Self {
            id: table.require("deployment_id")?,
            place: table.require("placename")?,
            latitude: table.optional("latitude"),
            longitude: table.optional("longitude"),
            start: table.require("start_date")?,
            end: table.require("end_date")?,
        })
    }
}

struct ImageColumns {
    id: Column,
    deployment: Column,
    timestamp: Column,
    filename: Option<Column>,
    address: Option<Column>,
    is_blank: Option<Column>,
    genus: Column,
    species: Column,
    /// From the finest to the coarsest.
    ranks: [Option<Column>; 3],
    common_name: Option<Column>,
    group_size: Option<Column>,
    objects: Option<Column>,
    confidence: Option<Column>,
    individual: Option<Column>,
    sex: Option<Column>,
    age: Option<Column>,
}

impl ImageColumns {
    fn find(table: &Table<'_>) -> Result<Self, SourceError> {
        Ok(Self {
            id: table.require("image_id")?,
            deployment: table.require("deployment_id")?,
            timestamp: table.require("timestamp")?,
            genus: table.require("genus")?,
            species: table.require("species")?,
            filename: table.optional("filename"),
            address: table.optional("location"),
            is_blank: table.optional("is_blank"),
            ranks: ["family", "order", "class"].map(|rank| table.optional(rank)),
            common_name: table.optional("common_name"),
            group_size: table.optional("group_size"),
            objects: table.optional("number_of_objects"),
            confidence: table.optional("cv_confidence"),
            individual: table.optional("individual_id"),
            sex: table.optional("sex"),
            age: table.optional("age"),
        })
    }

    /// What was seen: its kind, and its class when it is an animal or a person.
    fn identify(&self, row: &Row<'_>) -> (ObservationType, String) {
        let (genus, species) = (row.text(self.genus), row.text(self.species));
        let nothing = String::new();
        if matches!(row.text(self.is_blank), "1" | "true" | "TRUE" | "True") {
            return (ObservationType::Blank, nothing);
        }
        if genus.eq_ignore_ascii_case("homo") {
            return (ObservationType::Human, "Homo sapiens".into());
        }
        let unknown = |text: &str| text.eq_ignore_ascii_case("unknown");
        if unknown(genus) || unknown(species) || (genus.is_empty() && species == "spp.") {
            return (ObservationType::Unknown, nothing);
        }
        let ranks = self.ranks.iter().map(|rank| row.text(*rank));
        let class = taxon_name(genus, species, ranks, row.text(self.common_name));
        if class.is_empty() {
            return (ObservationType::Unknown, nothing);
        }
        (ObservationType::Animal, class)
    }
}

fn deployment(builder: &mut Builder, columns: &DeploymentColumns, row: &Row<'_>) -> Result<(), RowProblem> {
    let id = builder.new_deployment_id(row, columns.id)?;
    let start = builder.kept(row.time(columns.start));
    let end = builder.kept(row.time(columns.end));
    let latitude = builder.kept(row.number(columns.latitude, -90.0..=90.0, "degrees"));
    let longitude = builder.kept(row.number(columns.longitude, -180.0..=180.0, "degrees"));
    let deployment = Deployment {
        id: id.into(),
        location: builder.locations.place("", row.text(columns.place), id, latitude, longitude),
        latitude,
        longitude,
        start: start.map(|written| written.local),
        end: end.map(|written| written.local),
        end_is_date: end.is_some_and(|written| written.date_only),
        clock: builder.clock(start),
    };
    builder.add_deployment(deployment, row, columns.end);
    Ok(())
}

fn image(builder: &mut Builder, columns: &ImageColumns, row: &Row<'_>) -> Result<(), RowProblem> {
    let image = row.text(columns.id);
    if image.is_empty() {
        return Err(row.problem(columns.id, image, "an image_id"));
    }
    let deployment = builder.deployment_of(row, columns.deployment)?;
    let time = row.time(columns.timestamp)?.map(|written| builder.on_clock_of(deployment, written));
    let expected = "a whole number of animals";
    let count = match row.parsed::<u32>(columns.group_size, expected)? {
        None => row.parsed::<u32>(columns.objects, expected)?,
        group => group,
    };
    let confidence = row.number::<f32>(columns.confidence, 0.0..=1.0, "a probability")?;
    let (kind, name) = columns.identify(row);
    let class = (!name.is_empty()).then(|| builder.classes.intern(&name));
    let common = row.text(columns.common_name);
    if let Some(class) = class.filter(|_| !common.is_empty() && common != name) {
        builder.vernacular.entry(class).or_insert_with(|| common.to_owned());
    }
    let media = media_row(builder, image, columns, row, deployment, time);
    let id = observation_id(builder, image);
    builder.observations.push(&NewObservation {
        id: &id,
        deployment,
        media: Some(media),
        event: "",
        class,
        kind,
        level: Level::Media,
        count: count.unwrap_or(1),
        time,
        confidence,
        bbox: None,
        individual: row.text(columns.individual),
        sex: row.text(columns.sex),
        life_stage: row.text(columns.age),
        classified_at: None,
    });
    Ok(())
}

fn media_row(
    builder: &mut Builder,
    id: &str,
    columns: &ImageColumns,
    row: &Row<'_>,
    deployment: u32,
    time: Option<(LocalTime, Option<i32>)>,
) -> u32 {
    if let Some(known) = builder.media.find(id) {
        return known;
    }
    let name = row.text(columns.filename);
    let path = match row.text(columns.address) {
        "" => name,
        address => address,
    };
    builder.media.push(&NewMedia { id, path, name, deployment, time }).expect("not there a moment ago")
}

/// The id of the image; a second animal on it is `id#2`, and so on.
fn observation_id(builder: &Builder, image: &str) -> String {
    let mut id = image.to_owned();
    let mut number = 2;
    while builder.observations.find(&id).is_some() {
        id = format!("{image}#{number}");
        number += 1;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::is_image_table;

    #[test]
    fn a_large_export_has_its_images_in_numbered_parts() {
        for name in ["images.csv", "images_2000123.csv", "images_2000123_1.csv", "images-2.csv"] {
            assert!(is_image_table(name), "{name}");
        }
        for name in ["images_old.csv", "imagesé.csv", "images.txt", "my_images.csv", "images"] {
            assert!(!is_image_table(name), "{name}");
        }
    }
}
