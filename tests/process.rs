//! Processes of the program.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

/// The folder of a process's own and that of its data, kept for as long as it may use them.
pub type Folders = (Arc<TempDir>, Option<Arc<TempDir>>);

/// A process of the program. Dropped, it is killed.
pub struct Process {
    child: Child,
    log: PathBuf,
    _folders: Folders,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the log of a process:\n{}", std::fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}

impl Process {
    /// A process, and its first line; none when it ends before.
    pub fn launch(mut command: Command, folders: Folders) -> (Self, String) {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let log = folders.0.path().join(format!("log-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
        let stderr = std::fs::File::options().create(true).append(true).open(&log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (Self { child, log, _folders: folders }, line.trim().to_owned())
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and waits for it.
    pub fn terminate(mut self) -> ExitStatus {
        self.signal("TERM");
        self.child.wait().unwrap()
    }

    /// Waits for its end.
    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        testkit::send_signal(self.child.id(), name);
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}
