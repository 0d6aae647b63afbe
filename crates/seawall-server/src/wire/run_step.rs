use std::sync::Arc;

use seawall_engine::{Datum, PartView, StepView};
use seawall_store::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Time;
use super::run::{RunError, datum};

/// A step of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunStep {
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
    /// Only in a run that has large outputs: this one was left out, and `output` is null. The step itself
    /// (`GET /api/v1/runs/{run_id}/steps/{step_id}`) has it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    output_omitted: bool,
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
            output_omitted: false,
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

impl RunStep {
    /// The step in its run: its output only where there is room for it.
    pub(super) fn within(view: StepView, room: &mut usize) -> Self {
        let mut step = Self::from(view);
        let weight = step.output.weight();
        if weight <= *room {
            *room -= weight;
        } else {
            step.output = Datum::null();
            step.output_omitted = true;
        }
        step
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

fn duration_ms(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<u64> {
    let duration = to?.since(from?);
    u64::try_from(duration.as_millis()).ok()
}
