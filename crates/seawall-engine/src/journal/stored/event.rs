//! Which form belongs to which event: the one place where names, versions and forms meet.

use std::borrow::Cow;
use std::sync::Arc;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize as _, MapAccess};
use serde::{Serialize, Serializer};

use crate::core::{Event, Recorded};
use crate::journal::stored::flow::{RunAdmittedV1, RunRetryWithdrawnV1, RunSupersededV1};
use crate::journal::stored::parts::{ActivityV1, BlockV1, ErrorV1, ResolutionV1, RunErrorV1};
use crate::journal::stored::run::{
    ByV1, CompensationStartedV1, EmptyV1, RunBlockedV1, RunCreatedV1, RunFailedV1, RunForkedV1, RunRetriedV1,
    RunRetryRequestedV1, RunSucceededV1,
};
use crate::journal::stored::scalars::{Id, Json, MaybeJson, Ms, Shared, Text};
use crate::journal::stored::step::{
    MapStartedV1, StepCopiedV1, StepDeferredV1, StepFailedV1, StepOutcomeResolvedV1, StepOutcomeUnknownV1,
    StepSkippedV1, StepStartedV1, StepSucceededV1,
};
use crate::journal::stored::task::{TaskCancelRequestedV1, TaskClaimedV1, TaskOfferedV1};
use crate::journal::stored::wait::{
    ApprovalDecidedV1, ApprovalRequestedV1, ChildCancelRequestedV1, ChildFinishedV1, ChildRetriedV1, ChildStartedV1,
    SignalAwaitedV1, SignalReceivedV1, TimerSetV1,
};
use crate::names::ActivityRef;

/// One stored event, for writing.
pub(in crate::journal) struct Line<'a>(pub(in crate::journal) &'a Recorded);

/// Name, version, time, and then the body's own fields.
#[derive(Serialize)]
struct Framed<B> {
    t: &'static str,
    v: u32,
    at: Ms,
    #[serde(flatten)]
    body: B,
}

fn put<S: Serializer, B: Serialize>(to: S, recorded: &Recorded, version: u32, body: B) -> Result<S::Ok, S::Error> {
    Framed {
        t: recorded.event.name(),
        v: version,
        at: Ms(recorded.at),
        body,
    }
    .serialize(to)
}

fn by(who: &Arc<str>) -> ByV1 {
    ByV1 {
        by: Shared(Arc::clone(who)),
    }
}

fn id(activity: &ActivityRef) -> Id {
    Id(activity.step.clone())
}

