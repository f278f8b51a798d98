//! Findings in words: made of their numbers alone, so that any reader of the JSON can make them too.

mod nothing;
mod periods;

use self::nothing::nothing;
use self::periods::{difference, how_many_times, period};
use crate::data::{Counted, Finding, FindingNumbers, NamedClass, NightBy};
use crate::prose::{
    between, camera_days, capital, count, grouped, list, p_value, percent, rate, times, whole,
};

/// Names in a sentence before the rest is counted.
const MOST_NAMES: usize = 12;

impl Finding {
    /// A finding with the words for its numbers.
    pub(crate) fn new(numbers: FindingNumbers) -> Self {
        let (text, detail) = words(&numbers);
        Self { text, detail, numbers }
    }

    /// The text with the detail in brackets.
    pub fn sentence(&self) -> String {
        match self.text.strip_suffix('.') {
            Some(text) if !self.detail.is_empty() => format!("{text} ({}).", self.detail),
            _ => self.text.clone(),
        }
    }
}

fn words(numbers: &FindingNumbers) -> (String, String) {
    use FindingNumbers as N;
    match numbers {
        N::Total { .. } => total(numbers),
        N::Nothing { .. } => (nothing(numbers), String::new()),
        N::Frequency { .. } => frequency(numbers),
        N::HighestBucket { .. } => highest_bucket(numbers),
        N::Night { .. } => night(numbers),
        N::DifferentHours { a, b, overlap, low, high, p_adjusted } => (
            format!("{} and {} differ in their hours of activity.", capital(&a.name), b.name),
            overlap_detail(*overlap, *low, *high, *p_adjusted),
        ),
        N::DifferentHoursBetweenPeriods { class, a, b, overlap, low, high, p_adjusted } => (
            format!("{} differed in its hours of activity between {a} and {b}.", capital(&class.name)),
            overlap_detail(*overlap, *low, *high, *p_adjusted),
        ),
        N::Ratio { .. } => ratio(numbers),
        N::Richness { .. } => richness(numbers),
        N::Period { .. } => (period(numbers), String::new()),
        N::Lengths { shortest, longest } => (
            format!(
                "The periods are {shortest} to {longest} days long, so they are compared by events per camera-day."
            ),
            String::new(),
        ),
        N::SharedDays { pairs } => {
            let pairs: Vec<String> = pairs.iter().map(|(a, b)| format!("{a} and {b}")).collect();
            (
                format!("{} have days in common, which makes them look more alike.", pairs.join("; ")),
                String::new(),
            )
        }
        N::Difference { .. } => difference(numbers),
        N::NotFound { .. } => (not_found(numbers), String::new()),
    }
}

fn total(numbers: &FindingNumbers) -> (String, String) {
    let FindingNumbers::Total {
        effort_days,
        locations,
        events,
        classes,
        individuals,
        domestic_events,
        domestic,
    } = numbers
    else {
        return Default::default();
    };
    let text = format!(
        "In {} at {}, cameras recorded {} of {}.",
        camera_days(*effort_days),
        count(*locations, "location", "locations"),
        count(*events, "independent event", "independent events"),
        count(*classes, "species or group", "species and groups"),
    );
    let animals = count(usize::try_from(*individuals).unwrap_or(usize::MAX), "animal", "animals");
    let counted = format!("{animals} counted in them, the same animal perhaps several times");
    let detail = match domestic_events {
        0 => counted,
        1 => format!("{counted}; 1 event is of domestic animals: {}", names(domestic)),
        many => {
            format!("{counted}; {} events are of domestic animals: {}", whole(*many as u64), names(domestic))
        }
    };
    (text, detail)
}

fn frequency(numbers: &FindingNumbers) -> (String, String) {
    let FindingNumbers::Frequency {
        class,
        is_most,
        events,
        events_of_all,
        locations,
        locations_surveyed,
        rai,
        rai_low,
        rai_high,
    } = numbers
    else {
        return Default::default();
    };
    let recorded = if *is_most { "was recorded most often:" } else { "had" };
    let text = format!("{} {recorded} {} events per 100 camera-days.", capital(&class.name), rate(*rai));
    let interval = match (rai_low, rai_high) {
        (Some(low), Some(high)) => format!("95% interval {}", between(*low, Some(*high), rate)),
        _ => "no interval, since one location says nothing about other places".into(),
    };
    let places = match locations_surveyed {
        1 => "the only location".into(),
        many => format!("{} of {} locations", whole(*locations as u64), whole(*many as u64)),
    };
    let detail = format!(
        "{interval}; {} of {}, at {places}",
        whole(*events as u64),
        count(*events_of_all, "event", "events"),
    );
    (text, detail)
}

fn highest_bucket(numbers: &FindingNumbers) -> (String, String) {
    let FindingNumbers::HighestBucket {
        class,
        bucket,
        rai,
        rai_rest,
        rate_ratio,
        low,
        high,
        stands_out,
        p_adjusted,
        ..
    } = numbers
    else {
        return Default::default();
    };
    if !stands_out {
        let text = format!("{} was not recorded equally often throughout the period.", capital(&class.name));
        let detail = format!(
            "corrected {}; most often {bucket}: {} events per 100 camera-days{}",
            p_value(*p_adjusted),
            rate(*rai),
            how_many_times(*rate_ratio, *low, *high)
        );
        return (text, detail);
    }
    let text = format!("{} was recorded most often {bucket}.", capital(&class.name));
    let against =
        rai_rest.map_or_else(String::new, |rest| format!(" vs {} in the rest of the period", rate(rest)));
    let detail = format!(
        "{} events per 100 camera-days{against}{}",
        rate(*rai),
        how_many_times(*rate_ratio, *low, *high)
    );
    (text, detail)
}

