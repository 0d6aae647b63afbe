use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::exact::{exact, exact_option};

/// A worker asks for tasks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"max": 10, "worker": "resizer-1", "lease_for": "30s"}))]
pub(crate) struct ClaimTasks {
    /// How many at most; 1 when it is left out.
    #[schema(minimum = 1, maximum = 100, default = 1)]
    pub(crate) max: Option<u32>,
    /// How the worker calls itself, for people: at most 128 bytes.
    pub(crate) worker: Option<String>,
    /// How long a task is the worker's own without a heartbeat: `1s` to `1h`; `30s` when it is left out.
    pub(crate) lease_for: Option<String>,
    /// Of all payloads together; one task is given whatever it measures.
    #[schema(minimum = 1, maximum = 4_194_304, default = 1_048_576)]
    pub(crate) max_bytes: Option<u64>,
    /// Tasks to be completed first, as `POST /api/v1/tasks/complete` does: at most 100.
    #[serde(default)]
    pub(crate) complete: Vec<CompletedTask>,
}

/// A worker is still at a task.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lease": "6f9619ff8b86d011b42d00c04fc964ff", "progress": {"done": 3, "of": 10}}))]
pub(crate) struct Heartbeat {
    pub(crate) lease: String,
    /// Shown with the step: at most 16 KiB.
    #[serde(default, deserialize_with = "exact_option")]
    pub(crate) progress: Option<Value>,
}

/// A worker is done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lease": "6f9619ff8b86d011b42d00c04fc964ff", "output": {"width": 640}}))]
pub(crate) struct CompleteTask {
    pub(crate) lease: String,
    /// Becomes the step's output: at most 1 MiB; null when it is left out.
    #[serde(default, deserialize_with = "exact")]
    pub(crate) output: Value,
}

/// One of several tasks that are done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompletedTask {
    pub(crate) id: String,
    pub(crate) lease: String,
    /// Becomes the step's output: at most 1 MiB; null when it is left out.
    #[serde(default, deserialize_with = "exact")]
    pub(crate) output: Value,
}

/// Several tasks that are done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"items": [
    {"id": "task_01h455vb4pex5vsknk084sn02q", "lease": "6f9619ff8b86d011b42d00c04fc964ff", "output": 1}
]}))]
pub(crate) struct CompleteTasks {
    /// At most 100.
    pub(crate) items: Vec<CompletedTask>,
}

/// A worker could not do it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lease": "6f9619ff8b86d011b42d00c04fc964ff", "message": "out of stock",
    "code": "out-of-stock", "retry_after": "5s"}))]
pub(crate) struct FailTask {
    pub(crate) lease: String,
    pub(crate) message: String,
    /// Kebab-case, for `retry.on`; `task-failed` when it is left out.
    pub(crate) code: Option<String>,
    /// Whether the same again makes sense; true when it is left out.
    pub(crate) retryable: Option<bool>,
    /// The least time to wait before another attempt: `5s`, at most a day.
    pub(crate) retry_after: Option<String>,
}
