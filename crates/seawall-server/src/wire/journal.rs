use seawall_engine::JournalItem;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Time;

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
