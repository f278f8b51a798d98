//! What the data show, as numbers first.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Counted;

/// One thing that the data show: its numbers, and the sentence made of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The sentence, in words that need no statistics.
    pub text: String,
    /// Numbers that stand beside it, with the interval; empty where the sentence says all.
    pub detail: String,
    /// All numbers that the sentence and the detail say.
    #[serde(flatten)]
    pub numbers: FindingNumbers,
}

/// A class with the name that a sentence has for it.
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
    /// No camera was at work.
    NoEffort,
    /// The data set has no observations.
    NoObservations,
    /// Nothing that was recorded has a time.
    NoTimes,
    /// Not even a blank picture was recorded.
    NoRecords,
    /// Nothing that was recorded is identified.
    NotIdentified,
    /// Cameras worked, and no animal was recorded.
    NoAnimals,
}

/// What night is taken for.
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
    /// What was recorded with what effort.
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
        /// A species that comes so often, in events per 100 camera-days, could have been missed; only
        /// where no animal was recorded.
        rate_missed: Option<f64>,
        /// First day with records in the data set.
        #[schemars(with = "Option<String>")]
        recorded_from: Option<Date>,
        /// Last day with records.
        #[schemars(with = "Option<String>")]
        recorded_until: Option<Date>,
        /// Only some species were asked for.
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
        /// Locations at which it was.
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
        /// The one over the other; `null` when there was none in the rest.
        rate_ratio: Option<f64>,
        /// Lower end of its interval, corrected for the choice among all buckets.
        low: Option<f64>,
        /// Upper end of its interval.
        high: Option<f64>,
        /// Whether that interval lies above 1.
        stands_out: bool,
        /// Holm's p-value that the buckets differ at all.
        p_adjusted: f64,
    },
    /// How much of the activity of a class is at night.
    Night {
        /// The class.
        #[serde(flatten)]
        class: NamedClass,
        /// What night is.
        night: NightBy,
        /// Events that began at night.
        events: usize,
        /// Of so many.
        of: usize,
        /// The share.
        share: f64,
        /// Lower end of its interval.
        low: f64,
        /// Upper end of its interval.
        high: f64,
    },
    /// Two classes keep different hours.
    DifferentHours {
        /// One class.
        a: NamedClass,
        /// The other.
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
    /// Males, females and young held against each other.
    Ratio {
        /// What is held against what, as in `ratios`.
        ratio: String,
        /// The class, where classes do not tell them apart themselves.
        classification: Option<NamedClass>,
        /// What is counted.
        unit: Counted,
        /// Above the line.
        count: u64,
        /// Below it.
        base: u64,
        /// The one over the other.
        estimate: f64,
        /// Lower end of its interval.
        low: Option<f64>,
        /// Upper end of its interval.
        high: Option<f64>,
    },
    /// How many species were probably missed.
    Richness {
        /// Species recorded.
        observed: usize,
        /// On one camera-day only.
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
        /// Label of the one period.
        a: String,
        /// Label of the other.
        b: String,
        /// Events in the one.
        events_a: usize,
        /// Events in the other.
        events_b: usize,
        /// The rate in the one.
        rai_a: f64,
        /// The rate in the other.
        rai_b: f64,
        /// The rate in `b` over the rate in `a`; `null` when there is none in `a`.
        rate_ratio: Option<f64>,
        /// Lower end of its interval, corrected for all comparisons.
        low: Option<f64>,
        /// Upper end of its interval.
        high: Option<f64>,
        /// Holm's p-value.
        p_adjusted: f64,
    },
    /// A class keeps different hours in two periods.
    DifferentHoursBetweenPeriods {
        /// The class.
        #[serde(flatten)]
        class: NamedClass,
        /// Label of the one period.
        a: String,
        /// Label of the other.
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
    /// What was not found, and of what too little is known.
    NotFound {
        /// Tests, of which none of `alike` holds.
        tested: usize,
        /// Classes that were tested and do not differ.
        alike: Vec<NamedClass>,
        /// Events below which nothing is said of a class.
        threshold: usize,
        /// Classes with fewer.
        too_few: Vec<NamedClass>,
        /// Classes with events enough, at too few locations to be compared.
        few_locations: Vec<NamedClass>,
    },
}
