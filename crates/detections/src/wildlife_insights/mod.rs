//! Exports of Wildlife Insights: the tables `projects`, `cameras`, `deployments` and `images`, and
//! `sequences` of projects that identify sequences.
//!
//! Each row of `images` is an observation on media level, and each row of `sequences` one on event level.
//! Times have no zone and are those of the camera's clock. `NA` is empty. Ids are only unique within a
//! project, and an export may contain several projects. <https://www.wildlifeinsights.org>

mod deployments;
mod identification;
mod images;
mod observation_columns;
mod picture_index;
mod project;
mod projects;
mod repeated_rows;
mod sequences;

use crate::builder::Builder;
use crate::container::Container;
use crate::error::SourceError;
use crate::format::{Format, Input};
use crate::model::Dataset;
use crate::table::{Table, TableFile};

use picture_index::PictureIndex;
use projects::Projects;
use repeated_rows::{RepeatedRows, Repeats};

const DEPLOYMENTS: &str = "deployments.csv";

pub(crate) struct WildlifeInsights;

impl Format for WildlifeInsights {
    fn recognise(&self, container: &Container) -> Result<Option<Container>, SourceError> {
        let Some(rooted) = container.find_root(|name| name == DEPLOYMENTS)? else { return Ok(None) };
        Ok((!list_tables(&rooted, "images").is_empty()).then_some(rooted))
    }

    fn read(&self, input: Input<'_>) -> Result<Dataset, SourceError> {
        let description = project::describe_export(&input.container)?;
        let mut builder = Builder::new(input.options, false);
        let deployments = make_table_file(&input.container, DEPLOYMENTS);
        let [images, sequences] = ["images", "sequences"].map(|table| {
            let names = list_tables(&input.container, table);
            names.iter().map(|name| make_table_file(&input.container, name)).collect::<Vec<_>>()
        });
        let projects = Projects::read(&deployments);
        let find = |table: &Table<'_>| deployments::Columns::find(table, &projects);
        builder.read(&deployments, find, deployments::read_row)?;
        let has_sequences = !sequences.is_empty();
        let (pictures, image_rows) = (PictureIndex::default(), RepeatedRows::default());
        for (part, file) in images.iter().enumerate() {
            // The usual export has one part, in which all rows count.
            let repeats = match images.len() {
                1 => Repeats::Allowed,
                _ => Repeats::RefusedFromEarlierParts(&image_rows, part),
            };
            let find = |table: &Table<'_>| {
                images::Columns::find(table, &projects, &pictures, repeats, has_sequences)
            };
            builder.read(file, find, images::read_row)?;
        }
        let sequence_rows = RepeatedRows::default();
        for file in &sequences {
            let repeats = Repeats::Refused(&sequence_rows);
            let find = |table: &Table<'_>| sequences::Columns::find(table, &projects, repeats);
            builder.read(file, find, sequences::read_row)?;
        }
        Ok(builder.finish(description, input.files).expect("ids were checked one by one"))
    }
}

fn make_table_file(container: &Container, name: &str) -> TableFile {
    let purpose = "which a Wildlife Insights export has".into();
    TableFile { container: container.clone(), name: name.into(), delimiter: b',', purpose }
}

/// The files of a table: `images.csv`, or the parts of a large export and those of its projects, such as
/// `images_2000123_1.csv`. Compressed files count too, unless the same file lies uncompressed beside them.
fn list_tables(container: &Container, table: &str) -> Vec<String> {
    let names = container.list_names_at_root(|name| is_part_of(name, table));
    let is_copy =
        |name: &str| name.strip_suffix(".gz").is_some_and(|plain| names.iter().any(|other| other == plain));
    names.iter().filter(|name| !is_copy(name)).cloned().collect()
}

fn is_part_of(name: &str, table: &str) -> bool {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let part = name.strip_prefix(table).and_then(|rest| rest.strip_suffix(".csv"));
    part.is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'-')))
}

#[cfg(test)]
mod tests {
    use super::is_part_of;

    #[test]
    fn a_large_export_has_its_images_in_numbered_parts() {
        for name in
            ["images.csv", "images_2000123.csv", "images_2000123_1.csv", "images-2.csv", "images_1.csv.gz"]
        {
            assert!(is_part_of(name, "images"), "{name}");
        }
        for name in ["images_old.csv", "imagesé.csv", "images.txt", "my_images.csv", "images"] {
            assert!(!is_part_of(name, "images"), "{name}");
        }
        assert!(is_part_of("sequences_9002.csv", "sequences"));
    }
}
