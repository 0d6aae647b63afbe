//! What happened to a run: the domain form of journal entries. The stored form is the journal codec's.

use std::sync::Arc;

use seawall_store::{
    ApprovalId, Digest, ParentLink, QueueName, RunId, RunStatus, ScheduleId, Seq, TaskId, Timestamp, WorkflowVersion,
};

use crate::core::withdrawal::Withdrawal;
use crate::datum::Datum;
use crate::definition::FlowPlan;
use crate::executor::StepError;
use crate::names::{ActivityRef, StepId};

/// An event in its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Recorded {
    pub seq: Seq,
    pub at: Timestamp,
    pub event: Event,
}

/// Everything a run can go through. Replaying these, and nothing else, gives the run's state: what a template, a clock or
/// chance contributed is in them.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    RunCreated(Box<RunCreated>),
    /// Flow control lets the run begin.
    RunAdmitted {
        /// Since its creation.
        waited_ms: u64,
    },
    /// Another run takes its place; it is cancelled.
    RunSuperseded {
        by: RunId,
        reason: Supersession,
    },
    /// Flow control has no place for it; it fails.
    RunRejected,
    RunStarted,
    RunPaused {
        by: Arc<str>,
    },
    RunResumed {
        by: Arc<str>,
    },
    CancelRequested {
        by: Arc<str>,
    },
    /// Right after the creation: this run does another one again from a step on.
    RunForked {
        from: RunId,
        from_step: StepId,
    },
    /// From the failed steps on. They are raised to the next generation, and so is what was undone, and what has no effect
    /// and was computed from that; a step that may have had its effect keeps its key. `anew`: maps that give up their list
    /// and render it again.
    RunRetried {
        by: Arc<str>,
        activities: Vec<ActivityRef>,
        anew: Vec<StepId>,
    },
    /// Its parent was retried, and waits for its end anew: it is retried once it has ended, unless it has succeeded. `round`:
    /// the parent's attempt, which that end answers. `gated`: it has ended, and takes its slot anew before it goes on.
    RunRetryRequested {
        by: Arc<str>,
        round: u32,
        gated: bool,
    },
    /// A retry that waited for its slot waits no longer: the run stays as it ended.
    RunRetryWithdrawn {
        reason: Withdrawal,
    },
    /// Everything has settled, and what the run has done is undone: by these parts, one after another in this order.
    CompensationStarted {
        activities: Vec<ActivityRef>,
    },
    /// Nothing can go on until a person acts.
    RunBlocked {
        reason: BlockReason,
    },
    RunUnblocked {
        by: Arc<str>,
    },
    /// The whole run's time is over.
    RunTimedOut,
    RunSucceeded {
        output: Datum,
    },
    RunFailed {
        error: RunError,
    },
    RunCancelled,

    StepStarted(Box<StepStarted>),
    /// `output` None: a map's, assembled from its items.
    StepSucceeded {
        activity: ActivityRef,
        output: Option<Datum>,
    },
    /// With `retry_at`, another attempt follows then; without, the step has failed.
    /// `in_doubt`: the attempt may have had its effect all the same. `replaced_by`: the output of `on_error: {value}`.
    StepFailed {
        activity: ActivityRef,
        error: StepError,
        in_doubt: bool,
        retry_at: Option<Timestamp>,
        replaced_by: Option<Datum>,
    },
    /// Its `when` was false.
    StepSkipped {
        step: StepId,
    },
    /// Its result is that of the run that this one was forked from.
    StepCopied(Box<StepCopied>),
    /// It had no effect and will have none: the run stopped, or the map did; or nobody needs it any more.
    StepCancelled {
        activity: ActivityRef,
    },
    /// It did not begin and burned no attempt; it is tried again at `until`.
    StepDeferred {
        activity: ActivityRef,
        until: Timestamp,
        reason: String,
        in_doubt: bool,
    },
    StepOutcomeUnknown {
        activity: ActivityRef,
        error: StepError,
        safe_after: Option<Timestamp>,
    },
    StepOutcomeResolved {
        activity: ActivityRef,
        resolution: Resolution,
        by: Arc<str>,
    },

    MapStarted {
        step: StepId,
        items: Vec<Datum>,
    },

    TimerSet {
        activity: ActivityRef,
        until: Timestamp,
    },
    TimerFired {
        activity: ActivityRef,
    },
    SignalAwaited {
        activity: ActivityRef,
        name: String,
        until: Option<Timestamp>,
    },
    SignalReceived {
        id: String,
        name: String,
        payload: Datum,
    },
    ApprovalRequested(Box<ApprovalRequested>),
    ApprovalDecided {
        approval: ApprovalId,
        activity: ActivityRef,
        decision: Decided,
        comment: Option<String>,
        by: Arc<str>,
    },
    ChildStarted(Box<ChildStarted>),
    /// After a retry of this run: the child that was begun before is retried, so that what it has done stays done.
    ChildRetried {
        activity: ActivityRef,
        child: RunId,
    },
    /// The child is told to stop: the run stops, or that took too long. Its end is still to come.
    ChildCancelRequested {
        activity: ActivityRef,
        child: RunId,
    },
    ChildFinished {
        activity: ActivityRef,
        child: RunId,
        status: RunStatus,
    },
    TaskOffered(Box<TaskOffered>),
    /// A worker had it. The journal learns of it together with the end that follows: until then the task's row says so.
    TaskClaimed {
        activity: ActivityRef,
        task: TaskId,
        worker: Arc<str>,
        claimed_at: Timestamp,
    },
    /// Nobody needs it any more. An unclaimed one is gone; the worker of a claimed one is told to stop.
    TaskCancelRequested {
        activity: ActivityRef,
        task: TaskId,
    },
}

