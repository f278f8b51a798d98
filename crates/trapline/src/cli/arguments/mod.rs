//! What can be said on the command line. Each flag is also an environment variable
//! `TRAPLINE_…` and a key of `trapline.toml`; see `config`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ::archive::Resources;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use detections::{DatabaseOptions, DateOrder, Fetch, NameTable, ReadOptions};
use jiff::tz::TimeZone;
use jobs::StoreAddress;

use super::command_error::CommandError;
use super::template_process::TemplateProcessArguments;
use crate::telemetry::LogFormat;
use artifacts::{ArtifactsAddress, ImageBucket, ServiceName};
use exports::datasets::{DataArgument, MappingArgument, OpenOptions};
use exports::limits::{JOB_MEMORY_MIB, PICTURE_MEMORY_MIB, build_limits};
use server::{HostName, Origin};

mod access;
mod archive;
mod fetch;
mod groups;
mod info;
mod job;
mod report;
mod request_flags;
mod values;
mod webhook;

pub use self::access::{AccessArguments, TokenAction, TokenCommand};
pub use self::archive::ArchiveArguments;
pub use self::fetch::FetchArguments;
pub use self::groups::GroupArguments;
pub use self::info::InfoArguments;
#[cfg(test)]
pub use self::job::ExportKind;
pub use self::job::{DownloadArguments, FieldArgument, JobAction, JobCommand, SubmitArguments};
pub use self::report::ReportArguments;
pub use self::request_flags::{RequestFlagNames, RequestFlags};
use self::values::{
    parse_fraction, parse_metres, parse_percent, parse_seconds, parse_seconds_or_none, parse_time_zone,
};
pub use self::webhook::WebhookArguments;

/// PDF reports and picture archives from camera-trap data
#[derive(Debug, Parser)]
#[command(name = "trapline", version, max_term_width = 100, subcommand_required = true)]
#[command(
    after_help = "Each flag is also an environment variable (TRAPLINE_DATA for --data) and a key of trapline.toml. \
Flags win over the environment, the environment over the file.\n\
Exit status: 0 done, 1 the job failed, 2 wrong usage or input."
)]
pub struct Cli {
    /// Settings file [default: trapline.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make two reports and an archive of the bundled examples
    Demo(DemoArguments),
    /// Start a server: web page, HTTP API and workers
    Serve(ServeArguments),
    /// Run export jobs from a shared queue
    Worker(WorkerArguments),
    /// Make a report, as PDF or JSON
    Report(ReportArguments),
    /// Make a ZIP of animal pictures, a Camtrap DP package or COCO training data
    Archive(ArchiveArguments),
    /// Show what is in a data set: dates, effort, species, locations, pictures, bad rows
    Info(InfoArguments),
    /// Submit, follow, download and delete exports of a server
    Job(JobCommand),
    /// Make access tokens for a server
    Token(TokenCommand),
    /// Check settings and data without starting a server
    Check(ServeArguments),
    /// Print shell completions
    Completions {
        /// Shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, for `man -l -`
    Man,
    /// Lay out numbers with a template, in a process of its own
    #[command(name = exports::template_process::COMMAND, hide = true)]
    TemplateProcess(TemplateProcessArguments),
}

#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Folder for the files and the data sets; existing files of the same names are replaced
    #[arg(long, value_name = "DIR", help_heading = "Output", default_value = "trapline-demo")]
    pub output: PathBuf,
}

/// Where data come from.
#[derive(Debug, Args)]
pub struct DataArguments {
    /// Data set: a Camtrap DP package or Wildlife Insights export (folder, datapackage.json or .zip),
    /// results of a detector (.json), or a database (`postgres://USER@HOST/NAME`)
    #[arg(
        long,
        value_name = "[NAME=]PATH|URL",
        help_heading = "Data",
        required = true,
        value_delimiter = ';'
    )]
    pub data: Vec<DataArgument>,
    #[command(flatten)]
    pub reading: ReadingArguments,
}

