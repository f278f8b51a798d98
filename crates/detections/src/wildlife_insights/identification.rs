//! The identification of an image or a sequence.

use std::borrow::Cow;

use crate::builder::Builder;
use crate::error::SourceError;
use crate::observations::{Classifier, NewObservation, ObservationType};
use crate::table::{Column, Row, Table};
use crate::taxon::StatedTaxon;
use crate::taxon_name::taxon_name;
use crate::vocabulary::{Meaning, combine_meanings, find_meaning};

/// The columns of an identification, which are the same in both tables.
pub(super) struct Columns {
    is_blank: Option<Column>,
    genus: Column,
    species: Column,
    /// From the finest to the coarsest.
    ranks: [Option<Column>; 3],
    common_name: Option<Column>,
    identified_by: Option<Column>,
    group_size: Option<Column>,
    objects: Option<Column>,
    confidence: Option<Column>,
    individual: Option<Column>,
    sex: Option<Column>,
    age: Option<Column>,
}

impl Columns {
    pub fn find(table: &Table<'_>) -> Result<Self, SourceError> {
        Ok(Self {
            genus: table.require_column("genus")?,
            species: table.require_column("species")?,
            is_blank: table.find_column("is_blank"),
            ranks: ["family", "order", "class"].map(|rank| table.find_column(rank)),
            common_name: table.find_column("common_name"),
            identified_by: table.find_column("identified_by"),
            group_size: table.find_column("group_size"),
            objects: table.find_column("number_of_objects"),
            confidence: table.find_column("cv_confidence"),
            individual: table.find_column("individual_id"),
            sex: table.find_column("sex"),
            age: table.find_column("age"),
        })
    }

    /// Whether the identification is empty.
    pub fn is_unidentified(&self, row: &Row<'_>) -> bool {
        let columns = [self.is_blank, Some(self.genus), Some(self.species), self.common_name];
        columns.into_iter().chain(self.ranks).all(|column| row.text(column).is_empty())
    }

    /// Reads the identification of a row, without place and time.
    pub fn read<'t>(&self, builder: &mut Builder, row: &'t Row<'_>) -> NewObservation<'t> {
        let is_blank = builder.keep_value(row.read_flag(self.is_blank)).unwrap_or(false);
        let (kind, name) = self.identify(is_blank, row);
        let class = (!name.is_empty()).then(|| builder.intern_class(&name));
        if let Some(class) = class {
            builder.stated_taxa.entry(class).or_insert_with(|| self.state_taxon(row));
        }
        let common = row.text(self.common_name);
        if let Some(class) = class.filter(|_| !common.is_empty() && common != name) {
            builder.vernacular.entry(class).or_insert_with(|| common.to_owned());
        }
        let expected = "a whole number of animals";
        let count = builder
            .keep_value(row.read_whole(self.group_size, expected))
            .or_else(|| builder.keep_value(row.read_whole(self.objects, expected)));
        let who = row.text(self.identified_by);
        let is_machine = who.to_ascii_lowercase().starts_with("computer");
        let by = if is_machine { Classifier::Machine } else { Classifier::Person };
        NewObservation {
            kind,
            class,
            count: count.unwrap_or(1),
            confidence: builder.keep_value(row.read_fraction(self.confidence)),
            individual: row.text(self.individual),
            sex: row.text(self.sex),
            life_stage: row.text(self.age),
            classifier: (!who.is_empty()).then_some(by),
            ..NewObservation::default()
        }
    }

    /// The taxonomy of the identification.
    fn state_taxon(&self, row: &Row<'_>) -> StatedTaxon {
        let [family, order, class] = self.ranks.map(|rank| row.text(rank));
        let ranks = [class, order, family, row.text(self.genus)];
        StatedTaxon::from_ranks(ranks)
    }

    /// The type of the object, and its class if it is an animal, a person or a vehicle.
    fn identify<'t>(&self, is_blank: bool, row: &'t Row<'_>) -> (ObservationType, Cow<'t, str>) {
        if is_blank {
            return (ObservationType::Blank, "".into());
        }
        let (genus, species) = (row.text(self.genus), row.text(self.species));
        let common = row.text(self.common_name);
        let [family, order, class] = self.ranks.map(|rank| row.text(rank));
        match combine_meanings([class, order, family, genus, common]) {
            Meaning::Human => (ObservationType::Human, "Homo sapiens".into()),
            Meaning::Vehicle => (ObservationType::Vehicle, common.into()),
            meaning @ (Meaning::Blank | Meaning::Unknown) => (meaning.kind(), "".into()),
            // An animal that is not identified further.
            Meaning::UnnamedAnimal => (ObservationType::Animal, "".into()),
            Meaning::Taxon => {
                // "Unknown" and "No CV Result" stand in ranks that were not identified.
                let known = |name: &'t str| if find_meaning(name) == Meaning::Taxon { name } else { "" };
                let genus = known(genus);
                // `Genus spp.` is a class of its own, but `spp.` alone is not.
                let is_group = matches!(species, "spp." | "spp" | "sp." | "sp");
                let species = if is_group { species } else { known(species) };
                let ranks = [family, order, class].map(known);
                (ObservationType::Animal, taxon_name(genus, species, ranks, known(common)).into())
            }
        }
    }
}
