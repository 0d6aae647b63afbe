//! What the templates of a step may look at, as the state has it now.

use std::sync::Arc;

use serde_json::json;

use crate::core::state::{ActivityState, RunState, Slot};
use crate::datum::Datum;
use crate::definition::{ItemFacts, Kind, RunFacts, Scope, StepFacts, extra_names as names};
use crate::names::{EffectKey, Part};

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
    match slot.part {
        Part::Main => of(state, &step.references, item),
        Part::Compensate => Scope {
            extras: done(state, slot),
            ..of(state, &slot.doing(&state.definition).references, item)
        },
        Part::Reconcile => Scope {
            extras: in_doubt(state, slot),
            ..of(state, &slot.doing(&state.definition).references, item)
        },
    }
}

/// The scope of a reconcile step's `answer`.
pub(in crate::core::commands) fn of_answer(state: &RunState, slot: Slot, result: &Datum) -> Scope {
    let mut scope = for_activity(state, slot);
    scope.extras.push((names::RESULT, result.clone()));
    scope
}

/// What compensations see besides: of an item, its output. A step's own stands among `steps`.
fn done(state: &RunState, slot: Slot) -> Vec<(&'static str, Datum)> {
    let main = state.at(slot.part(Part::Main));
    let output = main.and_then(|main| main.output.clone());
    let of_item = slot
        .item
        .map(|_| (names::ITEM_OUTPUT, output.unwrap_or_else(Datum::null)));
    of_item.into_iter().collect()
}

/// What reconcile steps see besides: the attempt whose outcome is unknown.
fn in_doubt(state: &RunState, slot: Slot) -> Vec<(&'static str, Datum)> {
    let main = slot.part(Part::Main);
    let Some(own) = state.at(main) else { return Vec::new() };
    let key = EffectKey::derive(state.run, &state.name(main), own.generation);
    vec![
        (names::EFFECT_KEY, Datum::new(json!(key.to_string()))),
        (names::ATTEMPT, Datum::new(json!(own.attempts))),
        (names::ERROR, error_of(own)),
    ]
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
        extras: Vec::new(),
    }
}

fn error_of(activity: &ActivityState) -> Datum {
    match &activity.error {
        Some(error) => Datum::new(json!({ "code": error.code, "message": error.message })),
        None => Datum::null(),
    }
}
