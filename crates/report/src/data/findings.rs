//! What the data show: the numbers of each finding, with its sentence.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CountUnit;

/// One thing that the data show: its numbers and their sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The sentence, readable without statistics.
    pub text: String,
    /// Numbers shown beside it, with the interval; empty where the sentence says everything.
    pub detail: String,
    /// All numbers that the sentence and the detail state.
    #[serde(flatten)]
    pub numbers: FindingNumbers,
}

/// A class with its name in sentences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NamedClass {
    /// Its name in requests.
    pub classification: String,
    /// Its everyday name, with the scientific one where both are known.
    pub name: String,
}

/// Why a report has no events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NothingReason {
    /// No observation of the data set could be read.
    Unreadable,
    /// No camera was running.
    NoEffort,
    /// The data set has no observations.
    NoObservations,
    /// Nothing that was recorded has a time.
    NoTimes,
    /// Not even a blank picture was recorded.
    NoRecords,
    /// Nothing that was recorded is identified.
    NotIdentified,
    /// Cameras were running, and no animal was recorded.
    NoAnimals,
}

/// How night is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NightBy {
    /// Between sunset and sunrise.
    Sun,
    /// Between 18:00 and 06:00, where sunset is not known.
    Clock,
}

/// The numbers of a finding, by its kind. Rates are events per 100 camera-days; intervals are of 95%.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FindingNumbers {
    /// Everything that was recorded, with the effort.
    Total {
        /// Camera-days.
        effort_days: f64,
        /// Locations with effort.
        locations: usize,
        /// Independent events.
        events: usize,
        /// Classes with events.
        classes: usize,
        /// Individuals in them.
        individuals: u64,
        /// Events of domestic animals.
        domestic_events: usize,
        /// These animals.
        domestic: Vec<NamedClass>,
    },
    /// Why there is nothing to say.
    Nothing {
        /// The reason.
        reason: NothingReason,
        /// Camera-days.
        effort_days: f64,
        /// Locations with effort.
        locations: usize,
        /// Rows that could not be read, or observations without a time or name.
        rows: u64,
        /// A species with up to this many events per 100 camera-days could have been missed; only where no
        /// animal was recorded.
        rate_missed: Option<f64>,
        /// First day with records in the data set.
        #[schemars(with = "Option<String>")]
        recorded_from: Option<Date>,
        /// Last day with records.
        #[schemars(with = "Option<String>")]
        recorded_until: Option<Date>,
        /// Whether only some species were requested.
        species_selected: bool,
    },
    /// How often a class was recorded.
    Frequency {
        /// The class.
        #[serde(flatten)]
        class: NamedClass,
        /// Whether no class was recorded more often.
        is_most: bool,
        /// Its events.
        events: usize,
        /// Events of all classes.
        events_of_all: usize,
        /// Locations at which it was recorded.
        locations: usize,
        /// Locations with effort.
        locations_surveyed: usize,
        /// Its rate.
        rai: f64,
        /// Lower end of its interval; `null` with one location.
        rai_low: Option<f64>,
        /// Upper end of its interval.
        rai_high: Option<f64>,
    },
    /// Months or weeks differ, and one was highest.
    HighestBucket {
        /// The class.
        #[serde(flatten)]
        class: NamedClass,
        /// The bucket in words.
        bucket: String,
        /// Its first day.
        #[schemars(with = "String")]
        start: Date,
        /// Its last day.
        #[schemars(with = "String")]
        end: Date,
        /// The rate in it.
        rai: f64,
        /// The rate in the rest of the period.
        rai_rest: Option<f64>,
        /// The first over the second; `null` without events in the rest.
        rate_ratio: Option<f64>,
        /// Lower end of its interval, corrected for the choice of the highest bucket.
        low: Option<f64>,
        /// Upper end of its interval.
        high: Option<f64>,
        /// Whether that interval lies above 1.
        stands_out: bool,
        /// Holm's p-value that the buckets differ at all.
        p_adjusted: f64,
    },
    /// The share of the events of a class at night.
    Night {
        /// The class.
        #[serde(flatten)]
        class: NamedClass,
        /// How night is defined.
        night: NightBy,
        /// Events that began at night.
        events: usize,
        /// All events.
        of: usize,
        /// The share.
        share: f64,
        /// Lower end of its interval.
        low: f64,
        /// Upper end of its interval.
        high: f64,
    },
    /// Two classes are active at different times of day.
    DifferentHours {
        /// The first class.
        a: NamedClass,
        /// The second class.
        b: NamedClass,
        /// Overlap of their activity, from 0 to 1.
        overlap: f64,
        /// Lower end of its interval.
        low: f64,
        /// Upper end of its interval.
        high: f64,
        /// Holm's p-value.
        p_adjusted: f64,
    },
    /// A ratio of males, females or young.
    Ratio {
        /// The ratio, as in `ratios`.
        ratio: String,
        /// The class, where classes themselves do not tell males, females and young apart.
        classification: Option<NamedClass>,
        /// What is counted.
        unit: CountUnit,
        /// The numerator.
        count: u64,
        /// The denominator.
        base: u64,
        /// The ratio.
        estimate: f64,
        /// Lower end of its interval.
        low: Option<f64>,
        /// Upper end of its interval.
        high: Option<f64>,
    },
    /// The number of species, with those that were probably missed.
    Richness {
        /// Species recorded.
        observed: usize,
        /// Species recorded on a single camera-day.
        uniques: u32,
        /// Chao2.
        chao2: f64,
        /// Lower end of its interval.
        low: f64,
        /// Upper end of its interval.
        high: f64,
    },
    /// One of the periods of a comparison.
    Period {
        /// Its label.
        label: String,
        /// Its days in words.
        words: String,
        /// Camera-days.
        effort_days: f64,
        /// Locations with effort.
        locations: usize,
        /// Independent events.
        events: usize,
        /// Classes with events.
        classes: usize,
    },
    /// The periods are of different length.
    Lengths {
        /// Days of the shortest.
        shortest: i64,
        /// Days of the longest.
        longest: i64,
    },
    /// Periods have days in common.
    SharedDays {
        /// Pairs of labels.
        pairs: Vec<(String, String)>,
    },
    /// A class was recorded more or less often in one period than in another.
    Difference {
        /// The class.
        #[serde(flatten)]
        class: NamedClass,
        /// Label of the first period.
        a: String,
        /// Label of the second period.
        b: String,
        /// Events in `a`.
        events_a: usize,
        /// Events in `b`.
        events_b: usize,
        /// The rate in `a`.
        rai_a: f64,
        /// The rate in `b`.
        rai_b: f64,
        /// The rate in `b` over the rate in `a`; `null` without events in `a`.
        rate_ratio: Option<f64>,
        /// Lower end of its interval, corrected for all comparisons.
        low: Option<f64>,
        /// Upper end of its interval.
        high: Option<f64>,
        /// Holm's p-value.
        p_adjusted: f64,
    },
    /// A class is active at different times of day in two periods.
    DifferentHoursBetweenPeriods {
        /// The class.
        #[serde(flatten)]
        class: NamedClass,
        /// Label of the first period.
        a: String,
        /// Label of the second period.
        b: String,
        /// Overlap of its activity, from 0 to 1.
        overlap: f64,
        /// Lower end of its interval.
        low: f64,
        /// Upper end of its interval.
        high: f64,
        /// Holm's p-value.
        p_adjusted: f64,
    },
    /// What was tested without a difference, and what could not be tested.
    NotFound {
        /// Number of tests.
        tested: usize,
        /// Classes that were tested without a significant difference.
        alike: Vec<NamedClass>,
        /// Events that a finding about a class needs.
        threshold: usize,
        /// Classes with fewer.
        too_few: Vec<NamedClass>,
        /// Classes with enough events, at too few locations to be compared.
        few_locations: Vec<NamedClass>,
    },
}
