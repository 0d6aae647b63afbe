//! The contract suite, and what it does not look at: opening, durability, batches, faults.
#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests fail as tests do")]

mod batches;
mod contract;
mod crashes;
mod damage;
mod faults;
mod full_disk;
mod identity;
mod kit;
mod opening;
mod scopes;
mod storms;
mod tasks;
