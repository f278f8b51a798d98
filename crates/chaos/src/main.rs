//! Runs real processes under load, and kills and stops them at random: servers, workers and the Redis
//! server that they share. In the end every job must have ended or be deleted, no file may exist that
//! no record names, and every crop must equal the one that its picture gives in an archive of its own.
//!
//! - `environment` is the data, the files and the job store, in folders or on a platform;
//! - `processes` starts and kills servers and workers;
//! - `monkey` chooses what is killed or stopped, and when;
//! - `data_set` is a data set of one large picture;
//! - `pictures` is a data set of whole and broken pictures and pipes, and `reference` the crops that each
//!   of them gives in an archive of its own;
//! - `requests` chooses requests, some of which are made to do harm;
//! - `clients` submit, poll, download and delete;
//! - `verdict` counts what happened, and looks for what must not be left.

mod clients;
mod data_set;
mod environment;
mod monkey;
mod pictures;
mod processes;
mod reference;
mod requests;
mod verdict;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;

use clients::{Client, ClientSettings};
use environment::Environment;
use processes::Fleet;
use reference::Reference;
use requests::Choices;
use verdict::Verdict;

/// Ends real processes at random, and counts what becomes of the jobs.
#[derive(Debug, Parser)]
struct Arguments {
    /// How long, in seconds
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// What the choices come from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Clients that submit jobs
    #[arg(long, default_value_t = 6)]
    clients: u64,
    /// On a platform: PostgreSQL with so many detections, an object store, and tokens
    #[arg(long, value_name = "DETECTIONS")]
    platform: Option<u32>,
    /// The program
    #[arg(long, default_value = "target/debug/trapline")]
    program: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let pictures = pictures::write_pictures();
    let mut environment = match arguments.platform {
        None => Environment::with_folders(data_set::write_data_set(), pictures),
        Some(detections) => Environment::with_platform(&arguments.program, detections, pictures),
    };
    let reference = Arc::new(Reference::export(&arguments.program, &environment));
    let ids = environment.as_platform().map(|platform| Arc::new(std::mem::take(&mut platform.ids)));
    let choices = Choices { ids, pictures: Arc::new(environment.pictures.detections.clone()) };
    let fleet = Fleet::start(arguments.program, environment);
    let verdict = Arc::new(Verdict::default());
    let over = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let clients: Vec<_> = (0..arguments.clients)
        .map(|number| {
            let seed = arguments.seed + number;
            let token = fleet.environment.token(number);
            let settings =
                ClientSettings { token, choices: choices.clone(), reference: Arc::clone(&reference) };
            let client = Client::new(seed, fleet.urls(), settings, Arc::clone(&verdict));
            runtime.spawn(client.run(Arc::clone(&over)))
        })
        .collect();
    let until = Instant::now() + Duration::from_secs(arguments.seconds);
    let mut fleet = monkey::run(fleet, arguments.seed, until, &verdict);
    over.store(true, Ordering::Relaxed);
    fleet.resume();
    runtime.block_on(async {
        for client in clients {
            client.await.expect("a client that ends by itself");
        }
        verdict.settle(&fleet).await;
    });
    println!("{verdict}");
    if verdict.is_clean() {
        return ExitCode::SUCCESS;
    }
    eprintln!("logs are kept in {}", fleet.keep_logs().display());
    ExitCode::FAILURE
}
