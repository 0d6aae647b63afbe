use seawall_engine::TaskView;
use seawall_guard::problem::kinds;
use seawall_store::TaskBeat;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::Time;

/// Of a task whose end was taken.
pub(crate) const ACCEPTED: &str = "accepted";

/// Tasks in a worker's hands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "id": "task_01h455vb4pex5vsknk084sn02q", "queue": "resize", "payload": {"file": "a.png"},
    "lease": "6f9619ff8b86d011b42d00c04fc964ff", "lease_expires_at": "2026-01-02T03:04:35.000Z",
    "run_id": "run_01h455vb4pex5vsknk084sn02q", "step_id": "resize", "item": null, "part": null, "attempt": 1,
    "effect_key": "0f0e0d0c0b0a09080706050403020100", "deadline": "2026-01-02T03:05:05.000Z"
}]}))]
pub(crate) struct ClaimedTasks {
    /// Empty: none came within the wait.
    pub(crate) items: Vec<ClaimedTask>,
    /// What became of those in `complete`, in their order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) completed: Option<Vec<TaskCompletion>>,
    /// Why nothing could be claimed after what became of `complete`. Ask again after a second at the earliest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) refused: Option<RefusedClaim>,
}

/// Why nothing could be claimed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusedClaim {
    /// The code of the problem that a claim alone would be answered with.
    pub(crate) status: &'static str,
    pub(crate) detail: String,
}

/// A task in a worker's hands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClaimedTask {
    id: String,
    queue: String,
    #[schema(value_type = Value)]
    payload: Box<RawValue>,
    /// To be shown with every word about the task.
    lease: String,
    /// Until then the task is this worker's; a heartbeat prolongs it.
    #[schema(value_type = String, format = DateTime)]
    lease_expires_at: Time,
    run_id: String,
    step_id: String,
    /// Of a map step: the item, counted from 0.
    item: Option<u32>,
    /// `compensate` or `reconcile`, where the task is not the step itself but undoes it or looks into it.
    part: Option<&'static str>,
    /// Counted from 1 over the whole life of the step.
    attempt: u32,
    /// The same over all attempts of one effect: what a worker can make its effect once with.
    effect_key: String,
    /// The end of the attempt's timeout, whatever heartbeats say.
    #[schema(value_type = String, format = DateTime)]
    deadline: Time,
}

impl ClaimedTask {
    /// None: the stored payload is no JSON.
    pub(crate) fn of(task: TaskView) -> Option<Self> {
        let payload = String::from_utf8(task.payload.to_vec()).ok()?;
        Some(Self {
            id: task.id.to_string(),
            queue: task.queue.to_string(),
            payload: RawValue::from_string(payload).ok()?,
            lease: task.lease.0.simple().to_string(),
            lease_expires_at: Time(task.lease_expires_at),
            run_id: task.run.to_string(),
            step_id: task.activity.step.to_string(),
            item: task.activity.item,
            part: task.activity.part.as_str(),
            attempt: task.attempt,
            effect_key: task.effect_key,
            deadline: Time(task.deadline),
        })
    }
}

/// What a worker learns from its heartbeat.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"lease_expires_at": "2026-01-02T03:04:35.000Z", "deadline": "2026-01-02T03:05:05.000Z",
    "cancelled": false}))]
pub(crate) struct Beat {
    #[schema(value_type = String, format = DateTime)]
    lease_expires_at: Time,
    #[schema(value_type = String, format = DateTime)]
    deadline: Time,
    /// Nobody needs the task any more: stop, and say how it ended.
    cancelled: bool,
}

impl From<TaskBeat> for Beat {
    fn from(beat: TaskBeat) -> Self {
        Self {
            lease_expires_at: Time(beat.lease_until),
            deadline: Time(beat.deadline),
            cancelled: beat.cancelled,
        }
    }
}

/// A worker's word is durable; the run takes it in its own time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "task_01h455vb4pex5vsknk084sn02q", "status": "accepted"}))]
pub(crate) struct TaskAccepted {
    pub(crate) id: String,
    pub(crate) status: &'static str,
}

/// What became of each of several tasks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"id": "task_01h455vb4pex5vsknk084sn02q", "status": "accepted"}]}))]
pub(crate) struct TaskCompletions {
    pub(crate) items: Vec<TaskCompletion>,
}

/// What became of one of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TaskCompletion {
    pub(crate) id: String,
    /// `accepted`, or the code of the problem that a request for this task alone would be answered with.
    pub(crate) status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) detail: Option<String>,
}

impl TaskCompletion {
    /// Whether the worker has nothing more to do with the task: it was taken, or is not its own.
    pub(crate) fn is_last(&self) -> bool {
        [ACCEPTED, kinds::CONFLICT.code, kinds::NOT_FOUND.code].contains(&self.status)
    }
}
