//! Fail points: named places at which a test can kill the process.
//!
//! They are compiled in only with the feature `failpoints` of the crate `fail`, which only tests enable. The
//! environment variable `FAILPOINTS` then names a point: `FAILPOINTS='published=return' trapline worker …`
//! ends like `kill -9` after publishing a file.

/// A fail point that aborts the process.
macro_rules! crash_point {
    ($name:literal) => {
        fail::fail_point!($name, |_| std::process::abort());
    };
}
pub(crate) use crash_point;

/// Enables the fail points that `FAILPOINTS` names, for as long as the returned value lives.
pub fn enable_fail_points() -> Option<fail::FailScenario<'static>> {
    fail::has_failpoints().then(fail::FailScenario::setup)
}
