//! Decisions that runs ask people for.

pub(crate) mod decide;
pub(crate) mod list;
