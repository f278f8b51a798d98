//! Sentences about what the data show.
//!
//! Each states its number, its interval and its base. A difference is called one only when its
//! interval, corrected for the number of comparisons, excludes no change. No cause is claimed.

pub(crate) mod comparison;

use crate::data::{ActivityRow, ClassRow, ReportData, ShareRow};
use crate::events::Event;
use crate::intervals::{self, Interval, Sample};
use crate::period::{Bucket, GroupBy};
use crate::ratios::RateRatio;
use crate::survey::Survey;
use crate::words::{capital, class, count, list, measure, percent, times, whole};

/// Fewer events than this are too few to say anything about.
const ENOUGH: usize = 20;
/// Classes that are spoken of one by one.
const SPOKEN_OF: usize = 3;

pub(crate) fn insights(survey: &Survey<'_>, numbers: &ReportData) -> Vec<String> {
    if survey.events.is_empty() {
        return vec![nothing(survey)];
    }
    let (classes, surveyed) = (&numbers.classes, numbers.locations_surveyed);
    let mut sentences = vec![overall(survey, classes, surveyed)];
    for row in classes.iter().filter(|row| row.events >= ENOUGH).take(SPOKEN_OF) {
        let activity = numbers.activity.iter().find(|of| of.classification == row.classification);
        let about =
            [Some(frequency(survey, row, surveyed)), season(survey, row), hours(survey, row, activity)];
        sentences.push(about.into_iter().flatten().collect::<Vec<_>>().join(" "));
    }
    sentences.extend(demography(numbers));
    sentences.extend(accumulation(numbers));
    sentences.extend(too_few(survey, classes));
    sentences
}

/// A class with its everyday name.
fn name(survey: &Survey<'_>, classification: &str) -> String {
    let number = survey.data.class(classification);
    number.map_or_else(|| classification.to_owned(), |number| class(&survey.data.classes[number as usize]))
}

/// From when to when there are data, for reports that have none.
fn recorded(survey: &Survey<'_>) -> String {
    survey.data.recorded_days().map_or_else(
        || "The data set has no dated records at all.".to_owned(),
        |(start, end)| format!("The data set has records from {} to {}.", day(start), day(end)),
    )
}

/// Why a report has no events. That no animal was there is said only where something was read.
fn nothing(survey: &Survey<'_>) -> String {
    let effort = survey.effort_days();
    let read = survey.data.observations.len() as u64 + survey.data.rest.observations;
    let lost = survey.data.problems.rows_skipped();
    if read == 0 && lost > 0 {
        return format!(
            "No observation of the data set could be read ({} rows were lost), so nothing can be said about \
             this period.",
            whole(lost)
        );
    }
    if effort <= 0.0 {
        return format!(
            "No camera was at work in this period, so nothing can be said about it. {}",
            recorded(survey)
        );
    }
    if read == 0 {
        return "The data set has no observations, so nothing can be said about this period.".into();
    }
    let days = measure(effort);
    let places = count(survey.surveyed().len(), "location", "locations");
    let out = &survey.found.excluded;
    let is_reviewed = was_anything_reviewed(survey);
    let unnamed = out.unknown + out.unclassified;
    if !is_reviewed && unnamed == 0 && out.no_timestamp > 0 {
        return format!(
            "In {days} camera-days at {places} nothing with a time was recorded, while {} no time, so nothing can \
             be said about this period.",
            count(
                usize::try_from(out.no_timestamp).unwrap_or(usize::MAX),
                "observation has",
                "observations have"
            ),
        );
    }
    if !is_reviewed && unnamed == 0 {
        return format!(
            "In {days} camera-days at {places} nothing at all was recorded, not even a blank picture: the \
             cameras may not have worked, or their records are not in the data set. {}",
            recorded(survey)
        );
    }
    if !is_reviewed {
        return format!(
            "In {days} camera-days at {places} {} recorded, and not one is identified, so nothing can be \
             said about animals.",
            count(usize::try_from(unnamed).unwrap_or(usize::MAX), "observation was", "observations were"),
        );
    }
    let which = if survey.wanted.is_empty() { "animal" } else { "animal of the species asked for" };
    format!(
        "In {days} camera-days at {places} no {which} was recorded. With that effort, a rate of up to {} \
         events in 100 camera-days would still go unseen one time in forty.",
        measure(100.0 * 3.689 / effort),
    )
}

