//! Settings from `trapline.toml` and the environment.
//!
//! Each flag gets an environment variable and, out of the file, a default of its own: clap then
//! lets flags win over the environment and the environment over the file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, Command};
use toml::{Table, Value};

use super::failure::Failure;

/// The file that is read when none is named.
const FILE: &str = "trapline.toml";
/// Flags that make no sense in a file.
const NOT_IN_FILES: [&str; 3] = ["help", "version", "config"];

/// `command` with the environment and the file that `arguments` name behind its flags.
pub fn configured(command: Command, arguments: &[OsString]) -> Result<Command, Failure> {
    let file = match named(arguments) {
        Some(path) => Some(read(&path)?),
        None if Path::new(FILE).exists() => Some(read(Path::new(FILE))?),
        None => None,
    };
    if let Some((path, table)) = &file {
        check_keys(&command, path, table)?;
    }
    let settings = file.map(|(_, table)| table).unwrap_or_default();
    Ok(command.mut_subcommands(|command| {
        // What is checked is what would be served.
        let name = if command.get_name() == "check" { "serve" } else { command.get_name() };
        let own = settings.get(name).and_then(Value::as_table).cloned().unwrap_or_default();
        let set = |argument| with_settings(argument, &settings, &own);
        command.mut_args(set).mut_subcommands(|inner| inner.mut_args(set))
    }))
}

/// The file that `--config` or the environment names. Looked for before clap, which needs it.
fn named(arguments: &[OsString]) -> Option<PathBuf> {
    let mut rest = arguments.iter().filter_map(|argument| argument.to_str());
    while let Some(argument) = rest.next() {
        match argument.strip_prefix("--config") {
            Some("") => return rest.next().map(PathBuf::from),
            Some(value) if value.starts_with('=') => return Some(PathBuf::from(&value[1..])),
            _ => {}
        }
    }
    std::env::var_os("TRAPLINE_CONFIG").map(PathBuf::from)
}

fn read(path: &Path) -> Result<(PathBuf, Table), Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::input(format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    let table = text.parse::<Table>().map_err(|error| wrong(&error))?;
    Ok((path.into(), table))
}

fn check_keys(command: &Command, path: &Path, table: &Table) -> Result<(), Failure> {
    let flags = |command: &Command| -> Vec<String> {
        let inner = command.get_subcommands().flat_map(Command::get_arguments);
        let long = command.get_arguments().chain(inner).filter_map(|argument| argument.get_long());
        long.filter(|name| !NOT_IN_FILES.contains(name)).map(key).collect()
    };
    let unknown = |name: &str, mut known: Vec<String>| {
        known.sort();
        known.dedup();
        let known = known.join(", ");
        Failure::input(format!("{}: unknown key “{name}”. Known are: {known}", path.display()))
    };
    let all: Vec<String> = command.get_subcommands().flat_map(flags).collect();
    for (name, value) in table {
        let inner = value.as_table().and_then(|inner| Some((inner, command.find_subcommand(name)?)));
        match inner {
            Some((inner, subcommand)) => {
                let known = flags(subcommand);
                if let Some(name) = inner.keys().find(|name| !known.contains(&key(name))) {
                    return Err(unknown(name, known));
                }
            }
            None if all.contains(&key(name)) => {}
            None => return Err(unknown(name, all)),
        }
    }
    Ok(())
}

/// Keys are written with `_` or `-`.
fn key(name: &str) -> String {
    name.replace('-', "_")
}

fn with_settings(argument: Arg, settings: &Table, own: &Table) -> Arg {
    let Some(name) = argument.get_long().map(key).filter(|name| !NOT_IN_FILES.contains(&name.as_str()))
    else {
        return argument;
    };
    let argument = argument.env(format!("TRAPLINE_{}", name.to_uppercase())).hide_env(true);
    let argument = match argument.get_action() {
        // In an environment people write 1, yes and on as well as true.
        ArgAction::SetTrue => argument.value_parser(BoolishValueParser::new()),
        _ => argument,
    };
    let find = |table: &Table| table.iter().find(|(known, _)| key(known) == name).map(|(_, v)| v.clone());
    match find(own).or_else(|| find(settings).filter(|value| !value.is_table())) {
        None => argument,
        Some(value) => {
            let values = texts(&value);
            match argument.get_action() {
                ArgAction::Append => argument.required(false).default_values(values),
                _ => argument.required(false).default_value(values.into_iter().next().unwrap_or_default()),
            }
        }
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        other => vec![other.to_string()],
    }
}
