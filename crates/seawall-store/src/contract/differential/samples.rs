//! What the small numbers of an operation stand for.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::contract::World;
use crate::contract::differential::op::{Expect, FlowOp};
use crate::ids::{ApprovalId, Digest, NodeId, RunId, ScheduleId, TenantId, WorkflowId};
use crate::records::{
    CrossMessage, Debounce, FlowEntry, FlowNumbers, MessageKey, NewMessage, NewWorkflow, OnConflict, Rate, RunStatus,
    StatusSet, WorkflowRef,
};
use crate::time::Timestamp;

pub(super) fn tenant(number: usize) -> TenantId {
    TenantId::new(&format!("tenant-{number}")).expect("a valid tenant")
}

pub(super) fn run_id(number: u8) -> RunId {
    RunId::derived(&[b"run", &[number]])
}

pub(super) fn approval_id(number: u8) -> ApprovalId {
    ApprovalId::derived(&[&[number]])
}

pub(super) fn schedule_id(number: u8) -> ScheduleId {
    ScheduleId::derived(&[&[number]])
}

pub(super) fn node_id(life: u64) -> NodeId {
    NodeId::from_uuid(Uuid::from_u128(u128::from(life) + 1))
}

pub(super) fn status(number: u8) -> RunStatus {
    RunStatus::ALL[usize::from(number) % RunStatus::ALL.len()]
}

pub(super) fn name(number: u8) -> WorkflowRef {
    WorkflowRef::Name(format!("name-{number}"))
}

pub(super) fn expected(expect: Expect) -> Option<Digest> {
    match expect {
        Expect::Nothing => None,
        Expect::Text(text) => Some(Digest::of(format!("text {text}").as_bytes())),
    }
}

/// Ids follow from the operation's number, so that both sides make the same ones.
pub(super) fn workflow(number: usize, name: u8, text: u8) -> NewWorkflow {
    NewWorkflow {
        id: WorkflowId::derived(&[&number.to_be_bytes()]),
        ..World::workflow(&format!("name-{name}"), &format!("text {text}"))
    }
}

pub(super) fn flow(op: &FlowOp, scope: WorkflowId, now: Timestamp) -> FlowEntry {
    let key = |number: u8| (number > 0).then(|| Arc::from(format!("key-{number}")));
    let body = |text: &str| Arc::from(text.as_bytes());
    let hundreds = |count: u8| Duration::from_millis(u64::from(count) * 100);
    FlowEntry {
        scope,
        key: key(op.key),
        numbers: FlowNumbers {
            version: op.version.into(),
            slots: op.slots.map(u32::from),
            rate: op.rate.map(|per| Rate {
                limit: 2,
                per: hundreds(per),
            }),
        },
        on_conflict: match op.on_conflict {
            0 => OnConflict::Queue,
            1 => OnConflict::Reject {
                message: body("no room"),
            },
            _ => OnConflict::CancelRunning {
                message: body("make room"),
            },
        },
        debounce: op.debounce.map(|(number, period)| Debounce {
            key: key(number),
            period: hundreds(period),
            max_wait: hundreds(period) * 3,
            message: body("a newer one came"),
        }),
        admitted: body("go"),
        deadline: op
            .deadline
            .map(|millis| now.saturating_add(Duration::from_millis(millis.into()))),
    }
}

pub(super) fn message(key: u8, terminal: bool) -> NewMessage {
    let ended = [RunStatus::Succeeded, RunStatus::Failed, RunStatus::Cancelled];
    NewMessage {
        allowed: if terminal {
            StatusSet::of(&ended)
        } else {
            StatusSet::live()
        },
        ..World::message(&format!("key-{key}"))
    }
}

pub(super) fn cross(to: u8, key: u8) -> CrossMessage {
    CrossMessage {
        to: run_id(to),
        key: MessageKey(format!("key-{key}")),
        body: Arc::from(&b"from a run"[..]),
        unheard: (key % 2 == 1).then(|| (MessageKey(format!("unheard-{key}")), Arc::from(&b"nobody"[..]))),
    }
}
