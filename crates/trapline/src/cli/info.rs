//! `trapline info`: the contents of a data set.

use detections::Coordinates;
use report::Period;

use super::arguments::InfoArguments;
use super::command_error::CommandError;
use super::output::{Stage, print_result};
use super::serve::build_runtime;
use crate::telemetry::{self, LogFormat};
use archive::{count, in_thousands};
use client::{printable, printable_json};
use exports::overview::{DatasetOverview, FileOverview, PictureCounts, SpeciesOverview};

/// Columns of a terminal.
const WIDTH: usize = 80;
/// Columns before the values of the table at the top.
const INDENT: usize = 15;

pub fn run(arguments: &InfoArguments) -> Result<(), CommandError> {
    telemetry::start("warn", LogFormat::Text);
    let runtime = build_runtime()?;
    let _inside = runtime.enter();
    let mut options = arguments.reading.open_options(None)?;
    // Lost rows are part of the overview, so they are no error here.
    options.read.allow_bad_rows = 1.0;
    let is_exact = arguments.coordinates == Coordinates::Exact;
    let overview = {
        let _reading = Stage::begin(&format!("reading {}", arguments.data.describe()));
        let source = arguments.data.open(&options).map_err(CommandError::input)?;
        DatasetOverview::new(&arguments.data.name, &source, is_exact, false)
            .map_err(CommandError::from_database)?
    };
    if arguments.json {
        let json = serde_json::to_value(&overview).map_err(CommandError::job)?;
        print_result(printable_json(&json));
    } else {
        format_lines(&overview).iter().for_each(print_result);
    }
    Ok(())
}

/// Formats the overview as a table whose lines fit into a terminal.
fn format_lines(overview: &DatasetOverview) -> Vec<String> {
    let mut lines = Vec::new();
    for (label, value) in list_values(overview) {
        lines.extend(wrap(label, &printable(&value)));
    }
    lines.extend(species_table("Species", &overview.species));
    lines.extend(species_table("Domestic animals", &overview.domestic_animals));
    lines.extend(non_animal_table(overview));
    lines.extend(location_table(overview));
    lines.extend(problem_lines(&overview.files));
    for sentence in &overview.left_out {
        lines.push(String::new());
        lines.extend(wrap_at(&format!("{sentence}."), 0));
    }
    lines
}

/// The values at the top, with their labels.
fn list_values(overview: &DatasetOverview) -> Vec<(&'static str, String)> {
    let version = overview.format_version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let days = overview.first_day.zip(overview.last_day);
    let days = days.map_or_else(|| "none recorded".into(), |(start, end)| Period { start, end }.in_words());
    let visits = match overview.observations_of_visits {
        0 => String::new(),
        visits => format!(", {} of whole visits", count(visits, "of them is", "of them are")),
    };
    let years = overview.effort_by_year.iter();
    let effort: Vec<String> = years
        .map(|year| format!("{}: {} camera-days", year.year, with_one_digit(year.camera_days)))
        .collect();
    let clocks = overview.clocks.iter();
    let clocks: Vec<String> = clocks
        .map(|clock| format!("{} ({})", clock.clock, count(clock.deployments, "deployment", "deployments")))
        .collect();
    let offsets = match overview.offsets_written.as_slice() {
        [] | [_] => String::new(),
        several => format!("; times have the offsets {}", several.join(", ")),
    };
    let classified = match &overview.classified_by {
        None => "unknown by whom".into(),
        Some(by) => {
            let by =
                [(by.people, "by people"), (by.machines, "by machines"), (by.not_known, "unknown by whom")];
            by.map(|(number, words)| format!("{} {words}", with_share(number, overview.observations)))
                .join(", ")
        }
    };
    vec![
        ("Data set", format!("{}: {}", overview.name, overview.title)),
        ("Format", format!("{}{version}", overview.format)),
        ("Dates", days),
        ("Effort", if effort.is_empty() { "none known".into() } else { effort.join(", ") }),
        (
            "Deployments",
            format!(
                "{} at {}",
                count(overview.deployments, "deployment", "deployments"),
                count(overview.locations.len() as u64, "location", "locations")
            ),
        ),
        ("Clocks", format!("{}{offsets}", clocks.join(", "))),
        ("Observations", format!("{}{visits}", count(overview.observations, "observation", "observations"))),
        ("Classified", classified),
        (
            "Pictures",
            overview.pictures.as_ref().map_or_else(|| "not checked".into(), PictureCounts::describe),
        ),
        ("Bad rows", bad_rows_of(overview)),
    ]
}

fn bad_rows_of(overview: &DatasetOverview) -> String {
    let (rows, values) = (overview.rows_lost(), overview.values_lost());
    if rows + values == 0 {
        return if overview.left_out.is_empty() { "none" } else { "none known" }.into();
    }
    format!("{}, {}; see the end", count(rows, "row", "rows"), count(values, "bad value", "bad values"))
}

