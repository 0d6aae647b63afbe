//! The states of a breaker, and what takes it from one to another. Nothing here locks, waits, or calls anybody: whoever holds a
//! [`Machine`] holds it alone, and what happened is left in its outbox.

mod control;
mod core;
mod judge;
mod phase;
mod read;

pub(super) use core::{Machine, Refusal};
pub(super) use phase::Phase;
