//! Offering a task to workers outside. Its row is written together with the event, so nothing is begun before that is durable.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{Digest, QueueName};
use serde_json::Value;

use crate::core::command::{Action, TaskPlan};
use crate::core::commands::decision::Draft;
use crate::core::commands::flow::{fail, scope, start, wait};
use crate::core::event::{Event, TaskOffered};
use crate::core::state::{ActivityState, RunState, Slot, StepStatus};
use crate::definition::{Step, TaskStep};
use crate::executor::StepError;
use crate::names::{EffectKey, Part, task_id};

const MAX_KEY: usize = 256;
const MAX_PRIORITY: i64 = 100;
/// How long a step is put off while its queue is full, and up to as much again: those that wait do not come back at once.
const FULL: Duration = Duration::from_secs(5);
/// How long a step is put off while its queue is full, from the least to the most.
pub(crate) const FULL_QUEUE: (Duration, Duration) = (FULL, FULL.saturating_mul(2));
/// From then on a step that waits for room is looked after only so often, and up to half as often.
const MOST: Duration = Duration::from_secs(5 * 60);
/// Payloads that one decision may offer, and one more task: what is decided at once is written at once. The rest follows at
/// once, one write after the other.
pub(in crate::core::commands) const MAX_AT_ONCE: usize = 4 * 1024 * 1024;

struct Wanted {
    queue: QueueName,
    /// JSON text.
    payload: Arc<[u8]>,
    key: Option<String>,
    priority: i8,
}

pub(super) fn begin(draft: &mut Draft<'_>, slot: Slot, step: &Step, task: &TaskStep) {
    let Wanted {
        queue,
        payload,
        key,
        priority,
    } = match wanted(draft.state, slot, task) {
        Ok(wanted) => wanted,
        Err(error) => return fail(draft, slot, error),
    };
    let digest = Digest::of(&payload);
    let Some(state) = draft.state.at(slot) else { return };
    let activity = draft.state.name(slot);
    if let Some(error) = start::no_longer_the_same(state, step.effect, digest, draft.event_time()) {
        if slot.part == Part::Reconcile {
            return fail(draft, slot, error);
        }
        return draft.emit(Event::StepOutcomeUnknown {
            activity,
            error,
            safe_after: None,
        });
    }
    if let Some((wait, reason)) = put_off(draft, slot, &queue) {
        return draft.emit(Event::StepDeferred {
            activity,
            until: draft.now().saturating_add(wait),
            reason,
            in_doubt: false,
        });
    }
    let (attempt, generation) = (state.attempts + 1, state.generation);
    let effect_key = EffectKey::derive(draft.state.run, &activity, generation);
    let task = task_id(draft.state.run, &activity, attempt);
    draft.offered_bytes += payload.len();
    // Without a deadline: the attempt's time counts from its claim.
    start::started(draft, slot, Some(digest), None);
    draft.emit(Event::TaskOffered(Box::new(TaskOffered {
        activity,
        task,
        queue,
        key,
        priority,
    })));
    draft.act(Action::Offer(Box::new(TaskPlan {
        task,
        attempt,
        effect_key,
        payload,
        timeout: step.timeout.unwrap_or(start::DEFAULT_TIMEOUT),
    })));
}

fn full_reason(queue: &str) -> String {
    format!("the queue {queue} is full")
}

/// The queue that was full, of a step that was put off for that.
pub(crate) fn full_queue(event: &Event) -> Option<QueueName> {
    match event {
        Event::StepDeferred { reason, .. } => queue_in(reason),
        _ => None,
    }
}

fn queue_in(reason: &str) -> Option<QueueName> {
    let queue = reason.strip_prefix("the queue ")?.strip_suffix(" is full")?;
    QueueName::parse(queue)
}

/// The queue in which the activity waits for room.
pub(crate) fn wanted_room(activity: &ActivityState) -> Option<QueueName> {
    let reason = activity.deferred.as_deref()?;
    (activity.status == StepStatus::Retrying).then(|| queue_in(reason))?
}

