//! Sequences of calls of the roles of identity. Tickets are left out: they need runs, and have nothing to be mistaken about.

mod op;
mod runner;
mod side;
mod strategy;

pub use op::IdentityOp;
pub use runner::run_identity_differential;
pub use strategy::identity_ops;
