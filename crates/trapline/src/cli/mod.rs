//! The command line.

mod archive;
mod arguments;
mod check;
mod config;
mod demo;
mod failure;
mod info;
mod job;
mod lay_out;
mod manual;
mod missing_reasons;
mod output;
mod report;
mod serve;
mod token;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use arguments::{Cli, Command};
use failure::Failure;

/// Runs a command and tells how it ended: 0 done, 1 the job failed, 2 the call or its input is
/// wrong.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match parse(&arguments).and_then(dispatch) {
        Ok(status) => status,
        Err(failure) => failure.tell(),
    }
}

fn parse(arguments: &[OsString]) -> Result<Cli, Failure> {
    let command = config::configured(Cli::command(), arguments)?;
    let matches = command.try_get_matches_from(arguments).map_err(Failure::Usage)?;
    Cli::from_arg_matches(&matches).map_err(Failure::Usage)
}

fn dispatch(cli: Cli) -> Result<ExitCode, Failure> {
    let done = match cli.command {
        Command::LayOut(arguments) => return lay_out::run(&arguments),
        Command::Job(command) => return job::run(&command),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Serve(arguments) => serve::serve(&arguments),
        Command::Worker(arguments) => serve::worker(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Archive(arguments) => archive::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Info(arguments) => info::run(&arguments),
        Command::Completions { shell } => {
            manual::completions(shell);
            Ok(())
        }
        Command::Man => manual::manual(),
        Command::Token(command) => token::run(&command),
    };
    done.map(|()| ExitCode::SUCCESS)
}
