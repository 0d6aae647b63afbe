//! Stopping: what has not begun never will, what is in flight is told and then settles by its class.

use crate::core::command::Action;
use crate::core::commands::decision::Draft;
use crate::core::commands::flow::{advance, compensate};
use crate::core::event::{Event, RunError};
use crate::core::state::{Phase, RunState, Slot, StepStatus, Wait};
use crate::definition::{ItemErrors, Kind};
use crate::executor::bounded;

/// Nothing more is to come of this activity: the run stops, or the map that it belongs to has failed. What undoes a step or
/// looks into its outcome is needed all the more then.
pub(crate) fn is_being_stopped(state: &RunState, slot: Slot) -> bool {
    slot.is_main() && (state.is_stopping() || (slot.item.is_some() && map_failed(state, slot.step)))
}

pub(super) fn map_failed(state: &RunState, step: usize) -> bool {
    let fails = matches!(&state.definition.steps[step].kind, Kind::Map(map) if map.on_item_error == ItemErrors::Fail);
    fails
        && state.steps[step]
            .items
            .as_ref()
            .is_some_and(|items| items.failed.is_some())
}

/// Stops everything. Once is enough: from here on nothing begins, and what ends is not put off.
pub(super) fn stop_all(draft: &mut Draft<'_>) {
    let open: Vec<Slot> = open(draft.state).collect();
    for slot in open {
        stop(draft, slot);
    }
}

/// Ends the run once nothing is in flight or unknown, and what it has done is undone.
pub(super) fn wind_down(draft: &mut Draft<'_>) {
    close_maps(draft);
    if is_busy(draft.state) || blocks(draft) {
        return;
    }
    if compensate::progress(draft) {
        // One that must not be made again without somebody's word is unknown before it has begun.
        if !is_busy(draft.state) {
            blocks(draft);
        }
        return;
    }
    end(draft);
}

fn is_busy(state: &RunState) -> bool {
    [StepStatus::Running, StepStatus::Retrying, StepStatus::Waiting]
        .iter()
        .any(|s| state.count(*s) > 0)
}

/// Whether the run stands still over unknown outcomes.
fn blocks(draft: &mut Draft<'_>) -> bool {
    let unknown = draft.state.count(StepStatus::Unknown) > 0;
    if unknown && draft.state.blocked.is_none() {
        advance::block_on_unknown(draft);
    }
    unknown
}

fn end(draft: &mut Draft<'_>) {
    let failures = compensate::failures(draft.state);
    match (draft.state.phase.clone(), failures) {
        (Phase::Failing(error), None) => draft.emit(Event::RunFailed { error }),
        (Phase::Failing(error), Some(failures)) => {
            let message = bounded(format!("{}; {}", error.message, failures.message));
            draft.emit(Event::RunFailed {
                error: RunError { message, ..error },
            });
        }
        (Phase::Cancelling, None) => draft.emit(Event::RunCancelled),
        (Phase::Cancelling, Some(failures)) => {
            let message = bounded(format!("the run was cancelled; {}", failures.message));
            draft.emit(Event::RunFailed {
                error: RunError {
                    code: "compensation-failed".into(),
                    message,
                    step: Some(failures.first),
                },
            });
        }
        _ => {}
    }
}

/// Stops the items of a map that has failed. Once, at its first failure, as for the run.
pub(super) fn stop_items(draft: &mut Draft<'_>, step: usize) {
    let open: Vec<Slot> = open(draft.state).filter(|slot| slot.step == step).collect();
    for slot in open {
        stop(draft, slot);
    }
}

fn open(state: &RunState) -> impl Iterator<Item = Slot> {
    let is_open = |s: StepStatus| matches!(s, StepStatus::Running | StepStatus::Retrying | StepStatus::Waiting);
    state
        .activities()
        .filter(move |(slot, activity)| slot.is_main() && is_open(activity.status))
        .map(|(slot, _)| slot)
}

fn stop(draft: &mut Draft<'_>, slot: Slot) {
    let Some(activity) = draft.state.at(slot) else { return };
    match (activity.status, &activity.wait) {
        // It still ends with an outcome of its own.
        (StepStatus::Running, _) => {
            let activity = draft.state.name(slot);
            draft.act(Action::Stop { activity });
        }
        // The child is told by a message that stands in the same commit; its end comes back as one.
        (StepStatus::Waiting, Some(Wait::Child { run, .. })) => {
            let (child, told) = (*run, activity.child_told);
            if !told {
                let activity = draft.state.name(slot);
                draft.emit(Event::ChildCancelRequested { activity, child });
            }
        }
        // Its worker, or the store if there is none, says how it ended.
        (StepStatus::Waiting, Some(Wait::Task { id, told, .. })) => {
            let (task, told) = (*id, *told);
            if !told {
                let activity = draft.state.name(slot);
                draft.emit(Event::TaskCancelRequested { activity, task });
            }
        }
        _ => {
            let activity = draft.state.name(slot);
            draft.emit(Event::StepCancelled { activity });
        }
    }
}

/// A begun map is over when none of its items is in flight or unknown.
fn close_maps(draft: &mut Draft<'_>) {
    for step in 0..draft.state.steps.len() {
        let of = &draft.state.steps[step];
        let still = of.items.as_ref().is_some_and(|items| items.active == 0);
        if still && of.own.status == StepStatus::Running {
            let activity = draft.state.name(Slot::step(step));
            draft.emit(Event::StepCancelled { activity });
        }
    }
}
