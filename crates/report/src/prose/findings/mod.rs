//! The sentence of each finding.

mod nothing;
mod periods;

use self::nothing::write_nothing;
use self::periods::{write_comparison, write_times};
use crate::data::{CountUnit, Finding, FindingNumbers, FindingNumbers as N, NamedClass, NightBy};
use crate::findings::DAYTIME;
use crate::prose::format::{
    camera_days, capitalize, count, format_clock, format_decimal, format_interval, join_sentences, list,
    p_value, percent, plural, rate, text_if, times, whole,
};

/// Names in a sentence before the rest is counted.
const MOST_NAMES: usize = 12;

impl Finding {
    /// A finding with the words for its numbers.
    pub(crate) fn new(numbers: FindingNumbers) -> Self {
        let (text, detail) = write_finding(&numbers);
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

/// The text and the detail: of everything that was recorded, else of what the numbers are about.
fn write_finding(numbers: &FindingNumbers) -> (String, String) {
    match numbers {
        N::Total { effort_days, locations, events, classes, individuals, domestic_events, domestic } => {
            let text = format!(
                "In {} at {}, cameras recorded {} of {}.",
                camera_days(*effort_days),
                count(*locations, "location", "locations"),
                count(*events, "independent event", "independent events"),
                count(*classes, "species or group", "species and groups"),
            );
            let animals = count(*individuals, "animal", "animals");
            let kept = text_if(
                *domestic_events > 0,
                format!(
                    "; {} of domestic animals: {}",
                    count(*domestic_events, "event", "events"),
                    join_names(domestic)
                ),
            );
            (text, format!("{animals} counted; the same animal may count several times{kept}"))
        }
        // Chao2 is a lower bound, so nothing is said of it where it adds no species.
        N::Richness { observed, uniques, chao2, low, high } => {
            let recorded = count(*observed, "species was recorded", "species were recorded");
            let text = format!("{recorded}; the Chao2 estimator {}.", describe_chao2(*observed, *chao2));
            let detail = format!(
                "Chao2 {}, 95% interval {}; {} recorded on a single camera-day",
                format_decimal(*chao2, 1),
                format_interval(*low, Some(*high), |number| format_decimal(number, 1)),
                if *uniques == 0 { "no species".into() } else { format!("{} species", whole(*uniques)) },
            );
            (text, detail)
        }
        N::NotFound { tested, alike, threshold, too_few, few_locations } => {
            let text = join_sentences([
                text_if(
                    !alike.is_empty(),
                    format!(
                        "No clear change in how often {} {} recorded ({}); this does not prove that there was none.",
                        join_names(alike),
                        plural(alike.len(), "was", "were"),
                        count(*tested, "test", "tests"),
                    ),
                ),
                text_if(
                    !too_few.is_empty(),
                    format!("Fewer than {threshold} events, too few to say more: {}.", join_names(too_few)),
                ),
                text_if(
                    !few_locations.is_empty(),
                    format!("Too few locations to say whether it changed: {}.", join_names(few_locations)),
                ),
            ]);
            (text, String::new())
        }
        N::Nothing { .. } => (write_nothing(numbers), String::new()),
        N::Ratio { .. } => write_ratio(numbers),
        N::Frequency { .. } | N::HighestBucket { .. } | N::Night { .. } => write_class(numbers),
        _ => write_comparison(numbers),
    }
}

/// How often a class was recorded, and when.
fn write_class(numbers: &FindingNumbers) -> (String, String) {
    match numbers {
        N::Frequency {
            class,
            is_most,
            events,
            events_of_all,
            locations,
            locations_surveyed,
            rai,
            rai_low,
            rai_high,
        } => {
            let recorded = if *is_most { "was recorded most often:" } else { "had" };
            let text =
                format!("{} {recorded} {} events per 100 camera-days.", capitalize(&class.name), rate(*rai));
            let interval = match (rai_low, rai_high) {
                (Some(low), Some(high)) => {
                    format!("95% interval {}", format_interval(*low, Some(*high), rate))
                }
                _ => "no interval: one location says nothing about other places".into(),
            };
            let places = match locations_surveyed {
                1 => "the only location".into(),
                many => format!("{} of {} locations", whole(*locations), whole(*many)),
            };
            let (events, all) = (whole(*events), count(*events_of_all, "event", "events"));
            (text, format!("{interval}; {events} of {all}, at {places}"))
        }
        N::HighestBucket {
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
        } => {
            let (class, rai) = (capitalize(&class.name), rate(*rai));
            let times = write_times(*rate_ratio, *low, *high);
            if *stands_out {
                let rest = rai_rest
                    .map_or_else(String::new, |rest| format!(" vs {} in the rest of the period", rate(rest)));
                (
                    format!("{class} was recorded most often {bucket}."),
                    format!("{rai} events per 100 camera-days{rest}{times}"),
                )
            } else {
                let p = p_value(*p_adjusted);
                (
                    format!("{class} was recorded more often at some times than at others."),
                    format!("corrected {p}; most often {bucket}: {rai} events per 100 camera-days{times}"),
                )
            }
        }
        N::Night { class, night, events, of, share, low, high } => {
            let (when, night, day) = name_night(*night);
            let active = match () {
                () if *low > 0.5 && events == of => format!("only {night}"),
                () if *high < 0.5 && *events == 0 => format!("only {day}"),
                () if *low > 0.5 => format!("mostly {night}"),
                () if *high < 0.5 => format!("mostly {day}"),
                () => "by day and by night".into(),
            };
            let text = format!("{} was recorded {active}.", capitalize(&class.name));
            let detail = format!(
                "{} of {} events began {when}: {}, 95% interval {}",
                whole(*events),
                whole(*of),
                percent(*share),
                format_interval(*low, Some(*high), percent),
            );
            (text, detail)
        }
        _ => Default::default(),
    }
}

/// When night is, in words, and how events in it and outside of it are spoken of.
fn name_night(night: NightBy) -> (String, &'static str, &'static str) {
    let (from, until) = (format_clock(DAYTIME.end), format_clock(DAYTIME.start));
    match night {
        NightBy::Sun => ("between sunset and sunrise".into(), "at night", "by day"),
        NightBy::Clock => (
            format!("between {from} and {until} on the camera's clock"),
            "between evening and morning",
            "between morning and evening",
        ),
    }
}

/// An index and no share: young without their mother in sight count, and males come before cameras more
/// often than females.
fn write_ratio(numbers: &FindingNumbers) -> (String, String) {
    let N::Ratio { ratio, classification, unit, count, base, estimate, low, high } = numbers else {
        return Default::default();
    };
    let (count, base) = (whole(*count), whole(*base));
    let interval = |number: fn(f64) -> String| {
        low.map_or_else(String::new, |low| format!("95% interval {}; ", format_interval(low, *high, number)))
    };
    let whose =
        classification.as_ref().map_or_else(String::new, |class| format!("{}: ", capitalize(&class.name)));
    if ratio.starts_with("share of ") {
        let (young, females) = if ratio.contains("does") { ("fawns", "does") } else { ("young", "females") };
        return (
            format!("{whose}{} of the visits with {females} were with {young}.", percent(*estimate)),
            format!("{}{count} of {base} visits", interval(percent)),
        );
    }
    let what = match ratio.as_str() {
        "bucks per doe" => "visits with bucks per visit with does",
        "fawns per doe" => "fawns counted per doe counted",
        "males per female" => "visits with males per visit with females",
        "young per female" => "young counted per female counted",
        other => other,
    };
    let counted = match unit {
        CountUnit::Events => "visits",
        CountUnit::Animals => "animals counted",
    };
    (
        format!("{whose}{} {what}.", times(*estimate)),
        format!("{}{count} and {base} {counted}; an index, not the ratio in the herd", interval(times)),
    )
}

/// What the estimator says of the species that are present. It is a lower bound.
pub(super) fn describe_chao2(observed: usize, chao2: f64) -> String {
    if chao2.round() > observed as f64 {
        format!("suggests that at least {} species are present", format_decimal(chao2.round(), 0))
    } else {
        "gives no sign of more".into()
    }
}

fn join_names(classes: &[NamedClass]) -> String {
    let names: Vec<String> = classes.iter().map(|class| class.name.clone()).collect();
    list(&names, MOST_NAMES)
}

#[cfg(test)]
mod tests;
