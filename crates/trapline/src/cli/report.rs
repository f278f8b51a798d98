//! `trapline report`.

use std::path::Path;

use detections::{Hemisphere, Keep, ReadOptions};
use report::{BuiltIn, LabelledPeriod, Pages, Period, Request, Season, SeasonError, Template, TimeOfDay};
use serde_json::json;

use super::arguments::{Coordinates, ReportArguments, ReportType, Since};
use super::failure::Failure;
use super::output::{Stage, write_whole};
use super::serve::runtime;
use crate::datasets::How;
use crate::layout::{LayoutError, lay_out};
use crate::source::Source;
use crate::telemetry::{self, LogFormat};

pub fn run(arguments: &ReportArguments) -> Result<(), Failure> {
    telemetry::start("warn", LogFormat::Text);
    let as_json = form(arguments)?;
    let pages = pages(arguments)?;
    let request = request(arguments, &pages)?;
    let runtime = runtime()?;
    let _inside = runtime.enter();
    let how = arguments.data.how(None)?;
    let how = How { read: ReadOptions { keep: Keep::Numbers, ..how.read }, ..how };
    let source = super::archive::only_data_set(&arguments.data, &how)?;
    let request = place_season(arguments, &source, request)?;
    let request = resolve_classes(&source, request)?;
    let data = source.for_report(&request.periods(), &|| false).map_err(Failure::of_database)?;
    let numbers = {
        let _computing = Stage::begin("computing the numbers");
        report::compute(&data, &request).map_err(Failure::input)?
    };
    let bytes = if as_json {
        serde_json::to_vec_pretty(&numbers).map_err(Failure::job)?
    } else {
        let _rendering = Stage::begin("laying out the pages");
        lay_out(&numbers, &pages, &arguments.data.limits(), &|| false).map_err(|error| match error {
            LayoutError::Template(_)
            | LayoutError::TooSlow
            | LayoutError::TooMuchMemory(_)
            | LayoutError::TooLarge(_) => Failure::input(error),
            LayoutError::Own(_) | LayoutError::Cancelled | LayoutError::Process(_) => Failure::job(error),
        })?
    };
    let size = write_whole(&arguments.output, &bytes)?;
    let skipped = data.problems.rows_skipped();
    for table in data.problems.tables().iter().filter(|table| table.rows_lost + table.times_lost > 0) {
        let lost = table.rows_lost + table.times_lost;
        let (rows, file) = (table.rows, &table.file);
        eprintln!("note: {lost} of {rows} rows of {file} could not be read; the report's data notes say why");
    }
    if arguments.json {
        let told = json!({"file": arguments.output, "size_bytes": size, "events": numbers.events,
            "locations_surveyed": numbers.locations_surveyed, "effort_days": numbers.effort_days,
            "rows_skipped": skipped});
        println!("{told}");
    } else {
        eprintln!(
            "{}: {} events at {} locations in {:.1} camera-days",
            arguments.output.display(),
            numbers.events,
            numbers.locations_surveyed,
            numbers.effort_days
        );
    }
    Ok(())
}

/// The same request with the season that is asked for as it is where the cameras stand.
fn place_season(arguments: &ReportArguments, source: &Source, request: Request) -> Result<Request, Failure> {
    let Some((season, year)) = arguments.season.zip(arguments.year) else { return Ok(request) };
    let hemisphere = source.hemisphere().map_err(Failure::of_database)?;
    Ok(Request { period: days_of(season, year, hemisphere)?, ..request })
}

/// The days of a season, or what to write in its place.
fn days_of(season: Season, year: i16, hemisphere: Hemisphere) -> Result<Period, Failure> {
    season.period(year, hemisphere).map_err(|error| {
        Failure::input(match error {
            SeasonError::NoSuchYear(_) => format!("--year: {error}"),
            SeasonError::RutInTheSouth => {
                format!("--season: {error}; give --from and --to in place of --season and --year")
            }
        })
    })
}

/// The same request with the names of classes as the data set has them.
fn resolve_classes(source: &Source, request: Request) -> Result<Request, Failure> {
    let classifications =
        source.resolve_names(&request.classifications, &[]).map_err(Failure::input)?.classes;
    let without = source.resolve_left_out(&request.without).map_err(Failure::input)?;
    if let Some(both) = classifications.iter().find(|class| without.contains(class)) {
        return Err(Failure::input(format!(
            "“{both}” is asked for by --class and left out by --without; take it out of one of the two"
        )));
    }
    Ok(Request { classifications, without, ..request })
}

