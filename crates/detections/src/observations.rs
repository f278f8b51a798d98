//! The table of observations, stored by column.

use std::collections::HashMap;

use crate::bbox::{BoundingBox, RelativeBox};
use crate::clock::LocalTime;
use crate::ids::Ids;
use crate::keep::Keep;
use crate::media::{NO_OFFSET, NO_TIME, to_minutes, to_seconds};
use crate::sparse_column::SparseColumn;
use crate::text::{Interner, reserve_more};

/// The type of what was observed (`observationType`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObservationType {
    /// An animal. Only this type counts as wildlife.
    Animal,
    /// A person.
    Human,
    /// A vehicle.
    Vehicle,
    /// An empty picture.
    Blank,
    /// An unidentified object.
    Unknown,
    /// Not classified yet.
    #[default]
    Unclassified,
}

impl ObservationType {
    /// Whether it is a person or a vehicle, which exports leave out by default.
    pub fn is_human(self) -> bool {
        matches!(self, Self::Human | Self::Vehicle)
    }
}

/// Whether an observation is about a file or a visit (`observationLevel`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Level {
    /// One file, perhaps with a bounding box.
    #[default]
    Media,
    /// A visit of an animal, which may span several files.
    Event,
}

/// Who made the classification (`classificationMethod`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Classifier {
    /// A person.
    Person,
    /// A model.
    Machine,
}

/// Whether a person reviewed the classification of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Review {
    /// No person classified the file, or this is the person's classification.
    #[default]
    Open,
    /// A person classified the same file, and that classification replaces this one.
    Replaced,
    /// A person classified the same file with the same class but without a box, so the model's box is used.
    BoxConfirmed,
}

/// Stands for a missing row number.
const NONE: u32 = u32::MAX;

/// All observations of a data set. A row takes about 30 bytes beside the text of its id, and more for each
/// column that the data set fills.
#[derive(Clone, Debug)]
pub struct Observations {
    ids: Ids,
    /// Whether texts and boxes are kept.
    keep: Keep,
    /// Ids of rows that a report may have to name, if ids are not kept.
    named_ids: HashMap<u32, String>,
    /// Rows later than this are such rows.
    named_after: LocalTime,
    events: Interner,
    individuals: Interner,
    sexes: Interner,
    life_stages: Interner,
    deployment: Vec<u32>,
    media: SparseColumn<u32>,
    event: SparseColumn<u32>,
    class: Vec<u32>,
    individual: SparseColumn<u32>,
    sex: SparseColumn<u8>,
    life_stage: SparseColumn<u8>,
    kind: Vec<ObservationType>,
    level: Vec<Level>,
    count: SparseColumn<u32>,
    time: Vec<i64>,
    offset: SparseColumn<i16>,
    confidence: SparseColumn<u32>,
    bbox: SparseColumn<[u32; 4]>,
    /// All boxes are in pixels.
    pixels: bool,
    classified_at: SparseColumn<i64>,
    /// Seconds from `time` to the end of a visit.
    duration: SparseColumn<u32>,
    classifier: SparseColumn<Option<Classifier>>,
    /// Whether any row was classified by a person, and any by a machine.
    has_classifier: [bool; 2],
    review: SparseColumn<Review>,
    time_lapse: SparseColumn<bool>,
    camera_setup: SparseColumn<bool>,
}

/// Stands for a missing number, as its bits.
const NAN: u32 = f32::NAN.to_bits();

