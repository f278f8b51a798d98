//! The memory limit for pictures, shared by all archives of a process.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How often cancellation is checked while waiting for memory.
const LOOK: Duration = Duration::from_millis(50);

/// A limit on the bytes of all pictures that are decoded at the same time, in all archives that share it.
///
/// Each picture reserves memory before it is decoded, and waits in a queue if there is not enough. So a few
/// pictures of hundreds of megapixels are decoded one after the other.
#[derive(Debug)]
pub struct PictureMemory {
    total: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    used: u64,
    /// Tickets of waiting pictures in order, so that small pictures do not overtake a large one for ever.
    waiting: VecDeque<u64>,
    next_ticket: u64,
}

/// Why memory was not reserved.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReserveError {
    /// The picture needs more than the limit, so it cannot be decoded.
    MoreThanAll,
    /// The export was cancelled.
    Cancelled,
}

/// Reserved memory, which is released on drop.
#[derive(Debug)]
pub(crate) struct Reservation<'a> {
    memory: &'a PictureMemory,
    bytes: u64,
}

impl PictureMemory {
    /// A limit of `total` bytes.
    pub fn new(total: u64) -> Self {
        Self { total, state: Mutex::default(), changed: Condvar::new() }
    }

    /// The limit in bytes.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Waits in the queue until `bytes` are free, and reserves them. The token cancels the call.
    pub(crate) fn reserve(
        &self,
        bytes: u64,
        cancellation: &CancellationToken,
    ) -> Result<Reservation<'_>, ReserveError> {
        if bytes > self.total {
            return Err(ReserveError::MoreThanAll);
        }
        let mut state = self.lock();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.waiting.push_back(ticket);
        loop {
            if cancellation.is_cancelled() {
                state.waiting.retain(|waiting| *waiting != ticket);
                drop(state);
                self.changed.notify_all();
                return Err(ReserveError::Cancelled);
            }
            if state.waiting.front() == Some(&ticket) && state.used + bytes <= self.total {
                state.waiting.pop_front();
                state.used += bytes;
                drop(state);
                // There may also be enough memory for the next in the queue.
                self.changed.notify_all();
                return Ok(Reservation { memory: self, bytes });
            }
            state = self.changed.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.memory.lock().used -= self.bytes;
        self.memory.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn no_more_is_in_use_than_there_is() {
        let memory = PictureMemory::new(100);
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for number in 0..8_u64 {
                let (memory, now, most) = (&memory, &now, &most);
                scope.spawn(move || {
                    for _ in 0..200 {
                        let bytes = 10 + number * 10;
                        let reservation = memory.reserve(bytes, &CancellationToken::new()).unwrap();
                        most.fetch_max(now.fetch_add(bytes, Ordering::SeqCst) + bytes, Ordering::SeqCst);
                        now.fetch_sub(bytes, Ordering::SeqCst);
                        drop(reservation);
                    }
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 100);
        assert_eq!(memory.lock().used, 0);
    }

    #[test]
    fn what_can_never_be_had_is_refused_and_who_is_not_wanted_does_not_wait() {
        let memory = PictureMemory::new(100);
        assert_eq!(memory.reserve(101, &CancellationToken::new()).err(), Some(ReserveError::MoreThanAll));
        let held = memory.reserve(60, &CancellationToken::new()).unwrap();
        let cancellation = CancellationToken::new();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| memory.reserve(60, &cancellation).err());
            cancellation.cancel();
            assert_eq!(waiting.join().unwrap(), Some(ReserveError::Cancelled));
        });
        drop(held);
        assert!(memory.reserve(100, &CancellationToken::new()).is_ok());
    }
}
