//! Faults on purpose.

use std::sync::Arc;

use crate::error::StoreError;
use crate::ids::RunId;

/// Which method is being called.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StoreOp {
    CreateWorkflow,
    KeepInline,
    UpdateWorkflow,
    DeleteWorkflow,
    CreateRun,
    Send,
    Wake,
    DecideApproval,
    CreateSchedule,
    UpdateSchedule,
    DeleteSchedule,
    Fire,
    DueSchedules,
    Register,
    Renew,
    Retire,
    BuryExpired,
    Claim,
    Append,
    Release,
    Load,
    Unread,
    Held,
    NextDue,
    ClaimTasks,
    HeartbeatTask,
    SettleTask,
    LapsedTasks,
    ProlongLeases,
    SetQueue,
    QueueRoom,
    NextClaimable,
    Forget,
    Repair,
    /// Any writing method of the roles of identity.
    Identity,
    /// Any reading method of the clients' roles.
    Read,
    Check,
}

/// One call, as the hook sees it before anything happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FaultPoint {
    pub op: StoreOp,
    /// The run that the call is about, where there is one.
    pub run: Option<RunId>,
}

/// How a call fails. For methods that only read, the three differ in the error alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Nothing is written; the answer is `Unavailable`.
    BeforeWrite,
    /// Nothing is written; the answer is `Ambiguous`.
    BeforeWriteLostAnswer,
    /// It is written and watchers are told; the answer is `Ambiguous`. A refusal stays the refusal it is.
    AfterWriteLostAnswer,
}

/// Decides for each call whether it fails. It is called outside the store's lock and may not call the store.
pub type FaultHook = Arc<dyn Fn(&FaultPoint) -> Option<Fault> + Send + Sync>;

pub(super) fn unavailable() -> StoreError {
    StoreError::Unavailable {
        reason: "a fault was injected",
        source: None,
    }
}

pub(super) fn ambiguous() -> StoreError {
    StoreError::Ambiguous {
        source: "a fault was injected".into(),
    }
}
