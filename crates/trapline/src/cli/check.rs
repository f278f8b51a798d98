//! `trapline check`: tests whether a server could start with these settings. It creates and changes nothing.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use archive::{count, in_thousands};
use detections::{Database, DatabaseError};
use exports::runtime::AbandoningRuntime;
use jobs::{OpenError, SqliteStore, StoreAddress, StoreError, StoreOptions};
use tokio::net::TcpListener;
use tokio::runtime::Handle;

use super::arguments::{ServeArguments, WebhookArguments};
use super::command_error::CommandError;
use super::output::print_result;
use super::serve::{build_runtime, open_access_message};
use artifacts::{Artifacts, Owner, OwnerError, PlaceCondition};
use exports::overview::DatasetOverview;
use exports::source::Source;
use exports::templates::Templates;
use files::folder_access::{find_writable, is_missing};
use files::timed_call::call_with_timeout;
use server::webhook::Webhooks;

/// Prints a line for each check, and counts those that failed.
#[derive(Default)]
struct CheckReport {
    failed: usize,
}

impl CheckReport {
    fn add(&mut self, what: &str, outcome: Result<impl Display, impl Display>) {
        match outcome {
            Ok(found) => print_result(format_args!("ok    {what}: {found}")),
            Err(problem) => self.fail(what, problem),
        }
    }

    fn fail(&mut self, what: &str, problem: impl Display) {
        self.failed += 1;
        print_result(format_args!("FAIL  {what}: {problem}"));
    }
}

pub fn run(arguments: &ServeArguments) -> Result<(), CommandError> {
    let mut report = CheckReport::default();
    let runtime = AbandoningRuntime::new(build_runtime()?);
    let _inside = runtime.enter();
    check_data(arguments, &mut report)?;
    check_folders(arguments, &mut report);
    check_access(arguments, &mut report);
    runtime.block_on(check_servers(arguments, &mut report));
    match report.failed {
        0 => Ok(()),
        1 => Err(CommandError::input("1 problem found; see FAIL above")),
        failed => Err(CommandError::input(format!("{failed} problems found; see FAIL above"))),
    }
}

/// Checks whether each data set can be read.
fn check_data(arguments: &ServeArguments, report: &mut CheckReport) -> Result<(), CommandError> {
    let options = arguments.data.reading.open_options(arguments.fetch.build_fetcher()?)?;
    let mut names: Vec<&str> = Vec::new();
    for argument in &arguments.data.data {
        let name = &argument.name;
        let what = format!("data {name}");
        if names.contains(&name.as_str()) {
            report.fail(&what, "another data set has this name; give another one with NAME=PATH");
        }
        names.push(name);
        match argument.open(&options) {
            Err(error) => report.fail(&what, error),
            Ok(Source::Unusable(reason)) => report.fail(&what, reason),
            Ok(source) => report.add(&what, describe(name, &source).map_err(|error| describe_error(&error))),
        }
    }
    Ok(())
}

/// Describes a data set in a line. For a database this includes [`describe_health`].
fn describe(name: &str, source: &Source) -> Result<String, DatabaseError> {
    let health = match source {
        Source::Read(_) | Source::Unusable(_) => String::new(),
        Source::Database(database) => describe_health(database)?,
    };
    let overview = DatasetOverview::new(name, source, false, false)?;
    Ok(format!("{}{health}", overview.summary_line()))
}

/// The error of a database. Unlike a client of the HTTP interface, the operator may see what the database
/// said.
fn describe_error(error: &DatabaseError) -> String {
    match error {
        DatabaseError::Refused(reason) => format!("cannot be read: {reason}"),
        error => error.to_string(),
    }
}

/// Describes a missing index, and permissions that the role does not need.
fn describe_health(database: &Database) -> Result<String, DatabaseError> {
    let health = Handle::current().block_on(database.check_health())?;
    let mut text = String::new();
    if health.lacks_index {
        text += ". Create an index on the time of pictures; without it each export reads all of them";
    }
    if health.may_write {
        text += ". The role may write; SELECT is enough";
    }
    Ok(text)
}

