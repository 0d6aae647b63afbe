//! Stored events of waits: timers, signals, approvals, children.

use std::borrow::Cow;

use seawall_store::{ApprovalId, RunId, RunStatus};
use serde::{Deserialize, Serialize};

use crate::core::{ApprovalRequested, ChildStarted, Decided, Event};
use crate::journal::stored::flow::FlowV1;
use crate::journal::stored::parts::{WorkflowV1, activity, is_main};
use crate::journal::stored::scalars::{Hex, Id, Json, Ms, Shared, Str, Text, named};
use crate::names::Part;

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct TimerSetV1 {
    pub(in crate::journal) step: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::journal) item: Option<u32>,
    #[serde(default, with = "named", skip_serializing_if = "is_main")]
    pub(in crate::journal) part: Part,
    pub(in crate::journal) until: Ms,
}

impl From<TimerSetV1> for Event {
    fn from(stored: TimerSetV1) -> Self {
        Self::TimerSet {
            activity: activity(stored.step, stored.item, stored.part),
            until: stored.until.0,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct SignalAwaitedV1<'a> {
    pub(in crate::journal) step: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::journal) item: Option<u32>,
    #[serde(default, with = "named", skip_serializing_if = "is_main")]
    pub(in crate::journal) part: Part,
    #[serde(borrow)]
    pub(in crate::journal) name: Str<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::journal) until: Option<Ms>,
}

impl From<SignalAwaitedV1<'_>> for Event {
    fn from(stored: SignalAwaitedV1<'_>) -> Self {
        Self::SignalAwaited {
            activity: activity(stored.step, stored.item, stored.part),
            name: stored.name.into_owned(),
            until: stored.until.map(|at| at.0),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct SignalReceivedV1<'a> {
    #[serde(borrow)]
    pub(in crate::journal) id: Str<'a>,
    #[serde(borrow)]
    pub(in crate::journal) name: Str<'a>,
    pub(in crate::journal) payload: Json,
}

impl From<SignalReceivedV1<'_>> for Event {
    fn from(stored: SignalReceivedV1<'_>) -> Self {
        Self::SignalReceived {
            id: stored.id.into_owned(),
            name: stored.name.into_owned(),
            payload: stored.payload.0,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct ApprovalRequestedV1<'a> {
    step: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<u32>,
    #[serde(default, with = "named", skip_serializing_if = "is_main")]
    part: Part,
    approval: Text<ApprovalId>,
    #[serde(borrow)]
    message: Str<'a>,
    #[serde(borrow)]
    deciders: Vec<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Ms>,
}

impl<'a> From<&'a ApprovalRequested> for ApprovalRequestedV1<'a> {
    fn from(asked: &'a ApprovalRequested) -> Self {
        Self {
            step: Id(asked.activity.step.clone()),
            item: asked.activity.item,
            part: asked.activity.part,
            approval: Text(asked.approval),
            message: Cow::Borrowed(&asked.message),
            deciders: asked.deciders.iter().map(|who| Cow::Borrowed(who.as_str())).collect(),
            expires_at: asked.expires_at.map(Ms),
        }
    }
}

impl From<ApprovalRequestedV1<'_>> for Event {
    fn from(stored: ApprovalRequestedV1<'_>) -> Self {
        Self::ApprovalRequested(Box::new(ApprovalRequested {
            activity: activity(stored.step, stored.item, stored.part),
            approval: stored.approval.0,
            message: stored.message.into_owned(),
            deciders: stored.deciders.into_iter().map(Cow::into_owned).collect(),
            expires_at: stored.expires_at.map(|at| at.0),
        }))
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct ApprovalDecidedV1<'a> {
    pub(in crate::journal) approval: Text<ApprovalId>,
    pub(in crate::journal) step: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::journal) item: Option<u32>,
    #[serde(default, with = "named", skip_serializing_if = "is_main")]
    pub(in crate::journal) part: Part,
    #[serde(with = "named")]
    pub(in crate::journal) decision: Decided,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(in crate::journal) comment: Option<Str<'a>>,
    pub(in crate::journal) by: Shared,
}

impl From<ApprovalDecidedV1<'_>> for Event {
    fn from(stored: ApprovalDecidedV1<'_>) -> Self {
        Self::ApprovalDecided {
            approval: stored.approval.0,
            activity: activity(stored.step, stored.item, stored.part),
            decision: stored.decision,
            comment: stored.comment.map(Cow::into_owned),
            by: stored.by.0,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct ChildStartedV1 {
    step: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<u32>,
    #[serde(default, with = "named", skip_serializing_if = "is_main")]
    part: Part,
    child: Text<RunId>,
    workflow: WorkflowV1,
    definition: Hex,
    depth: u32,
    input: Json,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    flow: Option<FlowV1>,
}

impl From<&ChildStarted> for ChildStartedV1 {
    fn from(started: &ChildStarted) -> Self {
        Self {
            step: Id(started.activity.step.clone()),
            item: started.activity.item,
            part: started.activity.part,
            child: Text(started.child),
            workflow: (&started.workflow).into(),
            definition: Hex(started.definition),
            depth: started.depth,
            input: Json(started.input.clone()),
            flow: FlowV1::of(&started.flow),
        }
    }
}

impl From<ChildStartedV1> for Event {
    fn from(stored: ChildStartedV1) -> Self {
        Self::ChildStarted(Box::new(ChildStarted {
            activity: activity(stored.step, stored.item, stored.part),
            child: stored.child.0,
            workflow: stored.workflow.into(),
            definition: stored.definition.0,
            depth: stored.depth,
            input: stored.input.0,
            flow: stored.flow.map(Into::into).unwrap_or_default(),
        }))
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct ChildCancelRequestedV1 {
    pub(in crate::journal) step: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::journal) item: Option<u32>,
    #[serde(default, with = "named", skip_serializing_if = "is_main")]
    pub(in crate::journal) part: Part,
    pub(in crate::journal) child: Text<RunId>,
}

impl From<ChildCancelRequestedV1> for Event {
    fn from(stored: ChildCancelRequestedV1) -> Self {
        Self::ChildCancelRequested {
            activity: activity(stored.step, stored.item, stored.part),
            child: stored.child.0,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct ChildRetriedV1 {
    pub(in crate::journal) step: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::journal) item: Option<u32>,
    #[serde(default, with = "named", skip_serializing_if = "is_main")]
    pub(in crate::journal) part: Part,
    pub(in crate::journal) child: Text<RunId>,
}

impl From<ChildRetriedV1> for Event {
    fn from(stored: ChildRetriedV1) -> Self {
        Self::ChildRetried {
            activity: activity(stored.step, stored.item, stored.part),
            child: stored.child.0,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct ChildFinishedV1 {
    pub(in crate::journal) step: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::journal) item: Option<u32>,
    #[serde(default, with = "named", skip_serializing_if = "is_main")]
    pub(in crate::journal) part: Part,
    pub(in crate::journal) child: Text<RunId>,
    #[serde(with = "named")]
    pub(in crate::journal) status: RunStatus,
}

impl From<ChildFinishedV1> for Event {
    fn from(stored: ChildFinishedV1) -> Self {
        Self::ChildFinished {
            activity: activity(stored.step, stored.item, stored.part),
            child: stored.child.0,
            status: stored.status,
        }
    }
}
