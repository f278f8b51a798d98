//! The charts and tables of periods that are compared.

use serde_json::{Value, json};

use super::tables::describe_classes;
use super::{caption, caption_curve, describe_blanks, describe_hidden, plain_name, rows_with_curve};
use crate::data::{ClassRow, ComparedPeriod, ComparisonRow, NotTested, ReportData};
use crate::prose::format::{
    bucket_word, camera_days, count, format_clock, join_sentences, list, shorten, text_if, whole,
};
use crate::request::TimeOfDay;

/// Species in the chart of rates, and dots on one page.
const MOST_RATES: usize = 12;
const MOST_DOTS: usize = 42;
/// Curves of activity, so that the page stays readable.
const MOST_CURVES: usize = 6;
/// Lines of the chart of ratios that stand on one page with its caption.
const MOST_LINES: f64 = 45.0;
/// Letters of a label in a caption.
const MOST_LETTERS: usize = 40;

pub(super) fn write_captions(data: &ReportData) -> Value {
    let classes = merge_classes(data);
    let word = bucket_word(data.group_by);
    let describe_bars = |period: &ComparedPeriod| {
        format!("Stacked bars of events per 100 camera-days by {word} in {}.", period.label)
    };
    json!({
        "rates": caption_rates(data, &classes),
        "buckets": caption_buckets(data),
        // Of the buckets of each period.
        "bucket_alts": data.periods.iter().map(describe_bars).collect::<Vec<_>>(),
        // `null` where nothing could be tested.
        "ratios": caption_ratios(data, &classes),
        // Why ratios are not tested; empty where all are.
        "untested": describe_untested(data),
        "activity": caption_activity(data, &classes),
        "table": describe_table(data),
        // Of the species of each period.
        "periods": data.periods.iter().map(describe_period).collect::<Vec<_>>(),
    })
}

/// Every species of any period once, most events first.
fn merge_classes(data: &ReportData) -> Vec<ClassRow> {
    let mut classes: Vec<ClassRow> = Vec::new();
    for row in data.periods.iter().flat_map(|period| &period.classes) {
        match classes.iter_mut().find(|known| known.classification == row.classification) {
            Some(known) => known.events += row.events,
            None => classes.push(row.clone()),
        }
    }
    classes.sort_by_key(|row| std::cmp::Reverse(row.events));
    classes
}

fn caption_rates(data: &ReportData, classes: &[ClassRow]) -> Value {
    let shown = classes.len().min(MOST_RATES).min(MOST_DOTS / data.periods.len().max(1));
    let text = join_sentences([
        "The relative abundance index (RAI) of each species in each period, with its 95% interval, on one scale."
            .into(),
        text_if(
            data.periods.iter().any(|period| period.locations_surveyed == 1),
            "A period with one location has no intervals, since one place says nothing about others.",
        ),
        describe_hidden(classes.len() - shown, "tables"),
    ]);
    let labels: Vec<&str> = data.periods.iter().map(|period| period.label.as_str()).collect();
    let alt = format!(
        "Dots with intervals: events per 100 camera-days of {shown} species in {}.",
        labels.join(", ")
    );
    caption(&text, &alt, shown)
}

fn caption_buckets(data: &ReportData) -> Value {
    let text = join_sentences([
        format!(
            "Events per 100 camera-days in each {}, stacked by species and on the same scale for all periods.",
            bucket_word(data.group_by)
        ),
        describe_blanks(data.periods.iter().flat_map(|period| &period.buckets)),
    ]);
    caption(&text, "", 0)
}

/// The two periods of a row, the later first, as its ratio has them.
fn name_pair(row: &ComparisonRow) -> String {
    format!("{} vs {}", shorten(&row.b, MOST_LETTERS), shorten(&row.a, MOST_LETTERS))
}

/// Of two periods there is but one pair, which is named once.
fn is_one_pair(data: &ReportData) -> bool {
    data.periods.len() == 2
}

fn describe_untested(data: &ReportData) -> String {
    let limits = &data.limits;
    let [events, places, occupied] = [limits.test_events, limits.test_locations, limits.test_occupied];
    let reasons: Vec<String> = [
        (NotTested::FewEvents, format!("with fewer than {events} events in the two periods together")),
        (NotTested::FewLocations, format!("with too few locations (fewer than {places} in a period)")),
        (NotTested::AtFewLocations, format!("recorded at too few locations (fewer than {occupied})")),
    ]
    .into_iter()
    .filter_map(|(reason, words)| {
        let number = data.comparisons.iter().filter(|row| row.not_tested == Some(reason)).count();
        (number > 0).then(|| format!("{} {words}", whole(number)))
    })
    .collect();
    text_if(!reasons.is_empty(), format!("Not tested: {}.", list(&reasons, reasons.len())))
}

