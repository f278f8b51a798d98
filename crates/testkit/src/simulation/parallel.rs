//! Many surveys on all cores.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Calls `run` for each number below `surveys`, on all cores. The results are in order of their numbers, so
/// they are the same however many cores there are.
///
/// # Panics
/// When `run` does.
pub fn run_surveys<T: Send>(surveys: usize, run: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= surveys {
                return done;
            }
            done.push((number, run(number)));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut results: Vec<(usize, T)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let finished = workers.into_iter().map(|worker| worker.join().expect("a survey that does not panic"));
        finished.flatten().collect()
    });
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::run_surveys;

    #[test]
    fn results_stand_in_the_order_of_the_numbers() {
        let doubled: Vec<usize> = (0..100).map(|number| number * 2).collect();
        assert_eq!(run_surveys(100, |number| number * 2), doubled);
        assert!(run_surveys(0, |number| number).is_empty());
    }
}
