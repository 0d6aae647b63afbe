//! The records that roles move.

mod append;
mod approval;
mod flow;
mod identity;
mod inspect;
mod page;
mod queue;
mod rate;
mod retention;
mod run;
mod schedule;
mod task;
mod workflow;
mod writes;

pub use append::{
    Append, AppendThen, Appended, ApprovalOpened, ApprovalSettled, ClaimLimits, ClaimedRun, CrossMessage, HeldRun,
    InboxRow, Lease, LoadedRun, OwnTurn,
};
pub use approval::{ApprovalFilter, ApprovalRecord, ApprovalStatus};
pub use flow::{Debounce, FlowEntry, FlowLine, FlowNumbers, FlowPlace, FlowStage, OnConflict, flow_order};
pub use identity::{
    AnswerTooLarge, AuditAction, AuditBody, AuditDetails, AuditDetailsError, AuditEntry, AuditFilter, AuditHead,
    AuditObject, AuditOutcome, AuditRecord, AuditSeal, AuthKey, ClaimId, Email, Finish, KeyCreated, KeyEnd, KeyName,
    KeyRecord, KeyUse, KeyUses, LockPolicy, LoginAttempt, LoginUser, Mac, NewAudit, NewKey, NewSession, NewTicket,
    NewToken, NewUser, PasswordHash, PrincipalName, PutAdmin, PutAdminKey, RequestClaim, RequestId, RequestState,
    Revocation, RevocationNo, Revocations, Revoked, RevokedKey, Rotation, Scope, Scopes, ScopesError, SecretHash,
    SessionBegun, SessionEnd, SessionEndCause, SessionRecord, SessionRevoked, StoredAnswer, TextError, TicketRecord,
    UserChange, UserCreated, UserRecord, UserRole,
};
pub use inspect::{InspectedRun, InspectedSchedule, Miscount, RunParts, RunRepair, Strays};
pub use page::{Cursor, Page, PageOf};
pub use queue::{NextClaim, QueueName, QueueNameError, QueueRecord, QueueRoom, QueueSettings};
pub use rate::{Rate, Spent};
pub use retention::{Discard, Fate, FinishedPlace, Forgotten, KeptFor, Sweep};
pub use run::{
    Awaits, CreatedRun, IdempotencyKey, JournalPage, MessageKey, NewMessage, NewRun, ParentLink, RunFilter,
    RunProgress, RunProjection, RunRecord, RunStatus, Segment, Sent, StatusSet, Turn,
};
pub use schedule::{
    DueSchedule, DueSchedules, Fired, Firing, FiringError, NewSchedule, Overlap, ScheduleChange, ScheduleRecord,
    ScheduledRun,
};
pub use task::{
    ClaimedTask, LapsedTask, Lapses, LeasesAnew, TaskBeat, TaskClaim, TaskEnder, TaskLease, TaskOffered, TaskRecord,
    TaskSettled, TaskStatus, TaskWithdrawn,
};
pub use workflow::{NewWorkflow, WorkflowRecord, WorkflowRef, WorkflowVersion};
pub use writes::{Spread, WriteStats};

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
