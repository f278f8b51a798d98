//! `trapline check`: what a server would meet, before it is started. It makes nothing and changes nothing.

use std::path::Path;

use detections::{Database, DatabaseError};
use jobs::{SqliteStore, StoreAddress, StoreError, StoreOptions};
use tokio::net::TcpListener;
use tokio::runtime::Handle;

use super::arguments::ServeArguments;
use super::failure::Failure;
use super::output::result;
use super::serve::{open_to_all, runtime};
use crate::artifacts::{Artifacts, Owner};
use crate::folder_access::{find_writable, is_missing};
use crate::overview::DatasetOverview;
use crate::source::Source;
use crate::templates::Templates;
use crate::webhook::Webhooks;

/// What was found, one line for each thing that was looked at.
#[derive(Default)]
struct Found {
    failed: usize,
}

impl Found {
    fn note(&mut self, what: &str, outcome: Result<String, String>) {
        match outcome {
            Ok(found) => result(format_args!("ok    {what}: {found}")),
            Err(problem) => {
                self.failed += 1;
                result(format_args!("FAIL  {what}: {problem}"));
            }
        }
    }
}

pub fn run(arguments: &ServeArguments) -> Result<(), Failure> {
    let mut found = Found::default();
    let runtime = runtime()?;
    let _inside = runtime.enter();
    data(arguments, &mut found)?;
    folders(arguments, &mut found);
    access(arguments, &mut found);
    runtime.block_on(servers(arguments, &mut found));
    match found.failed {
        0 => Ok(()),
        1 => Err(Failure::input("one thing would fail; see above")),
        failed => Err(Failure::input(format!("{failed} things would fail; see above"))),
    }
}

/// Each data set, with what of it cannot be read.
fn data(arguments: &ServeArguments, found: &mut Found) -> Result<(), Failure> {
    let how = arguments.data.how(arguments.fetch.fetch()?)?;
    let mut names: Vec<&str> = Vec::new();
    for argument in &arguments.data.data {
        let name = &argument.name;
        let what = format!("data {name}");
        if names.contains(&name.as_str()) {
            found.note(
                &what,
                Err("another data set has this name; give it one of its own with NAME=PATH".into()),
            );
        }
        names.push(name);
        match argument.open(&how) {
            Err(error) => found.note(&what, Err(error.to_string())),
            Ok(Source::Unusable(reason)) => found.note(&what, Err(reason.to_string())),
            Ok(source) => found.note(&what, describe(name, &source)),
        }
    }
    Ok(())
}

/// What a data set holds, in a line; of a database also whether it is fit to be asked.
fn describe(name: &str, source: &Source) -> Result<String, String> {
    let health = match source {
        Source::Read(_) | Source::Unusable(_) => String::new(),
        Source::Database(database) => describe_health(database)?,
    };
    let overview = DatasetOverview::of(name, source, false, false).map_err(|error| refusal_of(&error))?;
    Ok(overview.in_short() + &health)
}

/// Why a database gives no data. Who runs a check may know what its server said.
fn refusal_of(error: &DatabaseError) -> String {
    match error {
        DatabaseError::Refused(reason) => format!("cannot be read: {reason}"),
        error => error.to_string(),
    }
}

/// What a database's server could do better, and what it lets us do that it need not.
fn describe_health(database: &Database) -> Result<String, String> {
    let health = Handle::current().block_on(database.health()).map_err(|error| refusal_of(&error))?;
    let mut told = String::new();
    if health.unindexed {
        told +=
            ". A day's pictures are looked for in all of them: an index on the time of pictures is missing";
    }
    if health.may_write {
        told += ". The role may write, which it need not: give it SELECT alone";
    }
    Ok(told)
}

