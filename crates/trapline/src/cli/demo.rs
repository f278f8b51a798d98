//! `trapline demo`: the bundled examples from end to end, through one real server.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jobs::{StoreAddress, StoreOptions};
use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::arguments::DemoArguments;
use super::failure::Failure;
use super::output::{Steps, write_whole};
use super::serve::runtime;
use crate::datasets::{DataArgument, Datasets};
use crate::service::{Service, Settings};
use crate::telemetry::{self, LogFormat};
use crate::templates::Templates;

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

pub fn run(arguments: &DemoArguments) -> Result<(), Failure> {
    telemetry::start("warn", LogFormat::Text);
    let scratch = tempfile::tempdir().map_err(Failure::job)?;
    unpack(scratch.path()).map_err(Failure::job)?;
    std::fs::create_dir_all(&arguments.output)
        .map_err(|error| Failure::input(format!("{}: {error}", arguments.output.display())))?;
    let data = |name: &str, path: &str| DataArgument { name: name.into(), path: scratch.path().join(path) };
    let sets = [data("algar", "algar.zip"), data("camtrap-dp", "camtrap-dp")];
    let datasets = Datasets::read(&sets, &detections::ReadOptions::default()).map_err(Failure::job)?;
    let settings = Settings {
        store: StoreAddress::Sqlite(scratch.path().join("jobs")),
        artifacts: scratch.path().join("exports"),
        workers: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        options: StoreOptions::default(),
        heartbeat: Duration::from_secs(5),
        grace: Duration::from_secs(2),
        templates: Templates::default(),
    };
    runtime()?.block_on(async {
        let service = Service::start(&settings, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), datasets)
            .await
            .map_err(Failure::job)?;
        let shown = show(&format!("http://{}", service.address()), &arguments.output).await;
        service.stop().await.map_err(Failure::job)?;
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

/// A client for a server of this machine. It trusts no certificate, so that none need be installed.
fn client() -> Result<Client, Box<dyn std::error::Error>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(Client::builder().tls_backend_preconfigured(tls).timeout(Duration::from_mins(1)).no_proxy().build()?)
}

async fn show(server: &str, output: &Path) -> Result<(), Failure> {
    eprintln!("A server with two data sets listens on {server}.\n");
    let client = client().map_err(Failure::job)?;
    let demo = Demo { client, server: server.into() };

    let (from, to) = PERIOD;
    eprintln!("1. A report on a year of the Algar survey (Alberta, {from} to {to})");
    let report =
        json!({"report_type": "seasonal_activity", "start_date": from, "end_date": to, "dataset": "algar"});
    demo.export("pdf", &report, &output.join("report.pdf")).await?;

    eprintln!("\n2. Its summer held against its winter");
    let period =
        |label: &str, start: &str, end: &str| json!({"label": label, "start_date": start, "end_date": end});
    let comparison = json!({"report_type": "comparison", "start_date": from, "end_date": to, "dataset": "algar",
        "comparison_periods": [period("Summer", "2018-06-01", "2018-08-31"), period("Winter", "2018-12-01", "2019-02-28")]});
    demo.export("pdf", &comparison, &output.join("comparison.pdf")).await?;

    eprintln!("\n3. An archive of a heron that one camera saw (Camtrap DP example, 11 April 2021)");
    let archive = json!({"filter": {"start_date": "2021-04-11", "end_date": "2021-04-11", "classifications": ["Ardea"]}, "dataset": "camtrap-dp"});
    demo.export("zip", &archive, &output.join("detections.zip")).await?;

    let program = std::env::args().next().unwrap_or_else(|| "trapline".into());
    let file = |name: &str| output.join(name).display().to_string();
    let [report, comparison, archive] = ["report.pdf", "comparison.pdf", "detections.zip"].map(file);
    eprintln!("\nOpen {report}, {comparison} and {archive}. Then try:");
    eprintln!("  {program} serve --data examples/algar.zip       # the same server, for your own requests");
    eprintln!("  {program} report --data YOUR_PACKAGE --from 2024-09-01 --to 2025-01-31 -o report.pdf");
    eprintln!("  {program} --help");
    Ok(())
}

struct Demo {
    client: Client,
    server: String,
}

impl Demo {
    /// Submits an export, waits for it and downloads it: what every client does.
    async fn export(&self, kind: &str, request: &Value, to: &Path) -> Result<(), Failure> {
        let begun = Instant::now();
        let path = format!("/api/exports/{kind}");
        eprintln!("   POST {path}  {request}");
        let post = self.client.post(format!("{}{path}", self.server)).json(request).send().await;
        let accepted = json_of(post).await?;
        let job = text(&accepted, "job_id");
        let status = self.watch(&format!("{path}/{job}"), accepted["total_detections"].as_u64()).await?;
        if status["status"] != "completed" {
            return Err(Failure::job(text(&status, "error_message")));
        }
        let took = begun.elapsed();
        let url = text(&status, "download_url");
        let file = self.client.get(format!("{}{url}", self.server)).send().await.map_err(Failure::job)?;
        let size = write_whole(to, &file.bytes().await.map_err(Failure::job)?)?;
        eprintln!("   completed after {} ms; {size} bytes written to {}", took.as_millis(), to.display());
        Ok(())
    }

    async fn watch(&self, path: &str, total: Option<u64>) -> Result<Value, Failure> {
        let steps = total.map(|total| Steps::new("   detections", total));
        loop {
            let status = json_of(self.client.get(format!("{}{path}", self.server)).send().await).await?;
            if let (Some(steps), Some(done)) = (&steps, status["processed_count"].as_u64()) {
                steps.set(done);
            }
            if status["status"] != "processing" {
                steps.inspect(Steps::finish);
                return Ok(status);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn json_of(answer: reqwest::Result<Response>) -> Result<Value, Failure> {
    let answer = answer.map_err(Failure::job)?;
    let succeeded = answer.status().is_success();
    let body: Value = answer.json().await.map_err(Failure::job)?;
    if succeeded { Ok(body) } else { Err(Failure::job(text(&body, "detail"))) }
}

fn text(body: &Value, field: &str) -> String {
    body[field].as_str().unwrap_or_default().to_owned()
}
