//! Stored events of the run as a whole.

use seawall_store::{RunId, ScheduleId};
use serde::{Deserialize, Serialize};

use crate::core::{Event, RunCreated, ScheduledFor};
use crate::journal::stored::parts::{ActivityV1, BlockV1, ParentV1, RunErrorV1, WorkflowV1};
use crate::journal::stored::scalars::{Hex, Id, Json, Ms, Shared, Text};
use crate::names::ActivityRef;

/// The body of events whose name says it all.
#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct EmptyV1 {}

/// The body of events that only say who.
#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct ByV1 {
    pub(in crate::journal) by: Shared,
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct RunCreatedV1<'a> {
    run: Text<RunId>,
    workflow: WorkflowV1,
    definition: Hex,
    input: Json,
    by: Shared,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    parent: Option<ParentV1<'a>>,
    depth: u32,
    /// Absent in every run before there were schedules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schedule: Option<ScheduledV1>,
    #[serde(default, skip_serializing_if = "is_default")]
    gated: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    priority: i8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<Shared>,
}

#[derive(Serialize, Deserialize)]
struct ScheduledV1 {
    id: Text<ScheduleId>,
    fire_at: Ms,
}

/// What is not said at all.
pub(in crate::journal) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl<'a> From<&'a RunCreated> for RunCreatedV1<'a> {
    fn from(created: &'a RunCreated) -> Self {
        Self {
            run: Text(created.run),
            workflow: (&created.workflow).into(),
            definition: Hex(created.definition),
            input: Json(created.input.clone()),
            by: Shared(created.created_by.clone()),
            parent: created.parent.as_ref().map(ParentV1::from),
            depth: created.depth,
            schedule: created.scheduled.map(|scheduled| ScheduledV1 {
                id: Text(scheduled.schedule),
                fire_at: Ms(scheduled.fire_at),
            }),
            gated: created.gated,
            priority: created.priority,
            trace: created.trace.clone().map(Shared),
        }
    }
}

impl From<RunCreatedV1<'_>> for Event {
    fn from(stored: RunCreatedV1<'_>) -> Self {
        Self::RunCreated(Box::new(RunCreated {
            run: stored.run.0,
            workflow: stored.workflow.into(),
            definition: stored.definition.0,
            input: stored.input.0,
            created_by: stored.by.0,
            parent: stored.parent.map(Into::into),
            depth: stored.depth,
            scheduled: stored.schedule.map(|schedule| ScheduledFor {
                schedule: schedule.id.0,
                fire_at: schedule.fire_at.0,
            }),
            gated: stored.gated,
            priority: stored.priority,
            trace: stored.trace.map(|trace| trace.0),
        }))
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct RunRetriedV1 {
    pub(in crate::journal) by: Shared,
    pub(in crate::journal) activities: Vec<ActivityV1>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::journal) anew: Vec<Id>,
}

impl From<RunRetriedV1> for Event {
    fn from(stored: RunRetriedV1) -> Self {
        Self::RunRetried {
            by: stored.by.0,
            activities: stored.activities.into_iter().map(ActivityRef::from).collect(),
            anew: stored.anew.into_iter().map(|id| id.0).collect(),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct RunRetryRequestedV1 {
    pub(in crate::journal) by: Shared,
    pub(in crate::journal) round: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(in crate::journal) gated: bool,
}

impl From<RunRetryRequestedV1> for Event {
    fn from(stored: RunRetryRequestedV1) -> Self {
        Self::RunRetryRequested {
            by: stored.by.0,
            round: stored.round,
            gated: stored.gated,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct RunForkedV1 {
    pub(in crate::journal) from: Text<RunId>,
    pub(in crate::journal) from_step: Id,
}

impl From<RunForkedV1> for Event {
    fn from(stored: RunForkedV1) -> Self {
        Self::RunForked {
            from: stored.from.0,
            from_step: stored.from_step.0,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct CompensationStartedV1 {
    pub(in crate::journal) activities: Vec<ActivityV1>,
}

impl From<CompensationStartedV1> for Event {
    fn from(stored: CompensationStartedV1) -> Self {
        Self::CompensationStarted {
            activities: stored.activities.into_iter().map(ActivityRef::from).collect(),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct RunBlockedV1 {
    pub(in crate::journal) reason: BlockV1,
}

impl From<RunBlockedV1> for Event {
    fn from(stored: RunBlockedV1) -> Self {
        Self::RunBlocked {
            reason: stored.reason.into(),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct RunSucceededV1 {
    pub(in crate::journal) output: Json,
}

impl From<RunSucceededV1> for Event {
    fn from(stored: RunSucceededV1) -> Self {
        Self::RunSucceeded {
            output: stored.output.0,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct RunFailedV1<'a> {
    #[serde(borrow)]
    pub(in crate::journal) error: RunErrorV1<'a>,
}

impl From<RunFailedV1<'_>> for Event {
    fn from(stored: RunFailedV1<'_>) -> Self {
        Self::RunFailed {
            error: stored.error.into(),
        }
    }
}
