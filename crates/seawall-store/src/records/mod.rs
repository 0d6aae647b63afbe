//! The records that roles move.

mod append;
mod approval;
mod inspect;
mod page;
mod retention;
mod run;
mod task;
mod workflow;

pub use append::{
    Append, AppendThen, Appended, ApprovalOpened, ApprovalSettled, ClaimLimits, ClaimedRun, CrossMessage, InboxRow,
    Lease, LoadedRun,
};
pub use approval::{ApprovalFilter, ApprovalRecord, ApprovalStatus};
pub use inspect::{InspectedRun, RunParts, RunRepair, Strays};
pub use page::{Cursor, Page, PageOf};
pub use retention::{Fate, FinishedPlace, Forgotten, KeptFor, Sweep};
pub use run::{
    Awaits, CreatedRun, IdempotencyKey, JournalPage, MessageKey, NewMessage, NewRun, ParentLink, RunFilter,
    RunProgress, RunProjection, RunRecord, RunStatus, Segment, Sent, StatusSet,
};
pub use task::{
    ClaimedTask, LapsedTask, Lapses, QueueName, QueueRecord, QueueSettings, Rate, TaskBeat, TaskClaim, TaskEnder,
    TaskLease, TaskOffered, TaskRecord, TaskSettled, TaskStatus, TaskWithdrawn,
};
pub use workflow::{NewWorkflow, WorkflowRecord, WorkflowRef, WorkflowVersion};

use std::time::Duration;

/// What a health check found.
#[derive(Clone, Debug)]
pub struct StoreHealth {
    /// `sqlite`, `postgres`, `memory`.
    pub backend: &'static str,
    /// How long the check took.
    pub latency: Duration,
    /// Operations that wait for the writer.
    pub queued: usize,
}
