//! `trapline job`: exports of a server, from the command line.

mod follow;
mod interrupt;
mod request;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jobs::MissingReason;
use serde::Deserialize;
use serde_json::{Value, json};

use super::arguments::{DownloadArguments, JobAction, JobCommand, SubmitArguments};
use super::failure::Failure;
use super::missing_reasons::describe_missing;
use super::output::result;
use super::serve::runtime;
use crate::client::{Client, ClientError, Existing, export_name, printable, printable_json};
use follow::Transfer;

/// Fields of a status, by what people call them.
const TOLD: [(&str, &str); 15] = [
    ("job", "job_id"),
    ("what", "title"),
    ("status", "status"),
    ("phase", "phase"),
    ("place in the queue", "queue_position"),
    ("detections", "total_detections"),
    ("done", "processed_count"),
    ("missing", "missing_count"),
    ("left on the web", "remote_pictures"),
    ("why", "error_message"),
    ("submitted", "created_at"),
    ("ended", "completed_at"),
    ("kept until", "expires_at"),
    ("bytes", "file_size_bytes"),
    ("file", "filename"),
];

/// One call of `trapline job`.
struct Call {
    client: Client,
    json: bool,
}

pub fn run(command: &JobCommand) -> Result<ExitCode, Failure> {
    let client = Client::new(&command.server, token(command)?)?;
    let call = Call { client, json: command.json };
    runtime()?.block_on(async {
        match &command.action {
            JobAction::Submit(arguments) => call.submit(arguments).await,
            JobAction::Status(job) => call.status(&job.job_id).await,
            JobAction::Watch(job) => {
                let watched = call.watch(&job.job_id);
                interrupt::or_offer_to_delete(&call.client, &job.job_id, watched).await
            }
            JobAction::Download(arguments) => {
                let downloaded = call.download(arguments);
                interrupt::or_offer_to_delete(&call.client, &arguments.job_id, downloaded).await
            }
            JobAction::Delete(job) => call.delete(&job.job_id).await,
        }
    })
}

/// The token, from a flag, the environment or a file.
fn token(command: &JobCommand) -> Result<Option<String>, Failure> {
    match (&command.token, &command.token_file) {
        (Some(token), _) => Ok(Some(token.clone())),
        (None, None) => Ok(None),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::input(format!("--token-file {}: {error}", path.display())))?;
            Ok(Some(text.trim().to_owned()))
        }
    }
}

impl Call {
    async fn submit(&self, arguments: &SubmitArguments) -> Result<ExitCode, Failure> {
        let request = request::read(arguments)?;
        let accepted = self.client.submit(arguments.kind.name(), &request).await?;
        let job_id = accepted["job_id"].as_str().unwrap_or_default().to_owned();
        let message = accepted["message"].as_str().unwrap_or("submitted");
        eprintln!("{}: {}", printable(message), printable(&job_id));
        // There is one result: the job, how it ended, or its file.
        let done = async {
            if arguments.output.is_some() {
                return self.fetch(&job_id, arguments.output.as_deref()).await;
            }
            if !self.json {
                result(printable(&job_id));
            }
            if !arguments.wait {
                if self.json {
                    result(printable_json(&accepted));
                }
                return Ok(ExitCode::SUCCESS);
            }
            let status = follow::to_the_end(&self.client, &job_id).await?;
            if self.json {
                result(printable_json(&status));
            }
            if status["status"] == "failed" {
                return Err(failed(&status));
            }
            self.warn_of_missing(&status);
            Ok(ExitCode::SUCCESS)
        };
        interrupt::or_offer_to_delete(&self.client, &job_id, done).await
    }

    async fn status(&self, job_id: &str) -> Result<ExitCode, Failure> {
        let status = self.client.status(job_id).await?;
        self.tell(&status);
        Ok(end_of(&status))
    }

    async fn watch(&self, job_id: &str) -> Result<ExitCode, Failure> {
        let status = follow::to_the_end(&self.client, job_id).await?;
        self.tell(&status);
        Ok(end_of(&status))
    }

