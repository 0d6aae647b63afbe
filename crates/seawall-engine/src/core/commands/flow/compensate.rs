//! Compensation: once a run that fails or is cancelled has settled, what it has done is undone, last things first.

use crate::core::commands::decision::Draft;
use crate::core::commands::flow::start;
use crate::core::event::Event;
use crate::core::state::{ActivityState, RunState, Slot, StepStatus};
use crate::names::{Part, StepId};

/// A run's error names at most this many compensations that failed.
const MAX_NAMED: usize = 10;

/// Begins the next compensation. False: there is none left.
pub(super) fn progress(draft: &mut Draft<'_>) -> bool {
    if draft.state.undo.is_none() {
        let state = &draft.state;
        let activities: Vec<_> = state
            .to_undo()
            .into_iter()
            .map(|slot| state.name(slot.part(Part::Compensate)))
            .collect();
        if activities.is_empty() {
            return false;
        }
        draft.emit(Event::CompensationStarted { activities });
    }
    while let Some(slot) = next(draft.state) {
        if !draft.state.may_begin(Part::Compensate) {
            return true;
        }
        start::begin(draft, slot);
        // Nothing is in flight here: one that has neither settled nor moved would hold the others up for ever.
        let begun = |state: &ActivityState| state.status != StepStatus::Pending && !state.status.is_settled();
        if draft.state.at(slot).is_some_and(begun) {
            return true;
        }
    }
    false
}

fn next(state: &RunState) -> Option<Slot> {
    state.undo.as_ref().and_then(|undo| undo.front()).copied()
}

/// What could not be undone.
pub(super) struct Failures {
    pub(super) first: StepId,
    pub(super) message: String,
}

pub(super) fn failures(state: &RunState) -> Option<Failures> {
    let failed = || {
        let of_compensations = state.activities().filter(|(slot, _)| slot.part == Part::Compensate);
        of_compensations.filter(|(_, own)| own.status == StepStatus::Failed)
    };
    let (first, _) = failed().next()?;
    let named = failed().take(MAX_NAMED).map(|(slot, own)| {
        let main = state.name(slot.part(Part::Main));
        let why = own.error.as_ref();
        let why = why.map_or_else(String::new, |error| format!(" ({}: {})", error.code, error.message));
        format!("the compensation of {main} failed{why}")
    });
    let mut message = named.collect::<Vec<_>>().join("; ");
    let more = failed().count().saturating_sub(MAX_NAMED);
    if more > 0 {
        message.push_str(&format!("; and so did {more} more"));
    }
    Some(Failures {
        first: state.name(first).step,
        message,
    })
}
