//! Runs: beginning, watching, steering them.

pub(crate) mod bulk;
pub(crate) mod control;
pub(crate) mod create;
pub(crate) mod create_inline;
pub(crate) mod delete;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod fork;
pub(crate) mod get;
pub(crate) mod journal;
pub(crate) mod list;
pub(crate) mod resolve;
pub(crate) mod signal;
mod start;
pub(crate) mod step;
pub(crate) mod ticket;
pub(crate) mod why;
