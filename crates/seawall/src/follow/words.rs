//! Which events are worth a line, and the line.

use jiff::Timestamp;
use serde_json::Value;

use super::activity::Activity;
use super::board::{Board, error_message};
use crate::client::JournalEvent;
use crate::output::{Paint, human_duration, plain};

/// The line of an event, if it is worth one. `before` is the board before the event.
pub(super) fn line(before: &Board, event: &JournalEvent, paint: Paint) -> Option<String> {
    match Activity::of(event) {
        Some(activity) => of_activity(before, &activity, event, paint),
        None => of_run(event, paint),
    }
}

fn of_run(event: &JournalEvent, paint: Paint) -> Option<String> {
    let by = || plain(event.text("by").unwrap_or("somebody"));
    let text = match event.kind.as_str() {
        "run.paused" => paint.yellow(&format!("paused by {}", by())),
        "run.resumed" => format!("resumed by {}", by()),
        "run.retried" => format!("retried by {}", by()),
        "run.cancel_requested" => paint.yellow(&format!("{} asked to cancel the run", by())),
        "run.blocked" => paint.yellow("blocked"),
        "run.forked" => format!(
            "does {} again from {}",
            plain(event.text("run_id").unwrap_or_default()),
            plain(event.text("from_step").unwrap_or_default())
        ),
        "compensation.started" => {
            let steps = event.data.get("steps").and_then(Value::as_array).map_or(0, Vec::len);
            paint.yellow(&format!("undoes what was done: {steps} to undo"))
        }
        "run.timed_out" => paint.red("the run's time is over"),
        "signal.received" => format!("signal {} received", plain(event.text("name").unwrap_or_default())),
        _ => return None,
    };
    Some(text)
}

fn of_activity(before: &Board, activity: &Activity, event: &JournalEvent, paint: Paint) -> Option<String> {
    let text = |name: &str| plain(event.text(name).unwrap_or_default());
    let said = match event.kind.as_str() {
        // Of a thousand items only what is final and bad, or asks for somebody, is worth a line.
        _ if activity.item.is_some() && is_routine(event) => return None,
        "step.succeeded" => paint.green(&format!(
            "succeeded{}{}",
            items(before, activity),
            took(before, activity, event)
        )),
        "step.failed" => failed(before, activity, event, paint),
        "step.skipped" => paint.dim("skipped"),
        "step.copied" => paint.dim(&format!("copied: {}", text("status"))),
        "step.cancelled" => paint.yellow("cancelled"),
        "step.deferred" => format!("waits until {}: {}", text("until"), text("reason")),
        // A run that undoes says so, one by one.
        "step.started" if activity.part.is_some() && event.data.get("attempt").and_then(Value::as_u64) == Some(1) => {
            "begins".to_owned()
        }
        "step.started" => {
            let attempt = event
                .data
                .get("attempt")
                .and_then(Value::as_u64)
                .filter(|attempt| *attempt > 1)?;
            format!("attempt {attempt}")
        }
        "step.outcome_unknown" => {
            let why = error_message(event).map_or_else(String::new, |message| format!(": {}", plain(message)));
            paint.yellow(&format!("nobody knows whether it happened{why}"))
        }
        "step.outcome_resolved" => format!("resolved as {} by {}", text("outcome"), text("by")),
        "map.started" => format!(
            "{} items",
            event.data.get("items_total").and_then(Value::as_u64).unwrap_or(0)
        ),
        "timer.set" => format!("sleeps until {}", text("until")),
        "signal.awaited" => format!("waits for the signal {}", text("name")),
        "approval.requested" => format!("asks for approval: {}", text("message")),
        "approval.decided" => format!("{} by {}", text("decision"), text("by")),
        "child.started" => format!("began the child run {}", text("child_id")),
        "task.offered" => format!("waits for a worker of queue {}", text("queue")),
        "task.cancel_requested" => "its task is taken back".to_owned(),
        "child.finished" => format!("its child run {}", text("status")),
        _ => return None,
    };
    Some(format!("{}  {said}", paint.bold(&plain(&activity.to_string()))))
}

