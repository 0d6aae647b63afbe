//! Whether an event can follow on a state: everything is settled once, and an effect of the class `once` is not begun again.

use seawall_store::RunId;

use super::finding::VerifyFindingKind;
use super::report::Found;
use crate::core::{Event, Phase, Recorded, Resolution, RunState, StepStarted, StepStatus, Wait};
use crate::effect::EffectClass;
use crate::names::ActivityRef;

/// What is wrong with `recorded` as the next event after `state`.
pub(super) fn wrong(state: &RunState, recorded: &Recorded) -> Option<Found> {
    let place = recorded.seq;
    let name = recorded.event.name();
    let found = |kind, why: &str| Some(Found::new(kind, format!("event {place}, {name}: {why}")));
    if recorded.seq != state.seq.plus(1) {
        return found(VerifyFindingKind::OutOfOrder, "it is not the next one");
    }
    if recorded.at < state.last_at {
        return found(
            VerifyFindingKind::OutOfOrder,
            "its time is before that of the event before",
        );
    }
    let may_follow = matches!(
        recorded.event,
        Event::RunRetried { .. } | Event::RunRetryRequested { .. } | Event::RunRetryWithdrawn { .. }
    ) || (matches!(recorded.event, Event::RunAdmitted { .. }) && state.awaits_readmission());
    if state.is_terminal() && !may_follow {
        return found(VerifyFindingKind::OutOfOrder, "the run had ended");
    }
    let (kind, why) = of_event(state, &recorded.event)?;
    found(kind, &why)
}

type Wrong = Option<(VerifyFindingKind, String)>;

fn of_event(state: &RunState, event: &Event) -> Wrong {
    match event {
        Event::StepStarted(started) => begun(state, started),
        Event::StepSucceeded { activity, .. } => succeeded(state, activity),
        Event::StepFailed { activity, .. }
        | Event::StepCancelled { activity }
        | Event::StepDeferred { activity, .. }
        | Event::StepOutcomeUnknown { activity, .. } => unsettled(state, activity),
        Event::StepSkipped { step } => {
            let activity = ActivityRef::step(step.clone());
            needs(state, &activity, |status| status == StepStatus::Pending)
        }
        Event::StepOutcomeResolved {
            activity, resolution, ..
        } => resolved(state, activity, resolution),
        Event::MapStarted { step, .. } => {
            let again = state.step(step).is_some_and(|(_, own)| own.items.is_some());
            again.then(|| double(format!("the items of {step} were fixed before")))
        }
        Event::TimerSet { activity, .. } | Event::SignalAwaited { activity, .. } => running(state, activity),
        Event::ApprovalRequested(asked) => running(state, &asked.activity),
        Event::ChildStarted(started) => running(state, &started.activity),
        Event::ChildRetried { activity, child } => retried(state, activity, *child),
        Event::RunRetryRequested { .. } if state.parent.is_none() => {
            Some((VerifyFindingKind::OutOfOrder, "the run has no parent".to_owned()))
        }
        Event::TaskOffered(offered) => running(state, &offered.activity),
        Event::TaskClaimed { activity, task, .. } | Event::TaskCancelRequested { activity, task } => {
            let waits = matches!(waiting(state, activity), Some(Wait::Task { id, .. }) if id == task);
            (!waits).then(|| double(format!("{activity} does not wait for {task}")))
        }
        Event::TimerFired { activity } | Event::ChildCancelRequested { activity, .. } => {
            needs(state, activity, |status| status == StepStatus::Waiting)
        }
        Event::ApprovalDecided { approval, activity, .. } => {
            let waits = matches!(waiting(state, activity), Some(Wait::Approval { id }) if id == approval);
            (!waits).then(|| double(format!("{activity} does not wait for {approval}")))
        }
        Event::ChildFinished { activity, child, .. } => finished(state, activity, *child),
        Event::RunCreated(_) => Some((VerifyFindingKind::OutOfOrder, "the run was created before".to_owned())),
        Event::RunRetried { .. } | Event::RunRetryWithdrawn { .. } => {
            let early = !state.is_terminal();
            early.then(|| (VerifyFindingKind::OutOfOrder, "the run had not ended".to_owned()))
        }
        // It stands right after the creation, and after that what it takes over.
        Event::RunForked { .. } => {
            let late = state.seq.0 > 1;
            late.then(|| (VerifyFindingKind::OutOfOrder, "the run had begun without it".to_owned()))
        }
        Event::StepCopied(copied) => {
            if state.forked_from.is_none() || state.phase != Phase::Queued {
                let why = "results are copied when a run is forked".to_owned();
                return Some((VerifyFindingKind::OutOfOrder, why));
            }
            let activity = ActivityRef::step(copied.step.clone());
            needs(state, &activity, |status| status == StepStatus::Pending)
        }
        Event::CompensationStarted { .. } => {
            if !state.is_stopping() {
                return Some((VerifyFindingKind::OutOfOrder, "the run goes on".to_owned()));
            }
            let again = state.is_compensating();
            again.then(|| double("what is to be undone was fixed before".to_owned()))
        }
        Event::RunStarted
        | Event::RunRetryRequested { .. }
        | Event::RunAdmitted { .. }
        | Event::RunSuperseded { .. }
        | Event::RunRejected
        | Event::RunPaused { .. }
        | Event::RunResumed { .. }
        | Event::CancelRequested { .. }
        | Event::RunBlocked { .. }
        | Event::RunUnblocked { .. }
        | Event::RunTimedOut
        | Event::RunSucceeded { .. }
        | Event::RunFailed { .. }
        | Event::RunCancelled
        | Event::SignalReceived { .. } => None,
    }
}

