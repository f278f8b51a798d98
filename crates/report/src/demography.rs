//! Males, females and young: sex ratio and recruitment, from independent events.
//!
//! Deer-survey practice: bucks per doe and fawns per doe. Where classes do not tell them apart,
//! `sex` and `lifeStage` do on request.

use std::collections::BTreeMap;

use detections::Observation;

use crate::data::RatioRow;
use crate::intervals::Sample;
use crate::ratios::RateRatio;
use crate::records;
use crate::rows::{bounded, rounded};
use crate::survey::Survey;

/// Classes that say what an animal is.
const MALE: [&str; 4] = ["buck", "mature", "mid", "young"];
const FEMALE: [&str; 1] = ["doe"];
const JUVENILE: [&str; 1] = ["fawn"];

/// What an animal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Male,
    Female,
    Juvenile,
}

impl Part {
    const ALL: [Self; 3] = [Self::Male, Self::Female, Self::Juvenile];

    fn of_class(name: &str) -> Option<Self> {
        let among = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        match () {
            () if among(&MALE) => Some(Self::Male),
            () if among(&FEMALE) => Some(Self::Female),
            () if among(&JUVENILE) => Some(Self::Juvenile),
            () => None,
        }
    }

    /// By life stage first: a young male is recruitment, not a male to breed. Words of Camtrap DP
    /// and of Wildlife Insights.
    fn of_animal(animal: &Observation<'_>) -> Option<Self> {
        let is = |text: Option<&str>, word: &str| text.is_some_and(|text| text.eq_ignore_ascii_case(word));
        match () {
            () if is(animal.life_stage, "juvenile") => Some(Self::Juvenile),
            () if is(animal.sex, "male") => Some(Self::Male),
            () if is(animal.sex, "female") => Some(Self::Female),
            () => None,
        }
    }
}

/// Events of each deployment, of males, females and young.
type Counts = [Vec<f64>; 3];

impl Survey<'_> {
    /// The ratios that can be told: by classes, and by `sex` and `lifeStage` where asked for.
    pub fn ratio_rows(&self) -> Vec<RatioRow> {
        let mut rows = self.ratios_of(&self.counts_by_class(), None, ["bucks per doe", "fawns per doe"]);
        if self.request.sex_and_age {
            for (class, counts) in self.counts_by_animal() {
                let name = self.data.classes[class as usize].name.clone();
                rows.extend(self.ratios_of(&counts, Some(name), ["males per female", "young per female"]));
            }
        }
        rows
    }

    fn counts_by_class(&self) -> Counts {
        let mut counts = self.no_counts();
        for event in &self.events {
            if let Some(part) = Part::of_class(&self.data.classes[event.class as usize].name) {
                counts[part as usize][event.deployment as usize] += 1.0;
            }
        }
        counts
    }

    /// Events of each class, told apart by sex and life stage: a class of its own for each part.
    fn counts_by_animal(&self) -> BTreeMap<u32, Counts> {
        let parts = u32::try_from(Part::ALL.len()).unwrap_or(3);
        let found = records::collect_as(self.data, self.ground, self.period, self.wanted, |animal, class| {
            Part::of_animal(animal).map(|part| class * parts + part as u32)
        });
        let mut counts: BTreeMap<u32, Counts> = BTreeMap::new();
        for event in self.request.independent(&found.records, self.data) {
            let of_class = counts.entry(event.class / parts).or_insert_with(|| self.no_counts());
            of_class[(event.class % parts) as usize][event.deployment as usize] += 1.0;
        }
        counts
    }

    fn no_counts(&self) -> Counts {
        std::array::from_fn(|_| vec![0.0; self.data.deployments.len()])
    }

    /// Males and young for each female; none when there are no females.
    fn ratios_of(&self, counts: &Counts, class: Option<String>, names: [&str; 2]) -> Vec<RatioRow> {
        let total = |part: Part| counts[part as usize].iter().sum::<f64>();
        if total(Part::Female) < 1.0 {
            return Vec::new();
        }
        let samples = |part: Part| {
            let of_part = counts[part as usize].iter().zip(&self.effort);
            self.at_work(&of_part.map(|(&events, &effort)| Sample { events, effort }).collect::<Vec<_>>())
        };
        let row = |(name, part): (&str, Part)| {
            if total(part) < 1.0 {
                return None;
            }
            // The effort is the same on both sides, so the ratio of the rates is that of the events.
            let ratio = RateRatio::new(&samples(part), &samples(Part::Female), &self.bootstrap)?;
            let interval = ratio.interval(0.05);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let events = |part| total(part) as usize;
            Some(RatioRow {
                ratio: name.into(),
                classification: class.clone(),
                events: events(part),
                base_events: events(Part::Female),
                estimate: Some(rounded(ratio.estimate, 4)),
                low: Some(rounded(interval.low, 4)),
                high: bounded(interval.high, 4),
                method: ratio.method,
            })
        };
        names.into_iter().zip([Part::Male, Part::Juvenile]).filter_map(row).collect()
    }
}
