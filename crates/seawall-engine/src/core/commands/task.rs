//! Tasks: what a worker outside, or the end of its lease, says of one.

use std::sync::Arc;

use seawall_store::Timestamp;

use crate::core::command::{TaskEnd, TaskEnded};
use crate::core::commands::decision::Draft;
use crate::core::commands::flow::{self, Failure};
use crate::core::commands::reconcile;
use crate::core::commands::settle::has_room;
use crate::core::event::Event;
use crate::core::state::{Slot, StepStatus, Wait};
use crate::datum::Datum;
use crate::effect::EffectClass;
use crate::executor::{Outcome, StepError};
use crate::names::Part;

/// So many workers of one generation may vanish with a task before that counts against the step: a payload that kills every
/// worker must not be offered for ever.
const MAX_VANISHED: u32 = 10;

pub(super) fn ended(draft: &mut Draft<'_>, ended: TaskEnded) {
    let TaskEnded {
        task,
        activity,
        claim,
        end,
    } = ended;
    let Some(slot) = draft.state.slot(&activity) else {
        return;
    };
    let waits = draft.state.at(slot).is_some_and(|state| {
        state.status == StepStatus::Waiting && matches!(&state.wait, Some(Wait::Task { id, .. }) if *id == task)
    });
    if !waits {
        return;
    }
    let Some((worker, claimed_at)) = claim else {
        return match end {
            TaskEnd::Lapsed { .. } => lost(draft, slot),
            _ => withdrawn(draft, slot),
        };
    };
    draft.emit(Event::TaskClaimed {
        activity: activity.clone(),
        task,
        worker: Arc::clone(&worker),
        claimed_at,
    });
    match end {
        TaskEnd::Completed(output) => completed(draft, slot, output),
        TaskEnd::Failed(error) if slot.part == Part::Reconcile => {
            reconcile::settled(draft, slot, Outcome::Failed(error));
        }
        TaskEnd::Failed(error) => flow::fail_with(draft, slot, Failure::finished(error)),
        TaskEnd::Lapsed { timed_out, deadline } => {
            let deadline = deadline.unwrap_or_else(|| {
                let timeout = draft.state.doing(slot).timeout.unwrap_or_default();
                claimed_at.saturating_add(timeout)
            });
            lapsed(draft, slot, &worker, (deadline, timed_out));
        }
        TaskEnd::Withdrawn => withdrawn(draft, slot),
    }
}

/// It was taken back, so it is not wanted any more; unless a reconcile step has something new to look into by now.
fn withdrawn(draft: &mut Draft<'_>, slot: Slot) {
    let activity = draft.state.name(slot);
    match reconcile::superseded(draft, slot) {
        Some(until) if !reconcile::is_needless(draft.state, slot) => reconcile::put_off(draft, activity, until),
        _ => draft.emit(Event::StepCancelled { activity }),
    }
}

/// It was taken back, and its queue does not have it: nobody knows who had it, and what was done.
fn lost(draft: &mut Draft<'_>, slot: Slot) {
    let (step, activity) = (draft.state.doing(slot), draft.state.name(slot));
    let error = StepError::new(
        "task-lost",
        "its queue does not have the task any more, and nothing says how it ended",
    );
    if step.effect == EffectClass::Once {
        let latest = draft.now().saturating_add(step.timeout.unwrap_or_default());
        return draft.emit(Event::StepOutcomeUnknown {
            activity,
            error,
            safe_after: Some(latest.saturating_add(draft.env.lease)),
        });
    }
    draft.emit(Event::StepDeferred {
        activity: activity.clone(),
        until: draft.now(),
        reason: error.message,
        in_doubt: true,
    });
    withdrawn(draft, slot);
}

fn completed(draft: &mut Draft<'_>, slot: Slot, output: Datum) {
    if slot.part == Part::Reconcile {
        return reconcile::settled(draft, slot, Outcome::Succeeded(output.json().clone()));
    }
    if !has_room(draft.state, slot, output.json()) {
        let error = StepError::permanent("run-too-large", "with this output the run would hold more than 64 MiB");
        return flow::fail_with(draft, slot, Failure::finished(error));
    }
    let activity = draft.state.name(slot);
    draft.emit(Event::StepSucceeded {
        activity,
        output: Some(output),
    });
}

/// Nobody knows what the worker has done, or whether it is still at it: it was told that it has time until `deadline`.
fn lapsed(draft: &mut Draft<'_>, slot: Slot, worker: &str, (deadline, timed_out): (Timestamp, bool)) {
    let (step, activity) = (draft.state.doing(slot), draft.state.name(slot));
    let vanished = draft.state.at(slot).map_or(0, |state| state.vanished);
    let error = if timed_out {
        let timeout = step.timeout.unwrap_or_default();
        let message = format!("worker {worker} took longer than the attempt's timeout of {timeout:?}");
        StepError::new("timeout", message)
    } else {
        StepError::new(
            "worker-vanished",
            format!("worker {worker} fell silent before it was done"),
        )
    };
    if step.effect == EffectClass::Once {
        let timeout = step.timeout.unwrap_or_default();
        // No attempt is under way for longer than its timeout from now on, whatever the clock was set to when it began.
        let latest = draft.now().saturating_add(timeout);
        let deadline = deadline.min(latest);
        return draft.emit(Event::StepOutcomeUnknown {
            activity,
            error,
            safe_after: Some(deadline.saturating_add(draft.env.lease)),
        });
    }
    if flow::is_being_stopped(draft.state, slot) || reconcile::is_needless(draft.state, slot) {
        draft.emit(Event::StepCancelled { activity });
    } else if let Some(until) = reconcile::superseded(draft, slot) {
        reconcile::put_off(draft, activity, until);
    } else if timed_out || vanished >= MAX_VANISHED {
        flow::fail_with(draft, slot, Failure::in_doubt(error));
    } else {
        draft.emit(Event::StepDeferred {
            activity,
            until: draft.now(),
            reason: error.message,
            in_doubt: true,
        });
        // Held back, it begins when the run may go on.
        if draft.state.may_begin(slot.part) {
            flow::begin_again(draft, slot);
        }
    }
}
