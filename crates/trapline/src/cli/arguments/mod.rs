//! What can be said on the command line. Each flag is also an environment variable
//! `TRAPLINE_…` and a key of `trapline.toml`; see `config`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use detections::{DatabaseOptions, DateOrder, Fetch, NameTable, ReadOptions};
use jiff::tz::TimeZone;
use jobs::StoreAddress;

use super::failure::Failure;
use super::lay_out::LayOutArguments;
use crate::artifacts::{ArtifactsAddress, ImageStore, ServiceName};
use crate::datasets::{DataArgument, How, MappingArgument};
use crate::http::{HostName, Origin};
use crate::limits::{JOB_MEMORY_MIB, Limits, PICTURE_MEMORY_MIB};
use crate::telemetry::LogFormat;

mod access;
mod archive;
mod fetch;
mod groups;
mod info;
mod job;
mod report;
mod webhook;

pub use self::access::{AccessArguments, TokenAction, TokenCommand};
pub use self::archive::ArchiveArguments;
pub use self::fetch::FetchArguments;
pub use self::groups::GroupArguments;
pub use self::info::InfoArguments;
#[cfg(test)]
pub use self::job::ExportKind;
pub use self::job::{DownloadArguments, Field, JobAction, JobCommand, SubmitArguments};
pub use self::report::{Coordinates, ReportArguments, ReportType, Since};
pub use self::webhook::WebhookArguments;

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
    /// Show what a data set holds: its days, effort, species, locations, pictures and bad rows
    Info(InfoArguments),
    /// Submit exports to a server, follow, download and delete them
    Job(JobCommand),
    /// Make tokens for those whom a server lets in
    Token(TokenCommand),
    /// Say what would fail if a server were started like this
    Check(ServeArguments),
    /// Print completions for a shell
    Completions {
        /// For which
        shell: clap_complete::Shell,
    },
    /// Print the manual, for `man -l -`
    Man,
    /// Lay out numbers with a template, in a process of its own
    #[command(name = crate::layout::COMMAND, hide = true)]
    LayOut(LayOutArguments),
}

#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Where the files go; a report.pdf, comparison.pdf or detections.zip there is replaced
    #[arg(long, value_name = "DIR", default_value = "trapline-demo")]
    pub output: PathBuf,
}

/// Where data come from.
#[derive(Debug, Args)]
pub struct DataArguments {
    /// A Camtrap DP package or Wildlife Insights export (a folder, a datapackage.json or a .zip), results
    /// of a detector, or a PostgreSQL database (`postgres://USER@HOST/NAME`)
    #[arg(long, value_name = "[NAME=]PATH|URL", required = true, value_delimiter = ';')]
    pub data: Vec<DataArgument>,
    #[command(flatten)]
    pub reading: ReadingArguments,
}

impl DataArguments {
    /// What one export may use of the machine.
    pub fn limits(&self) -> Limits {
        self.reading.limits()
    }

    /// How the data sets are read.
    pub fn how(&self, fetch: Option<Arc<dyn Fetch>>) -> Result<How, Failure> {
        self.reading.how(fetch)
    }
}

