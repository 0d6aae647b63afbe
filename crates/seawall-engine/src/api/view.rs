//! Runs as their clients see them: domain data, from which the server makes its wire types.

use std::sync::Arc;

use seawall_store::{Awaits, ParentLink, RunId, RunStatus, Seq, Timestamp, WorkflowVersion};
use serde_json::Value;

use crate::core::StepStatus;
use crate::datum::Datum;
use crate::effect::EffectClass;
use crate::names::StepId;

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
}

#[derive(Clone, Debug)]
pub struct ErrorView {
    pub code: Arc<str>,
    pub message: String,
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
#[derive(Clone, Debug)]
pub struct Reason {
    /// `timer`, `signal`, `approval`, `child`, `retry`, `deferred`, `attempt`, `unknown-outcome`, `paused`, `blocked`,
    /// `unclaimed`, `holder`.
    pub kind: &'static str,
    pub step: Option<StepId>,
    pub until: Option<Timestamp>,
    pub detail: String,
}
