//! The table of observations, by column.

use std::collections::HashMap;

use crate::bbox::{BoundingBox, RelativeBox};
use crate::clock::LocalTime;
use crate::column::Column;
use crate::ids::Ids;
use crate::media::{NO_OFFSET, NO_TIME, minutes, seconds};
use crate::source::Keep;
use crate::text::Names;

/// What kind of thing was observed (`observationType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObservationType {
    /// Wildlife: the only type that counts as such.
    Animal,
    /// A person.
    Human,
    /// A vehicle.
    Vehicle,
    /// Nothing on the picture.
    Blank,
    /// Something that could not be told.
    Unknown,
    /// Nobody has looked yet.
    Unclassified,
}

impl ObservationType {
    /// A person or a vehicle: what is left out of exports unless it is asked for.
    pub fn is_human(self) -> bool {
        matches!(self, Self::Human | Self::Vehicle)
    }
}

/// What an observation is about (`observationLevel`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// One file, perhaps with a bounding box.
    Media,
    /// A visit of an animal, which may span files.
    Event,
}

/// Who classified what an observation shows (`classificationMethod`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Classifier {
    /// A person.
    Person,
    /// A model.
    Machine,
}

/// What became of what a model saw on a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Review {
    /// No person classified the file, or this is what the person said.
    #[default]
    Open,
    /// A person classified the same file, whose word stands in place of this observation.
    Replaced,
    /// The same, and the person named the same class without a box: the model's box shows where.
    BoxConfirmed,
}

/// No row, in a column of row numbers.
const NONE: u32 = u32::MAX;

/// All observations of a data set. About 30 bytes a row beside the text of its id, and more for
/// each column that the data set fills.
#[derive(Clone, Debug)]
pub struct Observations {
    ids: Ids,
    /// Whether texts and boxes are kept.
    keep: Keep,
    /// Ids of the rows that a report may have to name, when ids are not kept.
    named: HashMap<u32, String>,
    /// Rows later than this are such.
    named_after: LocalTime,
    events: Names,
    individuals: Names,
    sexes: Names,
    life_stages: Names,
    deployment: Vec<u32>,
    media: Column<u32>,
    event: Column<u32>,
    class: Vec<u32>,
    individual: Column<u32>,
    sex: Column<u8>,
    life_stage: Column<u8>,
    kind: Vec<ObservationType>,
    level: Vec<Level>,
    count: Column<u32>,
    time: Vec<i64>,
    offset: Column<i16>,
    confidence: Column<u32>,
    bbox: Column<[u32; 4]>,
    /// Boxes are in pixels, all of them.
    pixels: bool,
    classified_at: Column<i64>,
    /// Seconds from `time` to the end of a visit.
    duration: Column<u32>,
    classifier: Column<Option<Classifier>>,
    /// Whether any row was classified by a person, and any by a machine.
    has_classifier: [bool; 2],
    review: Column<Review>,
    time_lapse: Column<bool>,
    camera_setup: Column<bool>,
}

/// No number, as the bits of one.
const NAN: u32 = f32::NAN.to_bits();

/// One observation.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// Its id: the detection's id, for requests.
    pub id: &'a str,
    /// Row in [`Dataset::deployments`](crate::Dataset::deployments).
    pub deployment: u32,
    /// Row in the [`MediaTable`](crate::MediaTable).
    pub media: Option<u32>,
    /// Number of the visit it belongs to, the same for all its observations.
    pub event: Option<u32>,
    /// Index into [`Dataset::classes`](crate::Dataset::classes).
    pub class: Option<u32>,
    /// What kind of thing it is.
    pub kind: ObservationType,
    /// Whether it is about a file or a visit.
    pub level: Level,
    /// Individuals, at least 1.
    pub count: u32,
    /// When, on the camera's clock.
    pub time: Option<LocalTime>,
    /// Seconds east of UTC of that clock, when known.
    pub offset: Option<i32>,
    /// Probability of the classification, 0 to 1.
    pub confidence: Option<f32>,
    /// Where on the picture.
    pub bbox: Option<BoundingBox>,
    /// Name or number of the individual.
    pub individual: Option<&'a str>,
    /// Sex, as the source writes it.
    pub sex: Option<&'a str>,
    /// Life stage, as the source writes it.
    pub life_stage: Option<&'a str>,
    /// When it was classified, in seconds since 1970 UTC.
    pub classified_at: Option<i64>,
    /// Seconds from `time` to the end of the visit; 0 for a file.
    pub duration: u32,
    /// Who classified it, where that is known.
    pub classifier: Option<Classifier>,
    /// Whether what a person said of the same file stands in its place.
    pub review: Review,
    /// It is on a picture that the camera took at a set time, and not because something moved: it is no
    /// event, and shows that the camera worked.
    pub is_time_lapse: bool,
    /// It is of people who set the camera up or tried it out, whatever its kind says: it is nobody's visit.
    pub is_camera_setup: bool,
}

impl Observation<'_> {
    /// People or a vehicle are on it, or whoever was at work on the camera.
    pub fn has_people(&self) -> bool {
        self.kind.is_human() || (self.is_camera_setup && self.kind != ObservationType::Blank)
    }
}

