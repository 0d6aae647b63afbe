//! The cases, by what they are about. Each takes a fresh subject.

pub mod append;
pub mod append_extras;
pub mod approvals;
pub mod claims;
pub mod clocks;
pub mod firings;
pub mod flow;
pub mod flow_model;
pub mod flow_turns;
pub mod health;
pub mod idempotency;
pub mod inbox;
pub mod journal;
pub mod nodes;
pub mod offers;
pub mod parking;
pub mod queues;
pub mod runs;
pub mod schedules;
pub mod suspects;
pub mod task_claims;
pub mod task_ends;
pub mod tenants;
pub mod watching;
pub mod workflow_lists;
pub mod workflows;
