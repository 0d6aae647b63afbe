//! The store: roles, the records they move, an in-memory fake and the contract suite.
//!
//! A *role* is a small trait whose methods are atomic changes of the domain, each with a domain name. No transaction,
//! connection or SQL leaks through it, so a backend may fold many calls into one commit. Event payloads, messages and
//! definitions are opaque bytes here: their codec belongs to the engine.
//!
//! With the feature `testing` come `MemoryStore`, `ManualClock` and the `contract` suite; products do without it.
//!
//! What this room does not do: decide anything about a run. It keeps the fence (holder, epoch, sequence) and the order.

#[cfg(feature = "testing")]
pub mod contract;
mod error;
mod ids;
#[cfg(feature = "testing")]
mod manual_clock;
#[cfg(feature = "testing")]
mod memory;
mod records;
mod roles;
mod time;
mod watch;

pub use error::{StoreError, StoreResult};
pub use ids::{
    ApprovalId, Digest, Epoch, IdError, KeyId, NodeId, RunId, RunKey, ScheduleId, Seq, SessionId, TaskId, TenantId,
    UserId, WorkflowId,
};
#[cfg(feature = "testing")]
pub use manual_clock::ManualClock;
#[cfg(feature = "testing")]
pub use memory::{Fault, FaultHook, FaultPoint, MemoryOptions, MemoryStore, StoreOp};
pub use records::{
    AnswerTooLarge, Append, AppendThen, Appended, ApprovalFilter, ApprovalOpened, ApprovalRecord, ApprovalSettled,
    ApprovalStatus, AuditAction, AuditBody, AuditDetails, AuditDetailsError, AuditEntry, AuditFilter, AuditHead,
    AuditObject, AuditOutcome, AuditRecord, AuditSeal, AuthKey, Awaits, ClaimId, ClaimLimits, ClaimedRun, ClaimedTask,
    CreatedRun, CrossMessage, Cursor, Debounce, Discard, DueSchedule, DueSchedules, Email, Fate, Finish, FinishedPlace,
    Fired, Firing, FiringError, FlowEntry, FlowLine, FlowNumbers, FlowPlace, FlowStage, Forgotten, HeldRun,
    IdempotencyKey, InboxRow, InspectedRun, InspectedSchedule, JournalPage, KeptFor, KeyCreated, KeyEnd, KeyName,
    KeyRecord, KeyUse, KeyUses, LapsedTask, Lapses, Lease, LeasesAnew, LoadedRun, LockPolicy, LoginAttempt, LoginUser,
    Mac, MessageKey, Miscount, NewAudit, NewKey, NewMessage, NewRun, NewSchedule, NewSession, NewTicket, NewToken,
    NewUser, NewWorkflow, NextClaim, OnConflict, Overlap, OwnTurn, Page, PageOf, ParentLink, PasswordHash,
    PrincipalName, PutAdmin, PutAdminKey, QueueName, QueueNameError, QueueRecord, QueueRoom, QueueSettings, Rate,
    RequestClaim, RequestId, RequestState, Revocation, RevocationNo, Revocations, Revoked, RevokedKey, Rotation,
    RunFilter, RunParts, RunProgress, RunProjection, RunRecord, RunRepair, RunStatus, ScheduleChange, ScheduleRecord,
    ScheduledRun, Scope, Scopes, ScopesError, SecretHash, Segment, Sent, SessionBegun, SessionEnd, SessionEndCause,
    SessionRecord, SessionRevoked, Spent, Spread, StatusSet, StoreHealth, StoredAnswer, Strays, Sweep, TaskBeat,
    TaskClaim, TaskEnder, TaskLease, TaskOffered, TaskRecord, TaskSettled, TaskStatus, TaskWithdrawn, TextError,
    TicketRecord, Turn, UserChange, UserCreated, UserRecord, UserRole, WorkflowRecord, WorkflowRef, WorkflowVersion,
    WriteStats, flow_order,
};
pub use roles::{
    ApprovalStore, AuditStore, FlowStore, HealthStore, IdempotencyStore, IdentityStore, InspectStore, KeyStore,
    LeaseStore, RetentionStore, RevocationStore, RunStore, ScheduleStore, SessionStore, Store, TaskStore, TicketStore,
    UserStore, WorkflowStore,
};
pub use time::{StoreClock, SystemClock, Timestamp};
pub use watch::{QueueWatch, RunWatch, TimerSeen, Watchers};
