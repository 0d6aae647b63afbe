//! A run's place in flow control, and its retry, against the state that its journal amounts to.

use seawall_store::{FlowStage, InspectedRun, RunParts};

use super::finding::VerifyFindingKind;
use super::report::Found;
use crate::core::{Phase, RunState};
use crate::journal::{own_retry_message_key, readmission_key, retry_message_round};

/// What a run that has ended, or has not begun, waits for.
#[derive(Clone, Copy, Default)]
pub(super) struct Standing {
    /// It has ended, and a retry that was accepted has not been read.
    pub(super) retried: bool,
    /// That retry takes a slot anew. One that its parent has asked for does not.
    pub(super) readmit: bool,
    /// It has ended, and its place or what is withheld has nothing more to come to.
    pub(super) leaves: bool,
}

pub(super) fn standing(run: &InspectedRun, parts: &RunParts, state: &RunState) -> Standing {
    if !state.is_terminal() {
        return Standing::default();
    }
    let key = if state.awaits_readmission() {
        readmission_key(state.asked)
    } else {
        own_retry_message_key(state.seq)
    };
    let readmit = parts.unread.contains(&key);
    let mut rounds = parts.unread.iter().filter_map(retry_message_round);
    let by_parent = state.parent.is_some() && rounds.any(|round| round > state.asked);
    let wrong = match parts.stage {
        // Its retry is in line.
        Some(FlowStage::Queued) => parts.withheld == 0,
        Some(FlowStage::Running) => !readmit,
        Some(FlowStage::Debounced) => true,
        Some(FlowStage::Released) | None => parts.withheld > 0,
    };
    Standing {
        retried: readmit || by_parent,
        readmit,
        leaves: wrong && !is_held(run),
    }
}

/// A run that is held is on its way: it is given back after its end, and what it has read is not written down yet.
fn is_held(run: &InspectedRun) -> bool {
    let holder = run.row.as_ref().ok().and_then(|record| record.holder);
    holder.is_some() && run.holder_lives
}

pub(super) fn check(run: &InspectedRun, parts: &RunParts, state: &RunState, standing: Standing) -> Option<Found> {
    if standing.leaves {
        let detail = match parts.stage {
            Some(FlowStage::Released) | None => "a retry of it waits for a slot and is in no queue",
            Some(FlowStage::Queued) => "it has ended, and is in the queue for a slot without a retry",
            Some(_) => "it has ended, and has a slot or waits for one still",
        };
        return Some(Found::new(VerifyFindingKind::SlotLost, detail));
    }
    let waits = (state.gated && state.phase == Phase::Queued) || state.awaits_readmission();
    if !waits || !parts.unread.is_empty() || is_held(run) {
        return None;
    }
    let detail = match parts.stage {
        Some(FlowStage::Debounced | FlowStage::Queued) => return None,
        Some(FlowStage::Running) => "it was admitted, and no message says so",
        Some(FlowStage::Released) => "it gave way or was refused, and no message says so",
        None => "it waits for its admission, and flow control knows nothing of it",
    };
    Some(Found::new(VerifyFindingKind::NeverAdmitted, detail))
}