/// Whether somebody, or a model, said of anything in the period what it shows, while a camera worked.
fn was_anything_reviewed(survey: &Survey<'_>) -> bool {
    let out = &survey.found.excluded;
    let reviewed = out.blank + out.human + out.vehicle + out.other_classes + out.outside_deployment;
    survey.effort_days() > 0.0 && reviewed > 0
}

fn day(date: jiff::civil::Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}

fn overall(survey: &Survey<'_>, classes: &[ClassRow], surveyed: usize) -> String {
    let individuals: u64 = classes.iter().map(|row| row.individuals).sum();
    let overall = format!(
        "In {} camera-days at {}, cameras recorded {} of {}, with {} in all.",
        measure(survey.effort_days()),
        count(surveyed, "location", "locations"),
        count(survey.events.len(), "independent event", "independent events"),
        count(classes.len(), "class", "classes"),
        count(usize::try_from(individuals).unwrap_or(usize::MAX), "individual", "individuals"),
    );
    match domestic(survey, classes) {
        Some(domestic) => format!("{overall} {domestic}"),
        None => overall,
    }
}

/// How much of it is of animals that people keep, which are counted like the others.
fn domestic(survey: &Survey<'_>, classes: &[ClassRow]) -> Option<String> {
    let kept: Vec<&ClassRow> = classes.iter().filter(|row| row.domestic).collect();
    let names: Vec<String> = kept.iter().map(|row| name(survey, &row.classification)).collect();
    let events = kept.iter().map(|row| row.events).sum::<usize>();
    (events > 0).then(|| {
        format!("{} of domestic animals ({}).", count(events, "event is", "events are"), list(&names, 4))
    })
}

fn frequency(survey: &Survey<'_>, row: &ClassRow, surveyed: usize) -> String {
    let interval = match (row.rai_low, row.rai_high) {
        (Some(low), Some(high)) => format!(" ({})", interval(low, high)),
        _ => String::new(),
    };
    format!(
        "{}: {} of {} events ({}), at {} of {} locations; {} events in 100 camera-days{interval}.",
        capital(&name(survey, &row.classification)),
        whole(row.events as u64),
        whole(survey.events.len() as u64),
        percent(row.events as f64 / survey.events.len() as f64),
        row.locations,
        surveyed,
        measure(row.rai.unwrap_or_default()),
    )
}

fn interval(low: f64, high: f64) -> String {
    format!("95 % interval {} to {}", measure(low), measure(high))
}

/// The bucket with the highest rate, held against the rest of the period.
fn season(survey: &Survey<'_>, row: &ClassRow) -> Option<String> {
    let number = survey.data.class(&row.classification)?;
    let whole_period = survey.at_work(&survey.samples(number, survey.period));
    let compared: Vec<(Bucket, Vec<Sample>)> = survey
        .buckets
        .iter()
        .map(|bucket| (*bucket, survey.at_work(&survey.samples(number, *bucket))))
        .filter(|(_, samples)| Sample::total(samples).effort > 0.0)
        .collect();
    if compared.len() < 2 {
        return None;
    }
    let rate = |samples: &[Sample]| Sample::total(samples).rate();
    let (bucket, highest) = compared.iter().max_by(|(_, a), (_, b)| rate(a).total_cmp(&rate(b)))?;
    let rest: Vec<Sample> = whole_period
        .iter()
        .zip(highest)
        .map(|(all, here)| Sample { events: all.events - here.events, effort: all.effort - here.effort })
        .collect();
    let start = format!(
        "The rate was highest in {}, with {} events in {} camera-days",
        bucket_name(survey, *bucket),
        events_of(highest),
        measure(Sample::total(highest).effort),
    );
    let ratio = rate(highest) / rate(&rest);
    // The highest of several is picked after looking at all of them: Bonferroni.
    let alpha = 0.05 / compared.len() as f64;
    let Some(against) = RateRatio::new(highest, &rest, &survey.bootstrap) else {
        return Some(format!("{start}; there is no effort in the rest of the period to hold against it."));
    };
    let Interval { low, high } = against.interval(alpha);
    let corrected = format!("corrected 95 % interval {}", between(low, high));
    Some(if !ratio.is_finite() {
        format!("{start}, and there was none in the rest of the period.")
    } else if low > 1.0 {
        format!("{start}: {} times the rate of the rest of the period ({corrected}).", times(ratio))
    } else {
        format!(
            "{start}; that is not clearly more than in the rest of the period ({} times, {corrected}).",
            times(ratio),
        )
    })
}

