use seawall_engine::{QueueView, SetQueue, rate_text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A queue of tasks for workers outside, and what is in it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "mail", "concurrency": 20, "concurrency_per_key": 1, "rate": "10/s", "paused": false,
    "offered": 3, "claimed": 20, "offered_bytes": 512, "oldest_wait_ms": 1250
}))]
pub(crate) struct Queue {
    name: String,
    /// Claimed tasks at once; null: not limited.
    concurrency: Option<u32>,
    /// Claimed tasks at once of one key; null: not limited.
    concurrency_per_key: Option<u32>,
    /// Tasks claimed over time: `10/s`, `100/min`, `5000/h`; null: not limited.
    rate: Option<String>,
    /// No task is given out.
    paused: bool,
    /// Tasks that wait for a worker.
    offered: u64,
    /// Tasks that workers have.
    claimed: u64,
    /// Payloads of the tasks that wait.
    offered_bytes: u64,
    /// How long the one that waits longest has waited; null: nothing waits.
    oldest_wait_ms: Option<u64>,
}

impl From<QueueView> for Queue {
    fn from(view: QueueView) -> Self {
        let record = view.record;
        let settings = record.settings;
        Self {
            name: record.name.to_string(),
            concurrency: settings.concurrency,
            concurrency_per_key: settings.concurrency_per_key,
            rate: settings.rate.map(rate_text),
            paused: settings.paused,
            offered: record.offered,
            claimed: record.claimed,
            offered_bytes: record.offered_bytes,
            oldest_wait_ms: view
                .oldest_wait
                .map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        }
    }
}

/// A queue's settings, all of them: what is left out is not limited.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"concurrency": 20, "concurrency_per_key": 1, "rate": "10/s", "paused": false}))]
pub(crate) struct PutQueue {
    /// Claimed tasks at once.
    #[schema(minimum = 1, maximum = 1_000_000)]
    concurrency: Option<u32>,
    /// Claimed tasks at once of one key.
    #[schema(minimum = 1, maximum = 1_000_000)]
    concurrency_per_key: Option<u32>,
    /// Tasks claimed over time: `10/s`, `100/min`, `5000/h`; `0` for no limit.
    rate: Option<String>,
    /// Give no task out; what workers have stays with them.
    #[serde(default)]
    paused: bool,
}

impl From<PutQueue> for SetQueue {
    fn from(put: PutQueue) -> Self {
        Self {
            concurrency: put.concurrency,
            concurrency_per_key: put.concurrency_per_key,
            rate: put.rate,
            paused: put.paused,
        }
    }
}