/// Whether the ending of the file asks for JSON.
fn form(arguments: &ReportArguments) -> Result<bool, Failure> {
    let ending = arguments.output.extension().unwrap_or_default().to_ascii_lowercase();
    match ending.to_str() {
        Some("pdf") => Ok(false),
        Some("json") => Ok(true),
        _ => Err(Failure::input(format!(
            "{}: the ending of -o chooses the form; use .pdf or .json",
            arguments.output.display()
        ))),
    }
}

fn pages(arguments: &ReportArguments) -> Result<Pages, Failure> {
    let template = match &arguments.template {
        None => Template::default(),
        Some(named) => template(named)?,
    };
    Ok(Pages { template, archival: arguments.archival, fonts: arguments.fonts.clone() })
}

/// A name of one of the program's own, else a file.
fn template(named: &Path) -> Result<Template, Failure> {
    let built_in = BuiltIn::ALL.iter().find(|(name, _)| Path::new(name) == named);
    match built_in {
        Some((_, built_in)) => Ok(Template::BuiltIn(*built_in)),
        None if named.is_file() => Ok(Template::Own(named.into())),
        None => {
            let known = BuiltIn::ALL.map(|(name, _)| name).join(", ");
            let named = named.display();
            Err(Failure::input(format!(
                "{named}: no such file; --template takes one of {known}, or a .typ file"
            )))
        }
    }
}

fn request(arguments: &ReportArguments, pages: &Pages) -> Result<Request, Failure> {
    let own = matches!(pages.template, Template::Own(_));
    let report_type = match arguments.r#type {
        Some(ReportType::Comparison) => report::ReportType::Comparison,
        Some(ReportType::Custom) if arguments.template.is_none() => {
            return Err(Failure::input("--type custom needs a --template"));
        }
        Some(ReportType::Custom) => report::ReportType::Custom,
        None if own => report::ReportType::Custom,
        Some(ReportType::SeasonalActivity) | None => report::ReportType::SeasonalActivity,
    };
    let compared = &arguments.compare;
    if report_type == report::ReportType::Comparison && !Request::COMPARED.contains(&compared.len()) {
        return Err(Failure::input(format!(
            "--type comparison needs {} to {} periods, each as --compare LABEL=FROM..TO",
            Request::COMPARED.start(),
            Request::COMPARED.end()
        )));
    }
    let period = period(arguments, compared)?;
    let periods = compared.iter().map(|labelled| labelled.period).chain([period]);
    let this_year = jiff::ZonedDateTime::now().date().year();
    if let Some(year) = periods.into_iter().find_map(|period| period.impossible_year(this_year)) {
        return Err(Failure::input(format!(
            "the year {year} cannot be right; expected {} to {}, in four digits",
            report::FIRST_YEAR,
            this_year + 1
        )));
    }
    Ok(Request {
        report_type,
        group_by: arguments.group_by,
        independence_minutes: arguments.independence,
        independence_since: match arguments.independence_since {
            Since::Record => report::events::Since::LastRecord,
            Since::Event => report::events::Since::LastEvent,
        },
        classifications: arguments.class.clone(),
        without: arguments.without.clone(),
        title: arguments.title.clone(),
        include: report::Include {
            charts: !arguments.no_charts,
            tables: !arguments.no_tables,
            insights: !arguments.no_insights,
        },
        comparison_periods: compared.clone(),
        time_of_day: if arguments.solar { TimeOfDay::Solar } else { TimeOfDay::Clock },
        coordinates: match arguments.coordinates {
            Coordinates::Rounded => report::Coordinates::Rounded,
            Coordinates::Exact => report::Coordinates::Exact,
        },
        cameras: arguments.cameras,
        sex_and_age: arguments.sex_and_age,
        ..Request::seasonal_activity(period.start, period.end)
    })
}

/// The dates or the season that are given; for a comparison, from its first day to its last.
fn period(arguments: &ReportArguments, compared: &[LabelledPeriod]) -> Result<Period, Failure> {
    match (arguments.season, arguments.year, arguments.from, arguments.to) {
        // Where the cameras stand is known when the data are: see `place_season`.
        (Some(season), Some(year), ..) => days_of(season, year, Hemisphere::North),
        (_, _, Some(from), Some(to)) if to < from => Err(Failure::input("--from must not be after --to")),
        (_, _, Some(start), Some(end)) => Ok(Period { start, end }),
        _ => Request::comparison(compared.to_vec())
            .map(|request| request.period)
            .ok_or_else(|| Failure::input("give --from and --to, or --season and --year")),
    }
}
