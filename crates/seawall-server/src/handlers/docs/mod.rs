//! The API's description, its page, the pages of problems, the schema of definitions.

mod access;
pub(crate) mod openapi;
pub(crate) mod problems;
pub(crate) mod schema;
pub(crate) mod ui;
