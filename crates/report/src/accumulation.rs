//! Species accumulation: the number of species against effort.

use std::collections::{BTreeMap, BTreeSet};

use detections::{Class, Rank};

use crate::data::{AccumulationPoint, AccumulationRow};
use crate::effort::join_spans;
use crate::richness;
use crate::rows::round_to;
use crate::survey::Survey;

impl Survey<'_> {
    /// Species against camera-days; `None` when none was found.
    ///
    /// Only names of species count, and a coarser name when nothing inside it was found: estimates of
    /// what was missed rest on what was seen once, and a bird that could not be named is no species
    /// that was seen once.
    pub fn accumulation(&self) -> Option<AccumulationRow> {
        let (species, not_counted) = self.species();
        let mut days: BTreeMap<&str, BTreeSet<(u32, i64)>> = BTreeMap::new();
        for event in &self.events {
            if let Some(name) = &species[event.class as usize] {
                let of_species = days.entry(name).or_default();
                for record in self.visits.records_of(event) {
                    let place = if self.visits.has_independent_cameras() {
                        record.deployment
                    } else {
                        event.location
                    };
                    of_species.insert((place, record.time.seconds().div_euclid(86_400)));
                }
            }
        }
        let units = self.camera_day_units();
        // A visit may last into the day after the period.
        let incidences: Vec<u32> = days
            .values()
            .map(|days| u32::try_from(days.len()).unwrap_or(u32::MAX).min(units.max(1)))
            .collect();
        let total = richness::estimate_chao2(&incidences, units)?;
        let point = |point: richness::AccumulationCurve| AccumulationPoint {
            camera_days: point.units,
            classes: round_to(point.species, 4),
            low: round_to(point.interval.low, 4),
            high: round_to(point.interval.high, 4),
        };
        Some(AccumulationRow {
            observed: incidences.len(),
            not_counted,
            units,
            curve: richness::accumulate_species(&incidences, units).into_iter().map(point).collect(),
            chao2: round_to(total.estimate, 4),
            chao2_low: round_to(total.interval.low, 4),
            chao2_high: round_to(total.interval.high, 4),
            uniques: total.uniques,
            duplicates: total.duplicates,
        })
    }

    /// The species that each class of the data set counts as, and the classes with events that count
    /// as none.
    fn species(&self) -> (Vec<Option<String>>, Vec<String>) {
        let data = self.data();
        let is_grouped = |number: u32| self.visits.groups[number as usize].is_some();
        let rank_of = |number: u32| {
            if is_grouped(number) { Rank::Species } else { data.classes[number as usize].taxon.rank }
        };
        let found: BTreeSet<u32> = self.events.iter().map(|event| event.class).collect();
        // What the classes that were found lie in.
        let lineages = || found.iter().map(|class| (*class, &data.classes[*class as usize].taxon.lineage));
        let has_inside = |number: u32, name: &str| {
            lineages().any(|(other, lineage)| other != number && lineage.iter().any(|above| above == name))
        };
        // Whether it is known of each species what it lies in, above the genus.
        let is_known = lineages()
            .filter(|(class, _)| rank_of(*class) == Rank::Species)
            .all(|(_, lineage)| lineage.len() > 2);
        let mut not_counted = Vec::new();
        let species_of = |(number, class): (u32, &Class)| {
            let counts = match rank_of(number) {
                _ if !found.contains(&number) => return None,
                // Males, females and young are of one species.
                Rank::Species if is_grouped(number) => return Some("deer".into()),
                Rank::Species => return Some(species_name(class)),
                // A species more only if nothing of it was found.
                Rank::Genus => !has_inside(number, genus_of(&class.name)),
                // The same, where the taxa above the species are known.
                Rank::Higher => is_known && !has_inside(number, &class.name),
                // It is not known which species it includes.
                Rank::Other => false,
            };
            if !counts {
                not_counted.push(class.name.clone());
            }
            counts.then(|| class.name.clone())
        };
        let species = (0..).zip(&data.classes).map(species_of).collect();
        (species, not_counted)
    }

    /// Civil days on which each location could record something, added up.
    fn camera_day_units(&self) -> u32 {
        let day = |seconds: i64| seconds.div_euclid(86_400);
        let (first, last) =
            (day(self.period.start_time().seconds()), day(self.period.end_time().seconds() - 1));
        let mut days: BTreeMap<u32, Vec<(i64, i64)>> = BTreeMap::new();
        let base = self.visits.base;
        for (row, (span, location)) in (0..).zip(base.spans.iter().zip(&base.locations)) {
            let Some(span) = span else { continue };
            let from = day(span.records.0.seconds()).max(first);
            let until = day(span.records.1.seconds()).min(last);
            let place = if self.visits.has_independent_cameras() { row } else { *location };
            if from <= until {
                days.entry(place).or_default().push((from, until));
            }
        }
        let number = |spans: &mut Vec<(i64, i64)>| {
            join_spans(spans);
            spans.iter().map(|(from, until)| until + 1 - from).sum::<i64>()
        };
        u32::try_from(days.values_mut().map(number).sum::<i64>()).unwrap_or(u32::MAX)
    }
}

/// `Ardea` of `Ardea spp.`; other names as they are.
fn genus_of(name: &str) -> &str {
    ["sp.", "spp.", "sp", "spp"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending)?.strip_suffix(' '))
        .unwrap_or(name)
}

/// The binomial of a species or subspecies.
fn species_name(class: &Class) -> String {
    let name = class.taxon.scientific.as_deref().unwrap_or(&class.name);
    name.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}
