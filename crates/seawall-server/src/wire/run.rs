use std::sync::Arc;

use seawall_engine::{Datum, ErrorView, JournalItem, PartView, Reason, RunView, ScheduledFor, StepId, StepView};
use seawall_store::{ParentLink, RunId, RunStatus, Timestamp, WorkflowVersion};
use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa::ToSchema;

use super::Time;

/// A run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "run_01h455vb4pex5vsknk084sn02q",
    "workflow": {"id": "wf_01h455vb4pex5vsknk084sn02q", "name": "greet", "version": 1},
    "status": "succeeded", "input": {"name": "Ada"}, "output": "Hello, Ada", "error": null,
    "total_steps": 1, "completed_steps": 1, "progress": 1.0,
    "steps": [{"id": "hello", "kind": "transform", "status": "succeeded", "effect": "pure", "attempts": 1,
        "started_at": "2026-01-02T03:04:05.000Z", "finished_at": "2026-01-02T03:04:05.001Z", "duration_ms": 1,
        "output": "Hello, Ada", "error": null}],
    "parent": null, "compensating": false, "forked_from": null, "schedule": null, "priority": 0, "created_by": "local", "created_at": "2026-01-02T03:04:05.000Z",
    "started_at": "2026-01-02T03:04:05.000Z", "finished_at": "2026-01-02T03:04:05.001Z"
}))]
pub(crate) struct Run {
    id: String,
    workflow: RunWorkflow,
    /// queued, running, waiting, paused, blocked, succeeded, failed or cancelled.
    status: &'static str,
    #[serde(serialize_with = "datum")]
    #[schema(value_type = Value)]
    input: Datum,
    #[serde(serialize_with = "datum")]
    #[schema(value_type = Value)]
    output: Datum,
    error: Option<RunError>,
    total_steps: u32,
    completed_steps: u32,
    /// 0 to 1.
    progress: f64,
    steps: Vec<RunStep>,
    parent: Option<RunParent>,
    /// What the run has done is being undone.
    compensating: bool,
    /// The run that this one does again.
    forked_from: Option<RunFork>,
    /// Of a run that a schedule made.
    schedule: Option<RunSchedule>,
    priority: i8,
    #[schema(value_type = String)]
    created_by: Arc<str>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Time>,
}

impl From<RunView> for Run {
    fn from(view: RunView) -> Self {
        Self {
            id: view.id.to_string(),
            workflow: view.workflow.into(),
            status: view.status.as_str(),
            progress: progress(view.status, view.completed_steps, view.total_steps),
            input: view.input,
            output: view.output,
            error: view.error.map(RunError::from),
            total_steps: view.total_steps,
            completed_steps: view.completed_steps,
            steps: view.steps.into_iter().map(RunStep::from).collect(),
            parent: view.parent.map(RunParent::from),
            compensating: view.compensating,
            forked_from: view.forked_from.map(RunFork::from),
            schedule: view.scheduled.map(RunSchedule::from),
            priority: view.priority,
            created_by: view.created_by,
            created_at: Time(view.created_at),
            started_at: view.started_at.map(Time),
            finished_at: view.finished_at.map(Time),
        }
    }
}

/// Which time of which schedule it is.
#[derive(Debug, Serialize, ToSchema)]
struct RunSchedule {
    id: String,
    #[schema(value_type = String, format = DateTime)]
    fire_at: Time,
}

impl From<ScheduledFor> for RunSchedule {
    fn from(scheduled: ScheduledFor) -> Self {
        Self {
            id: scheduled.schedule.to_string(),
            fire_at: Time(scheduled.fire_at),
        }
    }
}

/// A run in a list: without input, output and steps.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunSummary {
    id: String,
    workflow: RunWorkflow,
    status: &'static str,
    error: Option<RunError>,
    total_steps: u32,
    completed_steps: u32,
    progress: f64,
    parent: Option<RunParent>,
    priority: i8,
    #[schema(value_type = String)]
    created_by: Arc<str>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Time>,
}

