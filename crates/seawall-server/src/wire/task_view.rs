use seawall_engine::ActivityRef;
use seawall_store::{TaskRecord, TaskStatus};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Time;

/// A task as people look at it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "task_01h455vb4pex5vsknk084sn02q", "queue": "resize", "status": "claimed",
    "run_id": "run_01h455vb4pex5vsknk084sn02q", "step_id": "resize", "item": null, "attempt": 1, "key": null, "priority": 0,
    "offered_at": "2026-01-02T03:04:04.000Z", "worker": "resizer-1", "claimed_at": "2026-01-02T03:04:05.000Z",
    "lease_expires_at": "2026-01-02T03:04:35.000Z", "deadline": "2026-01-02T03:05:05.000Z", "heartbeat_at": null,
    "progress": null, "cancelled": false
}))]
pub(crate) struct Task {
    id: String,
    queue: String,
    /// offered, claimed or settled.
    status: &'static str,
    run_id: String,
    step_id: String,
    /// Of a map step: the item, counted from 0.
    item: Option<u32>,
    /// `compensate` or `reconcile`, where it is not the step itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    part: Option<&'static str>,
    attempt: u32,
    /// Tasks of one key are limited together.
    key: Option<String>,
    /// Higher comes first.
    priority: i8,
    #[schema(value_type = String, format = DateTime)]
    offered_at: Time,
    /// Who has it, or had it when it was settled.
    worker: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    claimed_at: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    lease_expires_at: Option<Time>,
    /// The end of the attempt's timeout.
    #[schema(value_type = Option<String>, format = DateTime)]
    deadline: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    heartbeat_at: Option<Time>,
    /// What the worker told with its last heartbeat.
    progress: Option<Value>,
    /// Nobody needs it any more.
    cancelled: bool,
}

impl Task {
    /// None: the row names no activity, or its progress is no JSON.
    pub(crate) fn of(record: TaskRecord) -> Option<Self> {
        let activity = ActivityRef::parse(&record.activity)?;
        let progress = record.progress.map(|text| serde_json::from_slice(&text));
        Some(Self {
            id: record.id.to_string(),
            queue: record.queue.to_string(),
            status: match record.status {
                TaskStatus::Offered => "offered",
                TaskStatus::Claimed => "claimed",
                TaskStatus::Settled => "settled",
            },
            run_id: record.run.to_string(),
            step_id: activity.step.to_string(),
            item: activity.item,
            part: activity.part.as_str(),
            attempt: record.attempt,
            key: record.key,
            priority: record.priority,
            offered_at: Time(record.offered_at),
            worker: record.worker,
            claimed_at: record.claimed_at.map(Time),
            lease_expires_at: record.lease_until.map(Time),
            deadline: record.deadline.map(Time),
            heartbeat_at: record.beat_at.map(Time),
            progress: progress.transpose().ok()?,
            cancelled: record.cancelled,
        })
    }
}