/// An observation on its way into the table.
#[derive(Clone, Debug)]
pub(crate) struct NewObservation<'a> {
    pub id: &'a str,
    pub deployment: u32,
    pub media: Option<u32>,
    pub event: &'a str,
    pub class: Option<u32>,
    pub kind: ObservationType,
    pub level: Level,
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
    /// An empty table, of which `keep` says what is kept, and `trusting` whether ids are taken to
    /// be distinct. `now` is the present on any clock.
    pub(crate) fn new(keep: Keep, trusting: bool, now: LocalTime) -> Self {
        Self {
            ids: Ids::new(keep, trusting),
            keep,
            named: HashMap::new(),
            named_after: now,
            events: Names::default(),
            individuals: Names::default(),
            sexes: Names::default(),
            life_stages: Names::default(),
            deployment: Vec::new(),
            media: Column::new(NONE),
            event: Column::new(NONE),
            class: Vec::new(),
            individual: Column::new(NONE),
            sex: Column::new(0),
            life_stage: Column::new(0),
            kind: Vec::new(),
            level: Vec::new(),
            count: Column::new(1),
            time: Vec::new(),
            offset: Column::new(NO_OFFSET),
            confidence: Column::new(NAN),
            bbox: Column::new([NAN; 4]),
            pixels: false,
            classified_at: Column::new(NO_TIME),
            duration: Column::new(0),
            classifier: Column::new(None),
            has_classifier: [false; 2],
            review: Column::new(Review::Open),
            time_lapse: Column::new(false),
            camera_setup: Column::new(false),
        }
    }

    /// Lets go of what rows are found by, when only numbers are kept and all rows are read; tells
    /// whether two rows turn out to have the same id.
    pub(crate) fn close(&mut self) -> bool {
        self.ids.close()
    }

    /// Number of observations.
    pub fn len(&self) -> usize {
        self.kind.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.kind.is_empty()
    }

    /// Row of an observation by its id.
    pub fn find(&self, id: &str) -> Option<u32> {
        self.ids.find(id)
    }

    /// All observations in the order of their table.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Observation<'_>> {
        (0..self.len()).map(|row| self.at(row))
    }

    /// The observation in a row, which must be below [`Observations::len`].
    pub fn get(&self, row: u32) -> Observation<'_> {
        self.at(row as usize)
    }

    fn at(&self, row: usize) -> Observation<'_> {
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
            Keep::Numbers => self.named.get(&number).map_or("", String::as_str),
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
            offset: seconds(self.offset.get(row)),
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

    /// The id of the visit with a number (see [`Observation::event`]).
    pub fn event_id(&self, event: u32) -> &str {
        self.events.get(event)
    }

    /// Deployment and time of each row, for going through millions of them.
    pub fn times(&self) -> impl ExactSizeIterator<Item = (u32, Option<LocalTime>)> {
        let time = |seconds: i64| (seconds != NO_TIME).then(|| LocalTime::from_seconds(seconds));
        self.deployment.iter().zip(&self.time).map(move |(deployment, seconds)| (*deployment, time(*seconds)))
    }

    /// Earliest and latest time recorded.
    pub fn time_span(&self) -> Option<(LocalTime, LocalTime)> {
        let times = || self.time.iter().copied().filter(|&time| time != NO_TIME);
        let (first, last) = (times().min()?, times().max()?);
        Some((LocalTime::from_seconds(first), LocalTime::from_seconds(last)))
    }

    /// Adds a row; `None`, and nothing added, when its id is there already.
    pub(crate) fn push(&mut self, new: &NewObservation<'_>) -> Option<u32> {
        let row = self.ids.add(new.id)?;
        let intern = |names: &mut Names, text: &str| match text {
            "" => NONE,
            text => names.intern(text),
        };
        // A code list of a few words; what is past 254 of them is dirt and left out.
        let code = |names: &mut Names, text: &str| match text {
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
        self.offset.push(minutes(new.time.and_then(|(_, offset)| offset)));
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
            // A source has all of them in one unit.
            self.pixels |= matches!(new.bbox, Some(BoundingBox::Pixels(_)));
            self.bbox.push(new.bbox.map_or([NAN; 4], |area| area.sides().map(f32::to_bits)));
            self.classified_at.push(new.classified_at.unwrap_or(NO_TIME));
        } else if new.time.is_some_and(|(time, _)| time > self.named_after) {
            self.named.insert(row, new.id.to_owned());
        }
        Some(row)
    }

    /// Marks what a model saw on files and visits that a person classified as well. The person may have
    /// said that nothing is there, so the two are never counted together.
    pub(crate) fn mark_reviewed(&mut self) {
        if self.has_classifier != [true, true] {
            return;
        }
        let persons = self.said_by_persons();
        let mut review = Column::new(Review::Open);
        for row in 0..self.len() {
            let is_machine = self.classifier.get(row) == Some(Classifier::Machine);
            review.push(if is_machine { persons.review(self, row) } else { Review::Open });
        }
        self.review = review;
    }

    fn said_by_persons(&self) -> SaidByPersons {
        let mut said = SaidByPersons::default();
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

/// What persons said of files and visits.
#[derive(Default)]
struct SaidByPersons {
    /// Of each file its classes, and whether each has a box.
    of_media: HashMap<u32, Vec<(u32, bool)>>,
    /// Of each visit, whether there was an animal at all.
    of_events: HashMap<u32, bool>,
}

impl SaidByPersons {
    /// What becomes of the row of a model.
    fn review(&self, table: &Observations, row: usize) -> Review {
        let event = self.of_events.get(&table.event.get(row));
        if table.level[row] == Level::Event {
            return if event.is_some() { Review::Replaced } else { Review::Open };
        }
        let class = table.class[row];
        match self.of_media.get(&table.media.get(row)) {
            Some(said) if class != NONE && said.contains(&(class, false)) => Review::BoxConfirmed,
            Some(_) => Review::Replaced,
            // A visit without any animal has none on its files.
            None if event == Some(&false) => Review::Replaced,
            None => Review::Open,
        }
    }
}
