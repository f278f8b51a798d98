//! Handles Ctrl-C while a job is waited for: the user is asked whether it should be deleted.

use std::future::Future;
use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use crate::cli::command_error::CommandError;
use client::{Client, printable};

/// The exit status of a program that ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Runs `work` to its end, or until Ctrl-C. After that it offers to delete the job.
pub async fn run_until_interrupted(
    client: &Client,
    job_id: &str,
    work: impl Future<Output = Result<ExitCode, CommandError>>,
) -> Result<ExitCode, CommandError> {
    tokio::select! {
        // The signal must be caught before anything is printed, since a user may press Ctrl-C from then on.
        biased;
        interrupted = tokio::signal::ctrl_c() => {
            interrupted.map_err(CommandError::job)?;
            offer_to_delete(client, job_id).await
        }
        done = work => done,
    }
}

async fn offer_to_delete(client: &Client, job_id: &str) -> Result<ExitCode, CommandError> {
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        eprint!("\nDelete the export? Otherwise it continues. [y/N] ");
        let wanted = tokio::select! {
            answer = read_answer() => matches!(answer.trim(), "y" | "Y" | "yes"),
            // A second Ctrl-C.
            _ = tokio::signal::ctrl_c() => false,
        };
        if wanted {
            client.delete(job_id).await?;
            eprintln!("deleted");
            return Ok(ExitCode::from(INTERRUPTED));
        }
    }
    let job_id = printable(job_id);
    eprintln!(
        "\nThe export continues. Follow it with `trapline job watch {job_id}`, or stop it with `trapline job delete {job_id}`."
    );
    Ok(ExitCode::from(INTERRUPTED))
}

/// Reads a line from the terminal. The thread that reads ends with the process.
async fn read_answer() -> String {
    let (send, receive) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        // An error counts as an empty answer.
        let _ = std::io::stdin().lock().read_line(&mut line);
        let _ = send.send(line);
    });
    receive.await.unwrap_or_default()
}
