//! A run as a document of its own: everything that replaying it takes, and nothing of the store it came from.
//!
//! The journal stands in it line by line as the codec keeps it, so a document is read by whatever reads a journal, and a
//! program that is too old for it says so. It holds what the journal holds: inputs, outputs, messages, names of people;
//! secrets are in no journal, and therefore in no document.

mod document;
mod error;
mod form;
mod write;

#[cfg(test)]
mod tests;

pub use document::{DocumentRun, RunDocument};
pub use error::DocumentError;
pub use write::Export;
#[cfg(test)]
pub(crate) use write::write;
pub(crate) use write::{Source, WriteError, write_in_turns};

/// The name of the format.
pub(crate) const FORMAT: &str = "seawall-run";
/// The version that is written, and the newest that is read.
pub(crate) const VERSION: u64 = 1;
/// The largest document: what a run may hold, and as much again for its events, escapes and the definition.
pub const MAX_DOCUMENT_BYTES: usize = 128 * 1024 * 1024;
