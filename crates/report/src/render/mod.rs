//! From the numbers to a PDF.

mod world;

use std::ops::Range;

use typst::WorldExt;
use typst::diag::SourceDiagnostic;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use crate::data::ReportData;
use world::ReportWorld;

/// Why a PDF could not be made. Either is a fault of the template, not of the data.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The template did not compile.
    #[error("the report's template does not compile: {0}")]
    Template(String),
    /// The document breaks a rule of PDF/UA-1.
    #[error("the report's pages do not conform to PDF/UA-1: {0}")]
    Standard(String),
    /// The numbers have no JSON form.
    #[error("the report's numbers cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// How many compilations the layout of a page is remembered for.
const REMEMBERED: usize = 4;

/// The pages of a report, as a tagged PDF (PDF/UA-1) with its fonts embedded.
///
/// They are made of the JSON form of `data` alone, so the same numbers give the same bytes.
pub fn render(data: &ReportData) -> Result<Vec<u8>, RenderError> {
    let world = ReportWorld::new(serde_json::to_vec(data)?);
    let compiled = typst::compile::<PagedDocument>(&world).output;
    let document = compiled.map_err(|errors| RenderError::Template(describe(&world, &errors)))?;
    let standards = PdfStandards::new(&[PdfStandard::Ua_1])
        .map_err(|error| RenderError::Standard(error.message().to_string()))?;
    let options = PdfOptions {
        standards,
        creator: typst::foundations::Smart::Custom(Some(
            concat!("trapline ", env!("CARGO_PKG_VERSION")).into(),
        )),
        ..PdfOptions::default()
    };
    let pdf = typst_pdf::pdf(&document, &options)
        .map_err(|errors| RenderError::Standard(describe(&world, &errors)));
    // Layout is memoised across reports, which makes the next one faster; without this it would
    // be kept for ever.
    comemo::evict(REMEMBERED);
    pdf
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
