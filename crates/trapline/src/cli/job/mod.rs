//! `trapline job`: exports of a server, from the command line.

mod follow;
mod interrupt;
mod request;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use archive::in_thousands;
use jobs::MissingReason;
use serde::Deserialize;
use serde_json::{Value, json};

use super::arguments::{DownloadArguments, JobAction, JobCommand, SubmitArguments};
use super::command_error::CommandError;
use super::missing_reasons::describe_missing;
use super::output::print_result;
use super::serve::build_runtime;
use client::{Client, ClientError, Existing, export_name, printable, printable_json};
use follow::{DownloadProgress, follow_job};
use interrupt::run_until_interrupted;

/// The fields of a status that are printed, with their labels.
const STATUS_FIELDS: [(&str, &str); 15] = [
    ("job", "job_id"),
    ("title", "title"),
    ("status", "status"),
    ("phase", "phase"),
    ("number in the queue", "queue_position"),
    ("detections", "total_detections"),
    ("done", "processed_count"),
    ("missing", "missing_count"),
    ("as web addresses", "remote_pictures"),
    ("error", "error_message"),
    ("submitted", "created_at"),
    ("ended", "completed_at"),
    ("expires", "expires_at"),
    ("bytes", "file_size_bytes"),
    ("file", "filename"),
];

/// A call of `trapline job`.
struct Call {
    client: Client,
    json: bool,
}

pub fn run(command: &JobCommand) -> Result<ExitCode, CommandError> {
    let client = Client::new(&command.server, token(command)?)?;
    let call = Call { client, json: command.json };
    build_runtime()?.block_on(async {
        match &command.action {
            JobAction::Submit(arguments) => call.submit(arguments).await,
            JobAction::Status(job) => Ok(call.print_status(&call.client.status(&job.job_id).await?)),
            JobAction::Watch(job) => {
                let watched = call.watch(&job.job_id);
                run_until_interrupted(&call.client, &job.job_id, watched).await
            }
            JobAction::Download(DownloadArguments { job_id, output }) => {
                run_until_interrupted(&call.client, job_id, call.fetch(job_id, output.as_deref())).await
            }
            JobAction::Delete(job) => call.delete(&job.job_id).await,
        }
    })
}

/// The token, from a flag, the environment or a file.
fn token(command: &JobCommand) -> Result<Option<String>, CommandError> {
    let Some(path) = command.token_file.as_ref().filter(|_| command.token.is_none()) else {
        return Ok(command.token.clone());
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| CommandError::input(format!("--token-file {}: {error}", path.display())))?;
    Ok(Some(text.trim().to_owned()))
}

impl Call {
    async fn submit(&self, arguments: &SubmitArguments) -> Result<ExitCode, CommandError> {
        let request = request::read(arguments)?;
        let accepted = self.client.submit(arguments.kind.name(), &request).await?;
        let job_id = accepted["job_id"].as_str().unwrap_or_default().to_owned();
        let message = accepted["message"].as_str().unwrap_or("submitted");
        eprintln!("{}: {}", printable(message), printable(&job_id));
        for warning in accepted["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            eprintln!("warning: {}", printable(warning));
        }
        // There is one result: the job, how it ended, or its file.
        let done = async {
            if arguments.output.is_some() {
                return self.fetch(&job_id, arguments.output.as_deref()).await;
            }
            if !self.json {
                print_result(printable(&job_id));
            }
            if !arguments.wait {
                if self.json {
                    print_result(printable_json(&accepted));
                }
                return Ok(ExitCode::SUCCESS);
            }
            let status = follow_job(&self.client, &job_id).await?;
            if self.json {
                print_result(printable_json(&status));
            }
            if status["status"] == "failed" {
                return Err(failed(&status));
            }
            self.warn_of_missing(&status);
            Ok(ExitCode::SUCCESS)
        };
        run_until_interrupted(&self.client, &job_id, done).await
    }

