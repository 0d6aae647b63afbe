//! Retry of a run that failed or was cancelled: from the failed steps on.

use std::sync::Arc;

use crate::core::commands::decision::Draft;
use crate::core::commands::tick;
use crate::core::event::Event;
use crate::core::state::{Phase, RunState, StepStatus};
use crate::definition::{ItemErrors, Kind};
use crate::names::ActivityRef;

pub(super) fn retry(draft: &mut Draft<'_>, by: Arc<str>) {
    // A parent has used a child's end as soon as there is one: the message stands in the same commit.
    let ended = matches!(draft.state.phase, Phase::Failed | Phase::Cancelled);
    if ended && draft.state.parent.is_none() {
        let activities = known_to_have_failed(draft.state);
        draft.emit(Event::RunRetried { by, activities });
        // What no old process can be at any more begins now.
        tick::tick(draft);
    }
}

/// What failed for good and took the run with it.
fn known_to_have_failed(state: &RunState) -> Vec<ActivityRef> {
    let mut failed = Vec::new();
    for (index, (step, of)) in state.definition.steps.iter().zip(&state.steps).enumerate() {
        if state.is_met(index) {
            continue;
        }
        match (&step.kind, &of.items) {
            // A map that collects has used its failed items.
            (Kind::Map(map), Some(items)) if map.on_item_error == ItemErrors::Fail => {
                let items = items
                    .states
                    .iter()
                    .zip(0u32..)
                    .filter(|(item, _)| item.status == StepStatus::Failed);
                failed.extend(items.map(|(_, index)| ActivityRef::item(step.id.clone(), index)));
            }
            (_, None) if of.own.status == StepStatus::Failed => {
                failed.push(ActivityRef::step(step.id.clone()));
            }
            _ => {}
        }
    }
    failed
}
