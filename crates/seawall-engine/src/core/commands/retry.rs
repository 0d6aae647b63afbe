//! Retry of a run that failed or was cancelled: from the failed steps on.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::core::Withdrawal;
use crate::core::commands::decision::Draft;
use crate::core::commands::tick;
use crate::core::event::Event;
use crate::core::state::{Phase, RetryDue, RunState, Slot, StepStatus};
use crate::definition::{ItemErrors, Kind, Step};
use crate::names::{ActivityRef, Part, StepId};

pub(super) fn retry(draft: &mut Draft<'_>, by: Arc<str>) {
    // A parent has used a child's end as soon as there is one: the message stands in the same commit. It retries the child.
    if has_failed(draft.state) && draft.state.parent.is_none() {
        begin(draft, by);
    }
}

/// The parent was retried. It waits for this run's end anew, and what this run has done stays done.
pub(super) fn ask(draft: &mut Draft<'_>, by: Arc<str>, round: u32) {
    if draft.state.parent.is_some() && round > draft.state.asked {
        // What still goes on has its slot, and keeps it.
        let gated = draft.state.limited && has_failed(draft.state);
        draft.emit(Event::RunRetryRequested { by, round, gated });
    }
}

/// Flow control has forgotten the retry. That of a child has been read: its parent waits for an answer.
pub(super) fn withdrawn(draft: &mut Draft<'_>, by: Arc<str>) {
    let waited = match draft.state.parent {
        None => has_failed(draft.state),
        Some(_) => draft.state.awaits_readmission(),
    };
    if waited {
        withdraw(draft, Withdrawal::Cancelled { by });
    }
}

pub(super) fn withdraw(draft: &mut Draft<'_>, reason: Withdrawal) {
    draft.emit(Event::RunRetryWithdrawn { reason });
}

/// The parent has asked, and what went on then has ended.
pub(super) fn is_due(state: &RunState) -> bool {
    state.retry_due.is_some() && has_failed(state) && !state.awaits_readmission()
}

pub(super) fn as_asked(draft: &mut Draft<'_>) {
    let Some(RetryDue { by, .. }) = draft.state.retry_due.clone() else {
        return;
    };
    if draft.state.gated {
        // It was asked while it waited for its first admission, and has ended without one.
        let round = draft.state.asked;
        draft.emit(Event::RunRetryRequested { by, round, gated: true });
    } else {
        begin(draft, by);
    }
}

const fn has_failed(state: &RunState) -> bool {
    matches!(state.phase, Phase::Failed | Phase::Cancelled)
}

fn begin(draft: &mut Draft<'_>, by: Arc<str>) {
    let mut activities = known_to_have_failed(draft.state);
    activities.extend(undone(draft.state));
    activities.extend(behind(draft.state, &activities));
    let anew = anew(draft, &activities);
    draft.emit(Event::RunRetried { by, activities, anew });
    // What no old process can be at any more begins now.
    tick::tick(draft);
}

/// It could not be undone.
fn is_left(state: &RunState, main: Slot) -> bool {
    let part = state.at(main.part(Part::Compensate));
    part.is_some_and(|own| own.status == StepStatus::Failed)
}

/// What was undone: it has to be done again. With a map that was undone as a whole, so have its items.
fn undone(state: &RunState) -> Vec<ActivityRef> {
    let parts = state.activities().filter(|(slot, _)| slot.part == Part::Compensate);
    let undone = parts.filter(|(_, own)| own.status == StepStatus::Succeeded);
    let mut slots: BTreeSet<Slot> = undone.map(|(slot, _)| slot.part(Part::Main)).collect();
    let whole: Vec<usize> = slots
        .iter()
        .filter(|slot| slot.item.is_none())
        .map(|slot| slot.step)
        .collect();
    for step in whole {
        let items = state.steps[step]
            .items
            .iter()
            .flat_map(|items| (0u32..).zip(&items.states));
        let items = items.filter(|(_, own)| own.status == StepStatus::Succeeded);
        let items = items.map(|(item, _)| Slot::item(step, item));
        // One with a compensation of its own that failed is in effect still.
        slots.extend(items.filter(|item| !is_left(state, *item)));
    }
    slots.into_iter().map(|slot| state.name(slot)).collect()
}

