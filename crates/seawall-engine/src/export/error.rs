//! Why a document is not read.

use seawall_store::Seq;

use crate::definition::DefinitionError;
use crate::export::{FORMAT, MAX_DOCUMENT_BYTES, VERSION};
use crate::journal::CodecError;

/// What is wrong with a document, for whoever has it.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    #[error("it is larger than {} MiB, the most that an exported run has", MAX_DOCUMENT_BYTES / 1024 / 1024)]
    TooLarge,
    #[error("it is not an exported run: it is not JSON")]
    NotJson(#[source] serde_json::Error),
    #[error("it is not an exported run: its `format` is not `{FORMAT}`")]
    NotAnExport,
    #[error("it was made by a newer version of Seawall: its format is version {found}; this one reads up to {VERSION}")]
    Newer { found: u64 },
    #[error("it is damaged")]
    Damaged(#[source] serde_json::Error),
    #[error("it is damaged: `{0}` is not readable")]
    Field(&'static str),
    #[error("it is damaged: it says that it holds {expected} events, and holds {found}")]
    Count { expected: u64, found: u64 },
    #[error("event {seq} cannot be read")]
    Event {
        seq: Seq,
        #[source]
        source: CodecError,
    },
    #[error("event {seq} has `{field}`, which this version of Seawall does not know")]
    Unknown {
        seq: Seq,
        /// A JSON Pointer into the event.
        field: String,
    },
    #[error("it is damaged: event {0} is earlier than the one before it")]
    Order(Seq),
    #[error("it is damaged: its first event is not the run's creation")]
    NoCreation,
    #[error("it is damaged: `{0}` is another one than in its journal")]
    Contradiction(&'static str),
    /// At least one.
    #[error("its definition is not valid here")]
    Definition(Vec<DefinitionError>),
    #[error("its definition is another one than its journal was written for")]
    OtherDefinition,
}
