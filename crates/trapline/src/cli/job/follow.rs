//! What is shown of a job on its way, and of a file: bars on a terminal, else lines.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::cli::output::Steps;
use crate::client::{Client, ClientError, News};

/// Follows a job to its end, and returns its last status.
pub async fn to_the_end(client: &Client, job_id: &str) -> Result<Value, ClientError> {
    let mut shown = Shown::new();
    let ended = client
        .follow(job_id, |news| match news {
            News::Status(status) => shown.update(status),
            News::Away(error) => shown.say(&format!("{error}; trying again")),
        })
        .await;
    shown.finish();
    ended
}

/// What is shown of a job.
struct Shown {
    /// On a terminal, while there is nothing to count.
    spinner: Option<ProgressBar>,
    steps: Option<Steps>,
    /// What was said last, so that it is not said twice.
    said: String,
}

impl Shown {
    fn new() -> Self {
        let spinner = std::io::stderr().is_terminal().then(|| {
            let spinner = ProgressBar::new_spinner();
            spinner.enable_steady_tick(Duration::from_millis(100));
            spinner
        });
        Self { spinner, steps: None, said: String::new() }
    }

    fn update(&mut self, status: &Value) {
        let (total, done) = (status["total_detections"].as_u64(), status["processed_count"].as_u64());
        match (status["phase"].as_str(), total) {
            (Some("queued"), _) => {
                let place = status["queue_position"].as_u64();
                self.say(
                    &place.map_or("waits".into(), |place| format!("waits; place in the queue: {place}")),
                );
            }
            (Some("running"), Some(total)) if total > 0 => {
                if let Some(spinner) = self.spinner.take() {
                    spinner.finish_and_clear();
                }
                self.steps.get_or_insert_with(|| Steps::new("detections", total)).set(done.unwrap_or(0));
            }
            (Some("running"), _) => self.say("runs"),
            _ => {}
        }
    }

    fn say(&mut self, what: &str) {
        if self.said == what {
            return;
        }
        what.clone_into(&mut self.said);
        match (&self.spinner, &self.steps) {
            (Some(spinner), _) => spinner.set_message(what.to_owned()),
            (None, Some(Steps::Bar(bar))) => bar.suspend(|| eprintln!("{what}")),
            (None, _) => eprintln!("{what}"),
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

/// What is shown of a file on its way: a bar on a terminal, else nothing.
pub struct Transfer(Option<ProgressBar>);

impl Transfer {
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
