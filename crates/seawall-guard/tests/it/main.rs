//! What has to be seen from outside the library.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod allocations;
mod alone;
mod attacks;
mod flood;
#[path = "../../examples/hardened_axum.rs"]
#[expect(dead_code, reason = "its `main` is the example's")]
mod hardened_axum;
mod panics;
mod readme;
mod repeats;
mod service;

/// Counts what a thread allocates while a benchmark runs on it.
#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();
