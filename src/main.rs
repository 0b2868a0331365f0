//! The binary: everything it does is in the library.

use std::process::ExitCode;

use tikv_jemallocator::Jemalloc;

/// Answers and pages of a sync are made of very many small pieces: see docs/performance.md.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    hiregraph::cli::main().await
}