/// The first event of every run.
#[derive(Clone, PartialEq, Debug)]
pub struct RunCreated {
    pub run: RunId,
    pub workflow: WorkflowVersion,
    /// Of the definition's source, so that a journal and a definition that do not belong together are seen.
    pub definition: Digest,
    pub input: Datum,
    pub created_by: Arc<str>,
    pub parent: Option<ParentLink>,
    /// 0 for a run without a parent.
    pub depth: u32,
    /// None for a run that somebody asked for.
    pub scheduled: Option<ScheduledFor>,
    /// It begins only when it is admitted.
    pub gated: bool,
    pub priority: i8,
    /// Where it was asked for, in words of whoever asked: opaque here, and kept for who looks at the run. A child has its parent's.
    pub trace: Option<Arc<str>>,
}

/// Which time of which schedule a run was made for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScheduledFor {
    pub schedule: ScheduleId,
    pub fire_at: Timestamp,
}

/// An attempt, or a wait, begins.
#[derive(Clone, PartialEq, Debug)]
pub struct StepStarted {
    pub activity: ActivityRef,
    /// Counted from 1 over the whole life of the activity.
    pub attempt: u32,
    /// Of the rendered request; None for waits, maps and children.
    pub request_digest: Option<Digest>,
    /// When the attempt is over at the latest.
    pub deadline: Option<Timestamp>,
}

/// A step that was settled in another run.
#[derive(Clone, PartialEq, Debug)]
pub struct StepCopied {
    pub step: StepId,
    pub status: CopiedStatus,
    /// Null where the step has none.
    pub output: Datum,
    pub error: Option<StepError>,
}

/// What a step that was copied had come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CopiedStatus {
    Succeeded,
    Skipped,
    /// With `on_error: continue`.
    Failed,
}

#[derive(Clone, PartialEq, Debug)]
pub struct ApprovalRequested {
    pub activity: ActivityRef,
    pub approval: ApprovalId,
    pub message: String,
    pub deciders: Vec<String>,
    pub expires_at: Option<Timestamp>,
}

/// A child run was made: everything that the child's own first event needs.
#[derive(Clone, PartialEq, Debug)]
pub struct ChildStarted {
    pub activity: ActivityRef,
    pub child: RunId,
    pub workflow: WorkflowVersion,
    /// Of the child's definition.
    pub definition: Digest,
    /// The child's: one more than its parent's.
    pub depth: u32,
    pub input: Datum,
    /// What flow control comes to for it.
    pub flow: FlowPlan,
}

