use std::sync::Arc;

use seawall_engine::rate_text;
use seawall_store::{FlowLine, PageOf, WorkflowRecord};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Time;

/// Which runs of a workflow may begin, and what goes on and waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "concurrency": {"limit": 2, "key": "{{ input.customer }}"}, "rate": null, "priority": null, "debounce": null,
    "items": [{"key": "acme", "limit": 2, "rate": null, "running": 2, "queued": 7, "waiting": 0,
        "waiting_since": "2026-01-02T03:04:05.000Z", "next_at": null}],
    "next_cursor": null
}))]
pub(crate) struct Flow {
    /// As the latest version says; null: it says nothing.
    concurrency: Value,
    rate: Value,
    priority: Value,
    debounce: Value,
    /// Keys of which something runs or waits, the newest first.
    items: Vec<FlowItem>,
    /// For `?cursor=`; null on the last page.
    next_cursor: Option<String>,
}

impl Flow {
    pub(crate) fn of((workflow, lines): (WorkflowRecord, PageOf<FlowLine>)) -> Self {
        let mut source: Value = serde_json::from_str(&workflow.source).unwrap_or_default();
        let mut field = |name: &str| source.get_mut(name).map(Value::take).unwrap_or_default();
        Self {
            concurrency: field("concurrency"),
            rate: field("rate"),
            priority: field("priority"),
            debounce: field("debounce"),
            items: lines.items.into_iter().map(FlowItem::from).collect(),
            next_cursor: lines.next.map(|cursor| cursor.to_string()),
        }
    }
}

/// One key.
#[derive(Debug, Serialize, ToSchema)]
struct FlowItem {
    /// Null: runs without a key.
    #[schema(value_type = Option<String>)]
    key: Option<Arc<str>>,
    /// Runs at once, as it holds now; null: any number.
    limit: Option<u32>,
    /// Starts over time, as it holds now.
    #[schema(example = "10/min")]
    rate: Option<String>,
    /// They have a slot, waiting and paused ones too.
    running: u32,
    /// In line for a slot, or for their turn at the rate.
    queued: u32,
    /// Debounced: still in their quiet time.
    waiting: u32,
    /// Since when the next one of the queue has waited.
    #[schema(value_type = Option<String>, format = DateTime)]
    waiting_since: Option<Time>,
    /// When the rate lets that one begin.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<Time>,
}

impl From<FlowLine> for FlowItem {
    fn from(line: FlowLine) -> Self {
        Self {
            key: line.key,
            limit: line.slots,
            rate: line.rate.map(rate_text),
            running: line.running,
            queued: line.queued,
            waiting: line.waiting,
            waiting_since: line.waiting_since.map(Time),
            next_at: line.next_at.map(Time),
        }
    }
}
