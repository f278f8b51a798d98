//! The command line.

mod archive;
mod arguments;
mod check;
mod command_error;
mod config;
mod demo;
mod info;
mod job;
mod manual;
mod missing_reasons;
mod output;
mod report;
mod request;
mod serve;
mod template_process;
mod token;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use arguments::{Cli, Command};
use command_error::CommandError;

/// Runs a command and returns its exit status: 0 for success, 1 when the job failed, 2 when the call or its
/// input is wrong.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match parse(&arguments).and_then(dispatch) {
        Ok(status) => status,
        Err(error) => error.print(),
    }
}

fn parse(arguments: &[OsString]) -> Result<Cli, CommandError> {
    let command = config::add_settings(Cli::command(), arguments)?;
    let matches = command.try_get_matches_from(arguments).map_err(CommandError::Usage)?;
    Cli::from_arg_matches(&matches).map_err(CommandError::Usage)
}

fn dispatch(cli: Cli) -> Result<ExitCode, CommandError> {
    let done = match cli.command {
        Command::TemplateProcess(arguments) => return template_process::run(&arguments),
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
