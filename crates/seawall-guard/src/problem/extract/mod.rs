//! Extractors that reject with problems.

mod json;
mod objects;
mod path;
mod query;
mod read;
mod serde_errors;
#[cfg(feature = "validation")]
mod valid;
mod wide_integer;

pub use json::{Json, parse_json, require_json, require_uncoded};
pub use path::Path;
pub use query::Query;
pub use read::read_body;
#[cfg(feature = "validation")]
pub use valid::{MAX_ERRORS, Valid};
