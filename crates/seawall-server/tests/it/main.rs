//! The server from outside: the real router with its whole stack.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod bulk;
mod config;
mod documentation;
mod documented;
mod flow;
mod forks;
mod hand_backs;
mod health;
mod identity;
mod large;
mod oidc;
mod queues;
mod rejections;
mod runs;
mod schedules;
mod socket;
mod strictness;
mod support;
mod tasks;
mod workflows;
mod working;