fn caption_ratios(data: &ReportData, classes: &[ClassRow]) -> Option<Value> {
    let tested: Vec<&ComparisonRow> =
        data.comparisons.iter().filter(|row| row.p_adjusted.is_some()).collect();
    let first = tested.first()?;
    let rows_of =
        |class: &ClassRow| tested.iter().filter(|row| row.classification == class.classification).count();
    let compared: Vec<usize> = classes.iter().map(rows_of).filter(|rows| *rows > 0).collect();
    let shown = count_groups(&compared, is_one_pair(data));
    let text = join_sentences([
        format!(
            "How many times as many events per 100 camera-days{}. Filled: significant. Open: not significant. Lines are \
             95% intervals corrected for all {}. A mark at the edge lies beyond it, as when one of the periods has no \
             event.",
            text_if(is_one_pair(data), format!(", {}", name_pair(first))),
            count(tested.len(), "test", "tests"),
        ),
        text_if(compared.len() > shown, "The species with the fewest events are in the table only."),
    ]);
    let significant = tested.iter().filter(|row| row.differs).count();
    let alt = format!(
        "Ratios of rates with corrected intervals on a logarithmic axis; {significant} of {} are significant.",
        tested.len()
    );
    Some(caption(&text, &alt, shown))
}

/// How many species stand on one page, of the number of rows of each.
fn count_groups(rows: &[usize], is_one_pair: bool) -> usize {
    let heading = if is_one_pair { 0.25 } else { 1.2 };
    let mut lines = 0.0;
    rows.iter()
        .take_while(|rows| {
            let fits = lines + **rows as f64 <= MOST_LINES;
            lines += **rows as f64 + heading;
            fits
        })
        .count()
}

fn caption_activity(data: &ReportData, classes: &[ClassRow]) -> Value {
    let caption = |class| caption_curves(class, data);
    let curves: Vec<Value> = classes.iter().filter_map(caption).take(MOST_CURVES).collect();
    let limit = data.limits.statement_events;
    let text = if curves.is_empty() {
        format!(
            "No species has {limit} events in two periods, which is too few to compare activity over the day."
        )
    } else {
        join_sentences([
            format!(
                "Relative activity of each species with at least {limit} events in a period, one line for each period. \
                 The dotted line (1) is even activity all day."
            ),
            text_if(
                data.periods_time_of_day == Some(TimeOfDay::Solar),
                "The axis is the sun's clock: hours are stretched so that sunrise and sunset fall on the same hours in \
                 all periods, since longer days could look like a change in behaviour.",
            ),
            text_if(data.periods_night.is_some(), "Shading shows night."),
        ])
    };
    json!({"text": text, "curves": curves})
}

/// The curves of a species in the periods in which it has events enough; `None` with fewer than two of them.
fn caption_curves(class: &ClassRow, data: &ReportData) -> Option<Value> {
    let (mut words, mut notes) = (Vec::new(), Vec::new());
    for period in &data.periods {
        let mut rows = rows_with_curve(&period.activity, data);
        let Some(row) = rows.find(|row| row.classification == class.classification) else { continue };
        let (records, events, peak) = (whole(row.records), whole(row.events), format_clock(row.peak_hour));
        words.push(format!("{} ({} events, highest around {peak})", period.label, row.events));
        notes.push(format!("{}: {records} records of {events} events", shorten(&period.label, 14)));
    }
    let alt = format!("Activity of {} over the day in {}.", plain_name(class), words.join(", "));
    (words.len() >= 2).then(|| caption_curve(&class.classification, &alt, &notes.join("; ")))
}

/// Of the rows with events enough, those that were tested and those of too few locations for a verdict.
fn describe_table(data: &ReportData) -> String {
    let mut rows = data.comparisons.iter().filter(|row| row.not_tested != Some(NotTested::FewEvents));
    let first = rows.clone().next();
    let pair = first.filter(|_| is_one_pair(data)).map(|row| format!("{}.", name_pair(row)));
    join_sentences([
        pair.unwrap_or_default(),
        "Numbers are of the first period named, then of the second; the ratio is how many times as many events per 100 \
         camera-days (RAI)."
            .into(),
        text_if(
            rows.any(|row| row.p_adjusted.is_some()),
            "p by permutation of the periods within locations, corrected for all tests; in bold where significant. The \
             corrected interval is of 95% for all tests together.",
        ),
        describe_untested(data),
    ])
}

fn describe_period(period: &ComparedPeriod) -> String {
    let effort = camera_days(period.effort_days);
    if period.effort_days <= 0.0 {
        format!("No camera was running from {}.", period.words)
    } else if period.classes.is_empty() {
        format!("No animal was identified in {effort}.")
    } else {
        format!(
            "{}, {effort} at {}. {}",
            period.words,
            count(period.locations_surveyed, "location", "locations"),
            describe_classes(&period.classes, period.locations_surveyed)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_as_many_species_as_stand_on_a_page() {
        assert_eq!(count_groups(&[1; 60], true), 36);
        assert_eq!(count_groups(&[3; 60], false), 10);
        assert_eq!(count_groups(&[], true), 0);
    }
}
