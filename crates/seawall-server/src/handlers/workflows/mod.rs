//! Definitions and their versions.

mod answer;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod flow;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod update;
pub(crate) mod validate;
pub(crate) mod versions;
