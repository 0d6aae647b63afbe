//! Maps: a list is fixed once, then its items begin as far as `max_parallel` allows.

use std::sync::Arc;

use serde_json::Value;

use crate::core::commands::decision::Draft;
use crate::core::commands::flow::{fail, scope, start};
use crate::core::commands::settle::MAX_RUN_BYTES;
use crate::core::event::Event;
use crate::core::state::{Slot, StepStatus};
use crate::datum::{Datum, weight};
use crate::definition::{ItemErrors, Kind, MapStep};
use crate::executor::StepError;
use crate::names::Part;

const MAX_ITEMS: usize = 10_000;
const MAX_AGGREGATE: usize = 16 * 1024 * 1024;

pub(super) fn begin(draft: &mut Draft<'_>, slot: Slot, map: &MapStep) {
    let list = match map.over.render(&scope::for_activity(draft.state, slot)) {
        Ok(rendered) => rendered.value,
        Err(error) => return fail(draft, slot, error),
    };
    let items = match list {
        Value::Array(items) if items.len() > MAX_ITEMS => {
            let message = format!("the list has {} items; a map takes at most {MAX_ITEMS}", items.len());
            return fail(draft, slot, StepError::permanent("too-many-items", message));
        }
        Value::Array(items) => items,
        _ => {
            return fail(
                draft,
                slot,
                StepError::permanent("not-a-list", "`over` must give a list"),
            );
        }
    };
    let bytes: usize = items.iter().map(weight).sum();
    if draft.state.bytes.saturating_add(bytes) > MAX_RUN_BYTES {
        let error = StepError::permanent("run-too-large", "with these items the run would hold more than 64 MiB");
        return fail(draft, slot, error);
    }
    start::started(draft, slot, None, None);
    let step = draft.state.name(slot).step;
    draft.emit(Event::MapStarted {
        step,
        items: items.into_iter().map(Datum::new).collect(),
    });
}

/// Begins what may begin and ends the map when all of it has settled. Answers whether something other than an attempt came
/// of it, so that others may have become ready.
pub(super) fn progress(draft: &mut Draft<'_>, step: usize) -> bool {
    // One that has begun before a retry may need what has to be done again.
    if draft.state.steps[step].own.status != StepStatus::Running || !draft.state.needs_met(step) {
        return false;
    }
    let definition = Arc::clone(&draft.state.definition);
    let Kind::Map(map) = &definition.steps[step].kind else {
        return false;
    };
    begin_items(draft, step, map);
    let slot = Slot::step(step);
    let Some(items) = &draft.state.steps[step].items else {
        return false;
    };
    if map.on_item_error == ItemErrors::Fail && items.failed.is_some() {
        return fail_if_still(draft, slot);
    }
    if (items.settled as usize) < items.states.len() {
        return false;
    }
    end(draft, slot, map);
    true
}

fn begin_items(draft: &mut Draft<'_>, step: usize, map: &MapStep) {
    loop {
        if !draft.state.may_begin(Part::Main) {
            return;
        }
        let Some(items) = &draft.state.steps[step].items else {
            return;
        };
        let failed = map.on_item_error == ItemErrors::Fail && items.failed.is_some();
        if failed || items.active >= map.max_parallel || items.next >= items.states.len() {
            return;
        }
        let item = u32::try_from(items.next).unwrap_or(u32::MAX);
        start::begin(draft, Slot::item(step, item));
    }
}

/// A failed item has failed the map as soon as no other item is in flight or unknown.
fn fail_if_still(draft: &mut Draft<'_>, slot: Slot) -> bool {
    let Some(items) = &draft.state.steps[slot.step].items else {
        return false;
    };
    let (Some(failed), 0) = (items.failed, items.active) else {
        return false;
    };
    let error = items.states[failed as usize].error.clone();
    let mut error = error.unwrap_or_else(|| StepError::permanent("item-failed", ""));
    error.message = format!("item {failed}: {}", error.message);
    error.retryable = false;
    fail(draft, slot, error);
    true
}

fn end(draft: &mut Draft<'_>, slot: Slot, map: &MapStep) {
    let Some(items) = &draft.state.steps[slot.step].items else {
        return;
    };
    let outputs: usize = items
        .states
        .iter()
        .filter_map(|item| item.output.as_ref())
        .map(|o| weight(o.json()))
        .sum();
    let bytes = match map.on_item_error {
        ItemErrors::Fail => outputs,
        // About what `{"ok": …, "output": …}` adds to each.
        ItemErrors::Collect => outputs + items.states.len() * 24,
    };
    let activity = draft.state.name(slot);
    if bytes > MAX_AGGREGATE {
        let message = "the outputs of all items are more than 16 MiB";
        fail(draft, slot, StepError::permanent("output-too-large", message));
    } else if draft.state.bytes.saturating_add(bytes) > MAX_RUN_BYTES {
        let message = "with the outputs of all items the run would hold more than 64 MiB";
        fail(draft, slot, StepError::permanent("run-too-large", message));
    } else {
        draft.emit(Event::StepSucceeded { activity, output: None });
    }
}
