//! Settle: an attempt has ended, and this is what is known of it.

use serde_json::Value;

use crate::core::commands::decision::Draft;
use crate::core::commands::flow::{self, Failure};
use crate::core::commands::reconcile;
use crate::core::event::Event;
use crate::core::state::{RunState, Slot, StepStatus};
use crate::datum::{Datum, weight};
use crate::effect::EffectClass;
use crate::executor::{Outcome, StepError};
use crate::names::{ActivityRef, Part};

/// A run holds at most this much, inputs and outputs together.
pub(crate) const MAX_RUN_BYTES: usize = 64 * 1024 * 1024;

pub(super) fn settle(draft: &mut Draft<'_>, activity: &ActivityRef, attempt: u32, outcome: Outcome) {
    let Some(slot) = draft.state.slot(activity) else { return };
    // An attempt that was given up (another one has begun since, or the run went on) has nothing to say any more.
    let current = draft
        .state
        .at(slot)
        .is_some_and(|s| s.status == StepStatus::Running && s.attempts == attempt);
    if !current {
        return;
    }
    if slot.part == Part::Reconcile {
        return reconcile::settled(draft, slot, outcome);
    }
    let stopping = flow::is_being_stopped(draft.state, slot);
    let once = draft.state.doing(slot).effect == EffectClass::Once;
    let activity = activity.clone();
    match outcome {
        Outcome::Succeeded(output) if !has_room(draft.state, slot, &output) => {
            let error = StepError::permanent("run-too-large", "with this output the run would hold more than 64 MiB");
            flow::fail_with(draft, slot, Failure::finished(error));
        }
        Outcome::Succeeded(output) => {
            draft.emit(Event::StepSucceeded {
                activity,
                output: Some(Datum::new(output)),
            });
        }
        Outcome::NotBegun(StepError { message: reason, .. }) | Outcome::Deferred { reason, .. } if stopping => {
            not_begun(draft, activity, reason);
        }
        Outcome::NotBegun(error) => flow::fail_with(draft, slot, Failure::not_begun(error)),
        Outcome::Deferred { until, reason } => {
            draft.emit(Event::StepDeferred {
                activity,
                until,
                reason,
                in_doubt: false,
            });
        }
        Outcome::Failed(error) => flow::fail_with(draft, slot, Failure::finished(error)),
        Outcome::Unknown(error) if once => {
            // The process that made the attempt is this one, and the attempt is over: a person may repeat it at once.
            draft.emit(Event::StepOutcomeUnknown {
                activity,
                error,
                safe_after: None,
            });
        }
        Outcome::Unknown(_) if stopping => draft.emit(Event::StepCancelled { activity }),
        Outcome::Unknown(error) => flow::fail_with(draft, slot, Failure::in_doubt(error)),
    }
}

/// Whether the run may hold this output. Those of parts are not held.
pub(super) fn has_room(state: &RunState, slot: Slot, output: &Value) -> bool {
    !slot.is_main() || state.bytes.saturating_add(weight(output)) <= MAX_RUN_BYTES
}

/// Put off and then cancelled, so that the journal knows that this attempt is not in doubt.
fn not_begun(draft: &mut Draft<'_>, activity: ActivityRef, reason: String) {
    let until = draft.now();
    draft.emit(Event::StepDeferred {
        activity: activity.clone(),
        until,
        reason,
        in_doubt: false,
    });
    draft.emit(Event::StepCancelled { activity });
}