impl From<RunView> for RunSummary {
    fn from(view: RunView) -> Self {
        Self {
            id: view.id.to_string(),
            workflow: view.workflow.into(),
            status: view.status.as_str(),
            error: view.error.map(RunError::from),
            total_steps: view.total_steps,
            completed_steps: view.completed_steps,
            progress: progress(view.status, view.completed_steps, view.total_steps),
            parent: view.parent.map(RunParent::from),
            priority: view.priority,
            created_by: view.created_by,
            created_at: Time(view.created_at),
            started_at: view.started_at.map(Time),
            finished_at: view.finished_at.map(Time),
        }
    }
}

/// The version that a run executes.
#[derive(Debug, Serialize, ToSchema)]
struct RunWorkflow {
    id: String,
    #[schema(value_type = String)]
    name: Arc<str>,
    version: u32,
}

impl From<WorkflowVersion> for RunWorkflow {
    fn from(version: WorkflowVersion) -> Self {
        Self {
            id: version.id.to_string(),
            name: version.name,
            version: version.version,
        }
    }
}

/// The step of another run that this run answers to.
#[derive(Debug, Serialize, ToSchema)]
struct RunParent {
    run_id: String,
    step_id: String,
    item: Option<u32>,
}

impl From<ParentLink> for RunParent {
    fn from(link: ParentLink) -> Self {
        Self {
            run_id: link.run.to_string(),
            step_id: link.step,
            item: link.item,
        }
    }
}

/// Where a forked run comes from.
#[derive(Debug, Serialize, ToSchema)]
struct RunFork {
    run_id: String,
    /// The first step that was done again.
    from_step: String,
}

impl From<(RunId, StepId)> for RunFork {
    fn from((run, step): (RunId, StepId)) -> Self {
        Self {
            run_id: run.to_string(),
            from_step: step.to_string(),
        }
    }
}

/// Why a run or a step failed.
#[derive(Debug, Serialize, ToSchema)]
struct RunError {
    #[schema(value_type = String)]
    code: Arc<str>,
    /// In a list: its first KiB, and null for a run that failed under a version that did not keep it.
    message: Option<String>,
    step_id: Option<String>,
}

impl From<ErrorView> for RunError {
    fn from(error: ErrorView) -> Self {
        Self {
            code: error.code,
            message: error.message,
            step_id: error.step.map(|step| step.to_string()),
        }
    }
}

/// A step of a run.
#[derive(Debug, Serialize, ToSchema)]
struct RunStep {
    id: String,
    #[schema(value_type = String)]
    kind: Arc<str>,
    /// pending, running, retrying, waiting, succeeded, failed, skipped, unknown or cancelled.
    status: &'static str,
    /// pure, read, idempotent or once.
    effect: &'static str,
    attempts: u32,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Time>,
    duration_ms: Option<u64>,
    #[serde(serialize_with = "datum")]
    #[schema(value_type = Value)]
    output: Datum,
    error: Option<RunError>,
    /// Of a map step.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    items_done: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    items_total: Option<u32>,
    /// What undoes it, from the start of the run's compensation on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    compensation: Option<RunStepPart>,
    /// What looks into an unknown outcome of it, once there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reconcile: Option<RunStepPart>,
    /// Its result is that of the run that this one was forked from.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    copied: bool,
    /// The worker outside that has the step's task.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    worker: Option<String>,
    /// What it told with its last heartbeat.
    #[serde(rename = "progress", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    worker_progress: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    lease_expires_at: Option<Time>,
}

