//! `trapline lay-out`: the hidden command of the child process that renders the pages of a report.

use std::io::{BufReader, BufWriter};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use exports::template_process::messages::{AnswerHead, RequestHead, read_request, write_message};
use report::{BuiltIn, Pages, Template};

use super::command_error::CommandError;

#[derive(Debug, Args)]
pub struct TemplateProcessArguments {
    /// The user's template; without it the requests name built-in ones
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    /// Bytes of address space that may be used
    #[arg(long)]
    pub memory: u64,
    /// A folder of fonts
    #[arg(long, value_name = "DIR")]
    pub fonts: Option<PathBuf>,
}

/// Reads requests from standard input, and writes the answers to standard output.
pub fn run(arguments: &TemplateProcessArguments) -> Result<ExitCode, CommandError> {
    limit_process(arguments.memory).map_err(CommandError::job)?;
    let (mut requests, mut answers) =
        (BufReader::new(std::io::stdin().lock()), BufWriter::new(std::io::stdout().lock()));
    while let Some((head, json)) = read_request(&mut requests).map_err(CommandError::job)? {
        limit_time(head.seconds).map_err(CommandError::job)?;
        let numbers = serde_json::from_slice(&json).map_err(CommandError::job)?;
        drop(json);
        let pages = Pages {
            template: find_template(arguments, &head)?,
            archival: head.archival,
            fonts: arguments.fonts.clone(),
        };
        let (is_pdf, content) = match pages::render_as(&numbers, &pages) {
            Ok(pdf) => (true, pdf),
            Err(error) => (false, error.to_string().into_bytes()),
        };
        let head = AnswerHead { is_pdf, length: content.len() as u64 };
        write_message(&mut answers, &head, &content).map_err(CommandError::job)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn find_template(arguments: &TemplateProcessArguments, head: &RequestHead) -> Result<Template, CommandError> {
    if let Some(path) = &arguments.template {
        return Ok(Template::Own(path.clone()));
    }
    let name = &head.built_in;
    let found = BuiltIn::ALL.iter().find(|(known, _)| known == name);
    let found = found.ok_or_else(|| CommandError::input(format!("no template “{name}”")))?;
    Ok(Template::BuiltIn(found.1))
}

/// Limits the memory and files of this process.
#[cfg(unix)]
fn limit_process(memory: u64) -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let at_most = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(Resource::As, at_most(memory))?;
    // It must write no files, not even a core dump.
    setrlimit(Resource::Fsize, at_most(0))?;
    setrlimit(Resource::Core, at_most(0))?;
    Ok(())
}

/// Limits the processor time from now on. The kernel kills this process at the limit, if its parent is gone and
/// cannot.
#[cfg(unix)]
fn limit_time(seconds: u64) -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime).tv_sec;
    let until = used.unsigned_abs().saturating_add(seconds).saturating_add(5);
    let maximum = getrlimit(Resource::Cpu).maximum;
    let current = maximum.map_or(until, |maximum| maximum.min(until));
    setrlimit(Resource::Cpu, Rlimit { current: Some(current), maximum })?;
    Ok(())
}

#[cfg(not(unix))]
fn limit_process(_: u64) -> std::io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn limit_time(_: u64) -> std::io::Result<()> {
    Ok(())
}
