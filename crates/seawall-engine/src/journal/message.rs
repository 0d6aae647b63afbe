//! Messages in a run's inbox: `t` the name, `v` the version of the form, then the fields.

use std::borrow::Cow;
use std::sync::Arc;

use seawall_store::{ApprovalId, RunId, RunStatus, TaskId};
use serde::{Deserialize, Serialize};

use crate::core::{Message, Supersession, TaskEnded};
use crate::journal::codec::CodecError;
use crate::journal::stored::{
    ErrorV1, Id, Json, Ms, ResolutionV1, Shared, Str, TaskEndV1, Text, activity, is_main, named,
};
use crate::names::Part;

/// The version of every form below.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Framed<B> {
    v: u32,
    #[serde(flatten)]
    body: B,
}

/// What is looked at first.
#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    t: Cow<'a, str>,
    v: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
enum MessageV1<'a> {
    Admitted,
    Superseded {
        by: Text<RunId>,
        #[serde(with = "named")]
        reason: Supersession,
    },
    Rejected,
    Signal {
        #[serde(borrow)]
        id: Str<'a>,
        #[serde(borrow)]
        name: Str<'a>,
        payload: Json,
    },
    Decide {
        approval: Text<ApprovalId>,
        approve: bool,
        #[serde(borrow, skip_serializing_if = "Option::is_none")]
        comment: Option<Str<'a>>,
        by: Shared,
    },
    Cancel {
        by: Shared,
    },
    Pause {
        by: Shared,
    },
    Resume {
        by: Shared,
    },
    Retry {
        by: Shared,
    },
    WithdrawRetry {
        by: Shared,
    },
    ParentRetried {
        by: Shared,
        round: u32,
    },
    Resolve {
        step: Id,
        #[serde(skip_serializing_if = "Option::is_none")]
        item: Option<u32>,
        #[serde(default, with = "named", skip_serializing_if = "is_main")]
        part: Part,
        #[serde(borrow)]
        resolution: ResolutionV1<'a>,
        by: Shared,
    },
    ChildEnded {
        child: Text<RunId>,
        step: Id,
        #[serde(skip_serializing_if = "Option::is_none")]
        item: Option<u32>,
        #[serde(default, with = "named", skip_serializing_if = "is_main")]
        part: Part,
        generation: u32,
        #[serde(default, skip_serializing_if = "is_zero")]
        round: u32,
        #[serde(with = "named")]
        status: RunStatus,
        output: Json,
        #[serde(borrow, skip_serializing_if = "Option::is_none")]
        error: Option<ErrorV1<'a>>,
    },
    TaskEnded {
        task: Text<TaskId>,
        step: Id,
        #[serde(skip_serializing_if = "Option::is_none")]
        item: Option<u32>,
        #[serde(default, with = "named", skip_serializing_if = "is_main")]
        part: Part,
        #[serde(skip_serializing_if = "Option::is_none")]
        claim: Option<ClaimV1>,
        #[serde(borrow)]
        end: TaskEndV1<'a>,
    },
}

/// Who had a task, since when.
#[derive(Serialize, Deserialize)]
struct ClaimV1 {
    worker: Shared,
    at: Ms,
}

/// As for every child before its parent is retried.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
const fn is_zero(round: &u32) -> bool {
    *round == 0
}

const KINDS: [&str; 14] = [
    "admitted",
    "superseded",
    "rejected",
    "signal",
    "decide",
    "cancel",
    "pause",
    "resume",
    "retry",
    "withdraw_retry",
    "parent_retried",
    "resolve",
    "child_ended",
    "task_ended",
];

/// The stored form of a message.
#[must_use]
pub(crate) fn encode_message(message: &Message) -> Arc<[u8]> {
    let framed = Framed {
        v: VERSION,
        body: MessageV1::from(message),
    };
    serde_json::to_vec(&framed)
        .expect("writing to memory does not fail, and every key is a string")
        .into()
}

/// The message of that stored form.
///
/// # Errors
/// [`CodecError::Newer`] for what a newer program wrote; otherwise it is damaged. Never panics.
pub(crate) fn decode_message(bytes: &[u8]) -> Result<Message, CodecError> {
    let header: Header<'_> = serde_json::from_slice(bytes).map_err(CodecError::Damaged)?;
    if header.v != VERSION || !KINDS.contains(&&*header.t) {
        return Err(CodecError::Newer {
            kind: format!("message {}", header.t),
            version: header.v,
        });
    }
    let stored: MessageV1<'_> = serde_json::from_slice(bytes).map_err(CodecError::Damaged)?;
    Ok(stored.into())
}