fn is_routine(event: &JournalEvent) -> bool {
    match event.kind.as_str() {
        "step.failed" => event.data.get("retry_at").is_some(),
        "step.outcome_unknown" | "step.outcome_resolved" => false,
        "approval.requested" | "approval.decided" | "signal.awaited" => false,
        _ => true,
    }
}

fn failed(before: &Board, activity: &Activity, event: &JournalEvent, paint: Paint) -> String {
    let error = event.data.get("error");
    let code = error
        .and_then(|error| error.get("code"))
        .and_then(Value::as_str)
        .unwrap_or("failed");
    let message = plain(error_message(event).unwrap_or_default());
    match event.text("retry_at") {
        Some(at) => {
            let wait = at.parse::<Timestamp>().map_or_else(
                |_| String::new(),
                |at| format!(" in {}", human_duration(millis_between(event.at, at))),
            );
            paint.yellow(&format!("failed [{}]: {message}; tried again{wait}", plain(code)))
        }
        None => paint.red(&format!(
            "failed{} [{}]: {message}",
            took(before, activity, event),
            plain(code)
        )),
    }
}

fn items(before: &Board, activity: &Activity) -> String {
    match before.maps.get(&activity.step) {
        Some(items) if activity.item.is_none() => format!(", {} of {} items", items.done, items.total),
        _ => String::new(),
    }
}

fn took(before: &Board, activity: &Activity, event: &JournalEvent) -> String {
    match before.since(activity) {
        Some(since) => format!(" in {}", human_duration(millis_between(since, event.at))),
        None => String::new(),
    }
}

fn millis_between(from: Timestamp, to: Timestamp) -> u64 {
    to.as_millisecond()
        .saturating_sub(from.as_millisecond())
        .max(0)
        .unsigned_abs()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(events: &[(i64, &str, Value)]) -> Vec<String> {
        let mut board = Board::default();
        let mut lines = Vec::new();
        for (index, (at, kind, data)) in events.iter().enumerate() {
            let event = JournalEvent {
                seq: index as u64 + 1,
                at: Timestamp::from_millisecond(*at).unwrap(),
                kind: (*kind).to_owned(),
                data: data.clone(),
            };
            lines.extend(line(&board, &event, Paint::new(false)));
            board.take(&event);
        }
        lines
    }

    #[test]
    fn one_line_for_each_event_that_is_worth_one() {
        let lines = told(&[
            (0, "run.created", json!({})),
            (0, "run.started", json!({})),
            (0, "step.started", json!({"step_id": "get", "attempt": 1})),
            (
                5,
                "step.failed",
                json!({"step_id": "get", "error": {"code": "http-status-503", "message": "no\nway"},
                "retry_at": "1970-01-01T00:00:00.505Z"}),
            ),
            (505, "step.started", json!({"step_id": "get", "attempt": 2})),
            (1505, "step.succeeded", json!({"step_id": "get", "output": 1})),
            (
                1505,
                "task.offered",
                json!({"step_id": "t", "queue": "q", "priority": 0}),
            ),
            (1505, "map.started", json!({"step_id": "m", "items_total": 2})),
            (1505, "step.started", json!({"step_id": "m", "item": 0, "attempt": 1})),
            (1506, "step.succeeded", json!({"step_id": "m", "item": 0})),
            (1507, "step.succeeded", json!({"step_id": "m", "item": 1})),
            (1509, "step.succeeded", json!({"step_id": "m"})),
        ]);
        assert_eq!(
            lines,
            [
                "get  failed [http-status-503]: no way; tried again in 500 ms",
                "get  attempt 2",
                "get  succeeded in 1.5 s",
                "t  waits for a worker of queue q",
                "m  2 items",
                "m  succeeded, 2 of 2 items in 4 ms",
            ]
        );
    }
}
