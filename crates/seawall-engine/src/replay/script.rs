//! Which commands can have led to an event of the record.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{RunStatus, TaskId, Timestamp};
use serde_json::Value;

use crate::core::{
    BlockReason, Command, Decided, Event, FoundChild, MAX_RUN_BYTES, Message, Recorded, RunState, StepStatus,
    Supersession, TaskEnd, TaskEnded, Wait, Withdrawal,
};
use crate::datum::Datum;
use crate::definition::OnError;
use crate::executor::StepError;
use crate::names::ActivityRef;
use crate::replay::around::Around;
use crate::replay::drive::Computed;
use crate::replay::{recovery, settled};

/// The code of an output that the run has no room for.
const TOO_LARGE: &str = "run-too-large";

/// A command, and how long a lease lasted when it was given.
pub(super) struct Candidate {
    pub(super) command: Command,
    pub(super) lease: Duration,
}

impl From<Command> for Candidate {
    fn from(command: Command) -> Self {
        Self {
            command,
            lease: Duration::ZERO,
        }
    }
}

impl From<Message> for Candidate {
    fn from(message: Message) -> Self {
        Command::Message(message).into()
    }
}

/// The commands that can have led to the first event of `record`, the likeliest first. Empty: that event never stands first
/// in a decision. Total, whatever stands in the record: what makes no sense leads to a decision that is not the record.
///
/// One arm for each event, and no wildcard: a new event says here whether a command of its own leads to it.
#[expect(
    clippy::too_many_lines,
    reason = "one arm for each event; a wildcard over two halves would hide a new one"
)]
pub(super) fn candidates(
    state: &RunState,
    record: &[Recorded],
    around: &Around,
    computed: &Computed,
) -> Vec<Candidate> {
    let now = around.now;
    let Some(first) = record.first() else {
        return Vec::new();
    };
    match &first.event {
        // A run that was blocked before it began begins when somebody resumes it.
        Event::RunStarted => vec![Command::Begin.into(), Message::Resume { by: Arc::from("") }.into()],
        Event::RunPaused { by } => vec![Message::Pause { by: Arc::clone(by) }.into()],
        Event::RunResumed { by } => vec![Message::Resume { by: Arc::clone(by) }.into()],
        Event::CancelRequested { by } => vec![Message::Cancel { by: Arc::clone(by) }.into()],
        Event::RunRetried { by, .. } => vec![Message::Retry { by: Arc::clone(by) }.into()],
        Event::RunRetryRequested { by, round, .. } => vec![
            Message::ParentRetried {
                by: Arc::clone(by),
                round: *round,
            }
            .into(),
        ],
        Event::RunUnblocked { by } => match (&state.blocked, record.get(1).map(|next| &next.event)) {
            (
                Some(BlockReason::UnknownOutcome(_)),
                Some(Event::StepOutcomeResolved {
                    activity, resolution, ..
                }),
            ) => vec![
                Message::Resolve {
                    activity: activity.clone(),
                    resolution: resolution.clone(),
                    by: Arc::clone(by),
                }
                .into(),
            ],
            _ => vec![Message::Resume { by: Arc::clone(by) }.into()],
        },
        Event::RunBlocked {
            reason: BlockReason::HoldersDied(deaths),
        } => vec![Candidate {
            command: Command::BlockDeadly { deaths: *deaths },
            lease: recovery::lease(state, record, now).unwrap_or_default(),
        }],
        Event::RunTimedOut | Event::TimerFired { .. } => vec![Command::Tick.into()],
        Event::StepStarted(started) if is(state, &started.activity, StepStatus::Running) => {
            recovery::candidates(state, record, now)
        }
        // Its time has come. Everything else that begins does so because something else happened.
        Event::StepStarted(_) => vec![Command::Tick.into()],
        Event::StepSucceeded { activity, .. }
        | Event::StepFailed { activity, .. }
        | Event::StepCancelled { activity }
        | Event::StepDeferred { activity, .. }
        | Event::StepOutcomeUnknown { activity, .. } => {
            if is(state, activity, StepStatus::Running) {
                settled::candidates(state, record, activity, (now, computed))
            } else if let Some(Wait::Task { id, .. }) = state.activity(activity).and_then(|of| of.wait.as_ref()) {
                // It was taken back before anybody had it, or when its queue did not have it any more.
                let lost = TaskEnd::Lapsed { timed_out: false, deadline: None };
                let lost = Candidate {
                    lease: lease_of_task(state, Some(&first.event), now),
                    ..task_ended(*id, activity, None, lost)
                };
                vec![task_ended(*id, activity, None, TaskEnd::Withdrawn), lost]
            } else {
                // An attempt that was due could not even begin.
                vec![Command::Tick.into()]
            }
        }
        Event::StepOutcomeResolved {
            activity,
            resolution,
            by,
        } => vec![
            Message::Resolve {
                activity: activity.clone(),
                resolution: resolution.clone(),
                by: Arc::clone(by),
            }
            .into(),
        ],
        Event::SignalReceived { id, name, payload } => vec![
            Message::Signal {
                id: id.clone(),
                name: name.clone(),
                payload: payload.clone(),
            }
            .into(),
        ],
        Event::ApprovalDecided {
            approval,
            decision,
            comment,
            by,
            ..
        } => vec![
            Message::Decide {
                approval: *approval,
                approve: *decision == Decided::Approved,
                comment: comment.clone(),
                by: Arc::clone(by),
            }
            .into(),
        ],
        Event::ChildStarted(started) => vec![
            Command::StartChild {
                activity: started.activity.clone(),
                attempt: attempts(state, &started.activity),
                found: Ok(FoundChild {
                    workflow: started.workflow.clone(),
                    digest: started.definition,
                    definition: None,
                }),
            }
            .into(),
        ],
        Event::ChildFinished {
            activity,
            child,
            status,
        } => ends_of_child(state, record)
            .into_iter()
            .map(|(output, error)| {
                Message::ChildEnded {
                    child: *child,
                    activity: activity.clone(),
                    generation: 0,
                    round: match state.activity(activity).and_then(|of| of.wait.as_ref()) {
                        Some(Wait::Child { round, .. }) => *round,
                        _ => 0,
                    },
                    status: *status,
                    output,
                    error,
                }
                .into()
            })
            .collect(),
        Event::RunAdmitted { .. } => vec![Message::Admitted.into()],
        Event::RunSuperseded { by, reason } => vec![
            Message::Superseded {
                by: *by,
                reason: *reason,
            }
            .into(),
        ],
        Event::RunRejected => vec![Message::Rejected.into()],
        Event::RunRetryWithdrawn { reason } => match reason {
            Withdrawal::Cancelled { by } => vec![Message::WithdrawRetry { by: Arc::clone(by) }.into()],
            Withdrawal::Superseded { by } => vec![
                Message::Superseded {
                    by: *by,
                    reason: Supersession::CancelRunning,
                }
                .into(),
            ],
            Withdrawal::Rejected => vec![Message::Rejected.into()],
        },
        Event::TaskClaimed {
            activity,
            task,
            worker,
            claimed_at,
        } => {
            let claim = Some((Arc::clone(worker), *claimed_at));
            let lease = lease_of_task(state, record.get(1).map(|next| &next.event), first.at.min(*claimed_at));
            let ends = ends_of_task(state, record).into_iter();
            let ended = ends.map(|end| task_ended(*task, activity, claim.clone(), end));
            ended.map(|candidate| Candidate { lease, ..candidate }).collect()
        }
        // The first events of a run, and of nothing else: they are given.
        Event::RunCreated(_)
        | Event::RunForked { .. }
        | Event::StepCopied(_)
        // What other events of the same decision lead to.
        | Event::RunBlocked { reason: BlockReason::UnknownOutcome(_) }
        | Event::CompensationStarted { .. }
        | Event::RunSucceeded { .. }
        | Event::RunFailed { .. }
        | Event::RunCancelled
        | Event::StepSkipped { .. }
        | Event::MapStarted { .. }
        | Event::TimerSet { .. }
        | Event::SignalAwaited { .. }
        | Event::ApprovalRequested(_)
        | Event::ChildRetried { .. }
        | Event::ChildCancelRequested { .. }
        | Event::TaskOffered(_)
        | Event::TaskCancelRequested { .. } => Vec::new(),
    }
}

