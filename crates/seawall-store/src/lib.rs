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
    ApprovalId, Digest, Epoch, IdError, NodeId, RunId, RunKey, ScheduleId, Seq, TaskId, TenantId, WorkflowId,
};
#[cfg(feature = "testing")]
pub use manual_clock::ManualClock;
#[cfg(feature = "testing")]
pub use memory::{Fault, FaultHook, FaultPoint, MemoryOptions, MemoryStore, StoreOp};
pub use records::{
    Append, AppendThen, Appended, ApprovalFilter, ApprovalOpened, ApprovalRecord, ApprovalSettled, ApprovalStatus,
    Awaits, ClaimLimits, ClaimedRun, ClaimedTask, CreatedRun, CrossMessage, Cursor, Debounce, Discard, DueSchedule,
    DueSchedules, Fate, FinishedPlace, Fired, Firing, FiringError, FlowEntry, FlowLine, FlowNumbers, FlowPlace,
    FlowStage, Forgotten, HeldRun, IdempotencyKey, InboxRow, InspectedRun, InspectedSchedule, JournalPage, KeptFor,
    LapsedTask, Lapses, Lease, LeasesAnew, LoadedRun, MessageKey, Miscount, NewMessage, NewRun, NewSchedule,
    NewWorkflow, NextClaim, OnConflict, Overlap, OwnTurn, Page, PageOf, ParentLink, QueueName, QueueNameError,
    QueueRecord, QueueRoom, QueueSettings, Rate, RunFilter, RunParts, RunProgress, RunProjection, RunRecord, RunRepair,
    RunStatus, ScheduleChange, ScheduleRecord, ScheduledRun, Segment, Sent, Spent, StatusSet, StoreHealth, Strays,
    Sweep, TaskBeat, TaskClaim, TaskEnder, TaskLease, TaskOffered, TaskRecord, TaskSettled, TaskStatus, TaskWithdrawn,
    Turn, WorkflowRecord, WorkflowRef, WorkflowVersion, flow_order,
};
pub use roles::{
    ApprovalStore, FlowStore, HealthStore, InspectStore, LeaseStore, RetentionStore, RunStore, ScheduleStore, Store,
    TaskStore, WorkflowStore,
};
pub use time::{StoreClock, SystemClock, Timestamp};
pub use watch::{QueueWatch, RunWatch, TimerSeen, Watchers};
