//! What the store is told of a run that flow control holds back: numbers as they were rendered, and the messages that it
//! delivers on the engine's behalf.

use seawall_store::{Debounce, FlowEntry, FlowNumbers, OnConflict, RunId, Timestamp, WorkflowVersion};

use crate::core::{Message, Supersession};
use crate::definition::{Conflict, Gate};
use crate::journal::message::encode_message;

/// The entry of a run that is created at `created_at`.
#[must_use]
pub(crate) fn flow_entry(gate: &Gate, run: RunId, workflow: &WorkflowVersion, created_at: Timestamp) -> FlowEntry {
    let superseded = |reason| encode_message(&Message::Superseded { by: run, reason });
    FlowEntry {
        scope: workflow.id,
        key: gate.key.clone(),
        numbers: FlowNumbers {
            version: workflow.version,
            slots: gate.slots,
            rate: gate.rate,
        },
        on_conflict: match gate.on_conflict {
            Conflict::Queue => OnConflict::Queue,
            Conflict::Reject => OnConflict::Reject {
                message: encode_message(&Message::Rejected),
            },
            Conflict::CancelRunning => OnConflict::CancelRunning {
                message: superseded(Supersession::CancelRunning),
            },
        },
        debounce: gate.debounce.as_ref().map(|quiet| Debounce {
            key: quiet.key.clone(),
            period: quiet.period,
            max_wait: quiet.max_wait,
            message: superseded(Supersession::Debounce),
        }),
        admitted: encode_message(&Message::Admitted),
        deadline: gate.timeout.map(|timeout| created_at.saturating_add(timeout)),
    }
}
