//! How a command ends when it does not succeed.

use std::process::ExitCode;

use detections::DatabaseError;

/// Why a command ended without its result.
#[derive(Debug)]
pub enum Failure {
    /// The call or its input is wrong. Exit status 2.
    Input(String),
    /// The job failed. Exit status 1.
    Job(String),
    /// What clap says, help and version among it.
    Usage(clap::Error),
}

impl Failure {
    pub fn input(message: impl ToString) -> Self {
        Self::Input(message.to_string())
    }

    pub fn job(message: impl ToString) -> Self {
        Self::Job(message.to_string())
    }

    /// A database that gives no data. Who runs a command may know what the server said.
    pub fn of_database(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Refused(reason) => Self::input(format!("the database cannot be read: {reason}")),
            error => Self::job(error),
        }
    }

    /// Tells the user, on standard error.
    pub fn tell(self) -> ExitCode {
        let (message, status) = match self {
            Self::Usage(error) => {
                // Nothing can be done about a terminal that does not take it.
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