/// What is needed no more as it is: it has no effect, and comes after something that is done again. What has changed the world
/// was not undone, so it stays, whatever it was computed from.
fn behind(state: &RunState, raised: &[ActivityRef]) -> Vec<ActivityRef> {
    let raised: BTreeSet<Slot> = raised.iter().filter_map(|activity| state.slot(activity)).collect();
    let again: BTreeSet<usize> = raised.iter().map(|slot| slot.step).collect();
    let definition = &state.definition;
    let mut left: Vec<usize> = (0..state.steps.len())
        .filter(|step| again.contains(step) || !state.is_met(*step))
        .flat_map(|step| definition.dependents(step).iter().copied())
        .collect();
    let mut below = BTreeSet::new();
    while let Some(step) = left.pop() {
        if below.insert(step) {
            left.extend(definition.dependents(step));
        }
    }
    let slots = below.into_iter().flat_map(|step| without_effect(state, step));
    slots
        .filter(|slot| !raised.contains(slot))
        .map(|slot| state.name(slot))
        .collect()
}

/// The step and the items that it has begun, if the run went on with it or may have, and nothing of that is in effect.
fn without_effect(state: &RunState, step: usize) -> Vec<Slot> {
    let (of, defined) = (&state.steps[step], &state.definition.steps[step]);
    let own = Slot::step(step);
    let acts = match &defined.kind {
        Kind::Map(map) => acts(&map.step),
        _ => acts(defined),
    };
    let stays = acts && of.own.status != StepStatus::Skipped;
    if stays || of.copied || state.effects_of(step).next().is_some() {
        return Vec::new();
    }
    match &of.items {
        None => state.is_met(step).then_some(own).into_iter().collect(),
        Some(items) => {
            let done = (0u32..).zip(&items.states);
            let done = done.filter(|(_, item)| item.status == StepStatus::Succeeded);
            let done = done.map(|(item, _)| Slot::item(step, item));
            std::iter::once(own).chain(done).collect()
        }
    }
}

/// It may have changed the world: a child run too, of which nobody here knows what it does.
const fn acts(step: &Step) -> bool {
    step.effect.waits_for_durability() || matches!(step.kind, Kind::Workflow(_))
}

/// Maps that render their list again, since they were undone as a whole, or since what they look at is done again: unless an
/// item of the old list is in effect or may be.
fn anew(draft: &Draft<'_>, raised: &[ActivityRef]) -> Vec<StepId> {
    let (state, now) = (&*draft.state, draft.now());
    let raised: BTreeSet<Slot> = raised.iter().filter_map(|activity| state.slot(activity)).collect();
    let again: BTreeSet<usize> = raised.iter().map(|slot| slot.step).collect();
    let steps = state.definition.steps.iter().zip(&state.steps).enumerate();
    let anew = steps.filter(|(index, (step, of))| {
        let Some(items) = &of.items else { return false };
        let reopened = !state.is_met(*index) || again.contains(index);
        let moved = step.references.iter().any(|reference| again.contains(reference));
        let mut items = (0u32..).zip(&items.states);
        reopened
            && (moved || raised.contains(&Slot::step(*index)))
            && items.all(|(item, own)| {
                let slot = Slot::item(*index, item);
                let in_effect = own.status == StepStatus::Succeeded && !raised.contains(&slot);
                let in_doubt = own.in_doubt && state.doing(slot).effect.waits_for_durability();
                // A person settled it while its process may have been alive still.
                let at_work = own.deadline.is_some_and(|deadline| deadline > now);
                // What its child has done before it failed is in effect.
                let by_child = own.child.is_some() && own.status != StepStatus::Succeeded;
                !(in_effect || in_doubt || at_work || by_child)
            })
    });
    anew.map(|(_, (step, _))| step.id.clone()).collect()
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
