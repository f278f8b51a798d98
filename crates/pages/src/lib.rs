//! From the numbers of a report to a PDF: templates, fonts and the layout engine (Typst).
//!
//! [`render`] makes the pages out of the JSON form of a report and nothing else.
//!
//! ```no_run
//! # let data = detections::open("examples/algar.zip".as_ref(), &Default::default())?;
//! let request = report::Request::seasonal_activity("2018-05-01".parse()?, "2019-04-30".parse()?);
//! let numbers = report::compute(&data, &request)?;
//! std::fs::write("report.pdf", pages::render(&numbers)?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod fonts;
mod texts;
mod world;

use std::ops::Range;

use jiff::civil::Date;
use report::{Pages, ReportData, write_captions};
use serde::Deserialize;
use serde_json::Value;
use typst::WorldExt;
use typst::diag::SourceDiagnostic;
use typst::foundations::Datetime;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

pub use error::RenderError;
use fonts::{Fonts, Letters, box_letters};
use texts::clean_texts;
use world::ReportWorld;

/// How many compilations the layout of a page is remembered for.
const REMEMBERED: usize = 4;

/// The pages of a report, as a tagged PDF (PDF/UA-1) with its fonts embedded.
///
/// They are made of the JSON form of `data` alone, so the same numbers give the same bytes.
pub fn render(data: &ReportData) -> Result<Vec<u8>, RenderError> {
    render_as(&serde_json::to_value(data)?, &Pages::default())
}

/// The same from the JSON form, on pages of any template.
///
/// A template of the user's own can take any time and memory: a server runs it in a process of
/// its own.
pub fn render_as(numbers: &Value, pages: &Pages) -> Result<Vec<u8>, RenderError> {
    let numbers = clean_texts(numbers.clone());
    let fonts = Fonts::for_texts(&numbers, pages.fonts.as_deref(), Letters::All);
    let mut missing = fonts.missing.clone();
    let refusal = match render_document(&numbers, pages, fonts) {
        Err(refusal @ RenderError::Standard { .. }) => refusal,
        done => return done,
    };
    // Some letters that fonts have cannot stand beside each other in such a PDF. A report with boxes in
    // their place is better than none.
    for letters in [Letters::Embedded, Letters::OneFont] {
        let fonts = Fonts::for_texts(&numbers, pages.fonts.as_deref(), letters);
        if fonts.missing != missing {
            missing.clone_from(&fonts.missing);
            if let Ok(pdf) = render_document(&numbers, pages, fonts) {
                return Ok(pdf);
            }
        }
    }
    Err(refusal)
}

/// Lays out cleaned numbers with these fonts.
fn render_document(numbers: &Value, pages: &Pages, fonts: Fonts) -> Result<Vec<u8>, RenderError> {
    let mut numbers = box_letters(numbers.clone(), &fonts.missing);
    let missing: Vec<String> =
        fonts.missing.iter().map(|letter| format!("U+{:04X}", u32::from(*letter))).collect();
    let captions = write_captions(&ReportData::deserialize(&numbers)?, &missing);
    if let Value::Object(fields) = &mut numbers {
        fields.insert("missing_glyphs".into(), missing.into());
        fields.insert("captions".into(), captions);
    }
    let last_day = numbers["period"]["end"].as_str().and_then(|day| day.parse().ok());
    let world = ReportWorld::new(serde_json::to_vec(&numbers)?, &pages.template, fonts)?;
    let compiled = typst::compile::<PagedDocument>(&world).output;
    let document = compiled.map_err(|errors| RenderError::Template(describe(&world, &errors)))?;
    let date = last_day.filter(|_| pages.archival);
    let pdf = export(&world, &document, pages.archival, date);
    // Layout is memoised across reports, which makes the next one faster; without this it would
    // be kept for ever.
    comemo::evict(REMEMBERED);
    pdf
}

/// `date` is for a document without a date of its own, since PDF/A needs one.
fn export(
    world: &ReportWorld,
    document: &PagedDocument,
    archival: bool,
    date: Option<Date>,
) -> Result<Vec<u8>, RenderError> {
    let (list, standard): (&[PdfStandard], _) = if archival {
        (&[PdfStandard::Ua_1, PdfStandard::A_2a], "PDF/UA-1 and PDF/A-2a")
    } else {
        (&[PdfStandard::Ua_1], "PDF/UA-1")
    };
    let standards = PdfStandards::new(list)
        .map_err(|error| RenderError::Standard { standard, message: error.message().to_string() })?;
    let creator = concat!("trapline ", env!("CARGO_PKG_VERSION")).into();
    let options = PdfOptions {
        standards,
        creator: typst::foundations::Smart::Custom(Some(creator)),
        timestamp: date.and_then(timestamp),
        ..PdfOptions::default()
    };
    typst_pdf::pdf(document, &options)
        .map_err(|errors| RenderError::Standard { standard, message: describe(world, &errors) })
}

fn timestamp(date: Date) -> Option<Timestamp> {
    let [month, day] = [date.month(), date.day()].map(|number| u8::try_from(number).ok());
    Some(Timestamp::new_utc(Datetime::from_ymd(i32::from(date.year()), month?, day?)?))
}

/// Each message with its file, line and column.
fn describe(world: &ReportWorld, errors: &[SourceDiagnostic]) -> String {
    let place = |error: &SourceDiagnostic| -> Option<String> {
        let id = error.span.id()?;
        let source = typst::World::source(world, id).ok()?;
        let Range { start, .. } = world.range(error.span)?;
        let (line, column) = source.lines().byte_to_line_column(start)?;
        Some(format!("{}:{}:{}: ", id.vpath().get_without_slash(), line + 1, column + 1))
    };
    let message = |error: &SourceDiagnostic| {
        let hints: String = error.hints.iter().map(|hint| format!(" (hint: {})", hint.v)).collect();
        format!("{}{}{hints}", place(error).unwrap_or_default(), error.message)
    };
    errors.iter().map(message).collect::<Vec<_>>().join("; ")
}