/// It was put off because its queue is full, and that is still so: nothing new to say.
pub(in crate::core::commands) fn waits_for_room(draft: &Draft<'_>, slot: Slot) -> bool {
    let full = draft.env.full;
    let wanted = || draft.state.at(slot).and_then(wanted_room);
    !full.is_empty() && wanted().is_some_and(|queue| full.contains(&queue))
}

/// How long until a run looks for room again that has waited for it so long. It grows with the wait.
pub(crate) fn room_backoff(waited: Duration, random: u64) -> Duration {
    let wait = waited.clamp(FULL, MOST);
    // 53 bits: as many as a double holds.
    let share = (random >> 11) as f64 / (1u64 << 53) as f64;
    wait.mul_f64(1.0 + share)
}

/// No run that waits for room looks for it less often.
pub(crate) const LONGEST_ROOM_BACKOFF: Duration = MOST.saturating_mul(2);

/// For how long it is not offered yet, and why.
fn put_off(draft: &Draft<'_>, slot: Slot, queue: &QueueName) -> Option<(Duration, String)> {
    if draft.env.full.contains(queue) {
        let spread = Duration::from_millis(draft.random(slot) % 5000);
        return Some((FULL + spread, full_reason(queue.as_str())));
    }
    let full = draft.offered_bytes >= MAX_AT_ONCE;
    full.then(|| (Duration::ZERO, "the tasks before it are being written".to_owned()))
}

fn wanted(state: &RunState, slot: Slot, task: &TaskStep) -> Result<Wanted, StepError> {
    let scope = scope::for_activity(state, slot);
    let queue = wait::text_of(&task.queue.render(&scope)?.value);
    let queue = QueueName::parse(&queue).ok_or_else(|| {
        let shown: String = queue.chars().take(100).collect();
        let message = format!("{shown:?} is no name of a queue: 1 to 63 of a-z, 0-9, `.`, `_` and `-`");
        StepError::permanent("task-queue", message)
    })?;
    // What templates give is at most 1 MiB of JSON.
    let payload = task.payload.render(&scope)?.value.to_string().into_bytes();
    let key = match &task.key {
        Some(template) => key(&template.render(&scope)?.value)?,
        None => None,
    };
    let priority = match &task.priority {
        Some(template) => priority(&template.render(&scope)?.value)?,
        None => 0,
    };
    Ok(Wanted {
        queue,
        payload: payload.into(),
        key,
        priority,
    })
}

/// Null: no key.
fn key(value: &Value) -> Result<Option<String>, StepError> {
    if value.is_null() {
        return Ok(None);
    }
    let key = wait::text_of(value);
    if key.len() > MAX_KEY {
        let message = format!("the key has {} bytes; it may have {MAX_KEY}", key.len());
        return Err(StepError::permanent("task-key", message));
    }
    Ok(Some(key))
}

/// Null: 0.
fn priority(value: &Value) -> Result<i8, StepError> {
    let in_range = |number: &i64| number.unsigned_abs() <= MAX_PRIORITY.unsigned_abs();
    let number = match value {
        Value::Null => Some(0),
        value => value.as_i64().filter(in_range),
    };
    number.and_then(|number| i8::try_from(number).ok()).ok_or_else(|| {
        let shown: String = value.to_string().chars().take(100).collect();
        let message = format!("{shown} is no priority: a whole number from -{MAX_PRIORITY} to {MAX_PRIORITY}");
        StepError::permanent("task-priority", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_looked_for_less_often_the_longer_it_is_waited_for() {
        let (seconds, most) = (Duration::from_secs, room_backoff(Duration::MAX, u64::MAX));
        for (waited, least) in [(0, 5), (5, 5), (60, 60), (3600, 300)] {
            assert_eq!(room_backoff(seconds(waited), 0), seconds(least));
            let longest = room_backoff(seconds(waited), u64::MAX);
            assert!(longest > seconds(least) && longest <= 2 * seconds(least), "{waited}");
        }
        assert!(most <= LONGEST_ROOM_BACKOFF);
    }
}
