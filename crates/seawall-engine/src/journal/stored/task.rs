//! Stored events of tasks for workers outside, and how one ended.

use std::borrow::Cow;

use seawall_store::{QueueName, TaskId};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::core::{Event, TaskEnd, TaskOffered};
use crate::journal::stored::parts::{ErrorV1, activity, is_main};
use crate::journal::stored::scalars::{Id, Json, Ms, Shared, Str, Text, named};
use crate::names::Part;

/// The name of a queue.
struct Queue(QueueName);

impl Serialize for Queue {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Queue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text: Str<'de> = Cow::deserialize(from)?;
        let name = QueueName::parse(&text).ok_or_else(|| D::Error::custom("not the name of a queue"))?;
        Ok(Self(name))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
const fn is_zero(number: &i8) -> bool {
    *number == 0
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct TaskOfferedV1<'a> {
    step: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<u32>,
    #[serde(default, with = "named", skip_serializing_if = "is_main")]
    part: Part,
    task: Text<TaskId>,
    queue: Queue,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    key: Option<Str<'a>>,
    #[serde(default, skip_serializing_if = "is_zero")]
    priority: i8,
}

impl<'a> From<&'a TaskOffered> for TaskOfferedV1<'a> {
    fn from(offered: &'a TaskOffered) -> Self {
        Self {
            step: Id(offered.activity.step.clone()),
            item: offered.activity.item,
            part: offered.activity.part,
            task: Text(offered.task),
            queue: Queue(offered.queue.clone()),
            key: offered.key.as_deref().map(Cow::Borrowed),
            priority: offered.priority,
        }
    }
}

impl From<TaskOfferedV1<'_>> for Event {
    fn from(stored: TaskOfferedV1<'_>) -> Self {
        Self::TaskOffered(Box::new(TaskOffered {
            activity: activity(stored.step, stored.item, stored.part),
            task: stored.task.0,
            queue: stored.queue.0,
            key: stored.key.map(Cow::into_owned),
            priority: stored.priority,
        }))
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct TaskClaimedV1 {
    pub(in crate::journal) step: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::journal) item: Option<u32>,
    #[serde(default, with = "named", skip_serializing_if = "is_main")]
    pub(in crate::journal) part: Part,
    pub(in crate::journal) task: Text<TaskId>,
    pub(in crate::journal) worker: Shared,
    pub(in crate::journal) claimed_at: Ms,
}

impl From<TaskClaimedV1> for Event {
    fn from(stored: TaskClaimedV1) -> Self {
        Self::TaskClaimed {
            activity: activity(stored.step, stored.item, stored.part),
            task: stored.task.0,
            worker: stored.worker.0,
            claimed_at: stored.claimed_at.0,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct TaskCancelRequestedV1 {
    pub(in crate::journal) step: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::journal) item: Option<u32>,
    #[serde(default, with = "named", skip_serializing_if = "is_main")]
    pub(in crate::journal) part: Part,
    pub(in crate::journal) task: Text<TaskId>,
}

impl From<TaskCancelRequestedV1> for Event {
    fn from(stored: TaskCancelRequestedV1) -> Self {
        Self::TaskCancelRequested {
            activity: activity(stored.step, stored.item, stored.part),
            task: stored.task.0,
        }
    }
}

/// How a task ended, in a message.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::journal) enum TaskEndV1<'a> {
    Completed(Json),
    #[serde(borrow)]
    Failed(ErrorV1<'a>),
    Lapsed {
        timed_out: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Ms>,
    },
    Withdrawn,
}

impl<'a> From<&'a TaskEnd> for TaskEndV1<'a> {
    fn from(end: &'a TaskEnd) -> Self {
        match end {
            TaskEnd::Completed(output) => Self::Completed(Json(output.clone())),
            TaskEnd::Failed(error) => Self::Failed(ErrorV1::from(error)),
            TaskEnd::Lapsed { timed_out, deadline } => Self::Lapsed {
                timed_out: *timed_out,
                deadline: deadline.map(Ms),
            },
            TaskEnd::Withdrawn => Self::Withdrawn,
        }
    }
}

impl From<TaskEndV1<'_>> for TaskEnd {
    fn from(stored: TaskEndV1<'_>) -> Self {
        match stored {
            TaskEndV1::Completed(output) => Self::Completed(output.0),
            TaskEndV1::Failed(error) => Self::Failed(error.into()),
            TaskEndV1::Lapsed { timed_out, deadline } => Self::Lapsed {
                timed_out,
                deadline: deadline.map(|at| at.0),
            },
            TaskEndV1::Withdrawn => Self::Withdrawn,
        }
    }
}
