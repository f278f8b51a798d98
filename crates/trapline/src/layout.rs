//! Laying out a report, in a process of its own.
//!
//! A user's template is a program, and may run for ever or take all memory. The program's own may
//! have a report of thousands of species to lay out. A thread can neither be stopped nor held to a
//! limit, so the pages are made in a child of this process that gets the numbers on standard input
//! and has no environment. It is ended when nobody waits any more, or at its limits.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use report::{Pages, ReportData, Template};

use crate::limits::Limits;

/// How long a user's template may take.
const TEMPLATE_TIME: Duration = Duration::from_secs(10);
/// Bytes of address space that it may have, the program itself among them.
const TEMPLATE_MEMORY: u64 = 1 << 30;
/// How long the program's own templates may take. No report of a real survey comes near it.
const BUILT_IN_TIME: Duration = Duration::from_mins(15);
/// Exit status of a child that says on standard error what is wrong with the template.
pub const TEMPLATE_AT_FAULT: u8 = 3;
/// What the child is called with.
pub const COMMAND: &str = "lay-out";
/// The largest file that is taken from it.
const MAX_PDF: u64 = 256 << 20;

/// Why a report was not laid out.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// One of the program's own templates is at fault.
    #[error("{0}")]
    Own(String),
    /// The user's is, at the file, line and column that are told.
    #[error("{0}")]
    Template(String),
    /// It took too long.
    #[error("the template took more than {} s and was stopped; look for loops in it", TEMPLATE_TIME.as_secs())]
    TooSlow,
    /// It took too much memory.
    #[error("the template needed more than {} MiB of memory and was stopped", .0 >> 20)]
    TooMuchMemory(u64),
    /// A report of the program's own took too much memory or time.
    #[error(
        "the report is too large: laying it out needed more than {} MiB of memory (--job-memory) or {} minutes; ask \
         for fewer species (classifications) or a shorter period",
        .0 >> 20,
        BUILT_IN_TIME.as_secs() / 60
    )]
    TooLarge(u64),
    /// Nobody waits for it any more.
    #[error("cancelled")]
    Cancelled,
    /// The child could not be run.
    #[error("the pages could not be laid out: {0}")]
    Process(std::io::Error),
}

/// What a child may use.
struct ChildLimits {
    memory: u64,
    time: Duration,
}

/// The pages of a report as PDF. `cancelled` is asked while they are laid out.
pub fn lay_out(
    numbers: &ReportData,
    pages: &Pages,
    limits: &Limits,
    cancelled: &dyn Fn() -> bool,
) -> Result<Vec<u8>, LayoutError> {
    let json = serde_json::to_vec(numbers).map_err(|error| LayoutError::Own(error.to_string()))?;
    let child_limits = match &pages.template {
        Template::BuiltIn(_) => ChildLimits { memory: limits.job_memory, time: BUILT_IN_TIME },
        Template::Own(_) => {
            ChildLimits { memory: TEMPLATE_MEMORY.min(limits.job_memory), time: TEMPLATE_TIME }
        }
    };
    let mut command = command(pages, &child_limits).map_err(LayoutError::Process)?;
    let child = command.spawn().map_err(LayoutError::Process)?;
    let outcome = supervise(child, json, &child_limits, cancelled);
    match (&pages.template, outcome) {
        // The same of a template that nobody but us can correct.
        (Template::BuiltIn(_), Err(LayoutError::Template(why))) => Err(LayoutError::Own(why)),
        (Template::BuiltIn(_), Err(LayoutError::TooSlow | LayoutError::TooMuchMemory(_))) => {
            Err(LayoutError::TooLarge(child_limits.memory))
        }
        (_, outcome) => outcome,
    }
}

fn command(pages: &Pages, limits: &ChildLimits) -> std::io::Result<Command> {
    let mut command = Command::new(program()?);
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
    // One thread each for layout and allocation, so that the memory that is counted is used.
    command.env("RAYON_NUM_THREADS", "1").env("MALLOC_ARENA_MAX", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
}

/// This program, also when its file was replaced by a new version meanwhile.
fn program() -> std::io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

fn supervise(
    mut child: Child,
    numbers: Vec<u8>,
    limits: &ChildLimits,
    cancelled: &dyn Fn() -> bool,
) -> Result<Vec<u8>, LayoutError> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    // A child that ends early closes its end; its own words tell why.
    let feed = thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&numbers).is_ok()));
    let pdf = thread::spawn(move || read(stdout, MAX_PDF));
    let words = thread::spawn(move || read(stderr, 1 << 16));
    let ended = wait(&mut child, limits.time, cancelled);
    if ended.is_err() {
        // Both fail only when it has just ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
    let (pdf, words) = (pdf.join().unwrap_or_default(), words.join().unwrap_or_default());
    drop(feed.join());
    outcome(ended?, pdf, &String::from_utf8_lossy(&words), limits)
}

fn wait(child: &mut Child, time: Duration, cancelled: &dyn Fn() -> bool) -> Result<ExitStatus, LayoutError> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(LayoutError::Process)? {
            return Ok(status);
        }
        if begun.elapsed() > time {
            return Err(LayoutError::TooSlow);
        }
        if cancelled() {
            return Err(LayoutError::Cancelled);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn read(from: Option<impl Read>, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        // What was read so far is what there is.
        let _ = from.take(most).read_to_end(&mut bytes);
    }
    bytes
}

fn outcome(
    status: ExitStatus,
    pdf: Vec<u8>,
    words: &str,
    limits: &ChildLimits,
) -> Result<Vec<u8>, LayoutError> {
    if status.success() {
        return Ok(pdf);
    }
    if status.code() == Some(i32::from(TEMPLATE_AT_FAULT)) {
        return Err(LayoutError::Template(words.trim().to_owned()));
    }
    tracing::warn!(%status, said = words.trim(), "a template's process ended badly");
    if words.contains("memory allocation") || words.contains("capacity overflow") {
        return Err(LayoutError::TooMuchMemory(limits.memory));
    }
    Err(LayoutError::Template(
        "the template brought its process down, as endless recursion does; look for functions that call themselves".into(),
    ))
}