pub(super) fn is(state: &RunState, activity: &ActivityRef, status: StepStatus) -> bool {
    state.activity(activity).is_some_and(|of| of.status == status)
}

pub(super) fn attempts(state: &RunState, activity: &ActivityRef) -> u32 {
    state.activity(activity).map_or(0, |of| of.attempts)
}

fn task_ended(task: TaskId, activity: &ActivityRef, claim: Option<(Arc<str>, Timestamp)>, end: TaskEnd) -> Candidate {
    let activity = activity.clone();
    Message::TaskEnded(Box::new(TaskEnded {
        task,
        activity,
        claim,
        end,
    }))
    .into()
}

/// How long a lease lasted, from the time that an outcome nobody knows was not to be repeated before.
fn lease_of_task(state: &RunState, end: Option<&Event>, begun: Timestamp) -> Duration {
    let Some(Event::StepOutcomeUnknown {
        activity,
        safe_after: Some(safe_after),
        ..
    }) = end
    else {
        return Duration::ZERO;
    };
    let timeout = state.slot(activity).and_then(|slot| state.doing(slot).timeout);
    // A deadline that was moved is in it, too: the sum is all that counts.
    safe_after.since(begun.saturating_add(timeout.unwrap_or_default()))
}

/// How a task that somebody had can have ended: the event that follows says what came of it.
fn ends_of_task(state: &RunState, record: &[Recorded]) -> Vec<TaskEnd> {
    let lapsed = [false, true].map(|timed_out| TaskEnd::Lapsed {
        timed_out,
        deadline: None,
    });
    let own = match record.get(1).map(|next| &next.event) {
        Some(Event::StepSucceeded {
            output: Some(output), ..
        }) => vec![TaskEnd::Completed(output.clone())],
        Some(Event::StepFailed { error, .. }) => {
            // Or its output was more than the run may hold. What `on_error` gives may have failed over that.
            let large = error.code == TOO_LARGE || is_replaced(state, record);
            let large = large.then(|| TaskEnd::Completed(too_large(state)));
            std::iter::once(TaskEnd::Failed(error.clone())).chain(large).collect()
        }
        _ => vec![TaskEnd::Failed(settled::unrecorded())],
    };
    own.into_iter().chain(lapsed).collect()
}

