//! Named places at which a test ends the process, to see what the others make of it.
//!
//! They are compiled in only when the feature `failpoints` of the crate `fail` is on, which it
//! is for tests alone. The environment variable `FAILPOINTS` then names a place:
//! `FAILPOINTS='published=return' trapline worker …` ends as `kill -9` would once it has
//! published a file.

/// A place at which a process may be ended.
macro_rules! may_die {
    ($name:literal) => {
        fail::fail_point!($name, |_| std::process::abort());
    };
}
pub(crate) use may_die;

/// Reads `FAILPOINTS`. The places are in force as long as the answer lives.
pub fn armed() -> Option<fail::FailScenario<'static>> {
    fail::has_failpoints().then(fail::FailScenario::setup)
}
