//! Fail points: named places at which a test can kill the process.
//!
//! They are compiled in only with the feature `failpoints` of the crate `fail`, which only tests enable. The
//! environment variable `FAILPOINTS` then names a point: `FAILPOINTS='published=return' trapline worker …`
//! ends like `kill -9` after publishing a file.

#[doc(hidden)]
pub use fail::fail_point;

/// A fail point that aborts the process.
#[macro_export]
macro_rules! crash_point {
    ($name:literal) => {
        $crate::fail_points::fail_point!($name, |_| std::process::abort());
    };
}

/// Enables the fail points that `FAILPOINTS` names, for as long as the returned value lives.
pub fn enable_fail_points() -> Option<fail::FailScenario<'static>> {
    fail::has_failpoints().then(fail::FailScenario::setup)
}
