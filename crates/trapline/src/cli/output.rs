//! Output of commands: progress and messages on standard error, results on standard output.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use archive::in_thousands;
use indicatif::{ProgressBar, ProgressStyle};
use tempfile::NamedTempFile;

use super::command_error::CommandError;

/// Prints a line of a result on standard output. If that is closed, the line is not needed.
pub fn print_result(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A number that is not below zero, rounded, with commas between its thousands.
pub fn round_in_thousands(number: f64) -> String {
    // Camera-days are far below 2^64.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = number.round() as u64;
    in_thousands(whole)
}

/// Starts a spinner, if standard error is a terminal.
pub fn start_spinner() -> Option<ProgressBar> {
    let spinner = std::io::stderr().is_terminal().then(ProgressBar::new_spinner)?;
    spinner.enable_steady_tick(Duration::from_millis(100));
    Some(spinner)
}

/// A longer operation without steps to count. On a terminal a spinner is shown until this is dropped;
/// otherwise a line is printed.
pub struct Stage(Option<ProgressBar>);

impl Stage {
    pub fn begin(what: &str) -> Self {
        let spinner = start_spinner();
        match &spinner {
            Some(spinner) => spinner.set_message(what.to_owned()),
            None => eprintln!("{what}"),
        }
        Self(spinner)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(spinner) = &self.0 {
            spinner.finish_and_clear();
        }
    }
}

/// Progress through a known number of steps. On a terminal a bar is shown; otherwise a line is printed at
/// each quarter.
pub enum Steps {
    Bar(ProgressBar),
    Lines {
        what: String,
        total: u64,
        /// The last quarter that was printed.
        quarter: Mutex<u64>,
    },
}

impl Steps {
    pub fn new(what: &str, total: u64) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines { what: what.into(), total, quarter: Mutex::new(0) };
        }
        let style = ProgressStyle::with_template("{msg:22} {bar:32} {pos}/{len}  {eta} left")
            .expect("a template that indicatif takes");
        Self::Bar(ProgressBar::new(total).with_style(style).with_message(what.to_owned()))
    }

    pub fn set(&self, done: u64) {
        match self {
            Self::Bar(bar) => bar.set_position(done),
            Self::Lines { what, total, quarter } => {
                let mut printed = quarter.lock().expect("no panic while it is held");
                let quarter = (done * 4).checked_div(*total).unwrap_or(4);
                if quarter > *printed {
                    *printed = quarter;
                    eprintln!("{what}: {} of {}", in_thousands(done), in_thousands(*total));
                }
            }
        }
    }

    pub fn finish(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// Creates a temporary file in the folder of `path`, to be moved to `path` when it is complete.
pub fn temporary_beside(path: &Path) -> Result<NamedTempFile, CommandError> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let shown = path.display();
    let cannot_write = |error: std::io::Error| {
        CommandError::input(format!("{shown} cannot be written ({error}); choose another place with -o"))
    };
    if path.is_dir() {
        return Err(cannot_write(std::io::ErrorKind::IsADirectory.into()));
    }
    tempfile::Builder::new().prefix(".trapline-").tempfile_in(folder).map_err(cannot_write)
}

fn not_written(path: &Path, error: &std::io::Error) -> CommandError {
    CommandError::job(format!("{} cannot be written: {error}", path.display()))
}

/// Moves a complete file to its place, with the permissions of a new file.
pub fn persist(file: NamedTempFile, path: &Path) -> Result<u64, CommandError> {
    let failed = |error| not_written(path, &error);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = std::fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(open).map_err(failed)?;
    }
    let size = file.as_file().metadata().map_err(failed)?.len();
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(size)
}

/// Writes `bytes` to `path`, all of them or none.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<u64, CommandError> {
    let mut file = temporary_beside(path)?;
    let failed = |error| not_written(path, &error);
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    persist(file, path)
}
