//! What a run can be told, by its own runtime or from outside.

use std::collections::BTreeSet;
use std::sync::Arc;

use seawall_store::{ApprovalId, Digest, QueueName, RunId, RunStatus, TaskId, Timestamp, WorkflowVersion};

use crate::core::event::{Resolution, Supersession};
use crate::datum::Datum;
use crate::definition::{Definition, Rendered};
use crate::effect::EffectClass;
use crate::executor::{Outcome, StepError};
use crate::names::{ActivityRef, EffectKey};
use std::time::Duration;

/// One input of `decide`. Each has a file in `commands/`.
#[derive(Clone, Debug)]
pub enum Command {
    /// The run was created: go.
    Begin,
    /// The run was claimed by a new holder: attempts that were in flight are settled by their effect class.
    /// `predecessor_dead`: every process that held the run before is known to be dead, not only the last one. That one may
    /// have died before it had recorded what it knew of an earlier one.
    Recover { predecessor_dead: bool },
    /// An attempt ended.
    Settle {
        activity: ActivityRef,
        attempt: u32,
        outcome: Outcome,
    },
    /// The child's definition was looked up, or there is none.
    StartChild {
        activity: ActivityRef,
        attempt: u32,
        found: Result<FoundChild, StepError>,
    },
    /// Time went on: fire what is due.
    Tick,
    /// The holders of this run keep dying.
    BlockDeadly { deaths: u32 },
    /// From the inbox.
    Message(Message),
}

/// What a child run will execute.
#[derive(Clone)]
pub struct FoundChild {
    pub workflow: WorkflowVersion,
    pub digest: Digest,
    /// It says which input it takes and when the child may begin. None in a replay: the record says both.
    pub definition: Option<Arc<Definition>>,
}

impl std::fmt::Debug for FoundChild {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FoundChild")
            .field("workflow", &self.workflow)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

/// A message from outside, as it stands in the run's inbox.
#[derive(Clone, PartialEq, Debug)]
pub enum Message {
    /// Flow control lets the run begin.
    Admitted,
    /// Flow control lets the run `by` take its place.
    Superseded {
        by: RunId,
        reason: Supersession,
    },
    /// Flow control has no place for the run, and it is not to wait for one.
    Rejected,
    Signal {
        id: String,
        name: String,
        payload: Datum,
    },
    Decide {
        approval: ApprovalId,
        approve: bool,
        comment: Option<String>,
        by: Arc<str>,
    },
    Cancel {
        by: Arc<str>,
    },
    Pause {
        by: Arc<str>,
    },
    Resume {
        by: Arc<str>,
    },
    Retry {
        by: Arc<str>,
    },
    /// The run's retry, which waited for its slot, was taken back.
    WithdrawRetry {
        by: Arc<str>,
    },
    /// The parent was retried, and waits with this attempt for the run's end anew.
    ParentRetried {
        by: Arc<str>,
        round: u32,
    },
    Resolve {
        activity: ActivityRef,
        resolution: Resolution,
        by: Arc<str>,
    },
    ChildEnded {
        child: RunId,
        activity: ActivityRef,
        generation: u32,
        /// The last one of [`Message::ParentRetried`]; 0 before.
        round: u32,
        status: RunStatus,
        output: Datum,
        error: Option<StepError>,
    },
    TaskEnded(Box<TaskEnded>),
}

/// The last word about a task.
#[derive(Clone, PartialEq, Debug)]
pub struct TaskEnded {
    pub task: TaskId,
    pub activity: ActivityRef,
    /// Who had it, and since when. None: nobody ever; with [`TaskEnd::Lapsed`], nobody knows.
    pub claim: Option<(Arc<str>, Timestamp)>,
    pub end: TaskEnd,
}

/// How a task ended.
#[derive(Clone, PartialEq, Debug)]
pub enum TaskEnd {
    Completed(Datum),
    Failed(StepError),
    /// Its worker fell silent. `timed_out`: the time of the attempt was over, too.
    Lapsed {
        timed_out: bool,
        /// What its worker was told that it has time until; more than the timeout after the claim where a clock was set, or
        /// nobody could be heard. None: not said by the program that wrote this; the timeout after the claim.
        deadline: Option<Timestamp>,
    },
    /// It was taken back before anybody claimed it.
    Withdrawn,
}

/// What `decide` may know besides the state: nothing else is asked.
#[derive(Clone, Copy, Debug)]
pub struct Env<'a> {
    pub now: Timestamp,
    /// Random bits for jitter.
    pub random: u64,
    /// How long a lease lasts: an unknown outcome of a process that may still live is not repeated before.
    pub lease: Duration,
    /// Queues that take no further task now.
    pub full: &'a BTreeSet<QueueName>,
}

/// What the runtime has to do after a decision.
#[derive(Clone, Debug)]
pub enum Action {
    /// Begin an attempt; first wait until everything before and including its `StepStarted` is durable, if the effect says so.
    Start(Box<AttemptPlan>),
    /// Tell an attempt in flight to stop. It still ends with an outcome.
    Stop { activity: ActivityRef },
    /// Look up which version the child will run, then answer [`Command::StartChild`].
    FindChild {
        activity: ActivityRef,
        attempt: u32,
        workflow: String,
        version: Option<u32>,
    },
    /// Write the row of a task together with the event that offers it.
    Offer(Box<TaskPlan>),
}

/// An attempt to be begun.
#[derive(Clone, Debug)]
pub struct AttemptPlan {
    pub activity: ActivityRef,
    pub attempt: u32,
    pub kind: Arc<str>,
    pub effect: EffectClass,
    pub effect_key: EffectKey,
    pub request: Rendered,
    pub timeout: Duration,
}

/// A task to be offered: what its row holds and the event does not.
#[derive(Clone, PartialEq, Debug)]
pub struct TaskPlan {
    pub task: TaskId,
    pub attempt: u32,
    pub effect_key: EffectKey,
    /// JSON text.
    pub payload: Arc<[u8]>,
    /// Of the attempt, counted from the claim.
    pub timeout: Duration,
}
