//! Work on several threads at once, and on this one where the system has no other left.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, scope};

/// Calls `run` with each of the items at once, and returns the results in their order.
pub(crate) fn run_all<T: Clone + Send, R: Send>(items: Vec<T>, run: impl Fn(T) -> R + Sync) -> Vec<R> {
    let run = &run;
    scope(|scope| {
        let start = |item: T| {
            let copy = item.clone();
            Builder::new().spawn_scoped(scope, move || run(copy)).map_err(|_| item)
        };
        let threads: Vec<_> = items.into_iter().map(start).collect();
        let finish = |thread| match thread {
            Ok(thread) => join_thread(thread),
            Err(item) => run(item),
        };
        threads.into_iter().map(finish).collect()
    })
}

/// Calls both at once, and returns both results.
pub(crate) fn run_both<A: Send, B>(first: impl FnOnce() -> A + Send, second: impl FnOnce() -> B) -> (A, B) {
    // Taken by the thread, or by this one.
    let first = Mutex::new(Some(first));
    let run_first = || first.lock().unwrap_or_else(PoisonError::into_inner).take().map(|first| first());
    let (found, second) = scope(|scope| match Builder::new().spawn_scoped(scope, run_first) {
        Ok(thread) => {
            let second = second();
            (join_thread(thread), second)
        }
        Err(_) => (run_first(), second()),
    });
    (found.expect("it runs once"), second)
}

fn join_thread<R>(thread: std::thread::ScopedJoinHandle<'_, R>) -> R {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        assert_eq!(
            run_all((0..20).collect(), |number| number * 2),
            (0..20).map(|number| number * 2).collect::<Vec<_>>()
        );
        let mut changed = 0;
        assert_eq!(
            run_both(
                || {
                    changed += 1;
                    "a"
                },
                || 'b'
            ),
            ("a", 'b')
        );
        assert_eq!(changed, 1);
    }
}