/// How data are read.
#[derive(Debug, Args)]
pub struct ReadingArguments {
    /// Folder or bucket (s3://…, gs://…, az://…) with the pictures, if they are not in the data set
    #[arg(long, value_name = "DIR|URL", help_heading = "Data")]
    pub images: Option<ArtifactsAddress>,
    /// Time zone of the cameras' clocks, such as Europe/Brussels [default: from the deployments]
    #[arg(long, value_name = "ZONE", help_heading = "Data", value_parser = parse_time_zone)]
    pub time_zone: Option<TimeZone>,
    /// Order of day and month in dates such as 04/05/2018, if the column does not show it: dmy or mdy
    #[arg(long, value_name = "ORDER", help_heading = "Data")]
    pub date_order: Option<DateOrder>,
    /// Join deployments without a named location that are at most this far apart, in metres
    #[arg(long, value_name = "METRES", help_heading = "Data", default_value_t = 0.0, value_parser = parse_metres)]
    pub join_locations: f64,
    /// Refuse a data set that loses more than this share of a table's rows, in percent
    #[arg(long, value_name = "PERCENT", help_heading = "Data", default_value_t = 5.0, value_parser = parse_percent)]
    pub allow_bad_rows: f64,
    /// Ignore boxes of a detector below this confidence, 0 to 1 [default: as the results recommend, else
    /// 0.2]
    #[arg(long, value_name = "CONFIDENCE", help_heading = "Data", value_parser = parse_fraction)]
    pub min_confidence: Option<f32>,
    /// Largest picture file that is read, in MiB
    #[arg(long, value_name = "MIB", help_heading = "Limits", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_file_size: u32,
    /// TOML file that maps the tables of a database; repeat for several databases
    #[arg(long, value_name = "[NAME=]FILE", help_heading = "Database", value_delimiter = ';')]
    pub mapping: Vec<MappingArgument>,
    /// Maximum number of connections to each database
    #[arg(long, value_name = "N", help_heading = "Database", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    pub database_connections: u32,
    /// Statement timeout, in seconds
    #[arg(long, value_name = "SECONDS", help_heading = "Database", default_value = "300", value_parser = parse_seconds)]
    pub database_timeout: Duration,
    /// Maximum memory of one export, in MiB: rows of a database, a decoded picture, pages of a report
    #[arg(long, value_name = "MIB", help_heading = "Limits", default_value_t = JOB_MEMORY_MIB, value_parser = clap::value_parser!(u32).range(1..))]
    pub job_memory: u32,
    /// Maximum memory of all pictures that are being decoded, in MiB
    #[arg(long, value_name = "MIB", help_heading = "Limits", default_value_t = PICTURE_MEMORY_MIB, value_parser = clap::value_parser!(u32).range(1..))]
    pub picture_memory: u32,
    /// Table of common names, used before those in the data; columns scientificName, language, name
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub names: Option<PathBuf>,
    /// Language of common names, such as eng, deu or fra
    #[arg(long, value_name = "LANGUAGE", help_heading = "Data", default_value = NameTable::ENGLISH)]
    pub language: String,
    #[command(flatten)]
    pub groups: GroupArguments,
}

impl ReadingArguments {
    /// What one export may use of the machine.
    pub fn limits(&self) -> Resources {
        build_limits(self.job_memory, self.picture_memory)
    }

    /// How the data sets are read.
    pub fn open_options(&self, fetch: Option<Arc<dyn Fetch>>) -> Result<OpenOptions, CommandError> {
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
                let bucket = ImageBucket::open(url)
                    .map_err(|error| CommandError::input(format!("--images {url}: {error}")))?;
                (None, Some(Arc::new(bucket) as Arc<dyn Fetch>))
            }
        };
        let names = match &self.names {
            None => NameTable::in_language(&self.language),
            Some(path) => NameTable::read(path, &self.language)
                .map_err(|error| CommandError::input(format!("--names: {error}")))?,
        };
        let read = ReadOptions {
            fetch,
            images,
            image_store,
            names: Arc::new(names),
            groups: self.groups.read_groups()?,
            time_zone: self.time_zone.clone(),
            date_order: self.date_order,
            join_locations: self.join_locations,
            allow_bad_rows: self.allow_bad_rows / 100.0,
            min_confidence: self.min_confidence,
            max_file_bytes: u64::from(self.max_file_size) << 20,
            ..ReadOptions::default()
        };
        Ok(OpenOptions { read, database, mappings: self.mapping.clone() })
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trapline serve --data examples/algar.zip
  trapline serve --data algar=examples/algar.zip --data heron=examples/camtrap-dp --workers 4")]
pub struct ServeArguments {
    /// Address and port; port 0 chooses a free one
    #[arg(long, value_name = "ADDRESS", help_heading = "Server", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Where jobs are kept: a folder for one process, or Redis for several
    #[arg(
        long,
        value_name = "sqlite:DIR|redis://…",
        help_heading = "Jobs",
        default_value = "sqlite:trapline-data/jobs"
    )]
    pub store: StoreAddress,
    /// Number of jobs that run at once; 0 only accepts jobs [default: number of cores]
    #[arg(long, value_name = "N", help_heading = "Jobs")]
    pub workers: Option<usize>,
    /// Maximum number of waiting exports; further ones get 503
    #[arg(long, value_name = "N", help_heading = "Jobs", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_queued: u32,
    /// Maximum number of waiting exports of one owner (see --access); further ones get 429
    #[arg(long, value_name = "N", help_heading = "Jobs", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_queued_each: u32,
    /// Timeout for the head of a request, and for idle connections, in seconds
    #[arg(long, value_name = "SECONDS", help_heading = "Server", default_value = "60", value_parser = parse_seconds)]
    pub head_timeout: Duration,
    /// Timeout for the body of a request, in seconds
    #[arg(long, value_name = "SECONDS", help_heading = "Server", default_value = "30", value_parser = parse_seconds)]
    pub body_timeout: Duration,
    /// Disconnect clients that read nothing of a response for this time, in seconds
    #[arg(long, value_name = "SECONDS", help_heading = "Server", default_value = "30", value_parser = parse_seconds)]
    pub write_timeout: Duration,
    /// Maximum number of connections; further ones get 503 [default: half of the file descriptors after
    /// 256, at most 4096]
    #[arg(long, value_name = "N", help_heading = "Server")]
    pub max_connections: Option<NonZeroUsize>,
    /// Allow pages of this origin (`https://example.org`) to use the server; repeat as needed
    #[arg(long, value_name = "ORIGIN", help_heading = "Access", value_delimiter = ' ')]
    pub cors_origin: Vec<Origin>,
    /// Refuse requests with unknown fields, instead of a warning
    #[arg(long, help_heading = "Server")]
    pub strict: bool,
    /// Redirect downloads to the bucket, with links that are valid for five minutes
    #[arg(long, help_heading = "Files")]
    pub artifacts_redirect: bool,
    #[command(flatten)]
    pub access: AccessArguments,
    #[command(flatten)]
    pub jobs: JobArguments,
    #[command(flatten)]
    pub webhooks: WebhookArguments,
    #[command(flatten)]
    pub data: DataArguments,
    #[command(flatten)]
    pub fetch: FetchArguments,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:
  trapline serve  --store redis://localhost --data examples/algar.zip --workers 0
  trapline worker --store redis://localhost --data examples/algar.zip --workers 4

