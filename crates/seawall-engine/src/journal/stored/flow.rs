//! What flow control writes.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{Rate, RunId};
use serde::{Deserialize, Serialize};

use crate::core::{Event, Supersession, Withdrawal};
use crate::definition::{Conflict, FlowPlan, Gate, Quiet};
use crate::journal::stored::run::is_default;
use crate::journal::stored::scalars::{Named, Shared, Text, named};

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct RunAdmittedV1 {
    pub(in crate::journal) waited_ms: u64,
}

#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct RunSupersededV1 {
    pub(in crate::journal) by: Text<RunId>,
    #[serde(with = "named")]
    pub(in crate::journal) reason: Supersession,
}

impl From<RunSupersededV1> for Event {
    fn from(stored: RunSupersededV1) -> Self {
        Self::RunSuperseded {
            by: stored.by.0,
            reason: stored.reason,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub(in crate::journal) enum RunRetryWithdrawnV1 {
    Cancelled { by: Shared },
    Superseded { by: Text<RunId> },
    Rejected,
}

impl From<&Withdrawal> for RunRetryWithdrawnV1 {
    fn from(reason: &Withdrawal) -> Self {
        match reason {
            Withdrawal::Cancelled { by } => Self::Cancelled {
                by: Shared(Arc::clone(by)),
            },
            Withdrawal::Superseded { by } => Self::Superseded { by: Text(*by) },
            Withdrawal::Rejected => Self::Rejected,
        }
    }
}

impl From<RunRetryWithdrawnV1> for Event {
    fn from(stored: RunRetryWithdrawnV1) -> Self {
        let reason = match stored {
            RunRetryWithdrawnV1::Cancelled { by } => Withdrawal::Cancelled { by: by.0 },
            RunRetryWithdrawnV1::Superseded { by } => Withdrawal::Superseded { by: by.0 },
            RunRetryWithdrawnV1::Rejected => Withdrawal::Rejected,
        };
        Self::RunRetryWithdrawn { reason }
    }
}

impl Named for Supersession {
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Debounce, "debounce"), (Self::CancelRunning, "cancel_running")];
}

impl Named for Conflict {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Queue, "queue"),
        (Self::Reject, "reject"),
        (Self::CancelRunning, "cancel_running"),
    ];
}

/// What flow control comes to for a child run. Nothing of it: no field.
#[derive(Serialize, Deserialize)]
pub(in crate::journal) struct FlowV1 {
    #[serde(default, skip_serializing_if = "is_default")]
    priority: i8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gate: Option<GateV1>,
}

/// Times are milliseconds.
#[derive(Serialize, Deserialize)]
struct GateV1 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Shared>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slots: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate: Option<RateV1>,
    #[serde(with = "named")]
    on_conflict: Conflict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    debounce: Option<QuietV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timeout: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct RateV1 {
    limit: u32,
    per: u64,
}

#[derive(Serialize, Deserialize)]
struct QuietV1 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Shared>,
    period: u64,
    max_wait: u64,
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl FlowV1 {
    /// None: nothing is to be said.
    pub(in crate::journal) fn of(plan: &FlowPlan) -> Option<Self> {
        (*plan != FlowPlan::default()).then(|| Self {
            priority: plan.priority,
            gate: plan.gate.as_ref().map(GateV1::from),
        })
    }
}

impl From<FlowV1> for FlowPlan {
    fn from(stored: FlowV1) -> Self {
        Self {
            priority: stored.priority,
            gate: stored.gate.map(Gate::from),
        }
    }
}

impl From<&Gate> for GateV1 {
    fn from(gate: &Gate) -> Self {
        Self {
            key: gate.key.clone().map(Shared),
            slots: gate.slots,
            rate: gate.rate.map(|rate| RateV1 {
                limit: rate.limit,
                per: millis(rate.per),
            }),
            on_conflict: gate.on_conflict,
            debounce: gate.debounce.as_ref().map(|quiet| QuietV1 {
                key: quiet.key.clone().map(Shared),
                period: millis(quiet.period),
                max_wait: millis(quiet.max_wait),
            }),
            timeout: gate.timeout.map(millis),
        }
    }
}

impl From<GateV1> for Gate {
    fn from(stored: GateV1) -> Self {
        Self {
            key: stored.key.map(|key| key.0),
            slots: stored.slots,
            rate: stored.rate.map(|rate| Rate {
                limit: rate.limit,
                per: Duration::from_millis(rate.per),
            }),
            on_conflict: stored.on_conflict,
            debounce: stored.debounce.map(|quiet| Quiet {
                key: quiet.key.map(|key| key.0),
                period: Duration::from_millis(quiet.period),
                max_wait: Duration::from_millis(quiet.max_wait),
            }),
            timeout: stored.timeout.map(Duration::from_millis),
        }
    }
}
