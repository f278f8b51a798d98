//! `trapline lay-out`: the process that a user's template runs in. Not for people.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use report::{Pages, Template};

use super::failure::Failure;
use crate::layout::{MEMORY, TEMPLATE_AT_FAULT, TIME};

#[derive(Debug, Args)]
pub struct LayOutArguments {
    /// The template
    pub template: PathBuf,
    /// PDF/A-2a too
    #[arg(long)]
    pub archival: bool,
    /// A folder of fonts
    #[arg(long, value_name = "DIR")]
    pub fonts: Option<PathBuf>,
}

/// Reads numbers from standard input and writes a PDF to standard output.
pub fn run(arguments: &LayOutArguments) -> Result<ExitCode, Failure> {
    limit().map_err(Failure::job)?;
    let mut json = Vec::new();
    std::io::stdin().read_to_end(&mut json).map_err(Failure::job)?;
    let numbers = serde_json::from_slice(&json).map_err(Failure::job)?;
    let pages = Pages {
        template: Template::Own(arguments.template.clone()),
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

/// Takes away from this process what a template must not use up.
#[cfg(unix)]
fn limit() -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let at_most = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(Resource::As, at_most(MEMORY))?;
    // Should the process that watches over this one be gone, the kernel ends it.
    setrlimit(Resource::Cpu, at_most(TIME.as_secs() + 5))?;
    // It writes no file, and leaves none when it crashes.
    setrlimit(Resource::Fsize, at_most(0))?;
    setrlimit(Resource::Core, at_most(0))?;
    Ok(())
}

#[cfg(not(unix))]
fn limit() -> std::io::Result<()> {
    let _ = (MEMORY, TIME);
    Ok(())
}
