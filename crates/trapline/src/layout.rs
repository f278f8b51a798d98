//! Laying out a report: here for the program's own templates, in a process with limits for a
//! user's.
//!
//! A template is a program, and may run for ever or take all memory. It runs in a child of this
//! process that gets the numbers on standard input, has no environment, and is ended after
//! [`TIME`] or at [`MEMORY`].

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use report::{Pages, RenderError, ReportData, Template};

/// How long a user's template may take.
pub const TIME: Duration = Duration::from_secs(10);
/// Bytes of address space that it may have, the program itself among them.
pub const MEMORY: u64 = 1 << 30;
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
    Own(RenderError),
    /// The user's is, at the file, line and column that are told.
    #[error("{0}")]
    Template(String),
    /// It took too long.
    #[error("the template took more than {} s and was stopped; look for loops in it", TIME.as_secs())]
    TooSlow,
    /// It took too much memory.
    #[error("the template needed more than {} MiB of memory and was stopped", MEMORY >> 20)]
    TooMuchMemory,
    /// Nobody waits for it any more.
    #[error("cancelled")]
    Cancelled,
    /// The child could not be run.
    #[error("the template could not be run: {0}")]
    Process(std::io::Error),
}

/// The pages of a report as PDF. `cancelled` is asked while a user's template runs.
pub fn lay_out(
    numbers: &ReportData,
    pages: &Pages,
    cancelled: &dyn Fn() -> bool,
) -> Result<Vec<u8>, LayoutError> {
    let json = serde_json::to_value(numbers).map_err(|error| LayoutError::Own(error.into()))?;
    let Template::Own(path) = &pages.template else {
        return report::render_as(&json, pages).map_err(LayoutError::Own);
    };
    let mut command = Command::new(program().map_err(LayoutError::Process)?);
    command.arg(COMMAND).arg(std::path::absolute(path).map_err(LayoutError::Process)?);
    if pages.archival {
        command.arg("--archival");
    }
    if let Some(fonts) = &pages.fonts {
        command.arg("--fonts").arg(std::path::absolute(fonts).map_err(LayoutError::Process)?);
    }
    // One thread each for layout and allocation, so that the memory that is counted is used.
    command.env_clear().env("RAYON_NUM_THREADS", "1").env("MALLOC_ARENA_MAX", "1").current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().map_err(LayoutError::Process)?;
    supervise(child, json.to_string().into_bytes(), cancelled)
}

/// This program, also when its file was replaced by a new version meanwhile.
fn program() -> std::io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

fn supervise(
    mut child: Child,
    numbers: Vec<u8>,
    cancelled: &dyn Fn() -> bool,
) -> Result<Vec<u8>, LayoutError> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    // A child that ends early closes its end; its own words tell why.
    let feed = thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&numbers).is_ok()));
    let pdf = thread::spawn(move || read(stdout, MAX_PDF));
    let words = thread::spawn(move || read(stderr, 1 << 16));
    let ended = wait(&mut child, cancelled);
    if ended.is_err() {
        // Both fail only when it has just ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
    let (pdf, words) = (pdf.join().unwrap_or_default(), words.join().unwrap_or_default());
    drop(feed.join());
    outcome(ended?, pdf, &String::from_utf8_lossy(&words))
}

fn wait(child: &mut Child, cancelled: &dyn Fn() -> bool) -> Result<ExitStatus, LayoutError> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(LayoutError::Process)? {
            return Ok(status);
        }
        if begun.elapsed() > TIME {
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

fn outcome(status: ExitStatus, pdf: Vec<u8>, words: &str) -> Result<Vec<u8>, LayoutError> {
    if status.success() {
        return Ok(pdf);
    }
    if status.code() == Some(i32::from(TEMPLATE_AT_FAULT)) {
        return Err(LayoutError::Template(words.trim().to_owned()));
    }
    tracing::warn!(%status, said = words.trim(), "a template's process ended badly");
    if words.contains("memory allocation") || words.contains("capacity overflow") {
        return Err(LayoutError::TooMuchMemory);
    }
    Err(LayoutError::Template(
        "the template brought its process down, as endless recursion does; look for functions that call themselves".into(),
    ))
}
