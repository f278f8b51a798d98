//! Real processes under load, ended and stopped at random: servers, workers and the Redis server
//! that they share. In the end every job has to have ended or to be gone, no file may be there that
//! no record wants, and every crop has to be the one that its picture gives alone.
//!
//! - `ground` is where data, files and jobs are;
//! - `processes` starts servers and workers, and ends them;
//! - `monkey` chooses what is ended or stopped, and when;
//! - `pictures` is a data set of whole and broken pictures and pipes, and `reference` is what each of
//!   them gives alone;
//! - `requests` are what clients ask for, some of which are made to do harm;
//! - `clients` submit, poll, download and delete, as patient clients do;
//! - `toll` counts, and looks at what is left.

mod clients;
mod ground;
mod monkey;
mod pictures;
mod processes;
mod reference;
mod requests;
mod toll;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;

use ground::Ground;
use processes::Fleet;
use reference::Reference;
use requests::Choices;
use toll::Toll;

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
    let mut ground = match arguments.platform {
        None => Ground::folders(clients::data(), pictures),
        Some(detections) => Ground::platform(&arguments.program, detections, pictures),
    };
    let reference = Arc::new(Reference::make(&arguments.program, &ground));
    let ids = ground.as_platform().map(|platform| Arc::new(std::mem::take(&mut platform.ids)));
    let choices = Choices { ids, pictures: Arc::new(ground.pictures.detections.clone()) };
    let fleet = Fleet::start(arguments.program, ground);
    let toll = Arc::new(Toll::default());
    let over = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let clients: Vec<_> = (0..arguments.clients)
        .map(|number| {
            let seed = arguments.seed + number;
            let token = fleet.ground.token(number);
            let who = clients::Who { token, choices: choices.clone(), reference: Arc::clone(&reference) };
            let client = clients::Client::new(seed, fleet.urls(), who, Arc::clone(&toll));
            runtime.spawn(client.run(Arc::clone(&over)))
        })
        .collect();
    let until = Instant::now() + Duration::from_secs(arguments.seconds);
    let mut fleet = monkey::run(fleet, arguments.seed, until, &toll);
    over.store(true, Ordering::Relaxed);
    fleet.heal();
    runtime.block_on(async {
        for client in clients {
            client.await.expect("a client that ends by itself");
        }
        toll.settle(&fleet).await;
    });
    println!("{toll}");
    if toll.is_clean() {
        return ExitCode::SUCCESS;
    }
    eprintln!("logs are kept in {}", fleet.keep().display());
    ExitCode::FAILURE
}