impl<'a> From<&'a Message> for MessageV1<'a> {
    fn from(message: &'a Message) -> Self {
        let shared = |by: &Arc<str>| Shared(Arc::clone(by));
        match message {
            Message::Admitted => Self::Admitted,
            Message::Superseded { by, reason } => Self::Superseded {
                by: Text(*by),
                reason: *reason,
            },
            Message::Rejected => Self::Rejected,
            Message::Signal { id, name, payload } => Self::Signal {
                id: Cow::Borrowed(id),
                name: Cow::Borrowed(name),
                payload: Json(payload.clone()),
            },
            Message::Decide {
                approval,
                approve,
                comment,
                by,
            } => Self::Decide {
                approval: Text(*approval),
                approve: *approve,
                comment: comment.as_deref().map(Cow::Borrowed),
                by: shared(by),
            },
            Message::Cancel { by } => Self::Cancel { by: shared(by) },
            Message::Pause { by } => Self::Pause { by: shared(by) },
            Message::Resume { by } => Self::Resume { by: shared(by) },
            Message::Retry { by } => Self::Retry { by: shared(by) },
            Message::WithdrawRetry { by } => Self::WithdrawRetry { by: shared(by) },
            Message::ParentRetried { by, round } => Self::ParentRetried {
                by: shared(by),
                round: *round,
            },
            Message::Resolve {
                activity,
                resolution,
                by,
            } => Self::Resolve {
                step: Id(activity.step.clone()),
                item: activity.item,
                part: activity.part,
                resolution: resolution.into(),
                by: shared(by),
            },
            Message::ChildEnded {
                child,
                activity,
                generation,
                round,
                status,
                output,
                error,
            } => Self::ChildEnded {
                child: Text(*child),
                step: Id(activity.step.clone()),
                item: activity.item,
                part: activity.part,
                generation: *generation,
                round: *round,
                status: *status,
                output: Json(output.clone()),
                error: error.as_ref().map(ErrorV1::from),
            },
            Message::TaskEnded(ended) => Self::TaskEnded {
                task: Text(ended.task),
                step: Id(ended.activity.step.clone()),
                item: ended.activity.item,
                part: ended.activity.part,
                claim: ended.claim.as_ref().map(|(worker, at)| ClaimV1 {
                    worker: shared(worker),
                    at: Ms(*at),
                }),
                end: TaskEndV1::from(&ended.end),
            },
        }
    }
}

impl From<MessageV1<'_>> for Message {
    fn from(stored: MessageV1<'_>) -> Self {
        match stored {
            MessageV1::Admitted => Self::Admitted,
            MessageV1::Superseded { by, reason } => Self::Superseded { by: by.0, reason },
            MessageV1::Rejected => Self::Rejected,
            MessageV1::Signal { id, name, payload } => Self::Signal {
                id: id.into_owned(),
                name: name.into_owned(),
                payload: payload.0,
            },
            MessageV1::Decide {
                approval,
                approve,
                comment,
                by,
            } => Self::Decide {
                approval: approval.0,
                approve,
                comment: comment.map(Cow::into_owned),
                by: by.0,
            },
            MessageV1::Cancel { by } => Self::Cancel { by: by.0 },
            MessageV1::Pause { by } => Self::Pause { by: by.0 },
            MessageV1::Resume { by } => Self::Resume { by: by.0 },
            MessageV1::Retry { by } => Self::Retry { by: by.0 },
            MessageV1::WithdrawRetry { by } => Self::WithdrawRetry { by: by.0 },
            MessageV1::ParentRetried { by, round } => Self::ParentRetried { by: by.0, round },
            MessageV1::Resolve {
                step,
                item,
                part,
                resolution,
                by,
            } => Self::Resolve {
                activity: activity(step, item, part),
                resolution: resolution.into(),
                by: by.0,
            },
            MessageV1::ChildEnded {
                child,
                step,
                item,
                part,
                generation,
                round,
                status,
                output,
                error,
            } => Self::ChildEnded {
                child: child.0,
                activity: activity(step, item, part),
                generation,
                round,
                status,
                output: output.0,
                error: error.map(Into::into),
            },
            MessageV1::TaskEnded {
                task,
                step,
                item,
                part,
                claim,
                end,
            } => Self::TaskEnded(Box::new(TaskEnded {
                task: task.0,
                activity: activity(step, item, part),
                claim: claim.map(|claim| (claim.worker.0, claim.at.0)),
                end: end.into(),
            })),
        }
    }
}
