//! The contract suite: what the roles' documentation says, one case for each sentence, for any backend.
//!
//! A backend's test binary writes a function that makes a fresh [`Subject`] and hands it to
//! [`contract_tests!`](crate::contract_tests), which makes one test of each case. [`differential`] adds random sequences
//! of calls whose oracle is [`crate::MemoryStore`].
//!
//! What it does not look at: durability, concurrency and faults. Those are each backend's own tests.

mod cases;
pub mod differential;
mod flow_world;
mod macros;
mod subject;
mod tasks_world;
mod world;

pub use cases::{
    append, append_extras, approvals, claims, clocks, discards, firings, flow, flow_model, flow_retries, flow_turns,
    health, idempotency, inbox, inspect, inspect_places, journal, nodes, offers, parking, queues, readers, retention,
    run_lists, runs, schedules, suspects, task_claims, task_ends, tenants, watching, workflow_lists, workflows,
};
pub use subject::Subject;
pub use world::{READER, TTL, World};
