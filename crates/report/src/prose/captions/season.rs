//! The charts of one period.

use detections::Coordinates;
use serde_json::{Value, json};

use super::{
    caption, caption_curve, describe_blanks, describe_hidden, describe_night_share, find_busiest,
    find_plain_name, plain_name, rows_with_curve,
};
use crate::data::{ActivityRow, Finding, FindingNumbers, NightRow, ReportData};
use crate::prose::findings::describe_chao2;
use crate::prose::format::{
    bucket_word, camera_days, capitalize, count, format_clock, format_decimal, format_interval,
    join_sentences, list, name_bucket, plural, rate, text_if, whole,
};
use crate::prose::methods::coordinate_precision;
use crate::request::TimeOfDay;

/// Rows of the chart of rates, so that the page stays readable.
const MOST_RATES: usize = 20;
/// Curves of activity, so that the page stays readable.
const MOST_CURVES: usize = 6;

pub(super) fn write_captions(data: &ReportData) -> Value {
    json!({
        "events": caption_events(data),
        "rates": caption_rates(data),
        "activity": caption_activity(data),
        // `null` where no coordinates are known.
        "map": caption_map(data),
        // `null` without a species.
        "accumulation": caption_accumulation(data),
    })
}

fn caption_events(data: &ReportData) -> Option<Value> {
    let (busiest, events, all) = find_busiest(&data.buckets)?;
    let text = join_sentences([
        format!(
            "{} had the most events: {events} of {all}, in {}.",
            capitalize(&name_bucket(busiest.start, data.group_by)),
            camera_days(busiest.effort_days),
        ),
        describe_differing_buckets(data),
        describe_blanks(data.buckets.iter()),
    ]);
    let alt = format!(
        "Stacked bars of independent events by {}. The most are in {}: {events} of {all}.",
        bucket_word(data.group_by),
        busiest.label,
    );
    Some(caption(&text, &alt, 0))
}

/// The species of the findings whose months, or weeks, differ.
fn describe_differing_buckets(data: &ReportData) -> String {
    let differing = |finding: &Finding| match &finding.numbers {
        FindingNumbers::HighestBucket { class, bucket, .. } => {
            let name = find_plain_name(&data.classes, &class.classification);
            Some(format!("{name} (highest {bucket})"))
        }
        _ => None,
    };
    let found: Vec<String> = data.findings.iter().filter_map(differing).collect();
    let (word, names) = (bucket_word(data.group_by), list(&found, found.len()));
    text_if(!found.is_empty(), format!("For the same effort, {word}s differ for {names}."))
}

fn caption_rates(data: &ReportData) -> Option<Value> {
    let first = data.classes.first()?;
    let shown = data.classes.len().min(MOST_RATES);
    let (name, rai) = (plain_name(first), first.rai.map_or_else(|| "–".into(), rate));
    let interval = first
        .rai_low
        .map_or_else(String::new, |low| format!(" ({})", format_interval(low, first.rai_high, rate)));
    let text = join_sentences([
        format!(
            "The relative abundance index (RAI): how often each species was recorded for the same effort{}. {} was \
             recorded most often: {rai}{interval}.",
            text_if(data.locations_surveyed > 1, ", with its 95% interval"),
            capitalize(name),
        ),
        text_if(
            data.locations_surveyed == 1,
            "With one location there is no interval, since one place says nothing about others.",
        ),
        describe_hidden(data.classes.len() - shown, "table"),
    ]);
    let alt = format!(
        "Dots with intervals: events per 100 camera-days of {shown} species. The most is {name} with {rai}."
    );
    Some(caption(&text, &alt, shown))
}

fn caption_activity(data: &ReportData) -> Value {
    let rows: Vec<&ActivityRow> = rows_with_curve(&data.activity, data).take(MOST_CURVES).collect();
    let limit = data.limits.statement_events;
    let Some(first) = rows.first() else {
        let text =
            format!("No species has {limit} events or more, which is too few to draw activity over the day.");
        return json!({"text": text, "curves": []});
    };
    let clock_name = match data.time_of_day {
        TimeOfDay::Solar => {
            "the sun's clock (hours stretched so that sunrise and sunset are the same on all days)"
        }
        TimeOfDay::Clock => "the camera's clock",
    };
    let text = join_sentences([
        format!(
            "Relative activity over the day, on {clock_name}, of species with at least {limit} events. The dotted \
             line (1) is even activity all day."
        ),
        data.night.as_ref().map_or_else(String::new, describe_shading),
        format!(
            "{} was most active around {}.",
            capitalize(find_plain_name(&data.classes, &first.classification)),
            format_clock(first.peak_hour)
        ),
    ]);
    let caption = |row: &ActivityRow| {
        let (peak, night) = (format_clock(row.peak_hour), describe_night_share(row, " of events"));
        let name = find_plain_name(&data.classes, &row.classification);
        let (records, events) = (whole(row.records), whole(row.events));
        let alt = format!(
            "Activity of {name} by hour of the day, from {} events; highest around {peak}.",
            row.events
        );
        let note = format!("{records} records of {events} events, highest at {peak}{night}");
        caption_curve(&row.classification, &alt, &note)
    };
    let curves: Vec<Value> = rows.into_iter().map(caption).collect();
    json!({"text": text, "curves": curves})
}

fn describe_shading(night: &NightRow) -> String {
    let sun = night.sunrise.zip(night.sunset).map_or_else(String::new, |(sunrise, sunset)| {
        format!("; on average the sun rose at {} and set at {}", format_clock(sunrise), format_clock(sunset))
    });
    format!("Shading shows night{sun}.")
}

fn caption_map(data: &ReportData) -> Option<Value> {
    let placed =
        data.locations.iter().filter(|row| row.latitude.is_some() && row.longitude.is_some()).count();
    let without = data.locations.len() - placed;
    let text = join_sentences([
        "Each circle is a place with cameras. Its area shows the events recorded there; a number beside it, how many \
         locations share it."
            .into(),
        text_if(
            data.coordinates == Coordinates::Rounded,
            format!("Positions are rounded to {}, to protect sensitive places.", coordinate_precision()),
        ),
        text_if(
            without > 0,
            format!("{} no coordinates.", count(without, "location has", "locations have")),
        ),
    ]);
    let alt = format!(
        "Map of {placed} {} whose area shows the events recorded there.",
        plural(placed, "location as a circle", "locations as circles"),
    );
    (placed > 0).then(|| caption(&text, &alt, 0))
}

fn caption_accumulation(data: &ReportData) -> Option<Value> {
    let row = data.accumulation.as_ref()?;
    let uniques = match row.uniques {
        0 => "none".into(),
        some => format!("{} of them", whole(some)),
    };
    let chao2 = format_decimal(row.chao2, 1);
    let text = format!(
        "{} recorded, {uniques} on one camera-day only (a location on a day of the calendar). The curve shows how many \
         species fewer camera-days would have found, with its 95% interval. The Chao2 estimator {} ({chao2}, 95% \
         interval {}).",
        count(row.observed, "species was", "species were"),
        describe_chao2(row.observed, row.chao2),
        format_interval(row.chao2_low, Some(row.chao2_high), |number| format_decimal(number, 1)),
    );
    let alt = format!(
        "Curve of the number of species expected against camera-days, rising to {} in {}; Chao2 is {chao2}.",
        row.observed, row.units,
    );
    Some(caption(&text, &alt, 0))
}
