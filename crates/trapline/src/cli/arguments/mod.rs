//! What can be said on the command line. Each flag is also an environment variable
//! `TRAPLINE_…` and a key of `trapline.toml`; see `config`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use detections::ReadOptions;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jobs::StoreAddress;

use super::lay_out::LayOutArguments;
use crate::datasets::DataArgument;
use crate::telemetry::LogFormat;

mod report;

pub use self::report::{Coordinates, ReportArguments, ReportType, Since};

/// Reports and archives from camera-trap detections, as jobs whose status can be trusted.
#[derive(Debug, Parser)]
#[command(name = "trapline", version, max_term_width = 100, subcommand_required = true)]
#[command(after_help = "Flags win over environment variables (TRAPLINE_DATA for --data, and so on), \
which win over trapline.toml.\nExit status: 0 done, 1 the job failed, 2 the call or its input is wrong.")]
pub struct Cli {
    /// A file of settings [default: trapline.toml, when it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the bundled examples from end to end; the files go to trapline-demo/
    Demo(DemoArguments),
    /// Serve the HTTP interface, with workers
    Serve(ServeArguments),
    /// Work on jobs that servers with the same store take
    Worker(WorkerArguments),
    /// Make a report, as PDF or as JSON
    Report(ReportArguments),
    /// Make an archive of crops with their metadata
    Archive(ArchiveArguments),
    /// Lay out numbers with a template, in a process of its own
    #[command(name = crate::layout::COMMAND, hide = true)]
    LayOut(LayOutArguments),
}

#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Where the files go
    #[arg(long, value_name = "DIR", default_value = "trapline-demo")]
    pub output: PathBuf,
}

/// Where data come from.
#[derive(Debug, Args)]
pub struct DataArguments {
    /// A Camtrap DP package or Wildlife Insights export: a folder, a datapackage.json or a .zip
    #[arg(long, value_name = "[NAME=]PATH", required = true, value_delimiter = ';')]
    pub data: Vec<DataArgument>,
    /// A folder in which the paths of pictures are looked for before the data set itself
    #[arg(long, value_name = "DIR")]
    pub images: Option<PathBuf>,
    /// Time zone of the cameras' clocks, such as Europe/Brussels [default: as deployments tell]
    #[arg(long, value_name = "ZONE", value_parser = time_zone)]
    pub time_zone: Option<TimeZone>,
}

impl DataArguments {
    pub fn options(&self) -> ReadOptions {
        ReadOptions {
            images: self.images.clone(),
            time_zone: self.time_zone.clone(),
            ..ReadOptions::default()
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapline serve --data examples/algar.zip
  trapline serve --data algar=examples/algar.zip --data heron=examples/camtrap-dp --workers 4")]
pub struct ServeArguments {
    #[command(flatten)]
    pub data: DataArguments,
    /// Address and port; port 0 chooses a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Where jobs are kept: a folder for this process alone, or a server for several
    #[arg(long, value_name = "sqlite:DIR|redis://…", default_value = "sqlite:trapline-data/jobs")]
    pub store: StoreAddress,
    /// Jobs that run at once; 0 takes jobs and runs none [default: the number of cores]
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    #[command(flatten)]
    pub jobs: JobArguments,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:
  trapline serve  --store redis://localhost --data examples/algar.zip --workers 0
  trapline worker --store redis://localhost --data examples/algar.zip --workers 4

Processes that share a store need the same data sets, by the same names, and the same folder of files.")]
pub struct WorkerArguments {
    #[command(flatten)]
    pub data: DataArguments,
    /// The server where jobs are kept
    #[arg(long, value_name = "redis://…")]
    pub store: StoreAddress,
    /// Jobs that run at once [default: the number of cores]
    #[arg(long, value_name = "N")]
    pub workers: Option<NonZeroUsize>,
    #[command(flatten)]
    pub jobs: JobArguments,
}

/// How jobs are worked on. Processes that share a store are given the same.
#[derive(Debug, Args)]
pub struct JobArguments {
    /// Where finished files are kept
    #[arg(long, value_name = "DIR", default_value = "trapline-data/exports")]
    pub artifacts: PathBuf,
    /// How long a finished job and its file are kept, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "3600", value_parser = seconds)]
    pub ttl: Duration,
    /// How long a worker that is not heard of keeps its job, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "15", value_parser = seconds)]
    pub lease: Duration,
    /// How often a worker says that it is at work, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub heartbeat: Duration,
    /// Attempts at a job before it is given up
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub attempts: u32,
    /// How long running jobs may go on after a signal to stop, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds_or_none)]
    pub grace: Duration,
    /// A folder of templates that reports can be asked for by name: NAME.typ or NAME/main.typ
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
    /// A folder of fonts for letters that the embedded ones lack [default: those of the system]
    #[arg(long, value_name = "DIR")]
    pub fonts: Option<PathBuf>,
    /// How the log on standard error is written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapline archive --data examples/camtrap-dp -o detections.zip
  trapline archive --data examples/camtrap-dp --class 'Ardea cinerea' --crop-size 512 -o herons.zip
  trapline archive --data examples/camtrap-dp --ids ids.txt -o chosen.zip")]
pub struct ArchiveArguments {
    #[command(flatten)]
    pub data: DataArguments,
    /// First day, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub from: Option<Date>,
    /// Last day, which is inside
    #[arg(long, value_name = "DATE")]
    pub to: Option<Date>,
    /// A class to export; may be given several times [default: all]
    #[arg(long, value_name = "CLASS")]
    pub class: Vec<String>,
    /// A file with the ids of the detections to export, one on each line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "to", "class"])]
    pub ids: Option<PathBuf>,
    /// What is in the archive
    #[arg(long, value_enum, default_value_t = Layout::Crops)]
    pub layout: Layout,
    /// Side of the square that crops are fitted into, in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 300,
          value_parser = clap::value_parser!(u32).range(128..=1024))]
    pub crop_size: u32,
    /// Leave out the crops
    #[arg(long)]
    pub no_crops: bool,
    /// Leave out metadata.csv
    #[arg(long)]
    pub no_metadata: bool,
    /// The file to write
    #[arg(short, long, value_name = "FILE.zip")]
    pub output: PathBuf,
    /// Tell what was done as JSON on standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Layout {
    /// crops/, metadata.csv and manifest.json
    Crops,
}

fn time_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| "expected the name of a zone, such as America/Edmonton".into())
}

/// Seconds, more than none of them.
fn seconds(text: &str) -> Result<Duration, String> {
    let duration = seconds_or_none(text)?;
    if duration.is_zero() { Err("expected more than 0 seconds".into()) } else { Ok(duration) }
}

fn seconds_or_none(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    // A year is far beyond what anybody means, and far below what overflows a clock.
    let seconds = seconds.filter(|duration| *duration <= Duration::from_hours(366 * 24));
    seconds.ok_or_else(|| "expected a number of seconds, such as 15 or 0.5".into())
}
