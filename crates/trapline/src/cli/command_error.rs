//! Errors of commands, and their exit status.

use std::process::ExitCode;

use detections::DatabaseError;

/// Why a command has no result.
#[derive(Debug)]
pub enum CommandError {
    /// The call or its input is wrong. Exit status 2.
    Input(String),
    /// The job failed. Exit status 1.
    Job(String),
    /// A message of clap, which may also be the help or the version.
    Usage(clap::Error),
}

impl CommandError {
    pub fn input(message: impl ToString) -> Self {
        Self::Input(message.to_string())
    }

    pub fn job(message: impl ToString) -> Self {
        Self::Job(message.to_string())
    }

    /// The error of a database. Unlike a client of the HTTP interface, the user of a command may see what the
    /// database said.
    pub fn from_database(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Refused(reason) => Self::input(format!("the database cannot be read: {reason}")),
            error => Self::job(error),
        }
    }

    /// Prints the error on standard error, and returns the exit status.
    pub fn print(self) -> ExitCode {
        let (message, status) = match self {
            Self::Usage(error) => {
                // Nothing can be done if standard error is closed.
                let _ = error.print();
                return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
            }
            Self::Input(message) => (message, 2),
            Self::Job(message) => (message, 1),
        };
        eprintln!("error: {message}");
        ExitCode::from(status)
    }
}
