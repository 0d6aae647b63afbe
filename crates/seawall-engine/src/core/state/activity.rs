//! One activity: a step, or one item of a map, or what undoes or looks into one of them, over its attempts and waits.

use seawall_store::{ApprovalId, Digest, QueueName, RunId, Seq, TaskId, Timestamp, WorkflowVersion};

use crate::datum::Datum;
use crate::executor::StepError;

/// `Pending => (Running | Skipped | Failed | Unknown)`, `Running => (Running | Waiting | Succeeded | Failed | Retrying |
/// Unknown | Cancelled)`, `Retrying => (Running | Failed | Unknown | Cancelled)`, `Waiting => (Running |
/// Succeeded | Failed | Retrying | Cancelled)`, `Unknown => (Succeeded | Failed | Retrying)`; a retry of the run leads from `Failed` and `Cancelled` back
/// to `Pending`, or to `Retrying` where an old process may still be at it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StepStatus {
    Pending,
    Running,
    Retrying,
    Waiting,
    Succeeded,
    Failed,
    Skipped,
    Unknown,
    Cancelled,
}

impl StepStatus {
    pub const COUNT: usize = 9;

    /// The name on the wire and in templates.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Waiting => "waiting",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Unknown => "unknown",
            Self::Cancelled => "cancelled",
        }
    }

    /// Nothing more happens to it unless the run is retried.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Skipped | Self::Cancelled)
    }
}

/// What a waiting activity waits for.
#[derive(Clone, PartialEq, Debug)]
pub enum Wait {
    Timer,
    Signal {
        name: String,
    },
    Approval {
        id: ApprovalId,
    },
    /// `round`: the attempt with which it was retried, and which its end answers; 0: it was begun.
    Child {
        run: RunId,
        workflow: WorkflowVersion,
        round: u32,
    },
    /// A worker's word. `told`: the task was taken back.
    Task {
        id: TaskId,
        queue: QueueName,
        told: bool,
    },
}

/// The child that was begun last.
#[derive(Clone, PartialEq, Debug)]
pub struct Begun {
    pub run: RunId,
    pub workflow: WorkflowVersion,
    /// The run was retried since it ended without success, or was given up: the next attempt retries it.
    pub again: bool,
}

/// Where an activity stands.
#[derive(Clone, PartialEq, Debug)]
pub struct ActivityState {
    pub status: StepStatus,
    /// Raised by a retry of the run and by resolve, when the earlier effect is known not to count.
    pub generation: u32,
    /// Attempts begun, over all generations.
    pub attempts: u32,
    /// Failed attempts of this generation: what `max_attempts` counts. Crashes are not the step's fault.
    pub failures: u32,
    /// Of the last attempt's request.
    pub request_digest: Option<Digest>,
    /// While it runs: when the attempt is over at the latest. After an attempt that nobody has seen end: until when its
    /// process may still be at it, so that it is not repeated before. None once an attempt has ended for certain.
    pub deadline: Option<Timestamp>,
    /// When the first attempt of this generation began: an effect key is good for 24 h.
    pub keyed_since: Option<Timestamp>,
    /// An earlier attempt of this generation ended in doubt: it may have had its effect.
    pub in_doubt: bool,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// The event that settled it: what succeeded last is undone first.
    pub(crate) settled_by: Seq,
    /// Of a reconcile part: the attempt of its activity that it looks into.
    pub(crate) about: u32,
    pub wait: Option<Wait>,
    /// When something is due: the next attempt, or the end of the wait.
    pub wake: Option<Timestamp>,
    /// Why it is deferred.
    pub deferred: Option<String>,
    /// Workers of this generation that fell silent with its task. Neither they nor crashes are the step's fault, up to a point.
    pub vanished: u32,
    pub child: Option<Begun>,
    /// The child that it waits for was told to stop.
    pub child_told: bool,
    pub output: Option<Datum>,
    pub error: Option<StepError>,
}

impl Default for ActivityState {
    fn default() -> Self {
        Self {
            status: StepStatus::Pending,
            generation: 0,
            attempts: 0,
            failures: 0,
            request_digest: None,
            deadline: None,
            keyed_since: None,
            in_doubt: false,
            started_at: None,
            finished_at: None,
            settled_by: Seq(0),
            about: 0,
            wait: None,
            wake: None,
            deferred: None,
            vanished: 0,
            child: None,
            child_told: false,
            output: None,
            error: None,
        }
    }
}
