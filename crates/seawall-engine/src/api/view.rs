//! Runs as their clients see them: domain data, from which the server makes its wire types.

use std::sync::Arc;

use seawall_store::{
    Awaits, ParentLink, RunId, RunRecord, RunStatus, Seq, TaskRecord, TaskStatus, Timestamp, WorkflowVersion,
};
use serde_json::Value;

use crate::core::{MapItems, Phase, RunError, RunState, ScheduledFor, StepState, StepStatus};
use crate::datum::Datum;
use crate::definition::{Kind, Step};
use crate::effect::EffectClass;
use crate::executor::StepError;
use crate::names::{ActivityRef, Part, StepId};

/// A run. `input`, `output` and `steps` are empty in lists.
#[derive(Clone, Debug)]
pub struct RunView {
    pub id: RunId,
    pub workflow: WorkflowVersion,
    pub status: RunStatus,
    pub awaits: Awaits,
    pub input: Datum,
    pub output: Datum,
    pub error: Option<ErrorView>,
    pub total_steps: u32,
    pub completed_steps: u32,
    pub steps: Vec<StepView>,
    pub parent: Option<ParentLink>,
    /// What the run has done is being undone. False in lists.
    pub compensating: bool,
    /// The run that this one does again, and from which step on. None in lists.
    pub forked_from: Option<(RunId, StepId)>,
    /// Not in lists: `created_by` says there whose it is.
    pub scheduled: Option<ScheduledFor>,
    pub priority: i8,
    pub created_by: Arc<str>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// The last event that this view contains.
    pub seq: Seq,
}

/// One step of a run.
#[derive(Clone, Debug)]
pub struct StepView {
    pub id: StepId,
    pub kind: Arc<str>,
    pub status: StepStatus,
    pub effect: EffectClass,
    pub attempts: u32,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub output: Datum,
    pub error: Option<ErrorView>,
    /// Of a map: items done and in all.
    pub items: Option<(u32, u32)>,
    /// Who has the task that it waits for.
    pub worker: Option<WorkerView>,
    /// What undoes it, once that has been thought of. Of a map whose items are undone one by one: all of them together.
    pub compensation: Option<PartView>,
    /// What looks into its unknown outcomes, once there was one; of a map as above.
    pub reconcile: Option<PartView>,
    /// Its result is that of the run that this one was forked from.
    pub copied: bool,
}

/// A part of a step.
#[derive(Clone, Debug)]
pub struct PartView {
    /// Of several: the liveliest of them.
    pub status: StepStatus,
    pub attempts: u32,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub error: Option<ErrorView>,
    /// Of items: those done and in all.
    pub items: Option<(u32, u32)>,
}

/// A worker outside that has a step's task.
#[derive(Clone, PartialEq, Debug)]
pub struct WorkerView {
    pub name: String,
    /// What it told with its last heartbeat.
    pub progress: Option<Value>,
    pub lease_expires_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
pub struct ErrorView {
    pub code: Arc<str>,
    /// None: the run's row does not say.
    pub message: Option<String>,
    pub step: Option<StepId>,
}

/// One event for clients.
#[derive(Clone, Debug)]
pub struct JournalItem {
    pub seq: Seq,
    pub at: Timestamp,
    /// `step.succeeded`, …
    pub kind: &'static str,
    pub data: Value,
}

/// Why a run does not go on right now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// `timer`, `signal`, `approval`, `child`, `task`, `retry`, `deferred`, `attempt`, `unknown-outcome`: a step; `stopping`,
    /// `paused`, `blocked`, `compensating`: the run; `concurrency`, `rate`, `debounce`: its admission; `queued`, `unclaimed`,
    /// `holder`: who executes it; `more`: the list was cut;
    /// `ended`: nothing goes on any more.
    pub kind: &'static str,
    pub step: Option<StepId>,
    /// Of a map step.
    pub item: Option<u32>,
    pub part: Part,
    pub until: Option<Timestamp>,
    pub detail: String,
}

/// The whole run. `state` is the replay of the journal that `record` was read with; `tasks` are those that it waits for, as
/// they stand.
#[must_use]
pub(crate) fn run_view(record: &RunRecord, state: &RunState, tasks: &[TaskRecord]) -> RunView {
    let projection = state.projection();
    let failing = match &state.phase {
        Phase::Failing(error) => Some(error),
        _ => state.error.as_ref(),
    };
    RunView {
        id: record.id,
        workflow: record.workflow.clone(),
        status: projection.status,
        awaits: projection.awaits,
        input: state.input.clone(),
        output: state.output.clone().unwrap_or_else(Datum::null),
        error: failing.map(ErrorView::of_run),
        total_steps: projection.total_steps,
        completed_steps: projection.completed_steps,
        steps: state
            .definition
            .steps
            .iter()
            .zip(&state.steps)
            .map(|(step, own)| StepView::new(step, own, tasks))
            .collect(),
        parent: record.parent.clone(),
        compensating: state.is_compensating(),
        forked_from: state.forked_from.clone(),
        scheduled: state.scheduled,
        priority: record.priority,
        created_by: Arc::clone(&record.created_by),
        created_at: record.created_at,
        started_at: projection.started_at,
        finished_at: projection.finished_at,
        seq: state.seq,
    }
}

