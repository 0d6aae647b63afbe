//! Recover: another holder died with attempts in flight. Each is settled by what its effect class allows.

use std::time::Duration;

use seawall_store::Timestamp;

use crate::core::commands::decision::Draft;
use crate::core::commands::{begin, flow, reconcile};
use crate::core::event::Event;
use crate::core::state::{Slot, StepStatus};
use crate::definition::Kind;
use crate::effect::EffectClass;
use crate::executor::StepError;

pub(super) fn recover(draft: &mut Draft<'_>, predecessor_dead: bool) {
    begin::begin(draft);
    let in_flight: Vec<Slot> = draft
        .state
        .activities()
        .filter(|(_, activity)| activity.status == StepStatus::Running)
        .map(|(slot, _)| slot)
        .collect();
    for slot in in_flight {
        recover_one(draft, slot, predecessor_dead);
    }
}

fn recover_one(draft: &mut Draft<'_>, slot: Slot, predecessor_dead: bool) {
    let activity = draft.state.name(slot);
    let step = draft.state.doing(slot);
    let (effect, is_child) = (step.effect, matches!(step.kind, Kind::Workflow(_)));
    let stopped = flow::is_being_stopped(draft.state, slot) && effect != EffectClass::Once;
    if stopped || reconcile::is_needless(draft.state, slot) {
        draft.emit(Event::StepCancelled { activity });
    } else if let Some(until) = reconcile::superseded(draft, slot) {
        reconcile::put_off(draft, activity, until);
    } else if is_child {
        // Nothing was begun: the child's row would have been written together with its ChildStarted.
        flow::find_child(draft, slot);
    } else if effect == EffectClass::Once {
        let error = StepError::new("holder-died", "the process died while the attempt was running");
        let safe_after = if predecessor_dead {
            None
        } else {
            Some(safe_after(draft, slot))
        };
        draft.emit(Event::StepOutcomeUnknown {
            activity,
            error,
            safe_after,
        });
    } else if draft.state.may_begin(slot.part) {
        flow::begin_again(draft, slot);
    } else {
        let (until, reason) = (draft.now(), "the process died while the attempt was running".to_owned());
        draft.emit(Event::StepDeferred {
            activity,
            until,
            reason,
            in_doubt: true,
        });
    }
}

/// Nobody knows that the old process is dead: it may go on until its attempt and its lease are over. An attempt has no more
/// than its timeout left, however far the clock was set back since it began.
fn safe_after(draft: &Draft<'_>, slot: Slot) -> Timestamp {
    let now = draft.now();
    let deadline = draft.state.at(slot).and_then(|activity| activity.deadline);
    let left = deadline.map_or(Duration::ZERO, |deadline| deadline.since(now));
    let most = draft.state.doing(slot).timeout.unwrap_or(left);
    now.saturating_add(left.min(most)).saturating_add(draft.env.lease)
}
