//! What flow control says of a run that waits: it may begin, gives way to another one, or has no place at all.

use std::sync::Arc;

use seawall_store::RunId;

use crate::core::Withdrawal;
use crate::core::commands::decision::Draft;
use crate::core::commands::{begin, retry};
use crate::core::event::{Event, Supersession};
use crate::core::state::Phase;

pub(super) fn admitted(draft: &mut Draft<'_>) {
    let since = match &draft.state.retry_due {
        // It is retried behind this decision.
        Some(due) if draft.state.awaits_readmission() => due.at,
        _ if waits(draft) => draft.state.created_at,
        _ => return,
    };
    let waited = draft.now().since(since);
    let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
    draft.emit(Event::RunAdmitted { waited_ms });
    begin::begin(draft);
}

/// Also of one that has begun: it has its slot until it has ended.
pub(super) fn superseded(draft: &mut Draft<'_>, by: RunId, reason: Supersession) {
    if matches!(draft.state.phase, Phase::Queued | Phase::Active) {
        draft.emit(Event::RunSuperseded { by, reason });
        let by = Arc::from(by.to_string());
        draft.emit(Event::CancelRequested { by });
    } else if draft.state.awaits_readmission() {
        retry::withdraw(draft, Withdrawal::Superseded { by });
    }
}

pub(super) fn rejected(draft: &mut Draft<'_>) {
    if waits(draft) {
        draft.emit(Event::RunRejected);
    } else if draft.state.awaits_readmission() {
        retry::withdraw(draft, Withdrawal::Rejected);
    }
}

fn waits(draft: &Draft<'_>) -> bool {
    draft.state.gated && draft.state.phase == Phase::Queued
}
