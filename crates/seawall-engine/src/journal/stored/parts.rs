//! What several stored events are made of.

use std::borrow::Cow;
use std::time::Duration;

use seawall_store::{ParentLink, RunId, WorkflowId, WorkflowVersion};
use serde::{Deserialize, Serialize};

use crate::core::{BlockReason, Decided, Resolution, RunError};
use crate::executor::StepError;
use crate::journal::stored::scalars::{Id, Json, Named, Shared, Str, Text, named};
use crate::names::{ActivityRef, Part};

/// Also the whole body of events that say nothing else.
#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct ActivityV1 {
    pub(in crate::journal) step: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::journal) item: Option<u32>,
    #[serde(default, with = "named", skip_serializing_if = "is_main")]
    pub(in crate::journal) part: Part,
}

/// Whether an activity is a step or an item itself, which goes without saying.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
pub(in crate::journal) const fn is_main(part: &Part) -> bool {
    matches!(part, Part::Main)
}

impl Named for Part {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Main, "main"),
        (Self::Compensate, "compensate"),
        (Self::Reconcile, "reconcile"),
    ];
}

impl From<&ActivityRef> for ActivityV1 {
    fn from(activity: &ActivityRef) -> Self {
        Self {
            step: Id(activity.step.clone()),
            item: activity.item,
            part: activity.part,
        }
    }
}

impl From<ActivityV1> for ActivityRef {
    fn from(stored: ActivityV1) -> Self {
        Self {
            step: stored.step.0,
            item: stored.item,
            part: stored.part,
        }
    }
}

/// The activity of an event that has its fields beside others.
pub(in crate::journal) fn activity(step: Id, item: Option<u32>, part: Part) -> ActivityRef {
    ActivityRef {
        step: step.0,
        item,
        part,
    }
}

/// Why an attempt or a step failed.
#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct ErrorV1<'a> {
    #[serde(borrow)]
    code: Str<'a>,
    #[serde(borrow)]
    message: Str<'a>,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl<'a> From<&'a StepError> for ErrorV1<'a> {
    fn from(error: &'a StepError) -> Self {
        Self {
            code: Cow::Borrowed(&error.code),
            message: Cow::Borrowed(&error.message),
            retryable: error.retryable,
            retry_after: error
                .retry_after
                .map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
        }
    }
}

impl From<ErrorV1<'_>> for StepError {
    fn from(stored: ErrorV1<'_>) -> Self {
        Self {
            code: Cow::Owned(stored.code.into_owned()),
            message: stored.message.into_owned(),
            retryable: stored.retryable,
            retry_after: stored.retry_after.map(Duration::from_millis),
        }
    }
}

/// Why a run failed.
#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct RunErrorV1<'a> {
    code: Shared,
    #[serde(borrow)]
    message: Str<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<Id>,
}

impl<'a> From<&'a RunError> for RunErrorV1<'a> {
    fn from(error: &'a RunError) -> Self {
        Self {
            code: Shared(error.code.clone()),
            message: Cow::Borrowed(&error.message),
            step: error.step.clone().map(Id),
        }
    }
}

impl From<RunErrorV1<'_>> for RunError {
    fn from(stored: RunErrorV1<'_>) -> Self {
        Self {
            code: stored.code.0,
            message: stored.message.into_owned(),
            step: stored.step.map(|id| id.0),
        }
    }
}

/// What a person found out.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::journal) enum ResolutionV1<'a> {
    Succeeded(Json),
    #[serde(borrow)]
    Failed(Str<'a>),
    Retry,
}

impl<'a> From<&'a Resolution> for ResolutionV1<'a> {
    fn from(resolution: &'a Resolution) -> Self {
        match resolution {
            Resolution::Succeeded(output) => Self::Succeeded(Json(output.clone())),
            Resolution::Failed(message) => Self::Failed(Cow::Borrowed(message)),
            Resolution::Retry => Self::Retry,
        }
    }
}

impl From<ResolutionV1<'_>> for Resolution {
    fn from(stored: ResolutionV1<'_>) -> Self {
        match stored {
            ResolutionV1::Succeeded(output) => Self::Succeeded(output.0),
            ResolutionV1::Failed(message) => Self::Failed(message.into_owned()),
            ResolutionV1::Retry => Self::Retry,
        }
    }
}

/// Why a run stands still.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::journal) enum BlockV1 {
    UnknownOutcome(Vec<ActivityV1>),
    HoldersDied(u32),
}

impl From<&BlockReason> for BlockV1 {
    fn from(reason: &BlockReason) -> Self {
        match reason {
            BlockReason::UnknownOutcome(activities) => {
                Self::UnknownOutcome(activities.iter().map(ActivityV1::from).collect())
            }
            BlockReason::HoldersDied(deaths) => Self::HoldersDied(*deaths),
        }
    }
}

impl From<BlockV1> for BlockReason {
    fn from(stored: BlockV1) -> Self {
        match stored {
            BlockV1::UnknownOutcome(activities) => {
                Self::UnknownOutcome(activities.into_iter().map(ActivityRef::from).collect())
            }
            BlockV1::HoldersDied(deaths) => Self::HoldersDied(deaths),
        }
    }
}

/// A pinned version.
#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct WorkflowV1 {
    id: Text<WorkflowId>,
    name: Shared,
    version: u32,
}

impl From<&WorkflowVersion> for WorkflowV1 {
    fn from(workflow: &WorkflowVersion) -> Self {
        Self {
            id: Text(workflow.id),
            name: Shared(workflow.name.clone()),
            version: workflow.version,
        }
    }
}

impl From<WorkflowV1> for WorkflowVersion {
    fn from(stored: WorkflowV1) -> Self {
        Self {
            id: stored.id.0,
            name: stored.name.0,
            version: stored.version,
        }
    }
}

/// Whom a child answers to.
#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct ParentV1<'a> {
    run: Text<RunId>,
    #[serde(borrow)]
    step: Str<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<u32>,
    generation: u32,
}

impl<'a> From<&'a ParentLink> for ParentV1<'a> {
    fn from(parent: &'a ParentLink) -> Self {
        Self {
            run: Text(parent.run),
            step: Cow::Borrowed(&parent.step),
            item: parent.item,
            generation: parent.generation,
        }
    }
}

impl From<ParentV1<'_>> for ParentLink {
    fn from(stored: ParentV1<'_>) -> Self {
        Self {
            run: stored.run.0,
            step: stored.step.into_owned(),
            item: stored.item,
            generation: stored.generation,
        }
    }
}

impl Named for Decided {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Approved, "approved"),
        (Self::Rejected, "rejected"),
        (Self::Expired, "expired"),
    ];
}
