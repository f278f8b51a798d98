//! `trapline lay-out`: the hidden command of the child process that renders the pages of a report.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use report::{BuiltIn, Pages, Template};

use super::command_error::CommandError;
use exports::template_process::TEMPLATE_ERROR_STATUS;

#[derive(Debug, Args)]
pub struct TemplateProcessArguments {
    /// The user's template
    #[arg(long, value_name = "FILE", required_unless_present = "built_in")]
    pub template: Option<PathBuf>,
    /// One of the program's own
    #[arg(long, value_name = "NAME", conflicts_with = "template")]
    pub built_in: Option<String>,
    /// Bytes of address space that may be used
    #[arg(long)]
    pub memory: u64,
    /// Seconds of processor time that may be used
    #[arg(long)]
    pub seconds: u64,
    /// PDF/A-2a too
    #[arg(long)]
    pub archival: bool,
    /// A folder of fonts
    #[arg(long, value_name = "DIR")]
    pub fonts: Option<PathBuf>,
}

/// Reads the numbers from standard input and writes the PDF to standard output.
pub fn run(arguments: &TemplateProcessArguments) -> Result<ExitCode, CommandError> {
    set_limits(arguments).map_err(CommandError::job)?;
    let mut json = Vec::new();
    std::io::stdin().read_to_end(&mut json).map_err(CommandError::job)?;
    let numbers = serde_json::from_slice(&json).map_err(CommandError::job)?;
    let pages = Pages {
        template: find_template(arguments)?,
        archival: arguments.archival,
        fonts: arguments.fonts.clone(),
    };
    match pages::render_as(&numbers, &pages) {
        Ok(pdf) => {
            let mut out = std::io::stdout().lock();
            out.write_all(&pdf).and_then(|()| out.flush()).map_err(CommandError::job)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("{error}");
            Ok(ExitCode::from(TEMPLATE_ERROR_STATUS))
        }
    }
}

fn find_template(arguments: &TemplateProcessArguments) -> Result<Template, CommandError> {
    if let Some(path) = &arguments.template {
        return Ok(Template::Own(path.clone()));
    }
    let name = arguments.built_in.as_deref().unwrap_or_default();
    let found = BuiltIn::ALL.iter().find(|(known, _)| *known == name);
    let found = found.ok_or_else(|| CommandError::input(format!("no template “{name}”")))?;
    Ok(Template::BuiltIn(found.1))
}

/// Limits the memory, time and files of this process.
#[cfg(unix)]
fn set_limits(arguments: &TemplateProcessArguments) -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let at_most = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(Resource::As, at_most(arguments.memory))?;
    // The kernel kills this process if its parent is gone and cannot.
    setrlimit(Resource::Cpu, at_most(arguments.seconds.saturating_add(5)))?;
    // It must write no files, not even a core dump.
    setrlimit(Resource::Fsize, at_most(0))?;
    setrlimit(Resource::Core, at_most(0))?;
    Ok(())
}

#[cfg(not(unix))]
fn set_limits(_: &TemplateProcessArguments) -> std::io::Result<()> {
    Ok(())
}