fn finished(state: &RunState, activity: &ActivityRef, child: RunId) -> Wrong {
    let waits = matches!(waiting(state, activity), Some(Wait::Child { run, .. }) if *run == child);
    (!waits).then(|| double(format!("{activity} does not wait for {child}")))
}

fn retried(state: &RunState, activity: &ActivityRef, child: RunId) -> Wrong {
    let begun = state.activity(activity)?.child.as_ref();
    match begun.filter(|begun| begun.again && begun.run == child) {
        Some(_) => running(state, activity),
        None => Some((
            VerifyFindingKind::OutOfOrder,
            format!("{activity} has no such child to retry"),
        )),
    }
}

fn begun(state: &RunState, started: &StepStarted) -> Wrong {
    let activity = &started.activity;
    let Some(own) = state.activity(activity) else {
        return Some(nobody(activity));
    };
    if started.attempt != own.attempts + 1 {
        let why = format!(
            "{activity} has had {} attempts, and this is attempt {}",
            own.attempts, started.attempt
        );
        return Some((VerifyFindingKind::OutOfOrder, why));
    }
    let once = state
        .slot(activity)
        .is_some_and(|slot| state.doing(slot).effect == EffectClass::Once);
    match own.status {
        // A crash may come in the middle of an attempt; what may be made again is.
        StepStatus::Pending | StepStatus::Retrying => None,
        StepStatus::Running if !once => None,
        // Its worker has vanished.
        StepStatus::Waiting if !once && matches!(own.wait, Some(Wait::Task { .. })) => None,
        StepStatus::Running => {
            let why = format!("{activity} is of the class once, and its attempt before has no end");
            Some((VerifyFindingKind::OnceRepeated, why))
        }
        StepStatus::Unknown => {
            let why = format!("whether {activity} has had its effect was not known");
            Some((VerifyFindingKind::OnceRepeated, why))
        }
        StepStatus::Succeeded if once => {
            let why = format!("{activity} is of the class once and had succeeded");
            Some((VerifyFindingKind::OnceRepeated, why))
        }
        status => Some(double(format!("{activity} was {} before", status.as_str()))),
    }
}

/// Nobody knew its end, or it was given up.
fn resolved(state: &RunState, activity: &ActivityRef, resolution: &Resolution) -> Wrong {
    let slot = state.slot(activity);
    let counts = slot.is_some_and(|slot| state.can_resolve(slot, resolution));
    needs(state, activity, |_| counts)
}

fn unsettled(state: &RunState, activity: &ActivityRef) -> Wrong {
    match status(state, activity) {
        None => Some(nobody(activity)),
        Some(status) => status
            .is_settled()
            .then(|| double(format!("{activity} was settled before"))),
    }
}

/// Only what has begun can succeed; what cannot begin fails.
fn succeeded(state: &RunState, activity: &ActivityRef) -> Wrong {
    match status(state, activity) {
        None => Some(nobody(activity)),
        Some(StepStatus::Running | StepStatus::Waiting | StepStatus::Unknown) => None,
        Some(status) if status.is_settled() => Some(double(format!("{activity} was settled before"))),
        Some(_) => Some((VerifyFindingKind::OutOfOrder, format!("{activity} had not begun"))),
    }
}

fn nobody(activity: &ActivityRef) -> (VerifyFindingKind, String) {
    (VerifyFindingKind::OutOfOrder, format!("there is no {activity}"))
}

fn double(why: String) -> (VerifyFindingKind, String) {
    (VerifyFindingKind::DoubleOutcome, why)
}

fn status(state: &RunState, activity: &ActivityRef) -> Option<StepStatus> {
    state.activity(activity).map(|own| own.status)
}

fn waiting<'a>(state: &'a RunState, activity: &ActivityRef) -> Option<&'a Wait> {
    let own = state
        .activity(activity)
        .filter(|own| own.status == StepStatus::Waiting)?;
    own.wait.as_ref()
}

fn running(state: &RunState, activity: &ActivityRef) -> Wrong {
    needs(state, activity, |status| status == StepStatus::Running)
}

fn needs(state: &RunState, activity: &ActivityRef, fits: impl Fn(StepStatus) -> bool) -> Wrong {
    let Some(status) = status(state, activity) else {
        return Some(nobody(activity));
    };
    (!fits(status)).then(|| double(format!("{activity} was {} before", status.as_str())))
}
