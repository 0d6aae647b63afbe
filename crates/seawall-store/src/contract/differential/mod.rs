//! Random sequences of role calls, held against two stores at once.
//!
//! [`ops`] makes sequences over small spaces of ids, so that calls meet; [`run_differential`] applies each to both stores,
//! which share one clock, and compares every answer and, at the end, everything that can be read. Keys, cursors and inbox
//! numbers mean nothing to another backend and are left out; journals are compared by their events, not by how these were
//! cut into segments.

mod appends;
mod dump;
mod identity;
mod op;
mod retention;
mod runner;
mod samples;
mod schedules;
mod side;
mod strategy;
mod tasks;

pub use identity::{IdentityOp, identity_ops, run_identity_differential};
pub use op::{AppendOp, Expect, FlowOp, Lie, OfferOp, Op, TaskOp, Then, Wrong};
pub use runner::{Divergence, run_differential};
pub use strategy::{flow_ops, ops};
