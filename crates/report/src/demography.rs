//! Males, females and young: sex ratio and recruitment.
//!
//! Deer-survey practice: bucks per doe by events; fawns per doe by animals, sums over all occasions
//! (Jacobson, Kroll, Browning, Koerth and Conway 1997, Wildlife Society Bulletin 25:547-556). Where classes do not tell
//! them apart, `sex` and `lifeStage` do on request.

use std::collections::BTreeMap;

use detections::Group;

use crate::data::{CountUnit, RatioRow};
use crate::events::{Event, find_events};
use crate::hours::share_row;
use crate::ratios::{ALPHA, RateRatio};
use crate::records::{Composition, Record, sort_records};
use crate::rows::{round_finite, round_to};
use crate::survey::{Survey, independence_of};

/// Names of the ratios.
struct RatioNames {
    males: &'static str,
    with_young: &'static str,
    young_events: &'static str,
    young: &'static str,
}

const ANIMALS: RatioNames = RatioNames {
    males: "males per female",
    with_young: "share of females seen with young",
    young_events: "events with young per event of females",
    young: "young per female",
};
const DEER: RatioNames = RatioNames {
    males: "bucks per doe",
    with_young: "share of does seen with fawns",
    young_events: "events with fawns per event of does",
    young: "fawns per doe",
};

/// Events and the animals in them at each location, by its number.
#[derive(Clone)]
struct Tally {
    events: Vec<f64>,
    animals: Vec<f64>,
}

impl Tally {
    fn add(&mut self, location: u32, animals: u32) {
        self.events[location as usize] += 1.0;
        self.animals[location as usize] += f64::from(animals);
    }

    fn counts_of(&self, unit: CountUnit) -> &[f64] {
        match unit {
            CountUnit::Events => &self.events,
            CountUnit::Animals => &self.animals,
        }
    }

    fn total(&self, unit: CountUnit) -> f64 {
        self.counts_of(unit).iter().sum()
    }
}