    async fn watch(&self, job_id: &str) -> Result<ExitCode, CommandError> {
        Ok(self.print_status(&follow_job(&self.client, job_id).await?))
    }

    /// Waits for the end of a job and downloads its file.
    async fn fetch(&self, job_id: &str, output: Option<&Path>) -> Result<ExitCode, CommandError> {
        let mut status = self.client.status(job_id).await?;
        if status["status"] == "processing" {
            status = follow_job(&self.client, job_id).await?;
        }
        if status["status"] == "failed" {
            return Err(failed(&status));
        }
        let (to, existing) = match output {
            Some(path) => (path.to_owned(), Existing::Replace),
            None => (local_file_name(&status)?, Existing::Keep),
        };
        let mut progress = DownloadProgress::new();
        let on_progress = |done, total| progress.update(done, total);
        let downloaded = self.client.download(&status, &to, existing, on_progress).await?;
        progress.finish();
        if downloaded.resumed_from > 0 {
            eprintln!("continued after {} bytes of an earlier attempt", downloaded.resumed_from);
        }
        if self.json {
            print_result(printable_json(
                &json!({"job_id": job_id, "file": to, "bytes": downloaded.bytes, "sha256": downloaded.sha256}),
            ));
        } else {
            self.warn_of_missing(&status);
            eprintln!("{} bytes, SHA-256 {}", in_thousands(downloaded.bytes), downloaded.sha256);
            print_result(to.display());
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn delete(&self, job_id: &str) -> Result<ExitCode, CommandError> {
        self.client.delete(job_id).await?;
        if self.json {
            print_result(json!({"job_id": job_id, "deleted": true}));
        } else {
            eprintln!("deleted");
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Prints a status, as JSON or as labelled lines. Returns 1 when the job failed.
    fn print_status(&self, status: &Value) -> ExitCode {
        if self.json {
            print_result(printable_json(status));
        }
        for (name, field) in STATUS_FIELDS.into_iter().filter(|_| !self.json) {
            let text = match (field, &status[field]) {
                (_, Value::Null) => continue,
                ("remote_pictures", count) if count == 0 => continue,
                ("missing_count", count) => {
                    describe_missing_in(status).unwrap_or_else(|| printable_json(count))
                }
                (_, Value::String(text)) => printable(text),
                (_, other) => printable_json(other),
            };
            print_result(format_args!("{name:20}{text}"));
        }
        if status["status"] == "failed" { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    /// Prints on standard error what is missing from an archive, when the result is not its status.
    fn warn_of_missing(&self, status: &Value) {
        if let Some(missing) = describe_missing_in(status).filter(|_| !self.json) {
            eprintln!("{missing}");
        }
    }
}

/// Describes what is missing from an archive. `None` when nothing is.
fn describe_missing_in(status: &Value) -> Option<String> {
    let number = |field: &str| status[field].as_u64().unwrap_or(0);
    let reasons = Vec::<MissingReason>::deserialize(&status["missing_reasons"]).unwrap_or_default();
    let described = describe_missing(number("missing_count"), number("total_detections"), &reasons);
    described.map(|text| printable(&text))
}

fn failed(status: &Value) -> CommandError {
    let reason = status["error_message"].as_str().unwrap_or("the server gave no reason");
    CommandError::job(format!("the export failed: {}", printable(reason)))
}

/// The name that the server gives to a file. It can only be a file in the current folder.
fn local_file_name(status: &Value) -> Result<PathBuf, CommandError> {
    export_name(status).map(PathBuf::from).ok_or_else(|| {
        let name = printable(status["filename"].as_str().unwrap_or_default());
        CommandError::input(format!(
            "the file has no usable name (“{name}”; expected report_….pdf or detections_….zip); choose one with -o \
             FILE"
        ))
    })
}

impl From<ClientError> for CommandError {
    fn from(error: ClientError) -> Self {
        if error.is_input() { Self::input(error) } else { Self::job(error) }
    }
}