/// Why files cannot be kept at a place.
#[derive(Debug, thiserror::Error)]
enum PlaceError {
    /// The job store, which identifies the service, cannot be read: correct `--store`.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The place cannot be used: correct `--artifacts`, or do what the error says.
    #[error(transparent)]
    Owner(#[from] OwnerError),
}

/// Inspects the place of files.
async fn inspect_artifacts(arguments: &ServeArguments) -> Result<PlaceCondition, PlaceError> {
    let (service, store) = (arguments.jobs.service.clone(), arguments.store.clone());
    let identified = call_with_timeout(move || Owner::peek(service.as_ref(), &store)).await;
    let unavailable = |error| StoreError::Unavailable(format!("{}: {error}", arguments.store));
    let owner = identified.map_err(unavailable)??;
    Ok(Artifacts::inspect(&arguments.jobs.artifacts, owner).await?)
}

/// Checks the folders that are read and written.
fn check_folders(arguments: &ServeArguments, report: &mut CheckReport) {
    let jobs = &arguments.jobs;
    let artifacts = Handle::current().block_on(inspect_artifacts(arguments));
    let place = &jobs.artifacts;
    let described = artifacts.as_ref().map(|condition| {
        let state =
            if condition.exists { "can be written to" } else { "does not exist yet and can be created" };
        format!("{place} {state}")
    });
    report.add("artifacts", described);
    if let Ok(condition) = &artifacts {
        let (free, least) = (condition.free_space >> 20, u64::from(jobs.keep_free));
        let room = format!("{} MiB free", in_thousands(free));
        let too_little = || format!("{room}; no job begins below {} MiB (--keep-free)", in_thousands(least));
        report.add("disk space", if free < least { Err(too_little()) } else { Ok(&room) });
    }
    for (flag, folder) in [("templates", &jobs.templates), ("fonts", &jobs.fonts)] {
        if let Some(folder) = folder {
            let there = folder.is_dir().then(|| folder.display().to_string());
            report.add(flag, there.ok_or_else(|| format!("no folder {}", folder.display())));
        }
    }
    if let Some(folder) = &jobs.templates {
        let templates = Templates { folder: Some(folder.clone()), fonts: jobs.fonts.clone() };
        for name in list_templates(folder) {
            report.add(&format!("template {name}"), templates.find(&name).map(|_| "found"));
        }
    }
    if jobs.heartbeat >= jobs.lease {
        report.fail("heartbeat", "must be shorter than the lease, else jobs are lost; use a third of it");
    }
}

/// Lists the names of the templates in a folder, sorted.
fn list_templates(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| {
            let path = entry.path();
            path.extension().is_some_and(|ending| ending == "typ") || path.join("main.typ").is_file()
        })
        .filter_map(|entry| Some(entry.path().file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names
}

/// Checks the tokens and the secrets of webhooks.
fn check_access(arguments: &ServeArguments, report: &mut CheckReport) {
    let tokens = arguments.access.access.len();
    let open = arguments.access.access().is_open();
    report.add(
        "access",
        if open && !arguments.listen.ip().is_loopback() {
            Err(open_access_message(arguments.listen))
        } else if open {
            Ok("no tokens: everybody on this machine has full access".to_owned())
        } else {
            Ok(count(tokens as u64, "token", "tokens"))
        },
    );
    let WebhookArguments { webhook_secret: secrets, webhook_private } = &arguments.webhooks;
    if !secrets.is_empty() {
        let signed = |_| format!("signed with {}", count(secrets.len() as u64, "secret", "secrets"));
        report.add("webhooks", Webhooks::new(secrets, *webhook_private).map(signed));
    }
}

/// Checks the address to listen on, and the job store.
async fn check_servers(arguments: &ServeArguments, report: &mut CheckReport) {
    let listen = TcpListener::bind(arguments.listen).await;
    report.add("listen", listen.map(|_| format!("{} is free", arguments.listen)));
    let store = match &arguments.store {
        StoreAddress::Sqlite(folder) => check_store_folder(folder).await,
        server @ StoreAddress::Redis(_) => {
            let options = StoreOptions { ttl: arguments.jobs.ttl, ..StoreOptions::default() };
            ping_store(server, options).await.map_err(CheckStoreError::Store)
        }
    };
    report.add("store", store);
}

async fn ping_store(server: &StoreAddress, options: StoreOptions) -> Result<String, OpenError> {
    server.open(options).await?.ping().await?;
    Ok(format!("{server} answers and can be written to"))
}

/// Why a job store cannot be used.
#[derive(Debug, thiserror::Error)]
enum CheckStoreError {
    /// The folder cannot be created or written to, or does not answer: make it writable, or choose another one.
    #[error("jobs cannot be kept in {}: {reason}", .folder.display())]
    NotWritable { folder: PathBuf, reason: io::Error },
    /// The store cannot be opened: do what the error says.
    #[error(transparent)]
    Store(#[from] OpenError),
}

/// Checks whether a folder can be used as a job store, without opening it, which would create it.
async fn check_store_folder(folder: &Path) -> Result<String, CheckStoreError> {
    let refuse = |reason| CheckStoreError::NotWritable { folder: folder.into(), reason };
    let owned = folder.to_owned();
    call_with_timeout(move || inspect_store_folder(&owned)).await.map_err(refuse)?
}

fn inspect_store_folder(folder: &Path) -> Result<String, CheckStoreError> {
    let shown = folder.display();
    let refuse = |reason| CheckStoreError::NotWritable { folder: folder.into(), reason };
    let writable = find_writable(folder).map_err(refuse)?;
    if is_missing(folder) {
        return Ok(format!("jobs are kept in {shown}, which can be created in {}", writable.display()));
    }
    SqliteStore::inspect(folder)?;
    Ok(format!("jobs are kept in {shown}"))
}
