//! `trapline report …`.

use std::path::PathBuf;

use clap::Args;

use super::DataArguments;
use super::request_flags::{FlagName, Form, RequestFlagNames, RequestFlags};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapline report --data examples/algar.zip --from 2018-05-01 --to 2019-04-30 -o report.pdf
  trapline report --data examples/algar.zip --season rut --year 2018 --group-by week -o numbers.json
  trapline report --data examples/algar.zip --type comparison \\
      --compare 'Summer 2018=2018-06-01..2018-08-31' --compare 'Winter 2018/19=2018-12-01..2019-02-28' -o compared.pdf
  trapline report --data examples/algar.zip --from 2018-05-01 --to 2019-04-30 --template landowner -o page.pdf

A period runs from the start of its first day to the end of its last, in local time.")]
pub struct ReportArguments {
    #[command(flatten)]
    pub request: RequestFlags<report::Request>,
    /// Template: report (default), landowner (one page), tables, or your own .typ file
    #[arg(long, value_name = "NAME|FILE", help_heading = "Content")]
    pub template: Option<PathBuf>,
    /// Folder of fonts for letters that the embedded fonts lack [default: fonts of the system]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub fonts: Option<PathBuf>,
    /// File to write, .pdf or .json
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: PathBuf,
    /// Print the result as JSON on standard output
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    #[command(flatten)]
    pub data: DataArguments,
}

impl RequestFlagNames for report::Request {
    const FLAG_NAMES: &'static [FlagName] = &[
        FlagName::new("report_type", "type", "TYPE").help("Type of report; your own .typ template makes it custom"),
        FlagName::new("start_date", "from", "DATE").help("First day, YYYY-MM-DD"),
        FlagName::new("end_date", "to", "DATE").help("Last day (inclusive)"),
        FlagName::new("season", "season", "SEASON").help("A season instead of dates; months depend on the hemisphere. rut is 1 September to 31 January, north of \
             the equator"),
        FlagName::new("year", "year", "YYYY"),
        FlagName::new("group_by", "group-by", "UNIT"),
        FlagName::new("classifications", "class", "SPECIES")
            .help("Only this species, by scientific or common name; may be given several times [default: all]"),
        FlagName::new("without", "without", "SPECIES")
            .help("Leave this species out, or all animals that people keep (domestic); may be given several times"),
        FlagName::new("comparison_periods", "compare", "LABEL=FROM..TO").form(Form::Periods).help("A period to compare; repeat for two to five of them"),
        FlagName::new("title", "title", "TEXT").help("Title [default: made from the dates]"),
        FlagName::new("archival", "archival", "").help("Make the PDF a PDF/A-2a, for long-term storage"),
        FlagName::new("template", "template", "NAME|FILE").form(Form::Elsewhere),
        FlagName::new("independence_minutes", "independence", "MINUTES"),
        FlagName::new("independence_since", "independence-since", "RECORD").form(Form::WithoutPrefix("last_")),
        FlagName::new("time_of_day", "solar", "").form(Form::Switch("solar")).help("Show time of day relative to sunrise and sunset"),
        FlagName::new("dataset", "data", "").form(Form::Elsewhere),
    ];
    const PERIOD: &'static [&'static str] =
        &["start_date", "end_date", "season", "year", "comparison_periods", "group_by"];
}