/// One observation.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// Its id, which requests use as the id of the detection.
    pub id: &'a str,
    /// Row in [`Dataset::deployments`](crate::Dataset::deployments).
    pub deployment: u32,
    /// Row in the [`MediaTable`](crate::MediaTable).
    pub media: Option<u32>,
    /// Number of its visit, which is the same for all observations of the visit.
    pub event: Option<u32>,
    /// Index into [`Dataset::classes`](crate::Dataset::classes).
    pub class: Option<u32>,
    /// Its type.
    pub kind: ObservationType,
    /// Whether it is about a file or a visit.
    pub level: Level,
    /// Individuals, at least 1.
    pub count: u32,
    /// The time on the camera's clock.
    pub time: Option<LocalTime>,
    /// The UTC offset of that clock in seconds, if known.
    pub offset: Option<i32>,
    /// Probability of the classification, 0 to 1.
    pub confidence: Option<f32>,
    /// The box on the picture.
    pub bbox: Option<BoundingBox>,
    /// Name or number of the individual.
    pub individual: Option<&'a str>,
    /// Sex, as the source writes it.
    pub sex: Option<&'a str>,
    /// Life stage, as the source writes it.
    pub life_stage: Option<&'a str>,
    /// The time of the classification, in seconds since 1970 UTC.
    pub classified_at: Option<i64>,
    /// Seconds from `time` to the end of the visit; 0 for a file.
    pub duration: u32,
    /// Who classified it, if known.
    pub classifier: Option<Classifier>,
    /// Whether a person's classification of the same file replaces it.
    pub review: Review,
    /// Its picture was taken at a set time and not triggered by movement: it is not a visit, but shows that
    /// the camera worked.
    pub is_time_lapse: bool,
    /// It shows people who set up or tested the camera, whatever its type: it is not a visit.
    pub is_camera_setup: bool,
}

impl Observation<'_> {
    /// Whether it shows people or a vehicle, including people who worked on the camera.
    pub fn has_people(&self) -> bool {
        self.kind.is_human() || (self.is_camera_setup && self.kind != ObservationType::Blank)
    }
}

/// An observation to add.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewObservation<'a> {
    pub id: &'a str,
    pub deployment: u32,
    pub media: Option<u32>,
    pub event: &'a str,
    pub class: Option<u32>,
    pub kind: ObservationType,
    pub level: Level,
    /// Individuals; 0 is taken as 1.
    pub count: u32,
    pub time: Option<(LocalTime, Option<i32>)>,
    pub confidence: Option<f32>,
    pub bbox: Option<BoundingBox>,
    pub individual: &'a str,
    pub sex: &'a str,
    pub life_stage: &'a str,
    pub classified_at: Option<i64>,
    pub duration: u32,
    pub classifier: Option<Classifier>,
    pub is_time_lapse: bool,
    pub is_camera_setup: bool,
}

impl Observations {
    /// An empty table. `trust_ids` defers the check that ids are distinct to the end. `now` is the latest
    /// present time on any clock.
    pub(crate) fn new(keep: Keep, trust_ids: bool, now: LocalTime) -> Self {
        Self {
            ids: Ids::new(keep, trust_ids),
            keep,
            named_ids: HashMap::new(),
            named_after: now,
            events: Interner::default(),
            individuals: Interner::default(),
            sexes: Interner::default(),
            life_stages: Interner::default(),
            deployment: Vec::new(),
            media: SparseColumn::new(NONE),
            event: SparseColumn::new(NONE),
            class: Vec::new(),
            individual: SparseColumn::new(NONE),
            sex: SparseColumn::new(0),
            life_stage: SparseColumn::new(0),
            kind: Vec::new(),
            level: Vec::new(),
            count: SparseColumn::new(1),
            time: Vec::new(),
            offset: SparseColumn::new(NO_OFFSET),
            confidence: SparseColumn::new(NAN),
            bbox: SparseColumn::new([NAN; 4]),
            pixels: false,
            classified_at: SparseColumn::new(NO_TIME),
            duration: SparseColumn::new(0),
            classifier: SparseColumn::new(None),
            has_classifier: [false; 2],
            review: SparseColumn::new(Review::Open),
            time_lapse: SparseColumn::new(false),
            camera_setup: SparseColumn::new(false),
        }
    }

    /// Frees the tables for lookups if only numbers are kept. Returns whether two rows turn out to have the
    /// same id.
    pub(crate) fn close(&mut self) -> bool {
        self.ids.close()
    }

    /// Whether a text did not fit.
    pub(crate) fn is_full(&self) -> bool {
        let names = [&self.events, &self.individuals, &self.sexes, &self.life_stages];
        self.ids.is_full() || names.iter().any(|names| names.is_full())
    }

    /// Number of observations.
    pub fn len(&self) -> usize {
        self.kind.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.kind.is_empty()
    }

    /// Finds the row of an observation by its id.
    pub fn find(&self, id: &str) -> Option<u32> {
        self.ids.find(id)
    }

