//! The cases, by what they are about. Each takes a fresh subject.

pub mod append;
pub mod append_extras;
pub mod approvals;
pub mod claims;
pub mod clocks;
pub mod health;
pub mod idempotency;
pub mod inbox;
pub mod inspect;
pub mod journal;
pub mod nodes;
pub mod parking;
pub mod retention;
pub mod runs;
pub mod suspects;
pub mod tenants;
pub mod watching;
pub mod workflow_lists;
pub mod workflows;
