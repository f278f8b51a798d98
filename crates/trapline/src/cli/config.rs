//! Settings from `trapline.toml` and the environment.
//!
//! Each flag gets an environment variable, and a default value from the file. So flags take precedence over
//! the environment, and the environment over the file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, Command};
use toml::{Table, Value};

use super::command_error::CommandError;

/// The file that is read when no other is named.
const DEFAULT_FILE: &str = "trapline.toml";
/// Flags that a file cannot set.
const NOT_IN_FILES: [&str; 3] = ["help", "version", "config"];

/// Adds the environment and the file that `arguments` name to the flags of a command.
pub fn add_settings(command: Command, arguments: &[OsString]) -> Result<Command, CommandError> {
    let default = Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists());
    let file = find_named_file(arguments).or(default).as_deref().map(read).transpose()?;
    if let Some((path, table)) = &file {
        check_keys(&command, path, table)?;
    }
    let settings = file.map(|(_, table)| table).unwrap_or_default();
    Ok(command.mut_subcommands(|command| {
        // `check` uses the settings of the server that it checks.
        let name = if command.get_name() == "check" { "serve" } else { command.get_name() };
        let own = settings.get(name).and_then(Value::as_table).cloned().unwrap_or_default();
        let set = |argument| add_setting(argument, &settings, &own);
        command.mut_args(set).mut_subcommands(|inner| inner.mut_args(set))
    }))
}

/// Finds the file that `--config` or the environment names, before clap reads the arguments.
fn find_named_file(arguments: &[OsString]) -> Option<PathBuf> {
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

fn read(path: &Path) -> Result<(PathBuf, Table), CommandError> {
    let wrong = |error: &dyn std::fmt::Display| CommandError::input(format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    let table = text.parse::<Table>().map_err(|error| wrong(&error))?;
    Ok((path.into(), table))
}

fn check_keys(command: &Command, path: &Path, table: &Table) -> Result<(), CommandError> {
    let flags = |command: &Command| -> Vec<String> {
        let inner = command.get_subcommands().flat_map(Command::get_arguments);
        let long = command.get_arguments().chain(inner).filter_map(|argument| argument.get_long());
        long.filter(|name| !NOT_IN_FILES.contains(name)).map(key).collect()
    };
    let unknown = |name: &str, mut known: Vec<String>| {
        known.sort();
        known.dedup();
        let known = known.join(", ");
        CommandError::input(format!("{}: unknown key “{name}”. There are: {known}", path.display()))
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

/// The key of a flag in a file, where it may be written with `_` or `-`.
fn key(name: &str) -> String {
    name.replace('-', "_")
}

fn add_setting(argument: Arg, settings: &Table, own: &Table) -> Arg {
    let Some(name) = argument.get_long().map(key).filter(|name| !NOT_IN_FILES.contains(&name.as_str()))
    else {
        return argument;
    };
    let argument = argument.env(format!("TRAPLINE_{}", name.to_uppercase())).hide_env(true);
    let argument = match argument.get_action() {
        // Environment variables may also be set to 1, yes or on.
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
