//! A child process that renders pages.

use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::messages::{RequestHead, read_answer, write_message};
use super::{COMMAND, TemplateProcessError};

/// Interval between checks whether the job is cancelled.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);
/// How much of standard error is kept, in bytes.
const MAX_MESSAGE: u64 = 1 << 16;

/// The address space that the allocator of a process reserves at once, in bytes: part of all that it has.
const LEAST_RESERVE: u64 = 4 << 20;
const MOST_RESERVE: u64 = 64 << 20;
/// What a process writes that has no more memory: for data, or for a thread.
const OUT_OF_MEMORY: [&str; 5] = [
    "memory allocation",
    "capacity overflow",
    "WouldBlock",
    "failed to spawn thread",
    "Cannot allocate memory",
];

/// How a process was started. It can render another report that needs the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessSettings {
    /// The user's template, if it is for one.
    template: Option<PathBuf>,
    /// A folder of fonts.
    fonts: Option<PathBuf>,
    /// The address space in bytes.
    memory: u64,
}

impl ProcessSettings {
    pub fn new(
        template: Option<&Path>,
        fonts: Option<&Path>,
        memory: u64,
    ) -> Result<Self, TemplateProcessError> {
        let absolute = |path: Option<&Path>| path.map(std::path::absolute).transpose();
        let (template, fonts) = absolute(template)
            .and_then(|template| Ok((template, absolute(fonts)?)))
            .map_err(TemplateProcessError::Process)?;
        Ok(Self { template, fonts, memory })
    }

    fn build_command(&self) -> io::Result<Command> {
        // On Linux it is the running version, even if a new one has replaced the file.
        let program =
            if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { std::env::current_exe()? };
        let mut command = Command::new(program);
        command.arg(COMMAND).args(["--memory", &self.memory.to_string()]);
        if let Some(template) = &self.template {
            command.arg("--template").arg(template);
        }
        if let Some(fonts) = &self.fonts {
            command.arg("--fonts").arg(fonts);
        }
        command.env_clear().current_dir("/");
        // One thread, and an allocator that reserves little at once, since address space that is reserved and not used
        // counts as well.
        let reserve = (self.memory / 16).clamp(LEAST_RESERVE, MOST_RESERVE) >> 20;
        command.env("RAYON_NUM_THREADS", "1").env("MIMALLOC_ARENA_RESERVE", format!("{reserve}MiB"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(command)
    }
}

/// A child process that renders one report after the other. Dropping it kills it.
#[derive(Debug)]
pub struct PageProcess {
    child: RunningChild,
    pipes: Pipes,
    message: JoinHandle<Vec<u8>>,
    pub settings: ProcessSettings,
}

#[derive(Debug)]
struct RunningChild(Child);

impl Drop for RunningChild {
    fn drop(&mut self) {
        // Both fail only if the child has ended and was waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[derive(Debug)]
struct Pipes {
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl PageProcess {
    pub fn start(settings: ProcessSettings) -> Result<Self, TemplateProcessError> {
        let spawned = settings.build_command().and_then(|mut command| command.spawn());
        let mut child = spawned.map_err(TemplateProcessError::Process)?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let child = RunningChild(child);
        let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(TemplateProcessError::Process(io::ErrorKind::BrokenPipe.into()));
        };
        let message = thread::spawn(move || read_message(stderr));
        Ok(Self { child, pipes: Pipes { stdin, stdout: BufReader::new(stdout) }, message, settings })
    }

    /// Renders a report, and hands back the process for the next one. After an error it is killed.
    pub fn render(
        self,
        head: RequestHead,
        numbers: Vec<u8>,
        cancellation: &CancellationToken,
    ) -> Result<(Vec<u8>, Self), TemplateProcessError> {
        let Self { child, mut pipes, message, settings } = self;
        let time = Duration::from_secs(head.seconds);
        let (sender, answers) = channel();
        // On a thread of its own, since a process that hangs neither reads nor answers.
        thread::spawn(move || {
            let answer = exchange(&mut pipes, &head, &numbers);
            // Fails if the report was cancelled.
            let _ = sender.send((pipes, answer));
        });
        let begun = Instant::now();
        let (pipes, answer) = loop {
            match answers.recv_timeout(CHECK_INTERVAL) {
                Ok(answered) => break answered,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(TemplateProcessError::Process(io::ErrorKind::BrokenPipe.into()));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if cancellation.is_cancelled() {
                return Err(TemplateProcessError::Cancelled);
            }
            if begun.elapsed() > time {
                return Err(TemplateProcessError::TooSlow);
            }
        };
        match answer {
            Ok(Ok(pdf)) => Ok((pdf, Self { child, pipes, message, settings })),
            Ok(Err(error)) => Err(TemplateProcessError::Template(error)),
            Err(error) => {
                drop(pipes);
                Err(explain_end(child, message, error, settings.memory))
            }
        }
    }

    /// The memory that the process holds in bytes, if the system tells.
    pub fn resident_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.0.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kibibytes << 10)
    }
}

fn exchange(pipes: &mut Pipes, head: &RequestHead, numbers: &[u8]) -> io::Result<Result<Vec<u8>, String>> {
    write_message(&mut pipes.stdin, head, numbers)?;
    read_answer(&mut pipes.stdout)
}

fn read_message(stderr: ChildStderr) -> Vec<u8> {
    let mut bytes = Vec::new();
    // After an error, the bytes so far are the message.
    let _ = stderr.take(MAX_MESSAGE).read_to_end(&mut bytes);
    bytes
}

/// Why a process ended without an answer.
fn explain_end(
    mut child: RunningChild,
    message: JoinHandle<Vec<u8>>,
    error: io::Error,
    memory: u64,
) -> TemplateProcessError {
    let Ok(status) = child.0.wait() else { return TemplateProcessError::Process(error) };
    let message = message.join().unwrap_or_default();
    let message = String::from_utf8_lossy(&message);
    tracing::warn!(%status, stderr = message.trim(), "the template process failed");
    if OUT_OF_MEMORY.iter().any(|sign| message.contains(sign)) {
        return TemplateProcessError::TooMuchMemory(memory);
    }
    TemplateProcessError::Template(
        "the template crashed its process, as endless recursion does; look for functions that call themselves".into(),
    )
}