/// The ends of an interval, of which the upper may be open.
fn between(low: f64, high: f64) -> String {
    if high.is_finite() {
        format!("{} to {}", times(low), times(high))
    } else {
        format!("{} and more", times(low))
    }
}

/// Events of all samples, in words.
fn events_of(samples: &[Sample]) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    whole(Sample::total(samples).events as u64)
}

fn bucket_name(survey: &Survey<'_>, bucket: Bucket) -> String {
    match survey.request.group_by {
        GroupBy::Day => day(bucket.start),
        GroupBy::Week => format!("the week from {}", day(bucket.start)),
        GroupBy::Month => bucket.start.strftime("%B %Y").to_string(),
    }
}

/// How many events began at night or, where nobody knows when that is, between six in the
/// evening and six in the morning.
fn hours(survey: &Survey<'_>, row: &ClassRow, activity: Option<&ActivityRow>) -> Option<String> {
    if let Some(ShareRow { events, of, share, low, high }) = activity.and_then(|row| row.night.clone()) {
        return Some(format!(
            "{} of {} events ({}, 95 % interval {} to {}) began between sunset and sunrise.",
            whole(events as u64),
            whole(of as u64),
            percent(share),
            percent(low),
            percent(high),
        ));
    }
    let events = survey.events_of(survey.data.class(&row.classification)?);
    // Without a clock that can be relied on there is no hour of the day.
    if events.iter().any(|event| !survey.has_clock(event.deployment)) {
        return None;
    }
    let dark = |event: &&Event| !(6.0..18.0).contains(&event.time.hour_of_day());
    let (late, all) = (events.iter().filter(dark).count(), events.len());
    let Interval { low, high } = intervals::wilson(u32::try_from(late).ok()?, u32::try_from(all).ok()?)?;
    Some(format!(
        "{} of {} events ({}, 95 % interval {} to {}) began between 18:00 and 06:00 on the camera's clock.",
        whole(late as u64),
        whole(all as u64),
        percent(late as f64 / all as f64),
        percent(low),
        percent(high),
    ))
}

/// Sex ratio and recruitment.
fn demography(numbers: &ReportData) -> Vec<String> {
    let sentence = |row: &crate::data::RatioRow| {
        let whose = row.classification.as_ref().map_or_else(String::new, |class| format!("{class}: "));
        let base =
            format!("{} against {}", count(row.events, "event", "events"), whole(row.base_events as u64));
        if row.events + row.base_events < ENOUGH {
            return format!("{whose}{}: {base}, too few to give a ratio.", capital(&row.ratio));
        }
        format!(
            "{whose}{}: {} ({base}; 95 % interval {}).",
            capital(&row.ratio),
            measure(row.estimate.unwrap_or_default()),
            between(row.low.unwrap_or_default(), row.high.unwrap_or(f64::INFINITY)),
        )
    };
    numbers.ratios.iter().map(sentence).collect()
}

/// How many classes were probably missed.
fn accumulation(numbers: &ReportData) -> Option<String> {
    let row = numbers.accumulation.as_ref().filter(|_| numbers.events >= ENOUGH)?;
    Some(format!(
        "{} recorded, {} of them on a single camera-day; from that Chao2 estimates that at least {} use these places \
         (95 % interval {} to {}).",
        count(row.observed, "class was", "classes were"),
        if row.uniques == 0 { "none".into() } else { whole(row.uniques) },
        measure_classes(row.chao2),
        measure_classes(row.chao2_low),
        measure_classes(row.chao2_high),
    ))
}

/// Classes, to a tenth where it matters.
fn measure_classes(number: f64) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    if (number - number.round()).abs() < 0.05 { whole(number.round() as u64) } else { format!("{number:.1}") }
}

fn too_few(survey: &Survey<'_>, classes: &[ClassRow]) -> Option<String> {
    let rare: Vec<String> = classes
        .iter()
        .filter(|row| row.events < ENOUGH)
        .map(|row| name(survey, &row.classification))
        .collect();
    if rare.is_empty() {
        return None;
    }
    let (subject, verb) = if rare.len() == 1 { ("class", "has") } else { ("classes", "have") };
    Some(format!(
        "{} {subject} {verb} fewer than {ENOUGH} events in this period, too few to say more about: {}.",
        capital(&whole(rare.len() as u64)),
        list(&rare, 12),
    ))
}