/// A run in a list: what its row says. Of an error's message the row keeps the beginning; rows of runs that failed before it
/// did so keep its code.
#[must_use]
pub(crate) fn list_view(record: &RunRecord) -> RunView {
    let projection = &record.projection;
    RunView {
        id: record.id,
        workflow: record.workflow.clone(),
        status: projection.status,
        awaits: projection.awaits,
        input: Datum::null(),
        output: Datum::null(),
        error: projection.error_code.as_ref().map(|code| ErrorView {
            code: Arc::clone(code),
            message: projection.error_message.as_deref().map(str::to_owned),
            step: projection.error_step.as_deref().and_then(StepId::parse),
        }),
        total_steps: projection.total_steps,
        completed_steps: projection.completed_steps,
        steps: Vec::new(),
        parent: record.parent.clone(),
        compensating: false,
        forked_from: None,
        scheduled: None,
        priority: record.priority,
        created_by: Arc::clone(&record.created_by),
        created_at: record.created_at,
        started_at: projection.started_at,
        finished_at: projection.finished_at,
        seq: record.last_seq,
    }
}

impl StepView {
    fn new(step: &Step, state: &StepState, tasks: &[TaskRecord]) -> Self {
        let own = &state.own;
        // A map's effect is what its items do.
        let effect = match &step.kind {
            Kind::Map(map) => map.step.effect,
            _ => step.effect,
        };
        let claimed = |part| tasks.iter().filter(move |task| is_claimed(task, &step.id, part));
        let part = |part| PartView::new(part, step, state, claimed(part).next().is_some());
        let claimed: Vec<_> = claimed(Part::Main).collect();
        Self {
            id: step.id.clone(),
            kind: Arc::from(step.kind.name()),
            status: match &state.items {
                // The journal learns of a claim when it ends; until then the task says that somebody is at it.
                _ if !claimed.is_empty() => StepStatus::Running,
                Some(items) if own.status == StepStatus::Running => items_status(items),
                _ => own.status,
            },
            worker: match state.items {
                None => claimed.first().map(|task| WorkerView::of(task)),
                Some(_) => None,
            },
            effect,
            attempts: own.attempts,
            started_at: own.started_at,
            finished_at: own.finished_at,
            output: own.output.clone().unwrap_or_else(Datum::null),
            error: own.error.as_ref().map(|error| ErrorView::of_step(error, &step.id)),
            items: state.items.as_ref().map(|items| {
                let total = u32::try_from(items.states.len()).unwrap_or(u32::MAX);
                (items.settled, total)
            }),
            compensation: part(Part::Compensate),
            reconcile: part(Part::Reconcile),
            copied: state.copied,
        }
    }
}

impl PartView {
    /// `claimed`: a worker has a task of it, which the journal learns when that ends.
    fn new(part: Part, step: &Step, state: &StepState, claimed: bool) -> Option<Self> {
        let of = || state.parts.iter().filter(move |((_, other), _)| *other == part);
        // A map that is undone as a whole says so itself.
        let whole = state.parts.get(&(None, part)).map(|own| (own, None));
        let items = || {
            let total = u32::try_from(of().count()).unwrap_or(u32::MAX);
            let done = of().filter(|(_, own)| own.status.is_settled()).count();
            let shown = of().map(|(_, own)| own).min_by_key(|own| liveliness(own.status))?;
            Some((shown, Some((u32::try_from(done).unwrap_or(u32::MAX), total))))
        };
        let (own, items) = whole.or_else(items)?;
        Some(Self {
            status: if claimed { StepStatus::Running } else { own.status },
            attempts: own.attempts,
            started_at: own.started_at,
            finished_at: own.finished_at,
            error: own.error.as_ref().map(|error| ErrorView::of_step(error, &step.id)),
            items,
        })
    }
}

/// What is most worth showing comes first.
const fn liveliness(status: StepStatus) -> u32 {
    match status {
        StepStatus::Running => 0,
        StepStatus::Retrying => 1,
        StepStatus::Waiting => 2,
        StepStatus::Unknown => 3,
        StepStatus::Pending => 4,
        StepStatus::Failed => 5,
        StepStatus::Cancelled => 6,
        StepStatus::Skipped | StepStatus::Succeeded => 7,
    }
}

fn is_claimed(task: &TaskRecord, step: &StepId, part: Part) -> bool {
    let activity = || ActivityRef::parse(&task.activity);
    let of_step = || activity().is_some_and(|activity| activity.step == *step && activity.part == part);
    task.status == TaskStatus::Claimed && of_step()
}

impl WorkerView {
    fn of(task: &TaskRecord) -> Self {
        let progress = task.progress.as_deref();
        Self {
            name: task.worker.clone().unwrap_or_default(),
            progress: progress.and_then(|json| serde_json::from_slice(json).ok()),
            lease_expires_at: task.lease_until,
        }
    }
}

/// What a begun map does: the liveliest of what its items do.
fn items_status(items: &MapItems) -> StepStatus {
    let any = |status| items.states.iter().any(|item| item.status == status);
    [
        StepStatus::Running,
        StepStatus::Retrying,
        StepStatus::Waiting,
        StepStatus::Unknown,
    ]
    .into_iter()
    .find(|status| any(*status))
    .unwrap_or(StepStatus::Running)
}

impl ErrorView {
    fn of_run(error: &RunError) -> Self {
        Self {
            code: Arc::clone(&error.code),
            message: Some(error.message.clone()),
            step: error.step.clone(),
        }
    }

    fn of_step(error: &StepError, step: &StepId) -> Self {
        Self {
            code: Arc::from(&*error.code),
            message: Some(error.message.clone()),
            step: Some(step.clone()),
        }
    }
}