impl Serialize for Line<'_> {
    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each event; a wildcard over two halves would hide a new one"
    )]
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let line = self.0;
        match &line.event {
            Event::RunCreated(created) => put(to, line, 1, RunCreatedV1::from(&**created)),
            Event::RunAdmitted { waited_ms } => {
                let waited_ms = *waited_ms;
                put(to, line, 1, RunAdmittedV1 { waited_ms })
            }
            Event::RunSuperseded { by, reason } => {
                let (by, reason) = (Text(*by), *reason);
                put(to, line, 1, RunSupersededV1 { by, reason })
            }
            Event::RunRejected | Event::RunStarted | Event::RunTimedOut | Event::RunCancelled => {
                put(to, line, 1, EmptyV1 {})
            }
            Event::RunPaused { by: who }
            | Event::RunResumed { by: who }
            | Event::CancelRequested { by: who }
            | Event::RunUnblocked { by: who } => put(to, line, 1, by(who)),
            Event::RunForked { from, from_step } => {
                let (from, from_step) = (Text(*from), Id(from_step.clone()));
                put(to, line, 1, RunForkedV1 { from, from_step })
            }
            Event::RunRetryRequested { by, round, gated } => {
                let (by, round, gated) = (Shared(Arc::clone(by)), *round, *gated);
                put(to, line, 1, RunRetryRequestedV1 { by, round, gated })
            }
            Event::RunRetryWithdrawn { reason } => put(to, line, 1, RunRetryWithdrawnV1::from(reason)),
            Event::RunRetried { by, activities, anew } => {
                let body = RunRetriedV1 {
                    by: Shared(Arc::clone(by)),
                    activities: activities.iter().map(ActivityV1::from).collect(),
                    anew: anew.iter().cloned().map(Id).collect(),
                };
                put(to, line, 1, body)
            }
            Event::CompensationStarted { activities } => {
                let activities = activities.iter().map(ActivityV1::from).collect();
                put(to, line, 1, CompensationStartedV1 { activities })
            }
            Event::RunBlocked { reason } => {
                let reason = BlockV1::from(reason);
                put(to, line, 1, RunBlockedV1 { reason })
            }
            Event::RunSucceeded { output } => {
                let output = Json(output.clone());
                put(to, line, 1, RunSucceededV1 { output })
            }
            Event::RunFailed { error } => {
                let error = RunErrorV1::from(error);
                put(to, line, 1, RunFailedV1 { error })
            }
            Event::StepStarted(started) => put(to, line, 1, StepStartedV1::from(&**started)),
            Event::StepSucceeded { activity, output } => {
                let body = StepSucceededV1 {
                    step: id(activity),
                    item: activity.item,
                    part: activity.part,
                    output: MaybeJson(output.clone()),
                };
                put(to, line, 1, body)
            }
            Event::StepFailed {
                activity,
                error,
                in_doubt,
                retry_at,
                replaced_by,
            } => {
                let body = StepFailedV1 {
                    step: id(activity),
                    item: activity.item,
                    part: activity.part,
                    error: ErrorV1::from(error),
                    in_doubt: *in_doubt,
                    retry_at: retry_at.map(Ms),
                    replaced_by: MaybeJson(replaced_by.clone()),
                };
                put(to, line, 1, body)
            }
            Event::StepCopied(copied) => put(to, line, 1, StepCopiedV1::from(&**copied)),
            Event::StepSkipped { step } => put(to, line, 1, StepSkippedV1 { step: Id(step.clone()) }),
            Event::StepCancelled { activity } | Event::TimerFired { activity } => {
                put(to, line, 1, ActivityV1::from(activity))
            }
            Event::StepDeferred {
                activity,
                until,
                reason,
                in_doubt,
            } => {
                let body = StepDeferredV1 {
                    step: id(activity),
                    item: activity.item,
                    part: activity.part,
                    until: Ms(*until),
                    reason: Cow::Borrowed(reason),
                    in_doubt: *in_doubt,
                };
                put(to, line, 1, body)
            }
            Event::StepOutcomeUnknown {
                activity,
                error,
                safe_after,
            } => {
                let body = StepOutcomeUnknownV1 {
                    step: id(activity),
                    item: activity.item,
                    part: activity.part,
                    error: ErrorV1::from(error),
                    safe_after: safe_after.map(Ms),
                };
                put(to, line, 1, body)
            }
            Event::StepOutcomeResolved {
                activity,
                resolution,
                by,
            } => {
                let body = StepOutcomeResolvedV1 {
                    step: id(activity),
                    item: activity.item,
                    part: activity.part,
                    resolution: ResolutionV1::from(resolution),
                    by: Shared(Arc::clone(by)),
                };
                put(to, line, 1, body)
            }
            Event::MapStarted { step, items } => {
                let body = MapStartedV1 {
                    step: Id(step.clone()),
                    items: items.iter().cloned().map(Json).collect(),
                };
                put(to, line, 1, body)
            }
            Event::TimerSet { activity, until } => {
                let body = TimerSetV1 {
                    step: id(activity),
                    item: activity.item,
                    part: activity.part,
                    until: Ms(*until),
                };
                put(to, line, 1, body)
            }
            Event::SignalAwaited { activity, name, until } => {
                let body = SignalAwaitedV1 {
                    step: id(activity),
                    item: activity.item,
                    part: activity.part,
                    name: Cow::Borrowed(name),
                    until: until.map(Ms),
                };
                put(to, line, 1, body)
            }
            Event::SignalReceived { id, name, payload } => {
                let body = SignalReceivedV1 {
                    id: Cow::Borrowed(id),
                    name: Cow::Borrowed(name),
                    payload: Json(payload.clone()),
                };
                put(to, line, 1, body)
            }
            Event::ApprovalRequested(asked) => put(to, line, 1, ApprovalRequestedV1::from(&**asked)),
            Event::ApprovalDecided {
                approval,
                activity,
                decision,
                comment,
                by,
            } => {
                let body = ApprovalDecidedV1 {
                    approval: Text(*approval),
                    step: id(activity),
                    item: activity.item,
                    part: activity.part,
                    decision: *decision,
                    comment: comment.as_deref().map(Cow::Borrowed),
                    by: Shared(Arc::clone(by)),
                };
                put(to, line, 1, body)
            }
            Event::ChildStarted(started) => put(to, line, 1, ChildStartedV1::from(&**started)),
            Event::ChildRetried { activity, child } => {
                let body = ChildRetriedV1 {
                    step: id(activity),
                    item: activity.item,
                    part: activity.part,
                    child: Text(*child),
                };
                put(to, line, 1, body)
            }
            Event::ChildCancelRequested { activity, child } => {
                let body = ChildCancelRequestedV1 {
                    step: id(activity),
                    item: activity.item,
                    part: activity.part,
                    child: Text(*child),
                };
                put(to, line, 1, body)
            }
            Event::ChildFinished {
                activity,
                child,
                status,
            } => {
                let body = ChildFinishedV1 {
                    step: id(activity),
                    item: activity.item,
                    part: activity.part,
                    child: Text(*child),
                    status: *status,
                };
                put(to, line, 1, body)
            }
            Event::TaskOffered(offered) => put(to, line, 1, TaskOfferedV1::from(&**offered)),
            Event::TaskClaimed {
                activity,
                task,
                worker,
                claimed_at,
            } => {
                let body = TaskClaimedV1 {
                    step: id(activity),
                    item: activity.item,
                    part: activity.part,
                    task: Text(*task),
                    worker: Shared(Arc::clone(worker)),
                    claimed_at: Ms(*claimed_at),
                };
                put(to, line, 1, body)
            }
            Event::TaskCancelRequested { activity, task } => {
                let body = TaskCancelRequestedV1 {
                    step: id(activity),
                    item: activity.item,
                    part: activity.part,
                    task: Text(*task),
                };
                put(to, line, 1, body)
            }
        }
    }
}

