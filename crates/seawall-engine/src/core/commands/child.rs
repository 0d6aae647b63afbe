//! Child runs: which version was found, and how the child ended.

use seawall_store::{Digest, RunId, RunStatus, WorkflowVersion};

use crate::core::commands::decision::Draft;
use crate::core::commands::flow::{self, Failure};
use crate::core::commands::settle::has_room;
use crate::core::event::{ChildStarted, Event};
use crate::core::state::{StepStatus, Wait};
use crate::datum::Datum;
use crate::executor::StepError;
use crate::names::{ActivityRef, child_id};

/// The definition was looked up: the child is written together with the event that says so.
pub(super) fn start(
    draft: &mut Draft<'_>,
    activity: &ActivityRef,
    attempt: u32,
    found: Result<(WorkflowVersion, Digest), StepError>,
) {
    let Some(slot) = draft.state.slot(activity) else { return };
    let current = draft
        .state
        .at(slot)
        .is_some_and(|s| s.status == StepStatus::Running && s.attempts == attempt);
    if !current {
        return;
    }
    if flow::is_being_stopped(draft.state, slot) {
        draft.emit(Event::StepCancelled {
            activity: activity.clone(),
        });
        return;
    }
    let child = found.and_then(|found| Ok((found, flow::child_input(draft.state, slot)?)));
    match child {
        Ok(((workflow, definition), input)) => {
            draft.emit(Event::ChildStarted(Box::new(ChildStarted {
                activity: activity.clone(),
                // The attempt, not the generation: each attempt of the step is a run of its own.
                child: child_id(draft.state.run, activity, attempt),
                workflow,
                definition,
                depth: draft.state.depth + 1,
                input,
            })));
        }
        Err(error) => flow::fail_with(draft, slot, Failure::not_begun(error)),
    }
}

/// How a child ended.
pub(super) struct Ending {
    pub(super) status: RunStatus,
    pub(super) output: Datum,
    pub(super) error: Option<StepError>,
}

pub(super) fn ended(draft: &mut Draft<'_>, child: RunId, activity: &ActivityRef, ending: Ending) {
    let Some(slot) = draft.state.slot(activity) else { return };
    let waits = draft.state.at(slot).is_some_and(|state| {
        state.status == StepStatus::Waiting && matches!(&state.wait, Some(Wait::Child { run, .. }) if *run == child)
    });
    if !waits {
        return;
    }
    let activity = activity.clone();
    draft.emit(Event::ChildFinished {
        activity: activity.clone(),
        child,
        status: ending.status,
    });
    let stopping = flow::is_being_stopped(draft.state, slot);
    match ending.status {
        RunStatus::Succeeded if !has_room(draft.state, slot, ending.output.json()) => {
            let error = StepError::permanent("run-too-large", "with this output the run would hold more than 64 MiB");
            flow::fail_with(draft, slot, Failure::finished(error));
        }
        RunStatus::Succeeded => draft.emit(Event::StepSucceeded {
            activity,
            output: Some(ending.output),
        }),
        RunStatus::Cancelled if stopping => draft.emit(Event::StepCancelled { activity }),
        status => {
            let error = ending.error.unwrap_or_else(|| {
                StepError::permanent("child-cancelled", format!("the child run {child} is {status}"))
            });
            flow::fail_with(draft, slot, Failure::finished(error));
        }
    }
}
