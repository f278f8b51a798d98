//! The page for a landowner.

use serde_json::{Value, json};

use super::{
    caption, caption_curve, describe_blanks, describe_night_share, find_busiest, find_plain_name, plain_name,
    rows_with_curve,
};
use crate::data::{ActivityRow, ReportData};
use crate::prose::format::{
    bucket_word, capitalize, count, format_clock, join_sentences, name_bucket, plural, text_if, whole,
};

/// Species with a bar, and fewer where periods take room.
const MOST_SPECIES: usize = 6;
const MOST_SPECIES_OF_PERIODS: usize = 4;
/// Curves of activity beside each other.
const MOST_CURVES: usize = 3;

pub(super) fn write_captions(data: &ReportData) -> Value {
    let most = if data.periods.is_empty() { MOST_SPECIES } else { MOST_SPECIES_OF_PERIODS };
    let shown = data.classes.len().min(most);
    json!({
        "visitors": caption_visitors(data, shown),
        // Empty where too few females are known.
        "sexes": describe_sexes(data).unwrap_or_default(),
        "buckets": caption_buckets(data, shown),
        "activity": caption_activity(data),
        "certainty": describe_certainty(data),
    })
}

fn caption_visitors(data: &ReportData, shown: usize) -> Value {
    let more = data.classes.len() - shown;
    let minutes = data.independence_minutes;
    let text = join_sentences([
        format!(
            "Visits{}, and the animals counted on them, the same one perhaps many times.",
            text_if(minutes > 0, format!(" more than {minutes} minutes apart")),
        ),
        text_if(
            more > 0,
            format!("{} more species {} seen less often.", whole(more), plural(more, "was", "were")),
        ),
    ]);
    let bars: Vec<String> = data.classes[..shown]
        .iter()
        .map(|row| format!("{} {}", plain_name(row), whole(row.events)))
        .collect();
    caption(&text, &format!("Bars of visits: {}.", bars.join(", ")), shown)
}

/// Males and females of the first species with enough events of females.
fn describe_sexes(data: &ReportData) -> Option<String> {
    let names = |ratio: &str| match ratio {
        "bucks per doe" => Some(("bucks", "does")),
        "males per female" => Some(("males", "females")),
        _ => None,
    };
    let mut rows = data.ratios.iter().filter(|row| row.base_events >= data.limits.statement_events);
    let (row, (males, females)) = rows.find_map(|row| Some((row, names(&row.ratio)?)))?;
    let whose = row.classification.as_ref().map_or_else(String::new, |classification| {
        format!("{}: ", capitalize(find_plain_name(&data.classes, classification)))
    });
    Some(format!(
        "{whose}{} with {males}, {} with {females}. Cameras tend to see {males} more often, so the herd may differ.",
        count(row.count, "visit", "visits"),
        whole(row.base),
    ))
}

fn caption_buckets(data: &ReportData, shown: usize) -> Option<Value> {
    let (busiest, events, all) = find_busiest(&data.buckets)?;
    let name = capitalize(&name_bucket(busiest.start, data.group_by));
    let text = join_sentences([
        format!("{name} had the most visits: {events} of {all}."),
        format!("Colours as above{}.", text_if(data.classes.len() > shown, "; grey: other species")),
        describe_blanks(data.buckets.iter()),
    ]);
    Some(caption(&text, &format!("Stacked bars of visits by {}.", bucket_word(data.group_by)), 0))
}

fn caption_activity(data: &ReportData) -> Value {
    let curve = |row: &ActivityRow| {
        let (peak, night) = (format_clock(row.peak_hour), describe_night_share(row, ""));
        let name = find_plain_name(&data.classes, &row.classification);
        let alt = format!("Activity of {name} over the day, highest around {peak}.");
        caption_curve(&row.classification, &alt, &format!("most often around {peak}{night}"))
    };
    let curves: Vec<Value> = rows_with_curve(&data.activity, data).take(MOST_CURVES).map(curve).collect();
    let text = join_sentences([
        "How busy each hour is. The dotted line (1) is even activity all day.".into(),
        text_if(data.night.is_some(), "Shading shows night."),
    ]);
    json!({"text": text, "curves": curves})
}

/// How sure all this is.
fn describe_certainty(data: &ReportData) -> String {
    let enough = data.limits.statement_events;
    let rare = data.classes.iter().filter(|row| row.events < enough).count();
    join_sentences([
        "Cameras count visits, not animals: the same animal may come many times.".into(),
        text_if(
            rare > 0,
            format!(
                "Of {} species, {} {} fewer than {enough} visits, too few to say more than that {} here.",
                whole(data.classes.len()),
                whole(rare),
                plural(rare, "has", "have"),
                plural(rare, "it was", "they were"),
            ),
        ),
        match data.data_notes.len() {
            0 => String::new(),
            1 => "The full report has one note on data quality.".into(),
            many => format!("The full report has {} notes on data quality.", whole(many)),
        },
    ])
}