/// Why a run gives way to a newer one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Supersession {
    /// It still waited in its quiet time.
    Debounce,
    /// `on_conflict: cancel_running`.
    CancelRunning,
}

impl Supersession {
    /// The name on the wire and in the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debounce => "debounce",
            Self::CancelRunning => "cancel_running",
        }
    }
}

/// A task for workers outside. Its payload stands in the row that is written with this event, and nowhere else.
#[derive(Clone, PartialEq, Debug)]
pub struct TaskOffered {
    pub activity: ActivityRef,
    pub task: TaskId,
    pub queue: QueueName,
    pub key: Option<String>,
    pub priority: i8,
}

/// How an approval was settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decided {
    Approved,
    Rejected,
    /// Nobody decided in time, and that fails the step.
    Expired,
}

/// What a person, or a reconcile step, found out about an unknown outcome.
#[derive(Clone, PartialEq, Debug)]
pub enum Resolution {
    Succeeded(Datum),
    Failed(String),
    /// It had no effect, or may be repeated: run it again.
    Retry,
}

/// Why a run stands still until somebody acts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BlockReason {
    /// These activities may or may not have had their effect: the first hundred of them.
    UnknownOutcome(Vec<ActivityRef>),
    /// Process after process died while it held this run.
    HoldersDied(u32),
}

/// Why a run failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunError {
    /// The failed step's code, or `run-timeout`, `output-error`, `compensation-failed`.
    pub code: Arc<str>,
    pub message: String,
    pub step: Option<StepId>,
}

impl Event {
    /// The name on the wire, in the journal and in logs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RunCreated(_) => "run.created",
            Self::RunAdmitted { .. } => "run.admitted",
            Self::RunSuperseded { .. } => "run.superseded",
            Self::RunRejected => "run.rejected",
            Self::RunStarted => "run.started",
            Self::RunPaused { .. } => "run.paused",
            Self::RunResumed { .. } => "run.resumed",
            Self::CancelRequested { .. } => "run.cancel_requested",
            Self::RunForked { .. } => "run.forked",
            Self::RunRetried { .. } => "run.retried",
            Self::RunRetryRequested { .. } => "run.retry_requested",
            Self::RunRetryWithdrawn { .. } => "run.retry_withdrawn",
            Self::CompensationStarted { .. } => "compensation.started",
            Self::RunBlocked { .. } => "run.blocked",
            Self::RunUnblocked { .. } => "run.unblocked",
            Self::RunTimedOut => "run.timed_out",
            Self::RunSucceeded { .. } => "run.succeeded",
            Self::RunFailed { .. } => "run.failed",
            Self::RunCancelled => "run.cancelled",
            Self::StepStarted(_) => "step.started",
            Self::StepSucceeded { .. } => "step.succeeded",
            Self::StepFailed { .. } => "step.failed",
            Self::StepSkipped { .. } => "step.skipped",
            Self::StepCopied(_) => "step.copied",
            Self::StepCancelled { .. } => "step.cancelled",
            Self::StepDeferred { .. } => "step.deferred",
            Self::StepOutcomeUnknown { .. } => "step.outcome_unknown",
            Self::StepOutcomeResolved { .. } => "step.outcome_resolved",
            Self::MapStarted { .. } => "map.started",
            Self::TimerSet { .. } => "timer.set",
            Self::TimerFired { .. } => "timer.fired",
            Self::SignalAwaited { .. } => "signal.awaited",
            Self::SignalReceived { .. } => "signal.received",
            Self::ApprovalRequested(_) => "approval.requested",
            Self::ApprovalDecided { .. } => "approval.decided",
            Self::ChildStarted(_) => "child.started",
            Self::ChildRetried { .. } => "child.retried",
            Self::ChildCancelRequested { .. } => "child.cancel_requested",
            Self::ChildFinished { .. } => "child.finished",
            Self::TaskOffered(_) => "task.offered",
            Self::TaskClaimed { .. } => "task.claimed",
            Self::TaskCancelRequested { .. } => "task.cancel_requested",
        }
    }
}
