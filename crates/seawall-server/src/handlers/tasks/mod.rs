//! Tasks for workers outside: taking them, and saying how they go.

pub(crate) mod claim;
pub(crate) mod complete;
pub(crate) mod complete_many;
pub(crate) mod fail;
pub(crate) mod get;
pub(crate) mod heartbeat;
mod parse;
