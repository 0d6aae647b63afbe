//! What the templates of a step may look at, as the state has it now.

use std::sync::Arc;

use serde_json::json;

use crate::core::state::{ActivityState, RunState, Slot};
use crate::datum::Datum;
use crate::definition::{ItemFacts, Kind, RunFacts, Scope, StepFacts};

/// The scope of an activity.
pub(super) fn for_activity(state: &RunState, slot: Slot) -> Scope {
    let step = &state.definition.steps[slot.step];
    let item = match (&step.kind, slot.item, &state.steps[slot.step].items) {
        (Kind::Map(map), Some(index), Some(items)) => items.values.get(index as usize).map(|value| ItemFacts {
            variable: Arc::clone(&map.variable),
            value: value.clone(),
            index,
        }),
        _ => None,
    };
    of(state, &step.references, item)
}

/// A scope with these steps.
pub(super) fn of(state: &RunState, references: &[usize], item: Option<ItemFacts>) -> Scope {
    let facts = |index: &usize| {
        let own = &state.steps[*index].own;
        StepFacts {
            id: state.definition.steps[*index].id.clone(),
            output: own.output.clone().unwrap_or_else(Datum::null),
            status: own.status.as_str(),
            error: error_of(own),
        }
    };
    Scope {
        input: state.input.clone(),
        steps: references.iter().map(facts).collect(),
        run: RunFacts {
            id: state.run,
            created_at: state.created_at,
            attempt: state.attempt,
        },
        item,
    }
}

fn error_of(activity: &ActivityState) -> Datum {
    match &activity.error {
        Some(error) => Datum::new(json!({ "code": error.code, "message": error.message })),
        None => Datum::null(),
    }
}