impl Survey<'_> {
    /// The ratios that the data allow: by classes, and by `sex` and `lifeStage` where requested.
    pub fn ratio_rows(&self) -> Vec<RatioRow> {
        let mut rows = self.ratios_by_class();
        if self.request().sex_and_age {
            let mut of_class: BTreeMap<u32, Vec<Record>> = BTreeMap::new();
            for record in self.visits.found.records.iter().filter(|record| self.group(record.class).is_none())
            {
                if record.composition != Composition::default() {
                    of_class.entry(record.class).or_default().push(*record);
                }
            }
            rows.extend(of_class.into_iter().flat_map(|(class, records)| self.ratios_of(class, &records)));
        }
        rows
    }

    fn group(&self, class: u32) -> Option<Group> {
        self.visits.groups[class as usize]
    }

    fn new_tally(&self) -> Tally {
        let zeros = vec![0.0; self.effort_by_location.len()];
        Tally { events: zeros.clone(), animals: zeros }
    }

    /// Ratios of classes such as buck, doe and fawn, with the events of the table of classes.
    fn ratios_by_class(&self) -> Vec<RatioRow> {
        let mut tallies = [Group::Male, Group::Female, Group::Juvenile].map(|_| self.new_tally());
        for event in &self.events {
            if let Some(group) = self.group(event.class) {
                tallies[group as usize].add(event.location, event.group_size);
            }
        }
        let [males, females, young] = &tallies;
        let records = self.visits.found.records.iter().filter(|record| self.group(record.class).is_some());
        let mut grouped: Vec<Record> = records.map(|record| Record { class: 0, ..*record }).collect();
        sort_records(&mut grouped, self.visits.base, self.request().cameras);
        let names = if self.has_deer_names() { DEER } else { ANIMALS };
        [
            self.ratio(names.males, None, CountUnit::Events, (males, females)),
            self.share_with_young(names.with_young, None, &grouped),
            self.ratio(names.young_events, None, CountUnit::Events, (young, females)),
            self.ratio(names.young, None, CountUnit::Animals, (young, females)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Whether the classes have the names that deer hunters use.
    fn has_deer_names(&self) -> bool {
        let groups = &self.data().groups;
        let is_named =
            |name: &str| self.data().classes.iter().any(|class| class.name.eq_ignore_ascii_case(name));
        groups.group_of("doe") == Some(Group::Female) && is_named("doe")
    }

    /// Ratios of a class whose sex and life stage were recorded.
    fn ratios_of(&self, class: u32, records: &[Record]) -> Vec<RatioRow> {
        let name = Some(self.data().classes[class as usize].name.clone());
        let males = self.tally(records, |composition| composition.males);
        let females = self.tally(records, |composition| composition.females);
        let young = self
            .tally(records, |composition| composition.young.max(u32::from(composition.has_uncounted_young)));
        let are_all_counted = self.events_of(class).iter().all(|event| {
            self.visits.records_of(event).iter().all(|record| !record.composition.has_uncounted_young)
        });
        let mut rows = vec![
            self.ratio(ANIMALS.males, name.clone(), CountUnit::Events, (&males, &females)),
            self.share_with_young(ANIMALS.with_young, name.clone(), records),
            self.ratio(ANIMALS.young_events, name.clone(), CountUnit::Events, (&young, &females)),
        ];
        // “Adult + Juvenile” does not say how many are young.
        if are_all_counted {
            rows.push(self.ratio(ANIMALS.young, name, CountUnit::Animals, (&young, &females)));
        }
        rows.into_iter().flatten().collect()
    }

    /// The share of events with a female in which young were seen too. `None` where no young were recorded on
    /// any day: they may not have been looked for.
    fn share_with_young(
        &self,
        ratio: &str,
        classification: Option<String>,
        records: &[Record],
    ) -> Option<RatioRow> {
        if !records.iter().any(|record| record.composition.has_young()) {
            return None;
        }
        let mut by_location: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
        for event in self.events_among(records) {
            let of_event = &records[event.records.start as usize..event.records.end as usize];
            if of_event.iter().any(|record| record.composition.females > 0) {
                let (with_young, all) = by_location.entry(event.location).or_default();
                *with_young +=
                    f64::from(u8::from(of_event.iter().any(|record| record.composition.has_young())));
                *all += 1.0;
            }
        }
        let share = share_row(&by_location.into_values().collect::<Vec<_>>())?;
        Some(RatioRow {
            ratio: ratio.into(),
            classification,
            unit: CountUnit::Events,
            count: share.events as u64,
            base: share.of as u64,
            events: share.events,
            base_events: share.of,
            estimate: share.share,
            low: share.low,
            high: share.high,
            method: None,
        })
    }

    /// Events of one kind of animal, of which a record has `number`, with the largest number in each event.
    fn tally(&self, records: &[Record], number: impl Fn(&Composition) -> u32) -> Tally {
        let of_part: Vec<Record> = records
            .iter()
            .filter(|record| number(&record.composition) > 0)
            .map(|record| Record { group_size: number(&record.composition), ..*record })
            .collect();
        let mut tally = self.new_tally();
        for event in self.events_among(&of_part) {
            tally.add(event.location, event.group_size);
        }
        tally
    }

    /// Events of this period among records of one class.
    fn events_among(&self, records: &[Record]) -> Vec<Event> {
        let mut events = find_events(records, self.visits.base, independence_of(self.request()));
        let has_effort = |event: &Event| self.effort_by_location[event.location as usize] > 0.0;
        let span = self.period.start_time()..self.period.end_time();
        events.retain(|event| span.contains(&event.time) && has_effort(event));
        events
    }

    /// The ratio of the first to the second; `None` when either is missing.
    fn ratio(
        &self,
        ratio: &str,
        classification: Option<String>,
        unit: CountUnit,
        (above, below): (&Tally, &Tally),
    ) -> Option<RatioRow> {
        if above.total(unit) < 1.0 || below.total(unit) < 1.0 {
            return None;
        }
        let samples = |tally: &Tally| self.samples_at(&self.locations, tally.counts_of(unit));
        // The effort is the same on both sides, so the ratio of the rates is that of the counts.
        let found = RateRatio::new(&samples(above), &samples(below))?;
        let interval = found.interval(ALPHA);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Some(RatioRow {
            ratio: ratio.into(),
            classification,
            unit,
            count: above.total(unit) as u64,
            base: below.total(unit) as u64,
            events: above.total(CountUnit::Events) as usize,
            base_events: below.total(CountUnit::Events) as usize,
            estimate: round_to(found.estimate, 4),
            low: interval.map(|interval| round_to(interval.low, 4)),
            high: interval.and_then(|interval| round_finite(interval.high, 4)),
            method: found.method,
        })
    }
}
