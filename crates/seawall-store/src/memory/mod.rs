//! The store in memory: the naive model that every backend is held against, and the fake that engine tests run on.
//!
//! One mutex round plain maps, no index, no cleverness: a method looks at everything it needs, then writes. It keeps
//! nothing when it is dropped. [`MemoryOptions`] make it exclusive like the embedded store or let it fail on purpose.

mod append;
mod approvals;
mod fault;
mod flow;
mod flow_rows;
mod flow_view;
mod health;
mod identity;
mod inspect;
mod leases;
mod page;
mod retention;
mod runs;
mod schedules;
mod state;
mod store;
mod task_rows;
mod tasks;
mod workflows;

pub use fault::{Fault, FaultHook, FaultPoint, StoreOp};
pub use store::{MemoryOptions, MemoryStore};
