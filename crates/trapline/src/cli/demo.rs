//! `trapline demo`: the bundled examples from end to end, through one real server.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use archive::in_thousands;
use jobs::{StoreAddress, StoreOptions};
use serde_json::{Value, json};

use super::arguments::DemoArguments;
use super::command_error::CommandError;
use super::output::Steps;
use super::serve::build_runtime;
use crate::service::{Service, Settings};
use crate::telemetry::{self, LogFormat};
use artifacts::ArtifactsAddress;
use client::{Client, Existing, JobEvent};
use exports::datasets::{DataAddress, DataArgument, Datasets, OpenOptions};
use exports::limits::{JOB_MEMORY_MIB, PICTURE_MEMORY_MIB, build_limits};
use exports::templates::Templates;
use exports::worker::WorkerSettings;

/// The examples that are bundled with the program, by their path.
macro_rules! bundled {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_bytes!(concat!("../../../../examples/", $path)) as &[u8])),*]
    };
}

const EXAMPLES: [(&str, &[u8]); 15] = bundled![
    "algar.zip",
    "camtrap-dp/datapackage.json",
    "camtrap-dp/deployments.csv",
    "camtrap-dp/media.csv",
    "camtrap-dp/observations.csv",
    "camtrap-dp/media/20210531082538-RCNX0031.JPG",
    "camtrap-dp/media/20210531082538-RCNX0032.JPG",
    "camtrap-dp/media/20210531082539-RCNX0033.JPG",
    "camtrap-dp/media/20210531082539-RCNX0034.JPG",
    "camtrap-dp/media/20210531082539-RCNX0035.JPG",
    "camtrap-dp/media/20210531082540-RCNX0036.JPG",
    "camtrap-dp/media/20210531082540-RCNX0037.JPG",
    "camtrap-dp/media/20210531082540-RCNX0038.JPG",
    "camtrap-dp/media/20210531082540-RCNX0039.JPG",
    "camtrap-dp/media/20210531082541-RCNX0040.JPG",
];

/// The year of the Algar survey that the report is on.
const PERIOD: (&str, &str) = ("2018-05-01", "2019-04-30");

pub fn run(arguments: &DemoArguments) -> Result<(), CommandError> {
    telemetry::start("warn", LogFormat::Text);
    let scratch = tempfile::tempdir().map_err(CommandError::job)?;
    // They stay, for trying other commands on them.
    let examples = arguments.output.join("examples");
    unpack(&examples)
        .map_err(|error| CommandError::input(format!("{}: {error}", arguments.output.display())))?;
    let data = |name: &str, path: &str| DataArgument {
        name: name.into(),
        address: DataAddress::Path(examples.join(path)),
    };
    let sets = [data("algar", "algar.zip"), data("camtrap-dp", "camtrap-dp")];
    let datasets = Datasets::open(&sets, &OpenOptions::default()).map_err(CommandError::job)?;
    let settings = Settings {
        store: StoreAddress::Sqlite(scratch.path().join("jobs")),
        artifacts: ArtifactsAddress::Folder(scratch.path().join("exports")),
        service: None,
        workers: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        options: StoreOptions::default(),
        worker: WorkerSettings {
            templates: Templates::default(),
            limits: build_limits(JOB_MEMORY_MIB, PICTURE_MEMORY_MIB),
            heartbeat: Duration::from_secs(5),
            grace: Duration::from_secs(2),
        },
        metrics: None,
        metrics_hosts: Vec::new(),
        keep_free: 0,
        worker_silence: Duration::from_mins(1),
    };
    build_runtime()?.block_on(async {
        let service = Service::start(
            &settings,
            SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            datasets,
            server::Config::local(),
        )
        .await
        .map_err(CommandError::job)?;
        let shown = show(&format!("http://{}", service.address()), &arguments.output).await;
        service.stop().await.map_err(CommandError::job)?;
        shown
    })
}

fn unpack(folder: &Path) -> std::io::Result<()> {
    for (path, bytes) in EXAMPLES {
        let path: PathBuf = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        std::fs::write(path, bytes)?;
    }
    Ok(())
}

async fn show(server: &str, output: &Path) -> Result<(), CommandError> {
    eprintln!("Started a server with two data sets on {server}.\n");
    let address = server.parse().map_err(CommandError::job)?;
    let client = Client::new(&address, None)?;

    let (from, to) = PERIOD;
    eprintln!("1. Report on one year of the Algar survey (Alberta, {from} to {to})");
    let report =
        json!({"report_type": "seasonal_activity", "start_date": from, "end_date": to, "dataset": "algar"});
    export(&client, "pdf", &report, &output.join("report.pdf")).await?;

    eprintln!("\n2. Comparison of its summer and winter");
    let period =
        |label: &str, start: &str, end: &str| json!({"label": label, "start_date": start, "end_date": end});
    let comparison = json!({"report_type": "comparison", "start_date": from, "end_date": to, "dataset": "algar",
        "comparison_periods": [period("Summer", "2018-06-01", "2018-08-31"), period("Winter", "2018-12-01", "2019-02-28")]});
    export(&client, "pdf", &comparison, &output.join("comparison.pdf")).await?;

    eprintln!("\n3. Archive of a heron at one camera (Camtrap DP example, 11 April 2021)");
    let archive = json!({"filter": {"start_date": "2021-04-11", "end_date": "2021-04-11", "classifications": ["Ardea"]}, "dataset": "camtrap-dp"});
    export(&client, "zip", &archive, &output.join("detections.zip")).await?;

    let program = std::env::args().next().unwrap_or_else(|| "trapline".into());
    let file = |name: &str| output.join(name).display().to_string();
    let [report, comparison, archive] = ["report.pdf", "comparison.pdf", "detections.zip"].map(file);
    let [survey, package] = ["examples/algar.zip", "examples/camtrap-dp"].map(file);
    eprintln!(
        "\nOpen {report}, {comparison} and {archive}. The data sets are {survey} and {package}. Then try:"
    );
    eprintln!("  {program} serve --data {survey}       # start a server");
    eprintln!("  {program} report --data YOUR_PACKAGE --from 2024-09-01 --to 2025-01-31 -o report.pdf");
    eprintln!("  {program} --help");
    Ok(())
}

/// Submits an export, waits for it and downloads it: what every client does.
async fn export(client: &Client, kind: &str, request: &Value, to: &Path) -> Result<(), CommandError> {
    let begun = Instant::now();
    eprintln!("   POST /api/exports/{kind}  {request}");
    let accepted = client.submit(kind, request).await?;
    let job_id = accepted["job_id"].as_str().unwrap_or_default();
    let steps = accepted["total_detections"].as_u64().map(|total| Steps::new("   detections", total));
    let progress = |news: JobEvent| {
        if let (Some(steps), JobEvent::Status(status)) = (&steps, news) {
            steps.set(status["processed_count"].as_u64().unwrap_or(0));
        }
    };
    let status = client.follow(job_id, progress).await?;
    steps.iter().for_each(Steps::finish);
    if status["status"] != "completed" {
        return Err(CommandError::job(status["error_message"].as_str().unwrap_or_default()));
    }
    let took = begun.elapsed();
    let downloaded = client.download(&status, to, Existing::Replace, |_, _| ()).await?;
    let (took, bytes) = (took.as_millis(), downloaded.bytes);
    eprintln!("   completed in {took} ms: {} ({} bytes)", to.display(), in_thousands(bytes));
    Ok(())
}
