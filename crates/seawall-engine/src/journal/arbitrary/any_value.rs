//! Any of what events and messages are made of.

use std::sync::Arc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use seawall_store::{
    Digest, ParentLink, Rate, RunId, RunStatus, ScheduleId, TaskId, Timestamp, WorkflowId, WorkflowVersion,
};
use serde_json::Value;
use uuid::Uuid;

use super::makers::{ms, run_id, task};
use crate::core::{Resolution, ScheduledFor, Supersession, Withdrawal};
use crate::datum::Datum;
use crate::definition::{Conflict, FlowPlan, Gate, Quiet};
use crate::executor::StepError;
use crate::names::{ActivityRef, Part, StepId};

/// Any JSON, numbers of every kind included.
pub(super) fn any_datum() -> impl Strategy<Value = Datum> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(|map| map.into_iter().collect()),
        ]
    });
    tree.prop_map(Datum::from)
}

pub(super) fn any_step() -> impl Strategy<Value = StepId> {
    "[a-z0-9_-]{1,63}".prop_map(|text| StepId::parse(&text).unwrap())
}

pub(super) fn any_activity() -> impl Strategy<Value = ActivityRef> {
    let part = prop::sample::select(Part::ALL.to_vec());
    (any_step(), of(any::<u32>()), part).prop_map(|(step, item, part)| ActivityRef { step, item, part })
}

pub(super) fn any_time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(ms)
}

pub(super) fn any_who() -> impl Strategy<Value = Arc<str>> {
    any::<String>().prop_map(Arc::from)
}

pub(super) fn any_run() -> impl Strategy<Value = RunId> {
    any::<u128>().prop_map(run_id)
}

pub(super) fn any_digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest::from_bytes)
}

pub(super) fn any_version() -> impl Strategy<Value = WorkflowVersion> {
    (any::<u128>(), any_who(), any::<u32>()).prop_map(|(id, name, version)| WorkflowVersion {
        id: WorkflowId::from_uuid(Uuid::from_u128(id)),
        name,
        version,
    })
}

pub(super) fn any_error() -> impl Strategy<Value = StepError> {
    let parts = (any::<String>(), any::<String>(), any::<bool>(), of(any::<u32>()));
    parts.prop_map(|(code, message, retryable, after)| StepError {
        code: code.into(),
        message,
        retryable,
        retry_after: after.map(|millis| Duration::from_millis(millis.into())),
    })
}

pub(super) fn any_resolution() -> impl Strategy<Value = Resolution> {
    prop_oneof![
        any_datum().prop_map(Resolution::Succeeded),
        any::<String>().prop_map(Resolution::Failed),
        Just(Resolution::Retry),
    ]
}

pub(super) fn any_status() -> impl Strategy<Value = RunStatus> {
    prop::sample::select(RunStatus::ALL.to_vec())
}

pub(super) fn any_parent() -> impl Strategy<Value = ParentLink> {
    (any_run(), any::<String>(), of(any::<u32>()), any::<u32>()).prop_map(|(run, step, item, generation)| ParentLink {
        run,
        step,
        item,
        generation,
    })
}

pub(super) fn any_scheduled() -> impl Strategy<Value = ScheduledFor> {
    (any::<u128>(), any_time()).prop_map(|(id, fire_at)| ScheduledFor {
        schedule: ScheduleId::from_uuid(Uuid::from_u128(id)),
        fire_at,
    })
}

pub(super) fn any_supersession() -> impl Strategy<Value = Supersession> {
    prop::sample::select(vec![Supersession::Debounce, Supersession::CancelRunning])
}

pub(super) fn any_withdrawal() -> impl Strategy<Value = Withdrawal> {
    prop_oneof![
        any_who().prop_map(|by| Withdrawal::Cancelled { by }),
        any_run().prop_map(|by| Withdrawal::Superseded { by }),
        Just(Withdrawal::Rejected),
    ]
}

pub(super) fn any_plan() -> impl Strategy<Value = FlowPlan> {
    let time = || (0u64..1 << 40).prop_map(Duration::from_millis);
    let quiet = (of(any_who()), time(), time());
    let quiet = quiet.prop_map(|(key, period, max_wait)| Quiet { key, period, max_wait });
    let rate = (any::<u32>(), time()).prop_map(|(limit, per)| Rate { limit, per });
    let on_conflict = prop::sample::select(vec![Conflict::Queue, Conflict::Reject, Conflict::CancelRunning]);
    let gate = (
        of(any_who()),
        of(any::<u32>()),
        of(rate),
        on_conflict,
        of(quiet),
        of(time()),
    );
    let gate = gate.prop_map(|(key, slots, rate, on_conflict, debounce, timeout)| Gate {
        key,
        slots,
        rate,
        on_conflict,
        debounce,
        timeout,
    });
    (any::<i8>(), of(gate)).prop_map(|(priority, gate)| FlowPlan { priority, gate })
}

pub(super) fn any_task() -> impl Strategy<Value = TaskId> {
    any::<u128>().prop_map(task)
}
