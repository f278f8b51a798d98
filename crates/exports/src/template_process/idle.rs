//! Processes that have rendered a report and wait for the next one.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::process::{PageProcess, ProcessSettings};

/// How long a process waits for the next report before it is ended.
const IDLE_TIME: Duration = Duration::from_secs(20);
/// A process that holds more memory after a report, in bytes, is ended at once.
const MAX_IDLE_MEMORY: u64 = 192 << 20;

/// The waiting processes, and since when they wait; the last one is used next.
static IDLE: Mutex<Vec<(PageProcess, Instant)>> = Mutex::new(Vec::new());

fn lock_idle() -> MutexGuard<'static, Vec<(PageProcess, Instant)>> {
    // No code panics while it holds the lock.
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a process that was started with these settings.
pub fn take(settings: &ProcessSettings) -> Option<PageProcess> {
    let mut idle = lock_idle();
    let place = idle.iter().rposition(|(process, _)| process.settings == *settings)?;
    Some(idle.remove(place).0)
}

/// Lets a process wait for the next report.
pub fn put_back(process: PageProcess) {
    if process.resident_memory().is_none_or(|bytes| bytes > MAX_IDLE_MEMORY) {
        return;
    }
    let mut idle = lock_idle();
    idle.push((process, Instant::now()));
    if idle.len() == 1 {
        thread::spawn(end_idle);
    }
}

/// Ends processes that wait too long, until none waits.
fn end_idle() {
    loop {
        let mut idle = lock_idle();
        let ended: Vec<_> = idle.extract_if(.., |(_, since)| since.elapsed() >= IDLE_TIME).collect();
        if idle.is_empty() {
            return;
        }
        drop(idle);
        drop(ended);
        thread::sleep(IDLE_TIME / 4);
    }
}
