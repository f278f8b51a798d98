//! `trapline completions` and `trapline man`: made from what the command line takes.

use clap::CommandFactory;
use clap_complete::Shell;

use super::arguments::Cli;
use super::command_error::CommandError;

/// Completions for a shell, on standard output.
pub fn completions(shell: Shell) {
    let mut command = Cli::command();
    clap_complete::generate(shell, &mut command, "trapline", &mut std::io::stdout());
}

/// The manual, a page after the other, on standard output.
pub fn manual() -> Result<(), CommandError> {
    let mut command = Cli::command();
    command.build();
    let page = |command: clap::Command| {
        clap_mangen::Man::new(command).render(&mut std::io::stdout()).map_err(CommandError::job)
    };
    page(command.clone())?;
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help")
    {
        page(inner.clone().name(format!("trapline-{}", inner.get_name())))?;
    }
    Ok(())
}
