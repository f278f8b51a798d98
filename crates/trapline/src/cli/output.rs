//! What commands show: progress and messages on standard error, results on standard output.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tempfile::NamedTempFile;

use super::failure::Failure;

/// A line of a result, on standard output. Who closed that has seen enough.
pub fn result(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Something that takes a while and has no steps to count: a spinner on a terminal until it is
/// dropped, else a line.
pub struct Stage(Option<ProgressBar>);

impl Stage {
    pub fn begin(what: &str) -> Self {
        if !std::io::stderr().is_terminal() {
            eprintln!("{what}");
            return Self(None);
        }
        let spinner = ProgressBar::new_spinner().with_message(what.to_owned());
        spinner.enable_steady_tick(Duration::from_millis(100));
        Self(Some(spinner))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(spinner) = &self.0 {
            spinner.finish_and_clear();
        }
    }
}

/// Progress through a known number of steps: a bar on a terminal, else a line at each quarter.
pub enum Steps {
    Bar(ProgressBar),
    Lines { what: String, total: u64, told: Mutex<u64> },
}

impl Steps {
    pub fn new(what: &str, total: u64) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines { what: what.into(), total, told: Mutex::new(0) };
        }
        let style = ProgressStyle::with_template("{msg:22} {bar:32} {pos}/{len}  {eta} left")
            .expect("a template that indicatif takes");
        Self::Bar(ProgressBar::new(total).with_style(style).with_message(what.to_owned()))
    }

    pub fn set(&self, done: u64) {
        match self {
            Self::Bar(bar) => bar.set_position(done),
            Self::Lines { what, total, told } => {
                let mut told = told.lock().expect("nobody panics while telling");
                let quarter = (done * 4).checked_div(*total).unwrap_or(4);
                if quarter > *told {
                    *told = quarter;
                    eprintln!("{what}: {done} of {total}");
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

impl archive::Watch for Steps {
    fn progress(&self, done: u64) {
        self.set(done);
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// A file that takes the place of `path` when it is whole.
pub fn temporary_beside(path: &Path) -> Result<NamedTempFile, Failure> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let cannot = |error: std::io::Error| {
        Failure::input(format!(
            "{} cannot be written ({error}); choose another place with -o",
            path.display()
        ))
    };
    if path.is_dir() {
        return Err(cannot(std::io::ErrorKind::IsADirectory.into()));
    }
    tempfile::Builder::new().prefix(".trapline-").tempfile_in(folder).map_err(cannot)
}

fn not_written(path: &Path, error: &std::io::Error) -> Failure {
    Failure::job(format!("{} cannot be written: {error}", path.display()))
}

/// Puts a whole file in its place, with the permissions that a new file has.
pub fn persist(file: NamedTempFile, path: &Path) -> Result<u64, Failure> {
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
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<u64, Failure> {
    let mut file = temporary_beside(path)?;
    let failed = |error| not_written(path, &error);
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    persist(file, path)
}
