//! Ctrl-C while a job is waited for: whether it is still wanted is asked, and nothing done unasked.

use std::future::Future;
use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use crate::cli::failure::Failure;
use crate::client::{Client, printable};

/// What a shell says of a program that ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Runs `work` to its end, or until Ctrl-C; then offers to delete the job.
pub async fn or_offer_to_delete(
    client: &Client,
    job_id: &str,
    work: impl Future<Output = Result<ExitCode, Failure>>,
) -> Result<ExitCode, Failure> {
    tokio::select! {
        // The signal is listened for before anything is shown that somebody could answer with Ctrl-C.
        biased;
        interrupted = tokio::signal::ctrl_c() => {
            interrupted.map_err(Failure::job)?;
            offer_to_delete(client, job_id).await
        }
        done = work => done,
    }
}

async fn offer_to_delete(client: &Client, job_id: &str) -> Result<ExitCode, Failure> {
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        eprint!("\nDelete the export? It goes on otherwise. [y/N] ");
        let wanted = tokio::select! {
            answer = answer() => matches!(answer.trim(), "y" | "Y" | "yes"),
            // Pressed again: out of here.
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
        "\nThe export goes on. `trapline job watch {job_id}` follows it, `trapline job delete {job_id}` stops it."
    );
    Ok(ExitCode::from(INTERRUPTED))
}

/// A line that somebody types. The thread that reads ends with the process.
async fn answer() -> String {
    let (send, receive) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        // Whoever types nothing has not said yes.
        let _ = std::io::stdin().lock().read_line(&mut line);
        let _ = send.send(line);
    });
    receive.await.unwrap_or_default()
}
