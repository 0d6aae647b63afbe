//! Stored events of steps and their attempts.

use serde::{Deserialize, Serialize};

use crate::core::{CopiedStatus, Event, StepCopied, StepStarted};
use crate::journal::stored::parts::{ErrorV1, ResolutionV1, activity, is_main};
use crate::journal::stored::scalars::{Hex, Id, Json, MaybeJson, Ms, Named, Shared, Str, named};
use crate::names::Part;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct StepStartedV1 {
    step: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<u32>,
    #[serde(default, with = "named", skip_serializing_if = "is_main")]
    part: Part,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Hex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<Ms>,
}

impl From<&StepStarted> for StepStartedV1 {
    fn from(started: &StepStarted) -> Self {
        Self {
            step: Id(started.activity.step.clone()),
            item: started.activity.item,
            part: started.activity.part,
            attempt: started.attempt,
            request: started.request_digest.map(Hex),
            deadline: started.deadline.map(Ms),
        }
    }
}

impl From<StepStartedV1> for Event {
    fn from(stored: StepStartedV1) -> Self {
        Self::StepStarted(Box::new(StepStarted {
            activity: activity(stored.step, stored.item, stored.part),
            attempt: stored.attempt,
            request_digest: stored.request.map(|digest| digest.0),
            deadline: stored.deadline.map(|at| at.0),
        }))
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct StepSucceededV1 {
    pub(in crate::journal) step: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::journal) item: Option<u32>,
    #[serde(default, with = "named", skip_serializing_if = "is_main")]
    pub(in crate::journal) part: Part,
    #[serde(default = "MaybeJson::none", skip_serializing_if = "MaybeJson::is_none")]
    pub(in crate::journal) output: MaybeJson,
}

impl From<StepSucceededV1> for Event {
    fn from(stored: StepSucceededV1) -> Self {
        Self::StepSucceeded {
            activity: activity(stored.step, stored.item, stored.part),
            output: stored.output.0,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct StepFailedV1<'a> {
    pub(in crate::journal) step: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::journal) item: Option<u32>,
    #[serde(default, with = "named", skip_serializing_if = "is_main")]
    pub(in crate::journal) part: Part,
    #[serde(borrow)]
    pub(in crate::journal) error: ErrorV1<'a>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(in crate::journal) in_doubt: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::journal) retry_at: Option<Ms>,
    #[serde(default = "MaybeJson::none", skip_serializing_if = "MaybeJson::is_none")]
    pub(in crate::journal) replaced_by: MaybeJson,
}

impl From<StepFailedV1<'_>> for Event {
    fn from(stored: StepFailedV1<'_>) -> Self {
        Self::StepFailed {
            activity: activity(stored.step, stored.item, stored.part),
            error: stored.error.into(),
            in_doubt: stored.in_doubt,
            retry_at: stored.retry_at.map(|at| at.0),
            replaced_by: stored.replaced_by.0,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct StepSkippedV1 {
    pub(in crate::journal) step: Id,
}

impl From<StepSkippedV1> for Event {
    fn from(stored: StepSkippedV1) -> Self {
        Self::StepSkipped { step: stored.step.0 }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct StepCopiedV1<'a> {
    step: Id,
    #[serde(with = "named")]
    status: CopiedStatus,
    output: Json,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    error: Option<ErrorV1<'a>>,
}

impl<'a> From<&'a StepCopied> for StepCopiedV1<'a> {
    fn from(copied: &'a StepCopied) -> Self {
        Self {
            step: Id(copied.step.clone()),
            status: copied.status,
            output: Json(copied.output.clone()),
            error: copied.error.as_ref().map(ErrorV1::from),
        }
    }
}

impl From<StepCopiedV1<'_>> for Event {
    fn from(stored: StepCopiedV1<'_>) -> Self {
        Self::StepCopied(Box::new(StepCopied {
            step: stored.step.0,
            status: stored.status,
            output: stored.output.0,
            error: stored.error.map(Into::into),
        }))
    }
}

impl Named for CopiedStatus {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Succeeded, "succeeded"),
        (Self::Skipped, "skipped"),
        (Self::Failed, "failed"),
    ];
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct StepDeferredV1<'a> {
    pub(in crate::journal) step: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::journal) item: Option<u32>,
    #[serde(default, with = "named", skip_serializing_if = "is_main")]
    pub(in crate::journal) part: Part,
    pub(in crate::journal) until: Ms,
    #[serde(borrow)]
    pub(in crate::journal) reason: Str<'a>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(in crate::journal) in_doubt: bool,
}

impl From<StepDeferredV1<'_>> for Event {
    fn from(stored: StepDeferredV1<'_>) -> Self {
        Self::StepDeferred {
            activity: activity(stored.step, stored.item, stored.part),
            until: stored.until.0,
            reason: stored.reason.into_owned(),
            in_doubt: stored.in_doubt,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct StepOutcomeUnknownV1<'a> {
    pub(in crate::journal) step: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::journal) item: Option<u32>,
    #[serde(default, with = "named", skip_serializing_if = "is_main")]
    pub(in crate::journal) part: Part,
    #[serde(borrow)]
    pub(in crate::journal) error: ErrorV1<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::journal) safe_after: Option<Ms>,
}

impl From<StepOutcomeUnknownV1<'_>> for Event {
    fn from(stored: StepOutcomeUnknownV1<'_>) -> Self {
        Self::StepOutcomeUnknown {
            activity: activity(stored.step, stored.item, stored.part),
            error: stored.error.into(),
            safe_after: stored.safe_after.map(|at| at.0),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct StepOutcomeResolvedV1<'a> {
    pub(in crate::journal) step: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::journal) item: Option<u32>,
    #[serde(default, with = "named", skip_serializing_if = "is_main")]
    pub(in crate::journal) part: Part,
    #[serde(borrow)]
    pub(in crate::journal) resolution: ResolutionV1<'a>,
    pub(in crate::journal) by: Shared,
}

impl From<StepOutcomeResolvedV1<'_>> for Event {
    fn from(stored: StepOutcomeResolvedV1<'_>) -> Self {
        Self::StepOutcomeResolved {
            activity: activity(stored.step, stored.item, stored.part),
            resolution: stored.resolution.into(),
            by: stored.by.0,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct MapStartedV1 {
    pub(in crate::journal) step: Id,
    pub(in crate::journal) items: Vec<Json>,
}

impl From<MapStartedV1> for Event {
    fn from(stored: MapStartedV1) -> Self {
        Self::MapStarted {
            step: stored.step.0,
            items: stored.items.into_iter().map(|item| item.0).collect(),
        }
    }
}
