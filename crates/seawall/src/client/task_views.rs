//! What the API answers about tasks and their queues, as far as commands look into it.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::views::activity;

/// A queue of tasks for workers.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) concurrency: Option<u32>,
    pub(crate) concurrency_per_key: Option<u32>,
    pub(crate) rate: Option<String>,
    pub(crate) paused: bool,
    pub(crate) offered: u64,
    pub(crate) claimed: u64,
    pub(crate) oldest_wait_ms: Option<u64>,
}

/// A task, whoever has it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Task {
    pub(crate) id: String,
    pub(crate) queue: String,
    pub(crate) status: String,
    pub(crate) run_id: String,
    step_id: String,
    item: Option<u32>,
    part: Option<String>,
    pub(crate) attempt: u32,
    pub(crate) key: Option<String>,
    pub(crate) priority: i8,
    pub(crate) offered_at: Timestamp,
    pub(crate) worker: Option<String>,
    pub(crate) lease_expires_at: Option<Timestamp>,
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) heartbeat_at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) progress: Value,
    pub(crate) cancelled: bool,
}

impl Task {
    /// What it is about, as `runs resolve` takes it.
    pub(crate) fn activity(&self) -> String {
        activity(&self.step_id, self.item, self.part.as_deref())
    }
}

/// A task that was just claimed.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ClaimedTask {
    pub(crate) id: String,
    pub(crate) payload: Value,
    pub(crate) lease: String,
    pub(crate) lease_expires_at: Timestamp,
    pub(crate) run_id: String,
    step_id: String,
    item: Option<u32>,
    pub(crate) attempt: u32,
}

impl ClaimedTask {
    /// The step, or the item of a map step.
    pub(crate) fn activity(&self) -> String {
        activity(&self.step_id, self.item, None)
    }
}

/// What a heartbeat is answered with.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Beat {
    pub(crate) lease_expires_at: Timestamp,
    pub(crate) cancelled: bool,
}
