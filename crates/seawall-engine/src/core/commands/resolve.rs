//! Resolve: somebody has found out what became of an unknown outcome, a person or the step's own reconcile; or somebody gives
//! up a compensation that kills its processes.

use std::sync::Arc;

use crate::core::commands::decision::Draft;
use crate::core::commands::flow::{self, Failure};
use crate::core::commands::reconcile;
use crate::core::event::{BlockReason, Event, Resolution};
use crate::core::state::Slot;
use crate::executor::StepError;
use crate::names::ActivityRef;

pub(super) fn resolve(draft: &mut Draft<'_>, activity: &ActivityRef, resolution: Resolution, by: Arc<str>) {
    let Some(slot) = draft.state.slot(activity) else { return };
    if !draft.state.can_resolve(slot, &resolution) {
        return;
    }
    settle(draft, slot, resolution, by);
    reconcile::withdraw(draft, slot);
}

/// The outcome is known now.
pub(super) fn settle(draft: &mut Draft<'_>, slot: Slot, resolution: Resolution, by: Arc<str>) {
    if matches!(draft.state.blocked, Some(BlockReason::UnknownOutcome(_))) {
        draft.emit(Event::RunUnblocked { by: Arc::clone(&by) });
    }
    let activity = draft.state.name(slot);
    draft.emit(Event::StepOutcomeResolved {
        activity: activity.clone(),
        resolution: resolution.clone(),
        by,
    });
    match resolution {
        Resolution::Succeeded(output) => draft.emit(Event::StepSucceeded {
            activity,
            output: Some(output),
        }),
        Resolution::Failed(message) => {
            let error = StepError::permanent("resolved-as-failed", message);
            flow::fail_with(draft, slot, Failure::finished(error));
        }
        // Nothing begins any more: it is as if it had been waiting for its next attempt all along.
        Resolution::Retry if flow::is_being_stopped(draft.state, slot) => draft.emit(Event::StepCancelled { activity }),
        // It is due at once, or when the old process can no longer be alive: see `evolve`.
        Resolution::Retry => {}
    }
}
