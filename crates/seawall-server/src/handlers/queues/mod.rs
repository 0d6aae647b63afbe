//! Queues of tasks for workers outside.

mod answer;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod set;
