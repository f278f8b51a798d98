//! `trapline serve`.

use std::num::NonZeroUsize;
use std::time::Duration;

use jobs::StoreOptions;
use tokio::signal::unix::{SignalKind, signal};

use super::arguments::ServeArguments;
use super::failure::Failure;
use crate::datasets::Datasets;
use crate::service::{Service, Settings};
use crate::telemetry;

pub fn run(arguments: &ServeArguments) -> Result<(), Failure> {
    telemetry::start("info,sqlx=warn", arguments.log_format);
    let datasets = Datasets::read(&arguments.data.data, &arguments.data.options()).map_err(Failure::input)?;
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let settings = Settings {
        listen: arguments.listen,
        store: arguments.store.clone(),
        artifacts: arguments.artifacts.clone(),
        workers: arguments.workers.unwrap_or(cores),
        options: StoreOptions { ttl: Duration::from_secs(arguments.ttl), ..StoreOptions::default() },
        grace: Duration::from_secs(arguments.grace),
    };
    runtime()?.block_on(async {
        let service = Service::start(&settings, datasets).await.map_err(Failure::input)?;
        // For people and for scripts that asked for port 0.
        println!("listening on http://{}", service.address());
        stop_signal().await?;
        service.stop().await.map_err(Failure::job)
    })
}

/// The runtime of a server. Its blocking threads make the files.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::job)
}

async fn stop_signal() -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::job)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::job)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: running jobs may finish, the rest waits for the next start");
    Ok(())
}