/// The folders that are read and written.
fn folders(arguments: &ServeArguments, found: &mut Found) {
    let jobs = &arguments.jobs;
    let owner = Owner::peek(jobs.service.as_ref(), &arguments.store).map_err(|error| error.to_string());
    let artifacts = owner.and_then(|owner| {
        let inspected = Handle::current().block_on(Artifacts::inspect(&jobs.artifacts, owner));
        inspected.map_err(|error| error.to_string())
    });
    let place = &jobs.artifacts;
    found.note(
        "artifacts",
        artifacts.as_ref().map_err(Clone::clone).map(|condition| {
            let state =
                if condition.is_there { "can be written to" } else { "is not there yet and can be made" };
            format!("{place} {state}")
        }),
    );
    if let Ok(condition) = &artifacts {
        let (free, least) = (condition.free >> 20, u64::from(jobs.keep_free));
        let room = format!("{free} MiB are free where files are made");
        found.note(
            "room",
            if free < least {
                Err(format!("{room}, and no job is begun below {least} (--keep-free)"))
            } else {
                Ok(room)
            },
        );
    }
    for (flag, folder) in [("templates", &jobs.templates), ("fonts", &jobs.fonts)] {
        if let Some(folder) = folder {
            let there = folder.is_dir().then(|| folder.display().to_string());
            found.note(flag, there.ok_or_else(|| format!("there is no folder {}", folder.display())));
        }
    }
    if let Some(folder) = &jobs.templates {
        let templates = Templates { folder: Some(folder.clone()), fonts: jobs.fonts.clone() };
        for name in template_names(folder) {
            let known = templates.find(&name).map(|_| "can be asked for".to_owned());
            found.note(&format!("template {name}"), known.map_err(|error| error.to_string()));
        }
    }
    if jobs.heartbeat >= jobs.lease {
        found.note(
            "heartbeat",
            Err("is not shorter than the lease: every job would be taken for lost".into()),
        );
    }
}

/// Names of templates in a folder, sorted.
fn template_names(folder: &Path) -> Vec<String> {
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

/// Who is let in, and who is told of ends.
fn access(arguments: &ServeArguments, found: &mut Found) {
    let tokens = arguments.access.access.len();
    let open = arguments.access.access().is_open();
    found.note(
        "access",
        if open && !arguments.listen.ip().is_loopback() {
            Err(open_to_all(arguments.listen))
        } else if open {
            Ok("no tokens: whoever is on this machine may do everything".into())
        } else {
            Ok(format!("{tokens} tokens"))
        },
    );
    let settings = arguments.webhooks.settings();
    let secrets = settings.secrets.len();
    let webhooks = Webhooks::new(&settings).map_err(|error| error.to_string());
    if secrets > 0 {
        found.note("webhooks", webhooks.map(|_| format!("signed with {secrets} secrets")));
    }
}

/// What listens, and what is spoken to.
async fn servers(arguments: &ServeArguments, found: &mut Found) {
    let listen = TcpListener::bind(arguments.listen).await.map_err(|error| error.to_string());
    found.note("listen", listen.map(|_| format!("{} is free", arguments.listen)));
    let store = match &arguments.store {
        StoreAddress::Sqlite(folder) => check_folder_of_jobs(folder),
        server @ StoreAddress::Redis(_) => {
            let options = StoreOptions { ttl: arguments.jobs.ttl, ..StoreOptions::default() };
            let asked = ask_server_of_jobs(server, options).await;
            asked
                .map(|()| format!("{server} answers and can be written to"))
                .map_err(|error| error.to_string())
        }
    };
    found.note("store", store);
}

async fn ask_server_of_jobs(server: &StoreAddress, options: StoreOptions) -> Result<(), StoreError> {
    server.open(options).await?.check().await
}

/// Whether jobs can be kept in a folder. Opening a store there would make it.
fn check_folder_of_jobs(folder: &Path) -> Result<String, String> {
    let shown = folder.display();
    let writable =
        find_writable(folder).map_err(|error| format!("jobs cannot be kept in {shown}: {error}"))?;
    if is_missing(folder) {
        return Ok(format!("jobs are kept in {shown}, which can be made in {}", writable.display()));
    }
    SqliteStore::inspect(folder).map_err(|error| error.to_string())?;
    Ok(format!("jobs are kept in {shown}"))
}
