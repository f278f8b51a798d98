//! `trapline lay-out`: the process in which the pages of a report are laid out. Not for people.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use report::{BuiltIn, Pages, Template};

use super::failure::Failure;
use crate::layout::TEMPLATE_AT_FAULT;

#[derive(Debug, Args)]
pub struct LayOutArguments {
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

/// Reads numbers from standard input and writes a PDF to standard output.
pub fn run(arguments: &LayOutArguments) -> Result<ExitCode, Failure> {
    limit(arguments).map_err(Failure::job)?;
    let mut json = Vec::new();
    std::io::stdin().read_to_end(&mut json).map_err(Failure::job)?;
    let numbers = serde_json::from_slice(&json).map_err(Failure::job)?;
    let pages = Pages {
        template: template(arguments)?,
        archival: arguments.archival,
        fonts: arguments.fonts.clone(),
    };
    match report::render_as(&numbers, &pages) {
        Ok(pdf) => {
            let mut out = std::io::stdout().lock();
            out.write_all(&pdf).and_then(|()| out.flush()).map_err(Failure::job)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("{error}");
            Ok(ExitCode::from(TEMPLATE_AT_FAULT))
        }
    }
}

fn template(arguments: &LayOutArguments) -> Result<Template, Failure> {
    match (&arguments.template, &arguments.built_in) {
        (Some(path), _) => Ok(Template::Own(path.clone())),
        (None, name) => {
            let name = name.as_deref().unwrap_or_default();
            let found = BuiltIn::ALL.iter().find(|(known, _)| *known == name);
            let found = found.ok_or_else(|| Failure::input(format!("no template is called “{name}”")))?;
            Ok(Template::BuiltIn(found.1))
        }
    }
}

/// Takes away from this process what a template must not use up.
#[cfg(unix)]
fn limit(arguments: &LayOutArguments) -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let at_most = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(Resource::As, at_most(arguments.memory))?;
    // Should the process that watches over this one be gone, the kernel ends it.
    setrlimit(Resource::Cpu, at_most(arguments.seconds.saturating_add(5)))?;
    // It writes no file, and leaves none when it crashes.
    setrlimit(Resource::Fsize, at_most(0))?;
    setrlimit(Resource::Core, at_most(0))?;
    Ok(())
}

#[cfg(not(unix))]
fn limit(_: &LayOutArguments) -> std::io::Result<()> {
    Ok(())
}
