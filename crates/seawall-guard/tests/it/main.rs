//! What has to be seen from outside the library.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod allocations;
mod alone;
mod panics;

/// Counts what a thread allocates while a benchmark runs on it.
#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();
