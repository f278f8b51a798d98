//! The table of observations, by column.

use crate::bbox::RelativeBox;
use crate::clock::LocalTime;
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

/// What an observation is about (`observationLevel`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// One file, perhaps with a bounding box.
    Media,
    /// A visit of an animal, which may span files.
    Event,
}

/// No row, in a column of row numbers.
const NONE: u32 = u32::MAX;
/// No time, in a column of seconds.
const NO_TIME: i64 = i64::MIN;
/// No offset, in a column of minutes.
const NO_OFFSET: i16 = i16::MIN;

/// All observations of a data set. About 70 bytes a row beside the text of its id.
#[derive(Clone, Debug, Default)]
pub struct Observations {
    ids: Names,
    events: Names,
    individuals: Names,
    sexes: Names,
    life_stages: Names,
    deployment: Vec<u32>,
    media: Vec<u32>,
    event: Vec<u32>,
    class: Vec<u32>,
    individual: Vec<u32>,
    sex: Vec<u8>,
    life_stage: Vec<u8>,
    kind: Vec<ObservationType>,
    level: Vec<Level>,
    count: Vec<u32>,
    time: Vec<i64>,
    offset: Vec<i16>,
    confidence: Vec<f32>,
    bbox: Vec<[f32; 4]>,
    classified_at: Vec<i64>,
}

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
    pub bbox: Option<RelativeBox>,
    /// Name or number of the individual.
    pub individual: Option<&'a str>,
    /// Sex, as the source writes it.
    pub sex: Option<&'a str>,
    /// Life stage, as the source writes it.
    pub life_stage: Option<&'a str>,
    /// When it was classified, in seconds since 1970 UTC.
    pub classified_at: Option<i64>,
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
    pub bbox: Option<RelativeBox>,
    pub individual: &'a str,
    pub sex: &'a str,
    pub life_stage: &'a str,
    pub classified_at: Option<i64>,
}

impl Observations {
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
        let [x, y, width, height] = self.bbox[row];
        Observation {
            id: self.ids.get(u32::try_from(row).expect("fewer than 2^32 rows")),
            deployment: self.deployment[row],
            media: optional(self.media[row]),
            event: optional(self.event[row]),
            class: optional(self.class[row]),
            kind: self.kind[row],
            level: self.level[row],
            count: self.count[row],
            time: (self.time[row] != NO_TIME).then(|| LocalTime::from_seconds(self.time[row])),
            offset: (self.offset[row] != NO_OFFSET).then(|| i32::from(self.offset[row]) * 60),
            confidence: Some(self.confidence[row]).filter(|value| !value.is_nan()),
            bbox: (!x.is_nan()).then_some(RelativeBox { x, y, width, height }),
            individual: optional(self.individual[row]).map(|number| self.individuals.get(number)),
            sex: coded(self.sex[row]).map(|number| self.sexes.get(number)),
            life_stage: coded(self.life_stage[row]).map(|number| self.life_stages.get(number)),
            classified_at: Some(self.classified_at[row]).filter(|&at| at != NO_TIME),
        }
    }

    /// Earliest and latest time recorded.
    pub fn time_span(&self) -> Option<(LocalTime, LocalTime)> {
        let times = || self.time.iter().copied().filter(|&time| time != NO_TIME);
        let (first, last) = (times().min()?, times().max()?);
        Some((LocalTime::from_seconds(first), LocalTime::from_seconds(last)))
    }

    /// Adds a row; `None`, and nothing added, when its id is there already.
    pub(crate) fn push(&mut self, new: &NewObservation<'_>) -> Option<u32> {
        let row = self.ids.insert_new(new.id)?;
        let intern = |names: &mut Names, text: &str| match text {
            "" => NONE,
            text => names.intern(text),
        };
        // A code list of a few words; what is past 254 of them is dirt and left out.
        let code = |names: &mut Names, text: &str| match text {
            "" => 0,
            text => u8::try_from(names.intern(text).saturating_add(1)).unwrap_or(0),
        };
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
        let offset = new.time.and_then(|(_, offset)| offset);
        self.offset
            .push(offset.map_or(NO_OFFSET, |seconds| i16::try_from(seconds / 60).unwrap_or(NO_OFFSET)));
        self.confidence.push(new.confidence.unwrap_or(f32::NAN));
        self.bbox.push(new.bbox.map_or([f32::NAN; 4], |b| [b.x, b.y, b.width, b.height]));
        self.classified_at.push(new.classified_at.unwrap_or(NO_TIME));
        Some(row)
    }
}
