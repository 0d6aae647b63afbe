//! After every command: begin what has become ready, and end the run when nothing is left.

use crate::core::commands::decision::Draft;
use crate::core::commands::flow::{map, scope, start, stop};
use crate::core::event::{BlockReason, Event, RunError};
use crate::core::state::{Phase, RunState, Slot, StepStatus};
use crate::datum::Datum;
use crate::names::Part;

/// A block names at most this many activities: with thousands of items, each resolution is followed by another block.
const MAX_NAMED: usize = 100;

pub(in crate::core::commands) fn advance(draft: &mut Draft<'_>, was_stopping: bool) {
    if matches!(draft.state.phase, Phase::Active) {
        begin_ready(draft);
    }
    if draft.state.is_stopping() {
        if !was_stopping {
            stop::stop_all(draft);
        }
        stop::wind_down(draft);
    } else if matches!(draft.state.phase, Phase::Active) {
        end_if_done(draft);
    }
}

/// Begins every step whose needs are met, until a round begins none: a step may settle at once and make others ready.
fn begin_ready(draft: &mut Draft<'_>) {
    let mut again = true;
    while again {
        again = false;
        for step in 0..draft.state.steps.len() {
            // Each look is at the state as it is now: one of the steps before may have failed the run.
            if is_ready(draft.state, step) {
                start::begin(draft, Slot::step(step));
                again = true;
            }
            if draft.state.steps[step].items.is_some() {
                again |= map::progress(draft, step);
            }
        }
    }
}

fn is_ready(state: &RunState, step: usize) -> bool {
    let pending = state.steps[step].own.status == StepStatus::Pending;
    pending && state.may_begin(Part::Main) && state.needs_met(step)
}

fn end_if_done(draft: &mut Draft<'_>) {
    let state = &draft.state;
    let others = [StepStatus::Running, StepStatus::Retrying, StepStatus::Waiting];
    let others: u32 = others.map(|s| state.count(s)).iter().sum();
    // A reconcile step that nobody needs any more may still be in flight.
    if state.settled_steps as usize == state.steps.len() && others == 0 {
        succeed(draft);
        return;
    }
    let unknown = state.count(StepStatus::Unknown);
    let stands_still = unknown > 0 && others == 0 && !state.paused && state.blocked.is_none();
    if stands_still {
        block_on_unknown(draft);
    }
}

pub(super) fn block_on_unknown(draft: &mut Draft<'_>) {
    let unknown = draft
        .state
        .activities()
        .filter(|(_, activity)| activity.status == StepStatus::Unknown)
        .map(|(slot, _)| draft.state.name(slot))
        .take(MAX_NAMED)
        .collect();
    draft.emit(Event::RunBlocked {
        reason: BlockReason::UnknownOutcome(unknown),
    });
}

fn succeed(draft: &mut Draft<'_>) {
    let output = match &draft.state.definition.output {
        None => Ok(Datum::null()),
        Some(template) => {
            let all: Vec<usize> = (0..draft.state.steps.len()).collect();
            template
                .render(&scope::of(draft.state, &all, None))
                .map(|rendered| Datum::new(rendered.value))
        }
    };
    match output {
        Ok(output) => draft.emit(Event::RunSucceeded { output }),
        Err(error) => {
            let error = RunError {
                code: "output-error".into(),
                message: error.message,
                step: None,
            };
            draft.emit(Event::RunFailed { error });
        }
    }
}