    /// All observations in the order of their table.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Observation<'_>> {
        (0..self.len()).map(|row| self.read_row(row))
    }

    /// The observation in a row, which must be below [`Observations::len`].
    pub fn get(&self, row: u32) -> Observation<'_> {
        self.read_row(row as usize)
    }

    fn read_row(&self, row: usize) -> Observation<'_> {
        let optional = |value: u32| (value != NONE).then_some(value);
        let coded = |code: u8| (code > 0).then(|| u32::from(code) - 1);
        let number = u32::try_from(row).expect("fewer than 2^32 rows");
        let sides @ [x, y, width, height] = self.bbox.get(row).map(f32::from_bits);
        let bbox = if self.pixels {
            BoundingBox::Pixels(sides)
        } else {
            BoundingBox::Relative(RelativeBox { x, y, width, height })
        };
        let id = match self.keep {
            Keep::All => self.ids.get(number),
            Keep::Numbers => self.named_ids.get(&number).map_or("", String::as_str),
        };
        Observation {
            id,
            deployment: self.deployment[row],
            media: optional(self.media.get(row)),
            event: optional(self.event.get(row)),
            class: optional(self.class[row]),
            kind: self.kind[row],
            level: self.level[row],
            count: self.count.get(row),
            time: (self.time[row] != NO_TIME).then(|| LocalTime::from_seconds(self.time[row])),
            offset: to_seconds(self.offset.get(row)),
            confidence: Some(f32::from_bits(self.confidence.get(row))).filter(|value| !value.is_nan()),
            bbox: (!x.is_nan()).then_some(bbox),
            individual: optional(self.individual.get(row)).map(|number| self.individuals.get(number)),
            sex: coded(self.sex.get(row)).map(|number| self.sexes.get(number)),
            life_stage: coded(self.life_stage.get(row)).map(|number| self.life_stages.get(number)),
            classified_at: Some(self.classified_at.get(row)).filter(|&at| at != NO_TIME),
            duration: self.duration.get(row),
            classifier: self.classifier.get(row),
            review: self.review.get(row),
            is_time_lapse: self.time_lapse.get(row),
            is_camera_setup: self.camera_setup.get(row),
        }
    }

    /// The id of a visit (see [`Observation::event`]).
    pub fn event_id(&self, event: u32) -> &str {
        self.events.get(event)
    }

    /// Deployment and time of each row, for iterating over millions of rows.
    pub fn times(&self) -> impl ExactSizeIterator<Item = (u32, Option<LocalTime>)> {
        let time = |seconds: i64| (seconds != NO_TIME).then(|| LocalTime::from_seconds(seconds));
        self.deployment.iter().zip(&self.time).map(move |(deployment, seconds)| (*deployment, time(*seconds)))
    }

    /// Earliest and latest recorded time.
    pub fn time_span(&self) -> Option<(LocalTime, LocalTime)> {
        let times = || self.time.iter().copied().filter(|&time| time != NO_TIME);
        let (first, last) = (times().min()?, times().max()?);
        Some((LocalTime::from_seconds(first), LocalTime::from_seconds(last)))
    }

    /// Makes room for `times` as many observations as there are.
    pub(crate) fn reserve(&mut self, times: f64) {
        self.ids.reserve(times);
        self.events.reserve(times);
        reserve_more(&mut self.deployment, times);
        self.media.reserve(times);
        self.event.reserve(times);
        reserve_more(&mut self.class, times);
        reserve_more(&mut self.kind, times);
        reserve_more(&mut self.level, times);
        reserve_more(&mut self.time, times);
        self.offset.reserve(times);
        self.confidence.reserve(times);
        self.bbox.reserve(times);
        self.classified_at.reserve(times);
    }

    /// Adds a row; `None` if its id exists already.
    pub(crate) fn push(&mut self, new: &NewObservation<'_>) -> Option<u32> {
        let row = self.ids.add(new.id)?;
        let intern = |names: &mut Interner, text: &str| match text {
            "" => NONE,
            text => names.intern(text),
        };
        // These columns have few distinct values; beyond 254 they are errors and left out.
        let code = |names: &mut Interner, text: &str| match text {
            "" => 0,
            text => u8::try_from(names.intern(text).saturating_add(1)).unwrap_or(0),
        };
        let bits = |number: Option<f32>| number.map_or(NAN, f32::to_bits);
        self.deployment.push(new.deployment);
        self.media.push(new.media.unwrap_or(NONE));
        self.event.push(intern(&mut self.events, new.event));
        self.class.push(new.class.unwrap_or(NONE));
        self.individual.push(intern(&mut self.individuals, new.individual));
        self.sex.push(code(&mut self.sexes, new.sex));
        self.life_stage.push(code(&mut self.life_stages, new.life_stage));
        self.kind.push(new.kind);
        self.level.push(new.level);
        self.count.push(new.count.max(1));
        self.time.push(new.time.map_or(NO_TIME, |(time, _)| time.seconds()));
        self.offset.push(to_minutes(new.time.and_then(|(_, offset)| offset)));
        self.confidence.push(bits(new.confidence));
        self.duration.push(new.duration);
        self.classifier.push(new.classifier);
        self.time_lapse.push(new.is_time_lapse);
        self.camera_setup.push(new.is_camera_setup);
        match new.classifier {
            Some(Classifier::Person) => self.has_classifier[0] = true,
            Some(Classifier::Machine) => self.has_classifier[1] = true,
            None => {}
        }
        if self.keep == Keep::All {
            // All boxes of a source have the same unit.
            self.pixels |= matches!(new.bbox, Some(BoundingBox::Pixels(_)));
            self.bbox.push(new.bbox.map_or([NAN; 4], |area| area.sides().map(f32::to_bits)));
            self.classified_at.push(new.classified_at.unwrap_or(NO_TIME));
        } else if new.time.is_some_and(|(time, _)| time > self.named_after) {
            self.named_ids.insert(row, new.id.to_owned());
        }
        Some(row)
    }

    /// Marks a model's observations on files and visits that a person classified too, so that the two are
    /// never counted together. The person may have said that the file is blank.
    pub(crate) fn mark_reviewed(&mut self) {
        if self.has_classifier != [true, true] {
            return;
        }
        let persons = self.collect_person_reviews();
        let mut review = SparseColumn::new(Review::Open);
        for row in 0..self.len() {
            let is_machine = self.classifier.get(row) == Some(Classifier::Machine);
            review.push(if is_machine { persons.review_row(self, row) } else { Review::Open });
        }
        self.review = review;
    }

    fn collect_person_reviews(&self) -> PersonReviews {
        let mut said = PersonReviews::default();
        for row in (0..self.len()).filter(|row| self.classifier.get(*row) == Some(Classifier::Person)) {
            let (media, event) = (self.media.get(row), self.event.get(row));
            match self.level[row] {
                Level::Media if media != NONE => {
                    let has_box = !f32::from_bits(self.bbox.get(row)[0]).is_nan();
                    said.of_media.entry(media).or_default().push((self.class[row], has_box));
                }
                Level::Event if event != NONE => {
                    let has_animal = said.of_events.entry(event).or_default();
                    *has_animal |= self.kind[row] == ObservationType::Animal;
                }
                Level::Media | Level::Event => {}
            }
        }
        said
    }
}

/// Classifications by persons.
#[derive(Default)]
struct PersonReviews {
    /// The classes on each file, and whether each has a box.
    of_media: HashMap<u32, Vec<(u32, bool)>>,
    /// Whether each visit had an animal.
    of_events: HashMap<u32, bool>,
}

impl PersonReviews {
    /// The review of a model's row.
    fn review_row(&self, table: &Observations, row: usize) -> Review {
        let event = self.of_events.get(&table.event.get(row));
        if table.level[row] == Level::Event {
            return if event.is_some() { Review::Replaced } else { Review::Open };
        }
        let class = table.class[row];
        match self.of_media.get(&table.media.get(row)) {
            Some(said) if class != NONE && said.contains(&(class, false)) => Review::BoxConfirmed,
            Some(_) => Review::Replaced,
            // If a visit has no animal, neither do its files.
            None if event == Some(&false) => Review::Replaced,
            None => Review::Open,
        }
    }
}
