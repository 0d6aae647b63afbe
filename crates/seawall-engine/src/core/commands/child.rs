//! Child runs: which version was found, and how the child ended.

use seawall_store::{RunId, RunStatus, Timestamp, WorkflowVersion};

use crate::core::command::FoundChild;
use crate::core::commands::decision::Draft;
use crate::core::commands::flow::{self, Failure};
use crate::core::commands::settle::has_room;
use crate::core::event::{ChildStarted, Event};
use crate::core::state::{StepStatus, Wait};
use crate::datum::Datum;
use crate::definition::{Definition, FlowPlan};
use crate::executor::{StepError, bounded};
use crate::names::{ActivityRef, child_id};

/// The definition was looked up: the child is written together with the event that says so.
pub(super) fn start(draft: &mut Draft<'_>, activity: &ActivityRef, attempt: u32, found: Result<FoundChild, StepError>) {
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
    // The attempt, not the generation: each attempt of the step is a run of its own.
    let child = child_id(draft.state.run, activity, attempt);
    let planned = found.and_then(|found| {
        let input = flow::child_input(draft.state, slot)?;
        let plan = plan(&found, (child, draft.now()), &input)?;
        Ok((found, input, plan))
    });
    match planned {
        Ok((found, input, flow)) => {
            draft.emit(Event::ChildStarted(Box::new(ChildStarted {
                activity: activity.clone(),
                child,
                workflow: found.workflow,
                definition: found.digest,
                depth: draft.state.depth + 1,
                input,
                flow,
            })));
        }
        Err(error) => flow::fail_with(draft, slot, Failure::not_begun(error)),
    }
}

/// When the child may begin. An input that its workflow does not take, or that gives no good value for a key, fails the step:
/// there is nobody else to tell.
fn plan(found: &FoundChild, child: (RunId, Timestamp), input: &Datum) -> Result<FlowPlan, StepError> {
    let Some(definition) = &found.definition else {
        return Ok(FlowPlan::default());
    };
    if let Some(refusal) = refusal(definition, &found.workflow, input) {
        return Err(refusal);
    }
    let plan = definition.flow.plan(child, input, None, definition.timeout);
    plan.map_err(|error| StepError::permanent(error.code, error.message))
}

/// What a client would be told who creates such a run: another attempt would be told the same.
fn refusal(definition: &Definition, workflow: &WorkflowVersion, input: &Datum) -> Option<StepError> {
    let errors = definition.input.as_ref()?.validate(input.json());
    let first = errors.first()?;
    let WorkflowVersion { name, version, .. } = workflow;
    let mut message = format!(
        "workflow {name}, version {version}, does not take this input: {} (at {})",
        first.message, first.pointer
    );
    if errors.len() > 1 {
        message.push_str(&format!("; and {} more", errors.len() - 1));
    }
    Some(StepError::permanent("input-invalid", bounded(message)))
}

fn took_too_long(child: RunId) -> StepError {
    StepError::permanent("timeout", format!("the child run {child} took too long"))
}

/// How a child ended.
pub(super) struct Ending {
    pub(super) status: RunStatus,
    pub(super) output: Datum,
    pub(super) error: Option<StepError>,
}

/// `of`: which child, and which of its ends: one of before it was retried is nobody's any more.
pub(super) fn ended(draft: &mut Draft<'_>, of: (RunId, u32), activity: &ActivityRef, ending: Ending) {
    let Some(slot) = draft.state.slot(activity) else { return };
    let child = of.0;
    let waits = draft.state.at(slot).is_some_and(|state| {
        let awaited = matches!(&state.wait, Some(Wait::Child { run, round, .. }) if (*run, *round) == of);
        state.status == StepStatus::Waiting && awaited
    });
    if !waits {
        return;
    }
    let stopping = flow::is_being_stopped(draft.state, slot);
    // Told to stop while nothing else stops: it took too long.
    let late = !stopping && draft.state.at(slot).is_some_and(|state| state.child_told);
    let activity = activity.clone();
    draft.emit(Event::ChildFinished {
        activity: activity.clone(),
        child,
        status: ending.status,
    });
    match ending.status {
        RunStatus::Succeeded if !has_room(draft.state, slot, ending.output.json()) => {
            let error = StepError::permanent("run-too-large", "with this output the run would hold more than 64 MiB");
            flow::fail_with(draft, slot, Failure::finished(error));
        }
        RunStatus::Succeeded => draft.emit(Event::StepSucceeded {
            activity,
            output: Some(ending.output),
        }),
        RunStatus::Cancelled | RunStatus::Failed if late => flow::fail(draft, slot, took_too_long(child)),
        RunStatus::Cancelled if stopping => draft.emit(Event::StepCancelled { activity }),
        status => {
            let error = ending.error.unwrap_or_else(|| {
                StepError::permanent("child-cancelled", format!("the child run {child} is {status}"))
            });
            flow::fail_with(draft, slot, Failure::finished(error));
        }
    }
}
