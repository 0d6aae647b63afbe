//! Queues of tasks for workers outside.

pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod set;