/// An output that the run has no room for; nothing else is known of it. It is as large as a run may be, so it is made only
/// where it may be needed.
fn too_large(state: &RunState) -> Datum {
    let room = MAX_RUN_BYTES.saturating_sub(state.bytes);
    Datum::new(Value::String(" ".repeat(room)))
}

/// An output stands in for that of the step that fails next.
fn is_replaced(state: &RunState, record: &[Recorded]) -> bool {
    let Some(Event::StepFailed { activity, .. }) = record.get(1).map(|next| &next.event) else {
        return false;
    };
    let step = state.step(&activity.step);
    step.is_some_and(|(step, _)| matches!(step.on_error, OnError::Value(_)))
}

/// What the child brought along: it stands in the event that settles the step.
fn ends_of_child(state: &RunState, record: &[Recorded]) -> Vec<(Datum, Option<StepError>)> {
    match record.get(1).map(|next| &next.event) {
        Some(Event::StepSucceeded {
            output: Some(output), ..
        }) => vec![(output.clone(), None)],
        Some(Event::StepFailed { error, .. }) => {
            let mut ends = vec![(Datum::null(), Some(error.clone()))];
            let succeeded =
                matches!(&record[0].event, Event::ChildFinished { status, .. } if *status == RunStatus::Succeeded);
            if succeeded {
                // Its output was more than the run may hold.
                ends.push((too_large(state), None));
            } else {
                ends.push((Datum::null(), Some(settled::unrecorded())));
                ends.push((Datum::null(), None));
            }
            ends
        }
        _ => vec![(Datum::null(), None)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{born, replay};
    use crate::journal::arbitrary::{journal, step};

    /// What the end of a task may have been that was followed by this failure, of a step with this `on_error`.
    fn ends(code: &'static str, on_error: &Value) -> Vec<TaskEnd> {
        let source = serde_json::json!({ "name": "w", "steps": [{ "id": "a", "kind": "task", "on_error": on_error,
            "with": { "queue": "q", "payload": 1 } }] });
        let recorded = journal(1, vec![born(&source, None), Event::RunStarted]);
        let state = replay(&source, &recorded);
        let failed = Event::StepFailed {
            activity: step("a"),
            error: StepError::permanent(code, ""),
            in_doubt: false,
            retry_at: None,
            replaced_by: None,
        };
        ends_of_task(&state, &journal(3, vec![Event::RunStarted, failed]))
    }

    #[test]
    fn an_output_as_large_as_a_run_is_made_only_where_it_may_have_been_one() {
        let large = |ends: Vec<TaskEnd>| ends.iter().any(|end| matches!(end, TaskEnd::Completed(_)));
        let (fail, value) = (serde_json::json!("fail"), serde_json::json!({ "value": 1 }));
        assert!(!large(ends("bad", &fail)));
        assert!(large(ends(TOO_LARGE, &fail)));
        assert!(large(ends("template", &value)));
    }
}