    async fn download(&self, arguments: &DownloadArguments) -> Result<ExitCode, Failure> {
        self.fetch(&arguments.job_id, arguments.output.as_deref()).await
    }

    /// Waits for the end of a job and downloads its file.
    async fn fetch(&self, job_id: &str, output: Option<&Path>) -> Result<ExitCode, Failure> {
        let mut status = self.client.status(job_id).await?;
        if status["status"] == "processing" {
            status = follow::to_the_end(&self.client, job_id).await?;
        }
        if status["status"] == "failed" {
            return Err(failed(&status));
        }
        let (to, existing) = match output {
            Some(path) => (path.to_owned(), Existing::Replace),
            None => (name_of_file(&status)?, Existing::Keep),
        };
        let mut transfer = Transfer::new();
        let tell = |done, total| transfer.update(done, total);
        let downloaded = self.client.download(&status, &to, existing, tell).await?;
        transfer.finish();
        if downloaded.resumed_from > 0 {
            eprintln!("went on after {} bytes of an earlier attempt", downloaded.resumed_from);
        }
        if self.json {
            result(printable_json(
                &json!({"job_id": job_id, "file": to, "bytes": downloaded.bytes, "sha256": downloaded.sha256}),
            ));
        } else {
            self.warn_of_missing(&status);
            eprintln!("{} bytes, SHA-256 {}", downloaded.bytes, downloaded.sha256);
            result(to.display());
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn delete(&self, job_id: &str) -> Result<ExitCode, Failure> {
        self.client.delete(job_id).await?;
        if self.json {
            result(json!({"job_id": job_id, "deleted": true}));
        } else {
            eprintln!("deleted");
        }
        Ok(ExitCode::SUCCESS)
    }

    /// A status, as JSON or as lines for people.
    fn tell(&self, status: &Value) {
        if self.json {
            result(printable_json(status));
            return;
        }
        for (name, field) in TOLD {
            let text = match (field, &status[field]) {
                (_, Value::Null) => continue,
                ("remote_pictures", count) if count == 0 => continue,
                ("missing_count", count) => missing_in(status).unwrap_or_else(|| printable_json(count)),
                (_, Value::String(text)) => printable(text),
                (_, other) => printable_json(other),
            };
            result(format_args!("{name:20}{text}"));
        }
    }

    /// Says on standard error what is missing from an archive, where the result is another.
    fn warn_of_missing(&self, status: &Value) {
        if let Some(missing) = missing_in(status).filter(|_| !self.json) {
            eprintln!("{missing}");
        }
    }
}

/// What is said of what is missing from an archive; `None` when nothing is.
fn missing_in(status: &Value) -> Option<String> {
    let number = |field: &str| status[field].as_u64().unwrap_or(0);
    let reasons = Vec::<MissingReason>::deserialize(&status["missing_reasons"]).unwrap_or_default();
    let described = describe_missing(number("missing_count"), number("total_detections"), &reasons);
    described.map(|text| printable(&text))
}

/// 1 when the job failed.
fn end_of(status: &Value) -> ExitCode {
    if status["status"] == "failed" { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn failed(status: &Value) -> Failure {
    let reason = status["error_message"].as_str().unwrap_or("the server does not say why");
    Failure::job(format!("the export failed: {}", printable(reason)))
}

/// The name that the server gives a file, in the current folder and nowhere else.
fn name_of_file(status: &Value) -> Result<PathBuf, Failure> {
    export_name(status).map(PathBuf::from).ok_or_else(|| {
        let name = printable(status["filename"].as_str().unwrap_or_default());
        Failure::input(format!(
            "the server calls the file “{name}”, which is not the name of an export (report_….pdf or \
             detections_….zip); -o FILE says where it goes"
        ))
    })
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        if error.is_input() { Self::input(error) } else { Self::job(error) }
    }
}
