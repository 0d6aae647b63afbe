//! What comes from the user: definitions and inputs in files, and `k=v` on the command line.

mod assembled;
mod document;
mod json;
mod schema;
mod typing;

pub(crate) use assembled::{InputArgs, RunInput};
pub(crate) use document::Document;
pub(crate) use json::json_value;
pub(crate) use typing::Pair;
