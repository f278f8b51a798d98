//! What an image or a sequence was identified as.

use std::borrow::Cow;

use crate::builder::Builder;
use crate::error::SourceError;
use crate::observations::{Classifier, ObservationType};
use crate::table::{Column, Row, Table};
use crate::taxon::StatedTaxon;
use crate::taxon_name::taxon_name;
use crate::vocabulary::{Meaning, meaning_of, meaning_of_all};

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

/// An identification, but for where and when.
pub(super) struct Identification<'t> {
    pub kind: ObservationType,
    pub class: Option<u32>,
    pub count: u32,
    pub confidence: Option<f32>,
    pub individual: &'t str,
    pub sex: &'t str,
    pub age: &'t str,
    pub classifier: Option<Classifier>,
}

impl Columns {
    pub fn find(table: &Table<'_>) -> Result<Self, SourceError> {
        Ok(Self {
            genus: table.require("genus")?,
            species: table.require("species")?,
            is_blank: table.optional("is_blank"),
            ranks: ["family", "order", "class"].map(|rank| table.optional(rank)),
            common_name: table.optional("common_name"),
            identified_by: table.optional("identified_by"),
            group_size: table.optional("group_size"),
            objects: table.optional("number_of_objects"),
            confidence: table.optional("cv_confidence"),
            individual: table.optional("individual_id"),
            sex: table.optional("sex"),
            age: table.optional("age"),
        })
    }

    /// Nothing is said of what is on the image.
    pub fn are_empty(&self, row: &Row<'_>) -> bool {
        let columns = [self.is_blank, Some(self.genus), Some(self.species), self.common_name];
        columns.into_iter().chain(self.ranks).all(|column| row.text(column).is_empty())
    }

    /// Reads the identification of a row.
    pub fn read<'t>(&self, builder: &mut Builder, row: &'t Row<'_>) -> Identification<'t> {
        let is_blank = builder.kept(row.flag(self.is_blank)).unwrap_or(false);
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
            .kept(row.whole(self.group_size, expected))
            .or_else(|| builder.kept(row.whole(self.objects, expected)));
        let who = row.text(self.identified_by);
        let is_machine = who.to_ascii_lowercase().starts_with("computer");
        let by = if is_machine { Classifier::Machine } else { Classifier::Person };
        Identification {
            kind,
            class,
            count: count.unwrap_or(1),
            confidence: builder.kept(row.fraction(self.confidence)),
            individual: row.text(self.individual),
            sex: row.text(self.sex),
            age: row.text(self.age),
            classifier: (!who.is_empty()).then_some(by),
        }
    }

    /// The ranks that were identified.
    fn state_taxon(&self, row: &Row<'_>) -> StatedTaxon {
        let [family, order, class] = self.ranks.map(|rank| row.text(rank));
        let ranks = [class, order, family, row.text(self.genus)];
        StatedTaxon::of_ranks(ranks)
    }

    /// What was seen: its kind, and its class when it is an animal, a person or a vehicle.
    fn identify<'t>(&self, is_blank: bool, row: &'t Row<'_>) -> (ObservationType, Cow<'t, str>) {
        if is_blank {
            return (ObservationType::Blank, "".into());
        }
        let (genus, species) = (row.text(self.genus), row.text(self.species));
        let common = row.text(self.common_name);
        let [family, order, class] = self.ranks.map(|rank| row.text(rank));
        match meaning_of_all([class, order, family, genus, common]) {
            Meaning::Human => (ObservationType::Human, "Homo sapiens".into()),
            Meaning::Vehicle => (ObservationType::Vehicle, common.into()),
            meaning @ (Meaning::Blank | Meaning::Unknown) => (meaning.kind(), "".into()),
            // An animal, and no more is said of it.
            Meaning::UnnamedAnimal => (ObservationType::Animal, "".into()),
            Meaning::Taxon => {
                // "Unknown" and "No CV Result" stand in ranks that were not identified.
                let known = |name: &'t str| if meaning_of(name) == Meaning::Taxon { name } else { "" };
                let genus = known(genus);
                // `Genus spp.` is a class of its own; so it stays, but not alone.
                let is_group = matches!(species, "spp." | "spp" | "sp." | "sp");
                let species = if is_group { species } else { known(species) };
                let ranks = [family, order, class].map(known);
                (ObservationType::Animal, taxon_name(genus, species, ranks, known(common)).into())
            }
        }
    }
}