Processes that share a store need the same data sets, by the same names, and the same folder of files.")]
pub struct WorkerArguments {
    /// Redis server with the queue of jobs
    #[arg(long, value_name = "redis://…", help_heading = "Jobs")]
    pub store: StoreAddress,
    /// Number of jobs that run at once [default: number of cores]
    #[arg(long, value_name = "N", help_heading = "Jobs")]
    pub workers: Option<NonZeroUsize>,
    #[command(flatten)]
    pub jobs: JobArguments,
    #[command(flatten)]
    pub data: DataArguments,
    #[command(flatten)]
    pub fetch: FetchArguments,
}

/// How jobs are worked on. Processes that share a store are given the same.
#[derive(Debug, Args)]
pub struct JobArguments {
    /// Folder or bucket (`s3://BUCKET/PREFIX`, gs://…, az://…) for finished files
    #[arg(long, value_name = "DIR|URL", help_heading = "Files", default_value = "trapline-data/exports")]
    pub artifacts: ArtifactsAddress,
    /// Name of the service that owns the files, the same for all processes that share a store [default:
    /// the address of the store]
    #[arg(long, value_name = "NAME", help_heading = "Files")]
    pub service: Option<ServiceName>,
    /// How long finished jobs and their files are kept, in seconds
    #[arg(long, value_name = "SECONDS", help_heading = "Jobs", default_value = "3600", value_parser = parse_seconds)]
    pub ttl: Duration,
    /// How long a worker keeps its job without a heartbeat, in seconds
    #[arg(long, value_name = "SECONDS", help_heading = "Jobs", default_value = "15", value_parser = parse_seconds)]
    pub lease: Duration,
    /// Time between heartbeats of a worker, in seconds
    #[arg(long, value_name = "SECONDS", help_heading = "Jobs", default_value = "5", value_parser = parse_seconds)]
    pub heartbeat: Duration,
    /// Number of attempts after which a job fails
    #[arg(long, value_name = "N", help_heading = "Jobs", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub attempts: u32,
    /// How long running jobs may continue after a signal to stop, in seconds
    #[arg(long, value_name = "SECONDS", help_heading = "Jobs", default_value = "10", value_parser = parse_seconds_or_none)]
    pub grace: Duration,
    /// Begin no job with less free disk space than this, in MiB
    #[arg(long, value_name = "MIB", help_heading = "Files", default_value_t = 256)]
    pub keep_free: u32,
    /// Report a missing worker if no worker has asked for waiting jobs for this time, in seconds
    #[arg(long, value_name = "SECONDS", help_heading = "Monitoring", default_value = "60", value_parser = parse_seconds)]
    pub worker_silence: Duration,
    /// Folder of report templates: NAME.typ or NAME/main.typ
    #[arg(long, value_name = "DIR", help_heading = "Reports")]
    pub templates: Option<PathBuf>,
    /// Folder of fonts for letters that the embedded fonts lack [default: fonts of the system]
    #[arg(long, value_name = "DIR", help_heading = "Reports")]
    pub fonts: Option<PathBuf>,
    /// Serve metrics for Prometheus at this address, without a token
    #[arg(long, value_name = "ADDRESS", help_heading = "Monitoring")]
    pub metrics_listen: Option<SocketAddr>,
    /// Another name of this machine besides localhost, such as that of a proxy, for servers without
    /// tokens and for metrics on a loopback address; repeat as needed
    #[arg(long, value_name = "NAME", help_heading = "Access", value_delimiter = ' ')]
    pub host: Vec<HostName>,
    /// OpenTelemetry collector for spans of requests and jobs (OTLP over HTTP), such as
    /// `http://localhost:4318`
    #[arg(long, value_name = "URL", help_heading = "Monitoring")]
    pub otlp_endpoint: Option<String>,
    /// Format of the log on standard error
    #[arg(long, value_name = "FORMAT", help_heading = "Monitoring", value_enum, default_value_t)]
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
