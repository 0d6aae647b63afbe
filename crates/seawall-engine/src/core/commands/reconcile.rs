//! Reconcile: the step's own way to find out how an attempt ended whose outcome is unknown.

use std::sync::Arc;

use seawall_store::Timestamp;
use serde_json::Value;

use crate::core::command::Action;
use crate::core::commands::decision::Draft;
use crate::core::commands::flow::{self, Failure};
use crate::core::commands::{again, resolve};
use crate::core::event::{Event, Resolution};
use crate::core::state::{RunState, Slot, StepStatus, Wait};
use crate::datum::{Datum, excess};
use crate::executor::{Outcome, StepError, bounded};
use crate::names::{ActivityRef, Part};

/// Who resolved, where no person did.
const BY: &str = "reconcile";

/// It looks into what is known by now, or into nothing at all.
pub(super) fn is_needless(state: &RunState, slot: Slot) -> bool {
    slot.part == Part::Reconcile && !is_unknown(state, slot)
}

fn is_unknown(state: &RunState, slot: Slot) -> bool {
    let main = state.at(slot.part(Part::Main));
    main.is_some_and(|main| main.status == StepStatus::Unknown)
}

/// A person was first.
pub(super) fn withdraw(draft: &mut Draft<'_>, main: Slot) {
    let slot = main.part(Part::Reconcile);
    let Some(state) = draft.state.at(slot) else { return };
    let activity = draft.state.name(slot);
    match (state.status, &state.wait) {
        // It still ends with an outcome of its own.
        (StepStatus::Running, _) => draft.act(Action::Stop { activity }),
        (StepStatus::Waiting, Some(Wait::Task { id, told: false, .. })) => {
            let task = *id;
            draft.emit(Event::TaskCancelRequested { activity, task });
        }
        (StepStatus::Retrying, _) => draft.emit(Event::StepCancelled { activity }),
        _ => {}
    }
}

/// An attempt of a reconcile step has ended.
pub(super) fn settled(draft: &mut Draft<'_>, slot: Slot, outcome: Outcome) {
    let main = slot.part(Part::Main);
    let activity = draft.state.name(slot);
    if !is_unknown(draft.state, slot) {
        return draft.emit(Event::StepCancelled { activity });
    }
    if let Some(until) = superseded(draft, slot) {
        return put_off(draft, activity, until);
    }
    match outcome {
        Outcome::Succeeded(result) => {
            let result = Datum::new(result);
            match answer(draft.state, slot, &result) {
                Ok(Resolution::Retry) if !again::is_left(draft.state, main) => {
                    flow::fail(draft, slot, again::used_up(draft.state, main));
                }
                Ok(resolution) => {
                    draft.emit(Event::StepSucceeded {
                        activity,
                        output: Some(result),
                    });
                    resolve::settle(draft, main, resolution, Arc::from(BY));
                    again::put_off(draft, main);
                }
                Err(error) => flow::fail_with(draft, slot, Failure::finished(error)),
            }
        }
        Outcome::NotBegun(error) => flow::fail_with(draft, slot, Failure::not_begun(error)),
        Outcome::Failed(error) => flow::fail_with(draft, slot, Failure::finished(error)),
        Outcome::Unknown(error) => flow::fail_with(draft, slot, Failure::in_doubt(error)),
        Outcome::Deferred { until, reason } => draft.emit(Event::StepDeferred {
            activity,
            until,
            reason,
            in_doubt: false,
        }),
    }
}

pub(super) fn put_off(draft: &mut Draft<'_>, activity: ActivityRef, until: Timestamp) {
    draft.emit(Event::StepDeferred {
        activity,
        until,
        reason: flow::LOOKED.to_owned(),
        in_doubt: false,
    });
}

/// A person let the step run again meanwhile, and the outcome of that is unknown too: when it can be looked into.
pub(super) fn superseded(draft: &Draft<'_>, slot: Slot) -> Option<Timestamp> {
    if slot.part != Part::Reconcile {
        return None;
    }
    let main = slot.part(Part::Main);
    let (about, of) = (draft.state.at(slot)?.about, draft.state.at(main)?);
    let due = of
        .deadline
        .map_or_else(|| draft.now(), |deadline| flow::safe_from(draft, main, deadline));
    (about != of.attempts).then_some(due)
}

/// What the result says of the outcome. An error: it does not say.
fn answer(state: &RunState, slot: Slot, result: &Datum) -> Result<Resolution, StepError> {
    let template = slot.reconcile(&state.definition).and_then(|own| own.answer.as_ref());
    let rendered;
    let answer = match template {
        Some(template) => {
            rendered = template.render(&flow::of_answer(state, slot, result))?.value;
            &rendered
        }
        None => result.json(),
    };
    let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    match answer.get("outcome").and_then(Value::as_str) {
        Some("succeeded") => {
            let output = answer.get("output").cloned().unwrap_or(Value::Null);
            match excess(&output) {
                None => Ok(Resolution::Succeeded(Datum::new(output))),
                Some((code, message)) => {
                    let message = format!("the output in its answer {message}");
                    Err(StepError::permanent(format!("output-{code}"), message))
                }
            }
        }
        Some("failed") => {
            let message = text("message").unwrap_or_else(|| "the reconcile step found that it failed".to_owned());
            Ok(Resolution::Failed(bounded(message)))
        }
        Some("retry") => Ok(Resolution::Retry),
        Some("unknown") => {
            let message = text("message").unwrap_or_else(|| "the reconcile step does not know either".to_owned());
            Err(StepError::new("still-unknown", message))
        }
        _ => {
            let message = "the answer has no `outcome` that is `succeeded`, `failed`, `retry` or `unknown`";
            Err(StepError::new("bad-answer", message))
        }
    }
}
