//! How an attempt in flight can have ended, given what was recorded of it.

use seawall_store::Timestamp;

use crate::core::{Command, Event, Recorded, RunState};
use crate::definition::Kind;
use crate::executor::{Outcome, StepError};
use crate::names::ActivityRef;
use crate::replay::drive::Computed;
use crate::replay::recovery;
use crate::replay::script::{Candidate, attempts};

/// The error of a process that found attempts of a dead one.
const HOLDER_DIED: &str = "holder-died";

/// An error that no event kept: `on_error: {value}` failed, and the error of its template stands in its place.
pub(super) fn unrecorded() -> StepError {
    StepError::permanent("unrecorded", "")
}

/// Commands that settle `activity`, which is in flight, so that the first event of `record` follows.
pub(super) fn candidates(
    state: &RunState,
    record: &[Recorded],
    activity: &ActivityRef,
    (now, computed): (Timestamp, &Computed),
) -> Vec<Candidate> {
    let died = matches!(&record[0].event, Event::StepOutcomeUnknown { error, .. } if error.code == HOLDER_DIED);
    let recovered = recovery::candidates(state, record, now);
    // No executor says so of its own attempt.
    if died {
        return recovered;
    }
    // The same event may follow from both. What is rarely right comes last, for it costs a look.
    let settled = settled(state, record, activity, computed);
    settled.into_iter().chain(recovered).collect()
}

fn settled(state: &RunState, record: &[Recorded], activity: &ActivityRef, computed: &Computed) -> Vec<Candidate> {
    let attempt = attempts(state, activity);
    let is_child = state
        .slot(activity)
        .is_some_and(|slot| matches!(state.doing(slot).kind, Kind::Workflow(_)));
    if is_child {
        return lookups(&record[0].event)
            .into_iter()
            .map(|error| {
                Command::StartChild {
                    activity: activity.clone(),
                    attempt,
                    found: Err(error),
                }
                .into()
            })
            .collect();
    }
    // Of a transform the output is not taken from the record, but computed.
    let own = match &record[0].event {
        Event::StepSucceeded { .. } | Event::StepFailed { .. } => computed.outcome(activity, attempt),
        _ => None,
    };
    let outcomes = own.map_or_else(|| outcomes(record), |own| vec![own]);
    outcomes
        .into_iter()
        .map(|outcome| {
            Command::Settle {
                activity: activity.clone(),
                attempt,
                outcome,
            }
            .into()
        })
        .collect()
}

/// What the search for a child's definition can have ended with: nothing was begun.
fn lookups(event: &Event) -> Vec<StepError> {
    match event {
        Event::StepFailed { error, .. } => vec![error.clone(), unrecorded()],
        _ => vec![unrecorded()],
    }
}

/// What an executor can have answered.
pub(super) fn outcomes(record: &[Recorded]) -> Vec<Outcome> {
    match &record[0].event {
        Event::StepSucceeded {
            output: Some(output), ..
        } => vec![Outcome::Succeeded(output.json().clone())],
        Event::StepFailed {
            error, in_doubt: true, ..
        } => vec![Outcome::Unknown(error.clone()), Outcome::Unknown(unrecorded())],
        // Whether it had begun is not recorded where nothing follows from it.
        Event::StepFailed { error, .. } => vec![
            Outcome::Failed(error.clone()),
            Outcome::NotBegun(error.clone()),
            Outcome::Failed(unrecorded()),
        ],
        Event::StepCancelled { .. } => vec![Outcome::Unknown(unrecorded())],
        Event::StepDeferred { until, reason, .. } => vec![Outcome::Deferred {
            until: *until,
            reason: reason.clone(),
        }],
        Event::StepOutcomeUnknown { error, .. } => vec![Outcome::Unknown(error.clone())],
        _ => Vec::new(),
    }
}