/// Reads the body of an event whose name and version stood before it. None: this program does not know them.
pub(in crate::journal) fn read<'de, A: MapAccess<'de>>(
    kind: &str,
    version: u32,
    body: A,
) -> Result<Option<Event>, A::Error> {
    let body = MapAccessDeserializer::new(body);
    Ok(Some(match (kind, version) {
        ("run.created", 1) => RunCreatedV1::deserialize(body)?.into(),
        ("run.admitted", 1) => {
            let RunAdmittedV1 { waited_ms } = RunAdmittedV1::deserialize(body)?;
            Event::RunAdmitted { waited_ms }
        }
        ("run.superseded", 1) => RunSupersededV1::deserialize(body)?.into(),
        ("run.rejected", 1) => EmptyV1::deserialize(body).map(|_| Event::RunRejected)?,
        ("run.started", 1) => EmptyV1::deserialize(body).map(|_| Event::RunStarted)?,
        ("run.paused", 1) => Event::RunPaused { by: who(body)? },
        ("run.resumed", 1) => Event::RunResumed { by: who(body)? },
        ("run.cancel_requested", 1) => Event::CancelRequested { by: who(body)? },
        ("run.forked", 1) => RunForkedV1::deserialize(body)?.into(),
        ("run.retried", 1) => RunRetriedV1::deserialize(body)?.into(),
        ("run.retry_requested", 1) => RunRetryRequestedV1::deserialize(body)?.into(),
        ("run.retry_withdrawn", 1) => RunRetryWithdrawnV1::deserialize(body)?.into(),
        ("run.blocked", 1) => RunBlockedV1::deserialize(body)?.into(),
        ("run.unblocked", 1) => Event::RunUnblocked { by: who(body)? },
        ("run.timed_out", 1) => EmptyV1::deserialize(body).map(|_| Event::RunTimedOut)?,
        ("run.succeeded", 1) => RunSucceededV1::deserialize(body)?.into(),
        ("run.failed", 1) => RunFailedV1::deserialize(body)?.into(),
        ("run.cancelled", 1) => EmptyV1::deserialize(body).map(|_| Event::RunCancelled)?,
        ("step.started", 1) => StepStartedV1::deserialize(body)?.into(),
        ("step.succeeded", 1) => StepSucceededV1::deserialize(body)?.into(),
        ("step.failed", 1) => StepFailedV1::deserialize(body)?.into(),
        ("step.skipped", 1) => StepSkippedV1::deserialize(body)?.into(),
        ("step.copied", 1) => StepCopiedV1::deserialize(body)?.into(),
        ("compensation.started", 1) => CompensationStartedV1::deserialize(body)?.into(),
        ("step.cancelled", 1) => Event::StepCancelled {
            activity: ActivityV1::deserialize(body)?.into(),
        },
        ("step.deferred", 1) => StepDeferredV1::deserialize(body)?.into(),
        ("step.outcome_unknown", 1) => StepOutcomeUnknownV1::deserialize(body)?.into(),
        ("step.outcome_resolved", 1) => StepOutcomeResolvedV1::deserialize(body)?.into(),
        ("map.started", 1) => MapStartedV1::deserialize(body)?.into(),
        ("timer.set", 1) => TimerSetV1::deserialize(body)?.into(),
        ("timer.fired", 1) => Event::TimerFired {
            activity: ActivityV1::deserialize(body)?.into(),
        },
        ("signal.awaited", 1) => SignalAwaitedV1::deserialize(body)?.into(),
        ("signal.received", 1) => SignalReceivedV1::deserialize(body)?.into(),
        ("approval.requested", 1) => ApprovalRequestedV1::deserialize(body)?.into(),
        ("approval.decided", 1) => ApprovalDecidedV1::deserialize(body)?.into(),
        ("child.started", 1) => ChildStartedV1::deserialize(body)?.into(),
        ("child.retried", 1) => ChildRetriedV1::deserialize(body)?.into(),
        ("child.cancel_requested", 1) => ChildCancelRequestedV1::deserialize(body)?.into(),
        ("child.finished", 1) => ChildFinishedV1::deserialize(body)?.into(),
        ("task.offered", 1) => TaskOfferedV1::deserialize(body)?.into(),
        ("task.claimed", 1) => TaskClaimedV1::deserialize(body)?.into(),
        ("task.cancel_requested", 1) => TaskCancelRequestedV1::deserialize(body)?.into(),
        _ => return Ok(None),
    }))
}

fn who<'de, D: serde::Deserializer<'de>>(body: D) -> Result<Arc<str>, D::Error> {
    ByV1::deserialize(body).map(|stored| stored.by.0)
}