impl From<StepView> for RunStep {
    fn from(view: StepView) -> Self {
        Self {
            id: view.id.to_string(),
            kind: view.kind,
            status: view.status.as_str(),
            effect: view.effect.as_str(),
            attempts: view.attempts,
            started_at: view.started_at.map(Time),
            finished_at: view.finished_at.map(Time),
            duration_ms: duration_ms(view.started_at, view.finished_at),
            output: view.output,
            error: view.error.map(RunError::from),
            lease_expires_at: view
                .worker
                .as_ref()
                .and_then(|worker| worker.lease_expires_at)
                .map(Time),
            worker_progress: view.worker.as_ref().and_then(|worker| worker.progress.clone()),
            worker: view.worker.map(|worker| worker.name),
            items_done: view.items.map(|(done, _)| done),
            items_total: view.items.map(|(_, total)| total),
            compensation: view.compensation.map(RunStepPart::from),
            reconcile: view.reconcile.map(RunStepPart::from),
            copied: view.copied,
        }
    }
}

/// A part of a step. Of a map, all those of its items together: the liveliest of them is shown.
#[derive(Debug, Serialize, ToSchema)]
struct RunStepPart {
    /// As of a step.
    status: &'static str,
    attempts: u32,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Time>,
    error: Option<RunError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    items_done: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    items_total: Option<u32>,
}

impl From<PartView> for RunStepPart {
    fn from(view: PartView) -> Self {
        Self {
            status: view.status.as_str(),
            attempts: view.attempts,
            started_at: view.started_at.map(Time),
            finished_at: view.finished_at.map(Time),
            error: view.error.map(RunError::from),
            items_done: view.items.map(|(done, _)| done),
            items_total: view.items.map(|(_, total)| total),
        }
    }
}

/// One event of a run's journal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"seq": 3, "at": "2026-01-02T03:04:05.000Z", "type": "step.succeeded",
    "data": {"step_id": "hello", "output": "Hello, Ada"}}))]
pub(crate) struct JournalEntry {
    pub(crate) seq: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[schema(value_type = Object)]
    data: Value,
}

impl From<JournalItem> for JournalEntry {
    fn from(item: JournalItem) -> Self {
        Self {
            seq: item.seq.0,
            at: Time(item.at),
            kind: item.kind,
            data: item.data,
        }
    }
}

/// What keeps a run from going on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"reasons": [
    {"kind": "timer", "step_id": "nap", "until": "2026-01-02T03:14:05.000Z", "detail": "sleeps"}
]}))]
pub(crate) struct WhyAnswer {
    reasons: Vec<WhyReason>,
}

impl From<Vec<Reason>> for WhyAnswer {
    fn from(reasons: Vec<Reason>) -> Self {
        Self {
            reasons: reasons.into_iter().map(WhyReason::from).collect(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct WhyReason {
    kind: &'static str,
    step_id: Option<String>,
    /// Of a map step: the item, counted from 0.
    item: Option<u32>,
    /// `compensate` or `reconcile`, where it is not the step itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    part: Option<&'static str>,
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Time>,
    detail: String,
}

impl From<Reason> for WhyReason {
    fn from(reason: Reason) -> Self {
        Self {
            kind: reason.kind,
            step_id: reason.step.map(|step| step.to_string()),
            item: reason.item,
            part: reason.part.as_str(),
            until: reason.until.map(Time),
            detail: reason.detail,
        }
    }
}

/// The share of steps that are done, with two decimals and never rounded up to 1.
fn progress(status: RunStatus, completed: u32, total: u32) -> f64 {
    if status == RunStatus::Succeeded {
        return 1.0;
    }
    if total == 0 {
        return 0.0;
    }
    f64::from(completed.min(total) * 100 / total) / 100.0
}

fn duration_ms(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<u64> {
    let duration = to?.since(from?);
    u64::try_from(duration.as_millis()).ok()
}

pub(super) fn datum<S: Serializer>(datum: &Datum, serializer: S) -> Result<S::Ok, S::Error> {
    datum.json().serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_complete_only_when_the_run_is() {
        assert!((progress(RunStatus::Running, 1, 3) - 0.33).abs() < 1e-9);
        assert!((progress(RunStatus::Running, 999, 1000) - 0.99).abs() < 1e-9);
        assert!(progress(RunStatus::Queued, 0, 0).abs() < 1e-9);
        assert!((progress(RunStatus::Succeeded, 0, 0) - 1.0).abs() < 1e-9);
    }
}