fn species_table(title: &str, species: &[SpeciesOverview]) -> Vec<String> {
    if species.is_empty() {
        return Vec::new();
    }
    let title = format!("{title} ({})", species.len());
    let mut lines = vec![String::new(), format!("{title:<65}{:>15}", "Observations")];
    for one in species {
        let name = shorten(&one.classification, 32);
        let common = shorten(one.vernacular_name.as_deref().unwrap_or_default(), 30);
        lines.push(format!("  {name:<32} {common:<30}{:>15}", in_thousands(one.observations)));
    }
    lines
}

fn non_animal_table(overview: &DatasetOverview) -> Vec<String> {
    let others = &overview.not_animals;
    let rows = [
        ("unidentified animal", overview.unnamed_animals),
        ("blank", others.blank),
        ("human", others.human),
        ("vehicle", others.vehicle),
        ("unknown", others.unknown),
        ("unclassified", others.unclassified),
    ];
    let mut lines = vec![String::new(), format!("{:<65}{:>15}", "Not identified to species", "Observations")];
    let shown = rows.into_iter().filter(|(_, observations)| *observations > 0);
    lines.extend(shown.map(|(what, observations)| format!("  {what:<63}{:>15}", in_thousands(observations))));
    if lines.len() == 2 { Vec::new() } else { lines }
}

fn location_table(overview: &DatasetOverview) -> Vec<String> {
    if overview.locations.is_empty() {
        return Vec::new();
    }
    let title = format!("Locations ({})", overview.locations.len());
    let mut lines =
        vec![String::new(), format!("{title:<43}{:>11}{:>13}{:>13}", "Deployments", "Latitude", "Longitude")];
    let digits = if overview.coordinates == "exact" { 5 } else { 1 };
    let degrees =
        |degrees: Option<f64>| degrees.map_or_else(String::new, |number| format!("{number:.digits$}"));
    for one in &overview.locations {
        let name = shorten(&one.location, 40);
        let (latitude, longitude) = (degrees(one.latitude), degrees(one.longitude));
        lines.push(format!("  {name:<41}{:>11}{latitude:>13}{longitude:>13}", in_thousands(one.deployments)));
    }
    lines
}

/// The files with rows or values that could not be read, and the first of those.
fn problem_lines(files: &[FileOverview]) -> Vec<String> {
    let mut lines = Vec::new();
    for file in files.iter().filter(|file| file.rows_lost + file.values_lost > 0) {
        let of_rows = if file.rows > 0 { format!(" of {}", in_thousands(file.rows)) } else { String::new() };
        let lost = format!(
            "{}: {}{of_rows} and {} could not be read",
            printable(&file.file),
            count(file.rows_lost, "row", "rows"),
            count(file.values_lost, "value", "values")
        );
        lines.push(String::new());
        lines.extend(wrap_at(&lost, 0));
        for problem in &file.first_problems {
            lines.extend(wrap_at(&printable(problem), 2));
        }
    }
    lines
}

/// Formats a label and its value, which continues on indented lines.
fn wrap(label: &str, value: &str) -> Vec<String> {
    let mut lines = wrap_at(value, INDENT);
    if let Some(first) = lines.first_mut() {
        *first = format!("{label:<INDENT$}{}", first.trim_start());
    }
    lines
}

/// Breaks a text into indented lines. A word that is longer than a line gets a line of its own.
fn wrap_at(text: &str, indent: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = " ".repeat(indent);
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
    lines
}

/// Shortens a text to the width of a column.
fn shorten(text: &str, most: usize) -> String {
    let text = printable(text);
    if text.chars().count() <= most {
        return text;
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// Formats a number with commas between its thousands and one digit after the point.
fn with_one_digit(number: f64) -> String {
    // Camera-days are not below zero, and far below 2^64.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let tenths = (number * 10.0).round() as u64;
    format!("{}.{}", in_thousands(tenths / 10), tenths % 10)
}

/// `1,234 (56%)`.
fn with_share(number: u64, of: u64) -> String {
    let percent = if of == 0 { 0.0 } else { 100.0 * number as f64 / of as f64 };
    format!("{} ({percent:.0}%)", in_thousands(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_go_on_below_themselves() {
        let words = vec!["species"; 30].join(" ");
        let lines = wrap("Title", &words);
        assert!(lines.len() > 2 && lines.iter().all(|line| line.chars().count() <= WIDTH), "{lines:#?}");
        assert!(lines[0].starts_with("Title          species"), "{lines:#?}");
        assert!(lines[1].starts_with("               species"), "{lines:#?}");
        assert_eq!(wrap_at("", 2), ["  "]);
    }

    #[test]
    fn numbers_and_names_fit_into_their_columns() {
        assert_eq!(with_one_digit(12_201.04), "12,201.0");
        assert_eq!(with_one_digit(0.96), "1.0");
        assert_eq!((with_share(1, 3), with_share(0, 0)), ("1 (33%)".into(), "0 (0%)".into()));
        assert_eq!(shorten("Canis\u{1b}lupus", 20), "Canis␛lupus");
        assert_eq!(shorten(&"é".repeat(50), 32).chars().count(), 32);
    }
}