fn night(numbers: &FindingNumbers) -> (String, String) {
    let FindingNumbers::Night { class, night, events, of, share, low, high } = numbers else {
        return Default::default();
    };
    let (when, clock) = match night {
        NightBy::Sun => ("between sunset and sunrise", false),
        NightBy::Clock => ("between 18:00 and 06:00 on the camera's clock", true),
    };
    let (night, day) = if clock {
        ("between evening and morning", "between morning and evening")
    } else {
        ("at night", "by day")
    };
    let active = match () {
        () if *low > 0.5 && events == of => format!("only {night}"),
        () if *high < 0.5 && *events == 0 => format!("only {day}"),
        () if *low > 0.5 => format!("mostly {night}"),
        () if *high < 0.5 => format!("mostly {day}"),
        () => "by day and by night".into(),
    };
    let text = format!("{} was recorded {active}.", capital(&class.name));
    let detail = format!(
        "{} of {} events began {when}: {}, 95% interval {}",
        whole(*events as u64),
        whole(*of as u64),
        percent(*share),
        between(*low, Some(*high), percent),
    );
    (text, detail)
}

/// The test says that they differ, not the interval, which lies below 1 whether they do or not.
fn overlap_detail(overlap: f64, low: f64, high: f64, p_adjusted: f64) -> String {
    format!(
        "overlap {} on a scale from 0 to 1, 95% interval {}; corrected {}",
        grouped(overlap, 2),
        between(low, Some(high), |number| grouped(number, 2)),
        p_value(p_adjusted),
    )
}

/// An index and no share: young without their mother in sight count, and males come before cameras more
/// often than females.
fn ratio(numbers: &FindingNumbers) -> (String, String) {
    let FindingNumbers::Ratio { ratio, classification, unit, count: above, base, estimate, low, high } =
        numbers
    else {
        return Default::default();
    };
    let whose =
        classification.as_ref().map_or_else(String::new, |class| format!("{}: ", capital(&class.name)));
    if ratio.starts_with("share of ") {
        let (young, females) = if ratio.contains("does") { ("fawns", "does") } else { ("young", "females") };
        let interval =
            low.map_or_else(String::new, |low| format!("95% interval {}; ", between(low, *high, percent)));
        return (
            format!("{whose}{} of the visits with {females} were with {young}.", percent(*estimate)),
            format!("{interval}{} of {} visits", whole(*above), whole(*base)),
        );
    }
    let what = match ratio.as_str() {
        "bucks per doe" => "visits with bucks for each visit with does",
        "fawns per doe" => "fawns counted for each doe counted",
        "males per female" => "visits with males for each visit with females",
        "young per female" => "young counted for each female counted",
        other => other,
    };
    let counted = match unit {
        Counted::Events => "visits",
        Counted::Animals => "animals counted",
    };
    let interval =
        low.map_or_else(String::new, |low| format!("95% interval {}; ", between(low, *high, times)));
    (
        format!("{whose}{} {what}.", times(*estimate)),
        format!(
            "{interval}{} and {} {counted}; an index, not the ratio in the herd",
            whole(*above),
            whole(*base)
        ),
    )
}

/// Chao2 is a lower bound, so nothing is said of it where it adds no species.
fn richness(numbers: &FindingNumbers) -> (String, String) {
    let FindingNumbers::Richness { observed, uniques, chao2, low, high } = numbers else {
        return Default::default();
    };
    let recorded = count(*observed, "species was recorded", "species were recorded");
    let text = if chao2.round() > *observed as f64 {
        format!(
            "{recorded}; the Chao2 estimator suggests that at least {} species are present.",
            grouped(chao2.round(), 0)
        )
    } else {
        format!("{recorded}; the Chao2 estimator gives no sign of more.")
    };
    let detail = format!(
        "Chao2 {}, 95% interval {}; {} recorded on a single camera-day",
        grouped(*chao2, 1),
        between(*low, Some(*high), |number| grouped(number, 1)),
        if *uniques == 0 { "no species".into() } else { format!("{} species", whole(*uniques)) },
    );
    (text, detail)
}

fn not_found(numbers: &FindingNumbers) -> String {
    let FindingNumbers::NotFound { tested, alike, threshold, too_few, few_locations } = numbers else {
        return String::new();
    };
    let mut sentences = Vec::new();
    if !alike.is_empty() {
        sentences.push(format!(
            "No clear change in how often {} {} recorded, which is no proof that there was none ({} in all).",
            names(alike),
            if alike.len() == 1 { "was" } else { "were" },
            count(*tested, "test", "tests"),
        ));
    }
    if !too_few.is_empty() {
        sentences.push(format!("Fewer than {threshold} events, too few to say more: {}.", names(too_few)));
    }
    if !few_locations.is_empty() {
        sentences.push(format!("Too few locations to say whether it changed: {}.", names(few_locations)));
    }
    sentences.join(" ")
}

fn names(classes: &[NamedClass]) -> String {
    let names: Vec<String> = classes.iter().map(|class| class.name.clone()).collect();
    list(&names, MOST_NAMES)
}

#[cfg(test)]
mod tests;
