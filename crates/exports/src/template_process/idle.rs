//! Processes that have rendered a report and wait for the next one.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::process::{PageProcess, ProcessSettings};

/// How long a process waits for the next report before it is ended.
const IDLE_TIME: Duration = Duration::from_secs(20);
/// A process that holds more memory after a report, in bytes, is ended at once.
const MAX_IDLE_MEMORY: u64 = 192 << 20;

/// The waiting processes.
struct Idle {
    /// Each with the time since when it waits; the last one is used next.
    processes: Vec<(PageProcess, Instant)>,
    /// Whether a thread ends those that wait too long.
    is_watched: bool,
}

static IDLE: Mutex<Idle> = Mutex::new(Idle { processes: Vec::new(), is_watched: false });

fn lock_idle() -> MutexGuard<'static, Idle> {
    // No code panics while it holds the lock.
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a process that was started with these settings.
pub fn take(settings: &ProcessSettings) -> Option<PageProcess> {
    let idle = &mut lock_idle().processes;
    let place = idle.iter().rposition(|(process, _)| process.settings == *settings)?;
    Some(idle.remove(place).0)
}

/// Lets a process wait for the next report.
pub fn put_back(process: PageProcess) {
    if process.resident_memory().is_none_or(|bytes| bytes > MAX_IDLE_MEMORY) {
        return;
    }
    let mut idle = lock_idle();
    idle.processes.push((process, Instant::now()));
    if !idle.is_watched {
        // Without a thread the next report tries again.
        idle.is_watched = thread::Builder::new().name("idle-pages".into()).spawn(end_idle).is_ok();
    }
}

/// Ends processes that wait too long, until none waits.
fn end_idle() {
    loop {
        let mut idle = lock_idle();
        let ended: Vec<_> =
            idle.processes.extract_if(.., |(_, since)| since.elapsed() >= IDLE_TIME).collect();
        if idle.processes.is_empty() {
            idle.is_watched = false;
            return;
        }
        drop(idle);
        drop(ended);
        thread::sleep(IDLE_TIME / 4);
    }
}
