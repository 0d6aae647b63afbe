//! Ids, times and names, made from numbers and texts.

use std::sync::Arc;

use seawall_store::{ApprovalId, QueueName, RunId, Seq, TaskId, Timestamp, WorkflowId, WorkflowVersion};
use uuid::Uuid;

use crate::core::{Event, Recorded};
use crate::names::{ActivityRef, StepId};

pub(crate) fn run_id(number: u128) -> RunId {
    RunId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn step(id: &str) -> ActivityRef {
    ActivityRef::step(StepId::parse(id).unwrap())
}

pub(crate) fn item(id: &str, item: u32) -> ActivityRef {
    ActivityRef::item(StepId::parse(id).unwrap(), item)
}

pub(crate) fn version(name: &str) -> WorkflowVersion {
    WorkflowVersion {
        id: WorkflowId::from_uuid(Uuid::from_u128(7)),
        name: Arc::from(name),
        version: 3,
    }
}

pub(crate) fn ms(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(crate) fn approval(number: u128) -> ApprovalId {
    ApprovalId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn task(number: u128) -> TaskId {
    TaskId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn queue(name: &str) -> QueueName {
    QueueName::parse(name).unwrap()
}

pub(super) fn ann() -> Arc<str> {
    Arc::from("ann")
}

/// Events from `first` on, a second apart.
pub(crate) fn journal(first: u64, events: Vec<Event>) -> Vec<Recorded> {
    events
        .into_iter()
        .zip(first..)
        .map(|(event, seq)| Recorded {
            seq: Seq(seq),
            at: ms(1_700_000_000_000 + 1000 * i64::try_from(seq).unwrap()),
            event,
        })
        .collect()
}
