//! Shows the progress of a job and of a download: bars on a terminal, lines otherwise.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::cli::output::{Steps, start_spinner};
use client::{Client, ClientError, JobEvent};

/// Follows a job to its end and shows its progress. Returns its last status.
pub async fn follow_job(client: &Client, job_id: &str) -> Result<Value, ClientError> {
    let mut progress = JobProgress::new();
    let ended = client
        .follow(job_id, |event| match event {
            JobEvent::Status(status) => progress.update(status),
            JobEvent::Unreachable(error) => progress.say(&format!("{error}; trying again")),
        })
        .await;
    progress.finish();
    ended
}

/// The displayed progress of a job.
struct JobProgress {
    /// Shown on a terminal while there is nothing to count.
    spinner: Option<ProgressBar>,
    steps: Option<Steps>,
    /// The last message, which is not printed twice.
    last_message: String,
}

impl JobProgress {
    fn new() -> Self {
        Self { spinner: start_spinner(), steps: None, last_message: String::new() }
    }

    fn update(&mut self, status: &Value) {
        let (total, done) = (status["total_detections"].as_u64(), status["processed_count"].as_u64());
        match (status["phase"].as_str(), total) {
            (Some("queued"), _) => {
                let place = status["queue_position"].as_u64();
                self.say(
                    &place.map_or("waiting".into(), |place| format!("waiting; number {place} in the queue")),
                );
            }
            (Some("running"), Some(total)) if total > 0 => {
                if let Some(spinner) = self.spinner.take() {
                    spinner.finish_and_clear();
                }
                self.steps.get_or_insert_with(|| Steps::new("detections", total)).set(done.unwrap_or(0));
            }
            (Some("running"), _) => self.say("in progress"),
            _ => {}
        }
    }

    fn say(&mut self, message: &str) {
        if self.last_message == message {
            return;
        }
        message.clone_into(&mut self.last_message);
        match (&self.spinner, &self.steps) {
            (Some(spinner), _) => spinner.set_message(message.to_owned()),
            (None, Some(Steps::Bar(bar))) => bar.suspend(|| eprintln!("{message}")),
            (None, _) => eprintln!("{message}"),
        }
    }

    fn finish(&self) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
        if let Some(steps) = &self.steps {
            steps.finish();
        }
    }
}

/// The displayed progress of a download: a bar on a terminal, nothing otherwise.
pub struct DownloadProgress(Option<ProgressBar>);

impl DownloadProgress {
    pub fn new() -> Self {
        Self(std::io::stderr().is_terminal().then(|| {
            let template = "{msg:22} {bar:32} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left";
            let style = ProgressStyle::with_template(template).expect("a template that indicatif takes");
            ProgressBar::new(0).with_style(style).with_message("downloading")
        }))
    }

    pub fn update(&mut self, done: u64, total: u64) {
        if let Some(bar) = &self.0 {
            bar.set_length(total);
            bar.set_position(done);
        }
    }

    pub fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
