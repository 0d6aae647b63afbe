//! What stands where in a run, folded from its events.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::activity::{Activity, Begun, Doing};
use crate::client::JournalEvent;

/// The items of a map step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Items {
    pub(super) done: u64,
    pub(super) total: u64,
}

/// A run, as its events tell it.
#[derive(Clone, Debug, Default)]
pub(super) struct Board {
    /// The last event that was taken.
    pub(super) seq: u64,
    /// Activities that have begun and not ended.
    pub(super) begun: BTreeMap<Activity, Begun>,
    pub(super) maps: BTreeMap<String, Items>,
    pub(super) paused: bool,
    /// Blocked for another reason than an unknown outcome: somebody may resume it.
    pub(super) stuck: Option<String>,
    /// It stands still over unknown outcomes: what looks into them by itself has had its turn.
    pub(super) in_doubt: bool,
    pub(super) ended: bool,
}

impl Board {
    /// Takes the next event; one that was taken before changes nothing. Answers whether it was new.
    pub(super) fn take(&mut self, event: &JournalEvent) -> bool {
        if event.seq <= self.seq {
            return false;
        }
        self.seq = event.seq;
        match Activity::of(event) {
            Some(activity) => self.take_activity(&activity, event),
            None => self.take_run(event),
        }
        true
    }

    /// How long the activity has been at it, as of the event that ends it.
    pub(super) fn since(&self, activity: &Activity) -> Option<Timestamp> {
        self.begun.get(activity).map(|begun| begun.since)
    }

    fn take_run(&mut self, event: &JournalEvent) {
        match event.kind.as_str() {
            "run.paused" => self.paused = true,
            "run.resumed" | "run.unblocked" => {
                self.paused = false;
                self.stuck = None;
                self.in_doubt = false;
            }
            "run.cancel_requested" | "run.timed_out" => self.in_doubt = false,
            "run.blocked" if event.text("reason") == Some("unknown-outcome") => self.in_doubt = true,
            "run.blocked" => {
                self.stuck = Some(event.text("reason").unwrap_or("unknown").to_owned());
            }
            "run.retried" => {
                self.ended = false;
                self.retried(event);
            }
            "run.succeeded" | "run.failed" | "run.cancelled" => {
                self.ended = true;
                self.in_doubt = false;
                self.begun.clear();
            }
            _ => {}
        }
    }

    fn retried(&mut self, event: &JournalEvent) {
        let listed = event.data.get("steps").and_then(Value::as_array).into_iter().flatten();
        for activity in listed.filter_map(Activity::read) {
            match (activity.item, self.maps.get_mut(&activity.step)) {
                (Some(_), Some(items)) => items.done = items.done.saturating_sub(1),
                _ => {
                    self.maps.remove(&activity.step);
                }
            }
        }
    }

    fn take_activity(&mut self, activity: &Activity, event: &JournalEvent) {
        let text = |name: &str| event.text(name).unwrap_or_default().to_owned();
        let doing = match event.kind.as_str() {
            "step.started" | "timer.fired" | "approval.decided" | "child.finished" => Doing::Attempt,
            "step.failed" if event.data.get("retry_at").is_some() => Doing::Retry,
            "step.deferred" => Doing::Retry,
            "step.outcome_unknown" => Doing::Unknown {
                message: error_message(event).unwrap_or_default().to_owned(),
            },
            "step.outcome_resolved" => match event.text("outcome") {
                Some("retry") => Doing::Retry,
                _ => return self.ended_activity(activity),
            },
            "map.started" => {
                let total = event.data.get("items_total").and_then(Value::as_u64).unwrap_or(0);
                self.maps.insert(activity.step.clone(), Items { done: 0, total });
                Doing::Items
            }
            "timer.set" => Doing::Timer,
            "signal.awaited" => Doing::Signal { name: text("name") },
            "approval.requested" => Doing::Approval {
                id: text("approval_id"),
                message: text("message"),
            },
            "child.started" | "child.retried" => Doing::Child { run: text("child_id") },
            "step.succeeded" | "step.failed" | "step.skipped" | "step.cancelled" => {
                return self.ended_activity(activity);
            }
            _ => return,
        };
        let since = self.since(activity).unwrap_or(event.at);
        self.begun.insert(activity.clone(), Begun { doing, since });
    }

    fn ended_activity(&mut self, activity: &Activity) {
        self.begun.remove(activity);
        if activity.item.is_some()
            && activity.part.is_none()
            && let Some(items) = self.maps.get_mut(&activity.step)
        {
            items.done = (items.done + 1).min(items.total);
        }
    }
}

/// The message of the error that an event carries.
pub(super) fn error_message(event: &JournalEvent) -> Option<&str> {
    event.data.get("error")?.get("message")?.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn board(events: &[(&str, Value)]) -> Board {
        let mut board = Board::default();
        for (index, (kind, data)) in events.iter().enumerate() {
            let event = JournalEvent {
                seq: index as u64 + 1,
                at: Timestamp::from_millisecond(index as i64).unwrap(),
                kind: (*kind).to_owned(),
                data: data.clone(),
            };
            assert!(board.take(&event));
            assert!(!board.take(&event), "an event is taken once");
        }
        board
    }

    #[test]
    fn a_map_counts_its_items_and_an_approval_stands_until_it_is_decided() {
        let board = board(&[
            ("run.created", json!({})),
            ("map.started", json!({"step_id": "m", "items_total": 3})),
            ("step.started", json!({"step_id": "m", "item": 0, "attempt": 1})),
            ("step.succeeded", json!({"step_id": "m", "item": 0})),
            (
                "step.failed",
                json!({"step_id": "m", "item": 1, "error": {}, "retry_at": "2026-01-01T00:00:00Z"}),
            ),
            ("step.failed", json!({"step_id": "m", "item": 2, "error": {}})),
            (
                "approval.requested",
                json!({"step_id": "ask", "approval_id": "appr_1", "message": "Go?"}),
            ),
        ]);
        assert_eq!(board.maps["m"], Items { done: 2, total: 3 });
        let doing: Vec<_> = board.begun.values().map(|begun| &begun.doing).collect();
        let approval = Doing::Approval {
            id: "appr_1".to_owned(),
            message: "Go?".to_owned(),
        };
        assert_eq!(doing, [&approval, &Doing::Items, &Doing::Retry]);
    }

    #[test]
    fn the_end_of_a_run_ends_everything_in_it_until_it_is_retried() {
        let ended = [
            ("step.started", json!({"step_id": "a"})),
            ("run.failed", json!({"error": {"code": "x", "message": "y"}})),
        ];
        assert!(board(&ended).ended && board(&ended).begun.is_empty());
        let retried = board(&[&ended[..], &[("run.retried", json!({"by": "x", "steps": []}))]].concat());
        assert!(!retried.ended);
    }
}
