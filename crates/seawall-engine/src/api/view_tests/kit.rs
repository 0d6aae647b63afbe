use serde_json::{Value, json};

use crate::core::{Event, RunState, StepStarted};
use crate::executor::StepError;
use crate::fixtures::{born, replay};
use crate::journal::arbitrary::{journal, ms, step};
use crate::names::ActivityRef;

/// The time of the event after the last: `journal` puts a second between them.
pub(super) const LATER: i64 = 1_700_001_000_000;

pub(super) fn flow() -> Value {
    json!({"name": "flow", "timeout": "1h", "steps": [
        {"id": "nap", "kind": "sleep", "with": {"for": "10m"}},
        {"id": "hear", "kind": "wait_signal", "with": {"name": "go"}},
        {"id": "ask", "kind": "approval", "with": {"message": "Deploy?"}},
        {"id": "sub", "kind": "workflow", "with": {"workflow": "child"}},
        {"id": "pay", "kind": "transform", "effect": "once", "with": {"value": 1}},
        {"id": "each", "kind": "map", "with": {
            "over": "{{ input.list }}", "as": "one",
            "step": {"kind": "transform", "effect": "read", "with": {"value": "{{ one }}"}},
        }},
    ]})
}

pub(super) fn state(events: Vec<Event>) -> RunState {
    let flow = flow();
    let mut all = vec![born(&flow, None), Event::RunStarted];
    all.extend(events);
    replay(&flow, &journal(1, all))
}

pub(super) fn started(activity: ActivityRef, attempt: u32, deadline: Option<i64>) -> Event {
    Event::StepStarted(Box::new(StepStarted {
        activity,
        attempt,
        request_digest: None,
        deadline: deadline.map(ms),
    }))
}

pub(super) fn failed(activity: ActivityRef, retry_at: Option<i64>) -> Event {
    Event::StepFailed {
        activity,
        error: StepError::new("exit-code-75", "try later"),
        in_doubt: false,
        retry_at: retry_at.map(ms),
        replaced_by: None,
    }
}

pub(super) fn map_of(count: usize) -> Vec<Event> {
    let items = (0..count).map(|n| json!(n).into()).collect();
    let each = step("each").step;
    vec![started(step("each"), 1, None), Event::MapStarted { step: each, items }]
}
