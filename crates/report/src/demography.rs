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

/// Names of the ratios: of males, the share of females with young, of events with young, and of young.
const ANIMALS: [&str; 4] = [
    "males per female",
    "share of females seen with young",
    "events with young per event of females",
    "young per female",
];
const DEER: [&str; 4] = [
    "bucks per doe",
    "share of does seen with fawns",
    "events with fawns per event of does",
    "fawns per doe",
];

/// Events, and the animals in them, at each location by its number: in the order of [`CountUnit`].
struct Tally([Vec<f64>; 2]);

impl Tally {
    fn add(&mut self, location: u32, animals: u32) {
        let Self([events, all_animals]) = self;
        events[location as usize] += 1.0;
        all_animals[location as usize] += f64::from(animals);
    }

    fn total(&self, unit: CountUnit) -> f64 {
        self.0[unit as usize].iter().sum()
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
        Tally([zeros.clone(), zeros])
    }

    /// Ratios of classes such as buck, doe and fawn, with the events of the table of classes.
    fn ratios_by_class(&self) -> Vec<RatioRow> {
        let mut tallies = [Group::Male, Group::Female, Group::Juvenile].map(|_| self.new_tally());
        for event in &self.events {
            if let Some(group) = self.group(event.class) {
                tallies[group as usize].add(event.location, event.group_size);
            }
        }
        let records = self.visits.found.records.iter().filter(|record| self.group(record.class).is_some());
        let mut grouped: Vec<Record> = records.map(|record| Record { class: 0, ..*record }).collect();
        sort_records(&mut grouped, self.visits.base, self.request().cameras);
        self.ratios(if self.has_deer_names() { DEER } else { ANIMALS }, &tallies, &grouped)
    }

    /// The ratios of males, females and young, and of the records that these are counted in.
    fn ratios(
        &self,
        names: [&str; 4],
        [males, females, young]: &[Tally; 3],
        records: &[Record],
    ) -> Vec<RatioRow> {
        let [of_males, with_young, young_events, of_young] = names;
        let rows = [
            self.ratio(of_males, CountUnit::Events, (males, females)),
            self.share_with_young(with_young, records),
            self.ratio(young_events, CountUnit::Events, (young, females)),
            self.ratio(of_young, CountUnit::Animals, (young, females)),
        ];
        rows.into_iter().flatten().collect()
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
        let tallies = [
            self.tally(records, |composition| composition.males),
            self.tally(records, |composition| composition.females),
            self.tally(records, |composition| {
                composition.young.max(u32::from(composition.has_uncounted_young))
            }),
        ];
        let are_all_counted = self.events_of(class).iter().all(|event| {
            self.visits.records_of(event).iter().all(|record| !record.composition.has_uncounted_young)
        });
        let mut rows = self.ratios(ANIMALS, &tallies, records);
        // “Adult + Juvenile” does not say how many are young.
        rows.retain(|row| are_all_counted || row.unit != CountUnit::Animals);
        for row in &mut rows {
            row.classification = Some(self.data().classes[class as usize].name.clone());
        }
        rows
    }

    /// The share of events with a female in which young were seen too. `None` where no young were recorded on
    /// any day: they may not have been looked for.
    fn share_with_young(&self, ratio: &str, records: &[Record]) -> Option<RatioRow> {
        let have_young = |records: &[Record]| records.iter().any(|record| record.composition.has_young());
        if !have_young(records) {
            return None;
        }
        let of_event = |event: &Event| &records[event.records.start as usize..event.records.end as usize];
        let events = self.events_among(records);
        let with_female =
            events.iter().filter(|event| of_event(event).iter().any(|record| record.composition.females > 0));
        let share = share_row(with_female.map(|event| (event.location, have_young(of_event(event)))))?;
        Some(RatioRow {
            ratio: ratio.into(),
            classification: None,
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
    fn ratio(&self, ratio: &str, unit: CountUnit, (above, below): (&Tally, &Tally)) -> Option<RatioRow> {
        if above.total(unit) < 1.0 || below.total(unit) < 1.0 {
            return None;
        }
        let samples = |tally: &Tally| self.samples_at(&self.locations, &tally.0[unit as usize]);
        // The effort is the same on both sides, so the ratio of the rates is that of the counts.
        let found = RateRatio::new(&samples(above), &samples(below))?;
        let interval = found.interval(ALPHA);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Some(RatioRow {
            ratio: ratio.into(),
            classification: None,
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
