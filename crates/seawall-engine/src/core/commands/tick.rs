//! Tick: time went on. The run's own end comes first, then everything that is due, earliest first.

use std::sync::Arc;

use seawall_store::Timestamp;

use crate::core::commands::approval::{self, Verdict};
use crate::core::commands::decision::Draft;
use crate::core::commands::flow;
use crate::core::event::{Decided, Event};
use crate::core::state::{Slot, StepStatus, Wait};
use crate::definition::{ApprovalTimeout, Kind};
use crate::executor::StepError;

pub(super) fn tick(draft: &mut Draft<'_>) {
    if draft.state.is_terminal() {
        return;
    }
    let now = draft.now();
    if !draft.state.is_stopping() && draft.state.deadline.is_some_and(|deadline| deadline <= now) {
        draft.emit(Event::RunTimedOut);
        return;
    }
    let due: Vec<(Timestamp, Slot)> = draft
        .state
        .timers
        .iter()
        .take_while(|(at, _)| *at <= now)
        .copied()
        .collect();
    let mut crowded = None;
    for (at, slot) in due {
        // What is still due after much was offered comes next.
        if draft.offered_bytes >= flow::MAX_AT_ONCE {
            return;
        }
        // One that fires can stop the run, and a map that has failed meanwhile begins nothing: what they have begun is being
        // stopped.
        if draft.state.is_held_back(slot) || flow::is_being_stopped(draft.state, slot) {
            continue;
        }
        if flow::waits_for_room(draft, slot) {
            crowded = crowded.or(Some(at));
        } else {
            fire(draft, slot);
        }
    }
    draft.crowd(crowded);
}

fn fire(draft: &mut Draft<'_>, slot: Slot) {
    let Some(activity) = draft.state.at(slot) else { return };
    let (status, wait) = (activity.status, activity.wait.clone());
    let name = draft.state.name(slot);
    match (status, wait) {
        (StepStatus::Retrying, _) => flow::begin_again(draft, slot),
        (StepStatus::Waiting, Some(Wait::Timer)) if activity.deadline.is_some() => {
            draft.emit(Event::TimerFired { activity: name });
            flow::fail(
                draft,
                slot,
                StepError::permanent("timeout", "the sleep is longer than its timeout"),
            );
        }
        (StepStatus::Waiting, Some(Wait::Timer)) => {
            draft.emit(Event::TimerFired { activity: name.clone() });
            draft.emit(Event::StepSucceeded {
                activity: name,
                output: Some(crate::datum::Datum::null()),
            });
        }
        (StepStatus::Waiting, Some(Wait::Signal { name: signal })) => {
            draft.emit(Event::TimerFired { activity: name });
            flow::fail(
                draft,
                slot,
                StepError::permanent("signal-timeout", format!("no signal {signal} came in time")),
            );
        }
        (StepStatus::Waiting, Some(Wait::Approval { id })) => {
            draft.emit(Event::TimerFired { activity: name });
            let decision = match &draft.state.doing(slot).kind {
                Kind::Approval(approval) => match approval.on_timeout {
                    ApprovalTimeout::Approve => Decided::Approved,
                    ApprovalTimeout::Reject => Decided::Rejected,
                    ApprovalTimeout::Fail => Decided::Expired,
                },
                _ => Decided::Expired,
            };
            approval::settle(
                draft,
                slot,
                Verdict {
                    id,
                    decision,
                    comment: None,
                    by: Arc::from("timeout"),
                },
            );
        }
        (StepStatus::Waiting, Some(Wait::Child { run, .. })) => {
            // What comes next, or undoes the run, must not begin beside what this one does still. The step fails when that has
            // ended, which comes as a message.
            draft.emit(Event::TimerFired { activity: name.clone() });
            draft.emit(Event::ChildCancelRequested {
                activity: name,
                child: run,
            });
        }
        _ => {}
    }
}
