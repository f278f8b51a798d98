//! `trapline report …`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::civil::Date;
use report::{Cameras, GroupBy, LabelledPeriod, Period, Season};

use super::{DataArguments, one_of};

// Flags of a command line are what bools are for.
#[allow(clippy::struct_excessive_bools)]
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
    pub data: DataArguments,
    /// First day, YYYY-MM-DD
    #[arg(long, value_name = "DATE", requires = "to", required_unless_present_any = ["season", "compare"])]
    pub from: Option<Date>,
    /// Last day, which is inside
    #[arg(long, value_name = "DATE", requires = "from")]
    pub to: Option<Date>,
    /// A season in place of the dates: spring, summer, fall, winter, which are half a year later south of the
    /// equator, or rut (1 September to 31 January, north of it)
    #[arg(long, value_name = "SEASON", value_parser = season, requires = "year", conflicts_with_all = ["from", "to"])]
    pub season: Option<Season>,
    /// The year in which the season begins
    #[arg(long, value_name = "YYYY", requires = "season")]
    pub year: Option<i16>,
    /// The kind of report [default: custom with a template of your own, else `seasonal_activity`]
    #[arg(long, value_name = "TYPE", value_enum)]
    pub r#type: Option<ReportType>,
    /// A period to compare, of two to five; ';' stands between several in the environment
    #[arg(long, value_name = "LABEL=FROM..TO", value_parser = labelled, value_delimiter = ';')]
    pub compare: Vec<LabelledPeriod>,
    /// What the pages look like: report, landowner, tables, or a .typ file of your own
    #[arg(long, value_name = "NAME|FILE")]
    pub template: Option<PathBuf>,
    /// Length of the parts of the period: day, week or month
    #[arg(long, value_name = "UNIT", default_value = "month", value_parser = group_by)]
    pub group_by: GroupBy,
    /// A title in place of the one made from the dates
    #[arg(long)]
    pub title: Option<String>,
    /// Minutes without a record after which a new event starts; 0 makes every record an event
    #[arg(long, value_name = "MINUTES", default_value_t = report::Request::INDEPENDENCE_MINUTES)]
    pub independence: u32,
    /// What those minutes are counted from: the last record, or the one that started the event
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    pub independence_since: Since,
    /// A class to report on; may be given several times [default: all]
    #[arg(long, value_name = "CLASS")]
    pub class: Vec<String>,
    /// A class to leave out, or `domestic` for all animals that people keep; may be given several times
    #[arg(long, value_name = "CLASS")]
    pub without: Vec<String>,
    /// Show activity on the sun's clock, with sunrise and sunset at the same hours on all days
    #[arg(long)]
    pub solar: bool,
    /// How exactly places are told
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub coordinates: Coordinates,
    /// Whether cameras that stand at one location at the same time count as one, or each for itself
    #[arg(long, value_name = "HOW", default_value = "together", value_parser = one_of(&Cameras::ALL))]
    pub cameras: Cameras,
    /// Tell males, females and young apart by sex and life stage too, not by classes alone
    #[arg(long)]
    pub sex_and_age: bool,
    /// Leave out the charts
    #[arg(long)]
    pub no_charts: bool,
    /// Leave out the tables
    #[arg(long)]
    pub no_tables: bool,
    /// Leave out the sentences about what the data show
    #[arg(long)]
    pub no_insights: bool,
    /// Make a PDF/A-2a too, for archives
    #[arg(long)]
    pub archival: bool,
    /// A folder of fonts for letters that the embedded ones lack [default: those of the system]
    #[arg(long, value_name = "DIR")]
    pub fonts: Option<PathBuf>,
    /// The file to write; its ending, .pdf or .json, chooses the form
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Tell what was done as JSON on standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum ReportType {
    /// One period: how much, where, when in the season and at what hour
    SeasonalActivity,
    /// Two to five periods side by side
    Comparison,
    /// Pages of a template of your own
    Custom,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Since {
    /// The last record
    #[default]
    Record,
    /// The record that started the event
    Event,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Coordinates {
    /// To 0.1 degree
    #[default]
    Rounded,
    /// As they stand in the data
    Exact,
}

fn group_by(name: &str) -> Result<GroupBy, String> {
    name.parse().map_err(|()| "group_by must be one of: day, month, week".into())
}

fn season(name: &str) -> Result<Season, String> {
    let known = || Season::ALL.map(|(name, _)| name).join(", ");
    Season::named(name).ok_or_else(|| format!("season must be one of: {}", known()))
}

/// `LABEL=FROM..TO`.
fn labelled(text: &str) -> Result<LabelledPeriod, String> {
    let wrong = || "expected LABEL=FROM..TO, such as 'Summer 2018=2018-06-01..2018-08-31'".to_owned();
    let (label, dates) = text.rsplit_once('=').ok_or_else(wrong)?;
    let (from, to) = dates.split_once("..").ok_or_else(wrong)?;
    let date =
        |text: &str| text.trim().parse::<Date>().map_err(|error| format!("“{text}” is no date: {error}"));
    let (start, end) = (date(from)?, date(to)?);
    if label.trim().is_empty() {
        return Err(wrong());
    }
    if end < start {
        return Err(format!("{start} comes after {end}"));
    }
    Ok(LabelledPeriod { label: label.trim().into(), period: Period { start, end } })
}
