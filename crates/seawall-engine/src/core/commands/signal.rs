//! Signal: kept until a step takes it; each is taken once, oldest first.

use crate::core::commands::decision::Draft;
use crate::core::commands::flow;
use crate::core::commands::settle::MAX_RUN_BYTES;
use crate::core::event::Event;
use crate::core::state::{RunState, Slot, StepStatus, Wait};
use crate::datum::{Datum, weight};

pub(super) fn receive(draft: &mut Draft<'_>, id: String, name: String, payload: Datum) {
    // Beyond what a run may hold it is lost: nobody is there to be told.
    let full = draft.state.seq.0 >= flow::MAX_EVENTS
        || draft.state.bytes.saturating_add(weight(payload.json())) > MAX_RUN_BYTES;
    if draft.state.is_terminal() || full {
        return;
    }
    let waiter = waiter(draft.state, &name);
    draft.emit(Event::SignalReceived { id, name, payload });
    if let Some((slot, name)) = waiter {
        deliver(draft, slot, &name);
    }
}

/// Ends the wait of `slot` with the oldest signal of that name, if one is kept.
pub(super) fn deliver(draft: &mut Draft<'_>, slot: Slot, name: &str) {
    let kept = draft.state.signals.iter().find(|(signal, _)| signal == name);
    if let Some(payload) = kept.map(|(_, payload)| payload.clone()) {
        let activity = draft.state.name(slot);
        draft.emit(Event::StepSucceeded {
            activity,
            output: Some(payload),
        });
    }
}

fn waiter(state: &RunState, name: &str) -> Option<(Slot, String)> {
    state.activities().find_map(|(slot, activity)| match &activity.wait {
        Some(Wait::Signal { name: awaited }) if activity.status == StepStatus::Waiting && awaited == name => {
            Some((slot, awaited.clone()))
        }
        _ => None,
    })
}
