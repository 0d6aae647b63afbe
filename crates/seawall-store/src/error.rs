//! What can go wrong at a store, named after what the caller has to do about it.

use crate::records::RunStatus;

pub type StoreResult<T> = Result<T, StoreError>;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Two kinds live here: refusals, after which nothing has changed, and faults, whose outcome the backend has already
/// looked up where it could (see `Unavailable` and `Ambiguous`).
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing of that id (or name) belongs to this tenant.
    #[error("no such record")]
    NotFound,
    /// A name, id or message key is taken.
    #[error("a record of that name or key exists already")]
    Exists,
    /// The record has another version than the caller expects.
    #[error("the record was changed by somebody else")]
    PreconditionFailed,
    /// The run's state forbids it.
    #[error("the run is {0}")]
    RunIs(RunStatus),
    /// The approval was settled, or a decision for it waits in the inbox.
    #[error("the approval is settled")]
    ApprovalSettled,
    /// No slot is free, and the run is not to wait for one.
    #[error("{running} of {slots} runs go on or are about to, and no more are to wait")]
    FlowRejected { running: u32, slots: u32 },
    /// The tenant has as many schedules as it may have.
    #[error("there are {most} schedules already")]
    TooManySchedules { most: u32 },
    /// The idempotency key was used with another request.
    #[error("the idempotency key was used with another request")]
    IdempotencyKeyReused,
    /// Another holder, epoch or sequence: whoever appended no longer holds the run. Nothing was written.
    #[error("the lease is stale")]
    StaleLease,
    /// The node was declared dead; it must take a new identity.
    #[error("the node was declared dead")]
    NodeDead,
    /// The write queue is full. Nothing was written; try again later.
    #[error("the write queue is full")]
    Busy,
    /// The store cannot work now (full disk, I/O error, closed). Nothing was written.
    #[error("the store is unavailable: {reason}")]
    Unavailable {
        reason: &'static str,
        source: Option<Source>,
    },
    /// It is not known whether the write is durable, and looking it up failed too.
    #[error("the outcome of the write is unknown")]
    Ambiguous { source: Source },
    /// What is stored does not make sense: a broken file, a missing row, a newer form.
    #[error("the stored data is not readable: {detail}")]
    Corrupt { detail: String, source: Option<Source> },
}

impl StoreError {
    /// True where the same call may succeed later without anything being changed by the caller.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable { .. } | Self::Ambiguous { .. })
    }
}
