use std::fmt;
use std::str::FromStr;

use seawall_engine::ActivityRef;
use seawall_store::{QueueName, WorkflowRef};
use serde::de::{Deserialize, Deserializer, Error as _};

/// An id in a path. One of another kind, or none at all, names nothing: 404.
pub(crate) struct Id<T>(pub(crate) T);

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

/// A step in a path, one item of a map step, or what undoes them: `counts`, `counts[3]`, `counts.compensate`.
pub(crate) struct ActivityId(pub(crate) ActivityRef);

impl<'de> Deserialize<'de> for ActivityId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let activity = ActivityRef::parse(&text);
        activity.map(Self).ok_or_else(|| D::Error::custom("not a step"))
    }
}

/// The name of a queue in a path. What is no such name has no tasks: 404.
pub(crate) struct Queue(pub(crate) QueueName);

impl<'de> Deserialize<'de> for Queue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let name = QueueName::parse(&text).ok_or_else(|| D::Error::custom("not a queue"))?;
        Ok(Self(name))
    }
}

/// A workflow as callers name it: by id, or by name.
pub(crate) fn workflow_ref(text: &str) -> WorkflowRef {
    text.parse()
        .map_or_else(|_| WorkflowRef::Name(text.to_owned()), WorkflowRef::Id)
}
