//! A compiled definition. Every default is resolved, every template compiled, every reference an index.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use seawall_store::Digest;

use crate::definition::flow::FlowControl;
use crate::definition::schema_check::InputSchema;
use crate::definition::template::{Condition, Template};
use crate::effect::EffectClass;
use crate::names::StepId;

/// Of a signal's name and of its id, in bytes: where it is awaited as where it is sent.
pub(crate) const MAX_SIGNAL_NAME: usize = 128;

/// One immutable version of a workflow, ready to run.
pub struct Definition {
    pub name: Arc<str>,
    pub description: Option<String>,
    pub input: Option<InputSchema>,
    /// Of the whole run, waiting included.
    pub timeout: Option<Duration>,
    /// Which of its runs may begin, and when.
    pub flow: FlowControl,
    /// In the order of the definition; `needs` only point at indexes, the graph has no cycle.
    pub steps: Vec<Step>,
    /// The run's output; None: null.
    pub output: Option<Template>,
    /// Canonical JSON text of the whole definition: what is stored.
    pub source: Arc<str>,
    /// Of `source`.
    pub digest: Digest,
    pub(crate) index: HashMap<StepId, usize>,
    /// For each step, who needs it.
    pub(crate) dependents: Vec<Vec<usize>>,
}

impl Definition {
    /// The step of that id.
    #[must_use]
    pub fn step(&self, id: &StepId) -> Option<(usize, &Step)> {
        let index = *self.index.get(id)?;
        Some((index, &self.steps[index]))
    }

    /// Indexes of the steps that need this one.
    #[must_use]
    pub fn dependents(&self, index: usize) -> &[usize] {
        &self.dependents[index]
    }

    /// Whether anything begins while a run of it stops: something is undone then, or looked into.
    pub(crate) fn has_parts(&self) -> bool {
        self.steps.iter().any(|step| {
            let inner = match &step.kind {
                Kind::Map(map) => Some(&map.step),
                _ => None,
            };
            let has = |step: &Step| step.compensate.is_some() || step.reconcile.is_some();
            has(step) || inner.is_some_and(has)
        })
    }
}

/// One step.
pub struct Step {
    pub id: StepId,
    pub kind: Kind,
    pub needs: Vec<usize>,
    pub when: Option<Condition>,
    /// Of one attempt; for waiting kinds, of the wait (None: for ever).
    pub timeout: Option<Duration>,
    pub retry: RetryPolicy,
    pub effect: EffectClass,
    pub on_error: OnError,
    /// The steps whose output, status or error any template of this step looks at: ancestors by `needs`.
    pub references: Vec<usize>,
    /// What undoes it once it has succeeded and the run fails or is cancelled. Of a map: the map as a whole. Only kind, timeout,
    /// retry, effect and references are used.
    pub compensate: Option<Box<Step>>,
    /// What finds out how it ended when nobody knows.
    pub reconcile: Option<Box<Reconcile>>,
}

/// A step that looks into an unknown outcome. Its effect is not `once`.
pub struct Reconcile {
    /// As in [`Step::compensate`].
    pub step: Step,
    /// From `result`, its output, to `{outcome, output?, message?}`; None: the output is that itself.
    pub answer: Option<Template>,
}

/// What a step does.
pub enum Kind {
    Transform {
        value: Template,
    },
    /// Carried out by the executor of this kind; `with` is its rendered request.
    Effect {
        kind: Arc<str>,
        with: Template,
    },
    Map(Box<MapStep>),
    Sleep(SleepTime),
    WaitSignal {
        name: Template,
    },
    Approval(Approval),
    Workflow(ChildWorkflow),
    Task(TaskStep),
    Fail {
        message: Template,
    },
}

impl Kind {
    /// The name in definitions and on the wire.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Transform { .. } => "transform",
            Self::Effect { kind, .. } => kind,
            Self::Map(_) => "map",
            Self::Sleep(_) => "sleep",
            Self::WaitSignal { .. } => "wait_signal",
            Self::Approval(_) => "approval",
            Self::Workflow(_) => "workflow",
            Self::Task(_) => "task",
            Self::Fail { .. } => "fail",
        }
    }
}

/// One step for each item of a list. `step.id`, `needs`, `when` and `on_error` of the inner step are not used: its id is
/// the map's.
pub struct MapStep {
    pub over: Template,
    /// The variable that holds the item; `index` holds its place.
    pub variable: Arc<str>,
    pub max_parallel: u32,
    pub on_item_error: ItemErrors,
    pub step: Step,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ItemErrors {
    /// The first failed item fails the map.
    Fail,
    /// The output is a list of `{ok: true, output}` and `{ok: false, error}`.
    Collect,
}

/// How long a sleep lasts. The template gives a duration (`10m`) or an RFC 3339 instant.
pub enum SleepTime {
    For(Template),
    Until(Template),
}

pub struct Approval {
    pub message: Template,
    /// Gives an array of strings.
    pub deciders: Option<Template>,
    pub on_timeout: ApprovalTimeout,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ApprovalTimeout {
    Fail,
    Approve,
    Reject,
}

pub struct ChildWorkflow {
    /// Gives a name or an id.
    pub workflow: Template,
    /// Gives a positive integer; without it the latest version at the child's start.
    pub version: Option<Template>,
    pub input: Option<Template>,
}

/// Work for workers outside.
pub struct TaskStep {
    /// Gives the name of a queue.
    pub queue: Template,
    pub payload: Template,
    /// Gives a text; tasks of one key are limited together.
    pub key: Option<Template>,
    /// Gives a whole number from -100 to 100; without it 0.
    pub priority: Option<Template>,
}

/// What a failure of the step means to the run.
pub enum OnError {
    Fail,
    /// The output is null, the status stays failed, the run goes on.
    Continue,
    /// The step counts as succeeded with this output; its error is kept beside.
    Value(Template),
}

/// How often, when, and on which errors a step is attempted again.
#[derive(Clone, PartialEq, Debug)]
pub struct RetryPolicy {
    /// At least 1.
    pub max_attempts: u32,
    pub backoff: Backoff,
    /// Error codes to retry on (`timeout`, `http-status-503`, `http-status-5xx`, `exit-code-*`, `any`); None: every
    /// retryable error. A finished failure of a `once` step is retried only if it is named here.
    pub on: Option<Vec<String>>,
    /// Somebody has set it: for the step, or as a default that covers it.
    pub set: bool,
}

impl RetryPolicy {
    /// One attempt, since nobody says anything.
    #[must_use]
    pub fn never() -> Self {
        Self {
            max_attempts: 1,
            backoff: Backoff::default(),
            on: None,
            set: false,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Backoff {
    pub initial: Duration,
    pub multiplier: f64,
    pub max: Duration,
    pub jitter: Jitter,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            initial: Duration::from_millis(500),
            multiplier: 2.0,
            max: Duration::from_secs(30),
            jitter: Jitter::Full,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Jitter {
    None,
    /// Between nothing and the whole delay.
    Full,
    /// Between half and the whole delay.
    Equal,
}
