//! Why the engine refuses.

use seawall_store::{RunStatus, StoreError};

use crate::definition::{DefinitionError, InputError};

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No workflow, run, step or approval of that id or name (of this tenant).
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error("the definition is not valid")]
    InvalidDefinition(Vec<DefinitionError>),
    #[error("the input does not match the workflow's schema")]
    InvalidInput(Vec<InputError>),
    /// A request that makes no sense in itself: a pointer into it, a code, a message.
    #[error("{message}")]
    Invalid {
        pointer: String,
        code: &'static str,
        message: String,
    },
    /// Several such things at once.
    #[error("the request's content is not acceptable")]
    InvalidFields(Vec<InputError>),
    #[error("a workflow of that name exists")]
    NameTaken,
    #[error("the workflow was changed by somebody else")]
    PreconditionFailed,
    /// The run's state forbids it; `detail` says which state and what would be possible.
    #[error("{detail}")]
    Conflict { status: Option<RunStatus>, detail: String },
    /// The tenant has as many as it may have.
    #[error("there are {most} schedules already, and there may be no more; delete one that is not needed")]
    TooManySchedules { most: u32 },
    #[error("the idempotency key was used with another request")]
    IdempotencyKeyReused,
    /// Too much is queued, or the node is shutting down: try again later.
    #[error("the engine takes no new work now: {0}")]
    Overloaded(&'static str),
    #[error("the store failed")]
    Store(#[source] StoreError),
    /// A journal or definition in the store does not make sense.
    #[error("a stored record is not readable: {0}")]
    Corrupt(String),
}
