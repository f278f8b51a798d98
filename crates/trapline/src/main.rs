//! The program `trapline`. What it does is in the library of the same name.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// In the allocator of glibc, threads that free what another one allocated wait for each other.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    trapline::run()
}
