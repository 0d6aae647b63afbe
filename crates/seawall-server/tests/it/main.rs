//! The server from outside: the real router with its whole stack.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod config;
mod documentation;
mod forks;
mod health;
mod rejections;
mod socket;
mod support;
mod workflows;