/// How data are read.
#[derive(Debug, Args)]
pub struct ReadingArguments {
    /// A folder, or a bucket (s3://…, gs://…, az://…), in which the paths of pictures are looked for
    /// before the data set itself
    #[arg(long, value_name = "DIR|URL")]
    pub images: Option<ArtifactsAddress>,
    /// Time zone of the cameras' clocks, such as Europe/Brussels [default: as deployments tell]
    #[arg(long, value_name = "ZONE", value_parser = time_zone)]
    pub time_zone: Option<TimeZone>,
    /// Order of day and month in dates such as 04/05/2018, where a column does not tell: dmy or mdy
    #[arg(long, value_name = "ORDER")]
    pub date_order: Option<DateOrder>,
    /// Deployments without a named location that stand within so many metres of each other are at one
    /// location
    #[arg(long, value_name = "METRES", default_value_t = 0.0, value_parser = metres)]
    pub join_locations: f64,
    /// Rows of a table that may be lost, in percent, before the data set is refused
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = percent)]
    pub allow_bad_rows: f64,
    /// Boxes that a detector is less sure of are not read, 0 to 1 [default: what its results advise,
    /// else 0.2]
    #[arg(long, value_name = "CONFIDENCE", value_parser = fraction)]
    pub min_confidence: Option<f32>,
    /// Media files larger than this are not read, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_file_size: u32,
    /// How the tables of a database are read: a file of TOML; as often as there are databases
    #[arg(long, value_name = "[NAME=]FILE", value_delimiter = ';')]
    pub mapping: Vec<MappingArgument>,
    /// Connections to each database at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    pub database_connections: u32,
    /// The longest that a database may take for one statement, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = seconds)]
    pub database_timeout: Duration,
    /// Memory that one export may take, in MiB: rows of a database, a decoded picture, the pages of a
    /// report
    #[arg(long, value_name = "MIB", default_value_t = JOB_MEMORY_MIB, value_parser = clap::value_parser!(u32).range(1..))]
    pub job_memory: u32,
    /// Memory that the pictures of all exports may take at once, in MiB
    #[arg(long, value_name = "MIB", default_value_t = PICTURE_MEMORY_MIB, value_parser = clap::value_parser!(u32).range(1..))]
    pub picture_memory: u32,
    /// Common names of species, which stand before those in the data: a table with the columns
    /// scientificName, language and name
    #[arg(long, value_name = "FILE")]
    pub names: Option<PathBuf>,
    /// The language of common names out of a table, such as eng, deu or fra
    #[arg(long, value_name = "LANGUAGE", default_value = NameTable::ENGLISH)]
    pub language: String,
    #[command(flatten)]
    pub groups: GroupArguments,
}

impl ReadingArguments {
    /// What one export may use of the machine.
    pub fn limits(&self) -> Limits {
        Limits::new(self.job_memory, self.picture_memory)
    }

    /// How the data sets are read.
    pub fn how(&self, fetch: Option<Arc<dyn Fetch>>) -> Result<How, Failure> {
        let database = DatabaseOptions {
            connections: self.database_connections,
            statement_timeout: self.database_timeout,
            most_memory: u64::from(self.job_memory) << 20,
            ..DatabaseOptions::default()
        };
        let (images, image_store) = match &self.images {
            None => (None, None),
            Some(ArtifactsAddress::Folder(folder)) => (Some(folder.clone()), None),
            Some(ArtifactsAddress::Bucket(url)) => {
                let store = ImageStore::at(url)
                    .map_err(|error| Failure::input(format!("--images {url}: {error}")))?;
                (None, Some(Arc::new(store) as Arc<dyn Fetch>))
            }
        };
        let names = self.name_table()?;
        let groups = self.groups.stated()?;
        let read = ReadOptions { fetch, images, image_store, names, groups, ..self.options() };
        Ok(How { read, database, mappings: self.mapping.clone() })
    }

    fn name_table(&self) -> Result<Arc<NameTable>, Failure> {
        let table = match &self.names {
            None => NameTable::in_language(&self.language),
            Some(path) => NameTable::read(path, &self.language)
                .map_err(|error| Failure::input(format!("--names: {error}")))?,
        };
        Ok(Arc::new(table))
    }

