//! Rendering the pages of a report in a child process.
//!
//! A user's template is a program that may run forever or take all memory, and even a built-in template may
//! have to lay out thousands of species. A thread can neither be killed nor limited. So a child process
//! renders the pages: it gets the numbers on standard input, has no environment, and is killed on
//! cancellation or at its limits.
//!
//! A process for the built-in templates renders one report after the other, so that fonts and templates are read
//! once. A user's template gets a process of its own, which ends with the report.

mod idle;
pub mod messages;
mod process;

use std::time::Duration;

use archive::Resources;
use report::{Pages, ReportData, Template};
use tokio_util::sync::CancellationToken;

use messages::RequestHead;
use process::{PageProcess, ProcessSettings};

/// The longest that a user's template may take.
const TEMPLATE_TIME: Duration = Duration::from_secs(10);
/// The address space for a user's template in bytes, including the program itself.
const TEMPLATE_MEMORY: u64 = 1 << 30;
/// The longest that a built-in template may take. No report on a real survey comes near it.
const BUILT_IN_TIME: Duration = Duration::from_mins(15);
/// The hidden command that the child runs.
pub const COMMAND: &str = "lay-out";

/// Why a report was not rendered.
#[derive(Debug, thiserror::Error)]
pub enum TemplateProcessError {
    /// A built-in template has an error.
    #[error("{0}")]
    BuiltIn(String),
    /// The user's template has an error; the message has file, line and column.
    #[error("{0}")]
    Template(String),
    /// The user's template took too long.
    #[error("the template took more than {} s and was stopped; check it for endless loops", TEMPLATE_TIME.as_secs())]
    TooSlow,
    /// The user's template took too much memory.
    #[error("the template needed more than {} MiB of memory and was stopped", .0 >> 20)]
    TooMuchMemory(u64),
    /// A built-in template took too much memory or time.
    #[error(
        "the report is too large: rendering it needed more than {} MiB of memory (--job-memory) or {} minutes; \
         choose fewer species (classifications) or a shorter period",
        .0 >> 20,
        BUILT_IN_TIME.as_secs() / 60
    )]
    TooLarge(u64),
    /// The job was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The child process could not be started.
    #[error("the pages could not be rendered: {0}")]
    Process(std::io::Error),
}

impl TemplateProcessError {
    /// Whether the template or the request is wrong, so that another attempt cannot help.
    pub fn is_input(&self) -> bool {
        matches!(self, Self::Template(_) | Self::TooSlow | Self::TooMuchMemory(_) | Self::TooLarge(_))
    }
}

/// Renders the pages of a report as PDF in a child process, which is killed when it is
/// cancelled.
pub fn render_in_child(
    numbers: &ReportData,
    pages: &Pages,
    limits: &Resources,
    cancellation: &CancellationToken,
) -> Result<Vec<u8>, TemplateProcessError> {
    let json =
        serde_json::to_vec(numbers).map_err(|error| TemplateProcessError::BuiltIn(error.to_string()))?;
    let fonts = pages.fonts.as_deref();
    match &pages.template {
        Template::BuiltIn(template) => {
            let head = RequestHead::new(template.name(), pages.archival, BUILT_IN_TIME, json.len());
            let settings = ProcessSettings::new(None, fonts, limits.job_memory)?;
            render_built_in(settings, &head, json, cancellation).map_err(|error| match error {
                TemplateProcessError::Template(reason) => TemplateProcessError::BuiltIn(reason),
                TemplateProcessError::TooSlow | TemplateProcessError::TooMuchMemory(_) => {
                    TemplateProcessError::TooLarge(limits.job_memory)
                }
                error => error,
            })
        }
        Template::Own(path) => {
            let head = RequestHead::new("", pages.archival, TEMPLATE_TIME, json.len());
            let memory = TEMPLATE_MEMORY.min(limits.job_memory);
            let settings = ProcessSettings::new(Some(path), fonts, memory)?;
            PageProcess::start(settings)?.render(head, json, cancellation).map(|(pdf, _)| pdf)
        }
    }
}

/// Renders with a process that has rendered before, if one is free. If that fails, for example because of the
/// memory that earlier reports took, a new process tries again.
fn render_built_in(
    settings: ProcessSettings,
    head: &RequestHead,
    json: Vec<u8>,
    cancellation: &CancellationToken,
) -> Result<Vec<u8>, TemplateProcessError> {
    let used = idle::take(&settings).map(|process| process.render(head.clone(), json.clone(), cancellation));
    let (pdf, process) = match used {
        Some(Ok(rendered)) => rendered,
        Some(Err(error @ (TemplateProcessError::Cancelled | TemplateProcessError::TooSlow))) => {
            return Err(error);
        }
        Some(Err(_)) | None => PageProcess::start(settings)?.render(head.clone(), json, cancellation)?,
    };
    idle::put_back(process);
    Ok(pdf)
}
