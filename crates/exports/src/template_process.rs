//! Rendering the pages of a report in a child process.
//!
//! A user's template is a program that may run forever or take all memory, and even a built-in template may
//! have to lay out thousands of species. A thread can neither be killed nor limited. So a child process
//! renders the pages: it gets the numbers on standard input, has no environment, and is killed on
//! cancellation or at its limits.

use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use archive::Resources;
use report::{Pages, ReportData, Template};
use tokio_util::sync::CancellationToken;

/// The longest that a user's template may take.
const TEMPLATE_TIME: Duration = Duration::from_secs(10);
/// The address space for a user's template in bytes, including the program itself.
const TEMPLATE_MEMORY: u64 = 1 << 30;
/// The longest that a built-in template may take. No report on a real survey comes near it.
const BUILT_IN_TIME: Duration = Duration::from_mins(15);
/// Exit status of a child that writes an error of the template to standard error.
pub const TEMPLATE_ERROR_STATUS: u8 = 3;
/// The hidden command that the child runs.
pub const COMMAND: &str = "lay-out";
/// The largest PDF that is accepted from the child.
const MAX_PDF_SIZE: u64 = 256 << 20;

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

/// The limits of a child process.
struct ChildLimits {
    memory: u64,
    time: Duration,
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
    let child_limits = match &pages.template {
        Template::BuiltIn(_) => ChildLimits { memory: limits.job_memory, time: BUILT_IN_TIME },
        Template::Own(_) => {
            ChildLimits { memory: TEMPLATE_MEMORY.min(limits.job_memory), time: TEMPLATE_TIME }
        }
    };
    let mut command = build_command(pages, &child_limits).map_err(TemplateProcessError::Process)?;
    let child = command.spawn().map_err(TemplateProcessError::Process)?;
    let is_built_in = matches!(pages.template, Template::BuiltIn(_));
    supervise(child, json, &child_limits, cancellation).map_err(|error| match error {
        TemplateProcessError::Template(reason) if is_built_in => TemplateProcessError::BuiltIn(reason),
        TemplateProcessError::TooSlow | TemplateProcessError::TooMuchMemory(_) if is_built_in => {
            TemplateProcessError::TooLarge(child_limits.memory)
        }
        error => error,
    })
}

fn build_command(pages: &Pages, limits: &ChildLimits) -> std::io::Result<Command> {
    // On Linux it is the running version, even if a new one has replaced the file.
    let program = if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { std::env::current_exe()? };
    let mut command = Command::new(program);
    command.arg(COMMAND).args(["--memory", &limits.memory.to_string()]);
    command.args(["--seconds", &limits.time.as_secs().to_string()]);
    match &pages.template {
        Template::BuiltIn(template) => command.args(["--built-in", template.name()]),
        Template::Own(path) => command.arg("--template").arg(std::path::absolute(path)?),
    };
    if pages.archival {
        command.arg("--archival");
    }
    if let Some(fonts) = &pages.fonts {
        command.arg("--fonts").arg(std::path::absolute(fonts)?);
    }
    command.env_clear().current_dir("/");
    // One thread and one memory arena, since each further one reserves address space that it does not use.
    command.env("RAYON_NUM_THREADS", "1").env("MALLOC_ARENA_MAX", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
}

fn supervise(
    mut child: Child,
    numbers: Vec<u8>,
    limits: &ChildLimits,
    cancellation: &CancellationToken,
) -> Result<Vec<u8>, TemplateProcessError> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    // Writing fails if the child ends early. Its standard error says why.
    let writer = thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&numbers).is_ok()));
    let pdf = thread::spawn(move || read_output(stdout, MAX_PDF_SIZE));
    let message = thread::spawn(move || read_output(stderr, 1 << 16));
    let ended = wait_for_child(&mut child, limits.time, cancellation);
    if ended.is_err() {
        // Both fail only if the child has just ended.
        let _ = child.kill();
        let _ = child.wait();
    }
    let (pdf, message) = (pdf.join().unwrap_or_default(), message.join().unwrap_or_default());
    drop(writer.join());
    check_outcome(ended?, pdf, &String::from_utf8_lossy(&message), limits)
}

fn wait_for_child(
    child: &mut Child,
    time: Duration,
    cancellation: &CancellationToken,
) -> Result<ExitStatus, TemplateProcessError> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(TemplateProcessError::Process)? {
            return Ok(status);
        }
        if begun.elapsed() > time {
            return Err(TemplateProcessError::TooSlow);
        }
        if cancellation.is_cancelled() {
            return Err(TemplateProcessError::Cancelled);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn read_output(from: Option<impl Read>, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        // After an error, the bytes so far are the output.
        let _ = from.take(most).read_to_end(&mut bytes);
    }
    bytes
}

fn check_outcome(
    status: ExitStatus,
    pdf: Vec<u8>,
    message: &str,
    limits: &ChildLimits,
) -> Result<Vec<u8>, TemplateProcessError> {
    if status.success() {
        return Ok(pdf);
    }
    if status.code() == Some(i32::from(TEMPLATE_ERROR_STATUS)) {
        return Err(TemplateProcessError::Template(message.trim().to_owned()));
    }
    tracing::warn!(%status, stderr = message.trim(), "the template process failed");
    if message.contains("memory allocation") || message.contains("capacity overflow") {
        return Err(TemplateProcessError::TooMuchMemory(limits.memory));
    }
    Err(TemplateProcessError::Template(
        "the template crashed its process, as endless recursion does; look for functions that call themselves".into(),
    ))
}
