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
mod identity_macros;
mod identity_world;
mod macros;
mod subject;
mod tasks_world;
mod world;

pub use cases::{
    admin_keys, append, append_extras, approvals, audit, audit_with, claims, clocks, discards, firings, flow,
    flow_model, flow_retries, flow_turns, health, idempotency, inbox, inspect, inspect_places, journal, keys, logins,
    nodes, offers, parking, queues, readers, requests, retention, revocations, rotations, run_lists, runs, schedules,
    sessions, suspects, task_claims, task_ends, tenants, tickets, users, watching, workflow_lists, workflows,
};
pub use identity_world::IdentityWorld;
pub use subject::Subject;
pub use world::{READER, TTL, World};
