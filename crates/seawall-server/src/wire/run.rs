use std::sync::Arc;

use seawall_engine::{Datum, ErrorView, RunView, ScheduledFor, StepId, StepView};
use seawall_store::{ParentLink, RunId, RunStatus, WorkflowVersion};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::Time;
use super::run_step::RunStep;

/// Bytes of JSON, about, that the outputs of its steps take in a run's answer.
const MAX_OUTPUTS: usize = 4 * 1024 * 1024;

/// A run. The outputs of its steps are left out (`output_omitted`) where they would be more than about 4 MiB in all.
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
            steps: steps_within(view.steps, MAX_OUTPUTS),
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
pub(super) struct RunError {
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

/// The outputs that come first have the room; a small one still fits behind a large one that did not.
fn steps_within(steps: Vec<StepView>, mut room: usize) -> Vec<RunStep> {
    steps.into_iter().map(|step| RunStep::within(step, &mut room)).collect()
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