    fn options(&self) -> ReadOptions {
        ReadOptions {
            time_zone: self.time_zone.clone(),
            date_order: self.date_order,
            join_locations: self.join_locations,
            allow_bad_rows: self.allow_bad_rows / 100.0,
            min_confidence: self.min_confidence,
            max_file_bytes: u64::from(self.max_file_size) << 20,
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
    #[command(flatten)]
    pub fetch: FetchArguments,
    /// Address and port; port 0 chooses a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Where jobs are kept: a folder for this process alone, or a server for several
    #[arg(long, value_name = "sqlite:DIR|redis://…", default_value = "sqlite:trapline-data/jobs")]
    pub store: StoreAddress,
    /// Jobs that run at once; 0 takes jobs and runs none [default: the number of cores]
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// Exports that may wait, in all; more are asked to come back later
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_queued: u32,
    /// Exports of one name (see --access) that may wait
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_queued_each: u32,
    /// The longest that the head of a request may take, and a connection may be silent, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub head_timeout: Duration,
    /// The longest that the body of a request may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub body_timeout: Duration,
    /// The longest that a client may take nothing of an answer that is being sent, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub write_timeout: Duration,
    /// Connections at once; more are answered with 503 and closed [default: half of the file descriptors
    /// after 256, at most 4096]
    #[arg(long, value_name = "N")]
    pub max_connections: Option<NonZeroUsize>,
    /// Let pages of this origin (`https://example.org`) speak to the server; as often as needed
    #[arg(long, value_name = "ORIGIN", value_delimiter = ' ')]
    pub cors_origin: Vec<Origin>,
    /// Send whoever downloads from a bucket to the bucket itself, with a link that is good for five
    /// minutes
    #[arg(long)]
    pub artifacts_redirect: bool,
    #[command(flatten)]
    pub access: AccessArguments,
    #[command(flatten)]
    pub webhooks: WebhookArguments,
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
    #[command(flatten)]
    pub fetch: FetchArguments,
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
    /// Where finished files are kept: a folder, or a bucket (`s3://BUCKET/PREFIX`, gs://…, az://…)
    #[arg(long, value_name = "DIR|URL", default_value = "trapline-data/exports")]
    pub artifacts: ArtifactsAddress,
    /// The service that the files belong to, by a name of its own in place of its store: one name for
    /// all processes that share a store, another for each other service
    #[arg(long, value_name = "NAME")]
    pub service: Option<ServiceName>,
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
    /// Room that is left on the disk where files are made, in MiB: with less no worker begins a job
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    pub keep_free: u32,
    /// Seconds after which a worker is missed, when exports wait and nobody asks for them
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub worker_silence: Duration,
    /// A folder of templates that reports can be asked for by name: NAME.typ or NAME/main.typ
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
    /// A folder of fonts for letters that the embedded ones lack [default: those of the system]
    #[arg(long, value_name = "DIR")]
    pub fonts: Option<PathBuf>,
    /// Show metrics for Prometheus at this address as well, to whoever reaches it
    #[arg(long, value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,
    /// Without tokens, or with metrics on a loopback address: answer requests that call this machine by
    /// this name, as a proxy in front of it may, and not only localhost; as often as needed
    #[arg(long, value_name = "NAME", value_delimiter = ' ')]
    pub host: Vec<HostName>,
    /// Send spans of requests and jobs to a collector of OpenTelemetry (OTLP over HTTP), such as
    /// `http://localhost:4318`
    #[arg(long, value_name = "URL")]
    pub otlp_endpoint: Option<String>,
    /// How the log on standard error is written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,
}

/// One of several names, which help and messages list.
fn one_of<T: Copy + Send + Sync + 'static>(
    known: &'static [(&'static str, T)],
) -> impl TypedValueParser<Value = T> {
    let names = PossibleValuesParser::new(known.iter().map(|(name, _)| *name));
    names.map(|chosen: String| {
        let found = known.iter().find(|(name, _)| *name == chosen);
        found.map(|(_, value)| *value).expect("the parser lets only these names through")
    })
}

fn metres(text: &str) -> Result<f64, String> {
    let metres = text.parse().ok().filter(|metres| (0.0..=100_000.0).contains(metres));
    metres.ok_or_else(|| "expected metres from 0 to 100000".into())
}

fn percent(text: &str) -> Result<f64, String> {
    let percent = text.strip_suffix('%').unwrap_or(text).parse().ok();
    percent.filter(|percent| (0.0..=100.0).contains(percent)).ok_or_else(|| "expected 0 to 100".into())
}

fn time_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| "expected the name of a zone, such as America/Edmonton".into())
}

fn fraction(text: &str) -> Result<f32, String> {
    let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "expected a number from 0 to 1, such as 0.5".into())
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
