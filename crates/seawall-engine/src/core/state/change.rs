//! The one place where an activity changes: the indexes of the run follow it here, and nowhere else.

use seawall_store::Timestamp;

use crate::core::state::activity::{ActivityState, StepStatus, Wait};
use crate::core::state::run::{MapItems, RunState, Slot, StepState};
use crate::names::{ActivityRef, Part};

impl RunState {
    pub(super) fn settle(
        &mut self,
        activity: &ActivityRef,
        status: StepStatus,
        at: Timestamp,
        with: impl FnOnce(&mut ActivityState),
    ) {
        let by = self.seq;
        self.change(activity, status, None, |state| {
            state.finished_at = Some(at);
            state.settled_by = by;
            state.wait = None;
            state.child_told = false;
            state.deferred = None;
            with(state);
        });
    }

    /// Every change of an activity goes through here: the timers and counts follow.
    pub(super) fn change(
        &mut self,
        activity: &ActivityRef,
        status: StepStatus,
        wake: Option<Timestamp>,
        with: impl FnOnce(&mut ActivityState),
    ) {
        let Some(slot) = self.slot(activity) else { return };
        let step = &mut self.steps[slot.step];
        let is_map = slot == Slot::step(slot.step) && step.items.is_some();
        let Some(state) = step.at_mut(slot) else { return };
        let (old_status, old_wake) = (state.status, state.wake);
        let (asked, offered) = (state.asks(), state.is_offered());
        state.status = status;
        state.wake = wake;
        // An attempt or a wait that is settled is over. What a person has settled may still be at it.
        if status.is_settled() && !matches!(old_status, StepStatus::Unknown | StepStatus::Retrying) {
            state.deadline = None;
        }
        with(state);
        let (asks, offers) = (state.asks(), state.is_offered());
        if let Some(at) = old_wake {
            self.timers.remove(&(at, slot));
        }
        if let Some(at) = wake {
            self.timers.insert((at, slot));
        }
        self.asking += u32::from(asks);
        self.asking -= u32::from(asked);
        self.offered += u32::from(offers);
        self.offered -= u32::from(offered);
        if !is_map {
            self.counts[old_status as usize] -= 1;
            self.counts[status as usize] += 1;
        }
        self.follow(slot, old_status, status);
    }

    fn follow(&mut self, slot: Slot, old: StepStatus, new: StepStatus) {
        match (slot.part, slot.item) {
            (Part::Main, None) => {
                self.settled_steps += u32::from(new.is_settled());
                self.settled_steps -= u32::from(old.is_settled());
            }
            (Part::Main, Some(item)) => {
                if let Some(items) = &mut self.steps[slot.step].items {
                    items.follow(item, old, new);
                }
            }
            (Part::Compensate, _) if new.is_settled() => {
                // They run one after another, so the first one is the one that ends.
                if let Some(undo) = &mut self.undo
                    && undo.front() == Some(&slot)
                {
                    undo.pop_front();
                }
            }
            (Part::Compensate, _) => {}
            (Part::Reconcile, _) => {
                let looks = |status: StepStatus| !status.is_settled() && status != StepStatus::Pending;
                self.looking += u32::from(looks(new));
                self.looking -= u32::from(looks(old));
            }
        }
    }

    /// Makes room for a part that has not been heard of before.
    pub(super) fn open_part(&mut self, slot: Slot) {
        if let std::collections::btree_map::Entry::Vacant(place) =
            self.steps[slot.step].parts.entry((slot.item, slot.part))
        {
            let new = place.insert(ActivityState::default());
            self.counts[new.status as usize] += 1;
        }
    }
}

impl StepState {
    fn at_mut(&mut self, slot: Slot) -> Option<&mut ActivityState> {
        match (slot.part, slot.item) {
            (Part::Main, None) => Some(&mut self.own),
            (Part::Main, Some(item)) => self.items.as_mut()?.states.get_mut(item as usize),
            (part, item) => self.parts.get_mut(&(item, part)),
        }
    }
}

impl ActivityState {
    /// It waits for somebody outside: a signal, a decision.
    const fn asks(&self) -> bool {
        matches!(self.status, StepStatus::Waiting)
            && matches!(self.wait, Some(Wait::Signal { .. } | Wait::Approval { .. }))
    }

    /// It waits for a worker.
    const fn is_offered(&self) -> bool {
        matches!(self.status, StepStatus::Waiting) && matches!(self.wait, Some(Wait::Task { .. }))
    }

    /// The earlier effect is known not to count: a new effect, a new key.
    pub(super) const fn renew(&mut self) {
        self.generation += 1;
        self.failures = 0;
        self.vanished = 0;
        self.keyed_since = None;
        self.in_doubt = false;
    }
}

impl MapItems {
    fn follow(&mut self, item: u32, old: StepStatus, new: StepStatus) {
        let active = |status: StepStatus| !status.is_settled() && status != StepStatus::Pending;
        self.active += u32::from(active(new));
        self.active -= u32::from(active(old));
        self.settled += u32::from(new.is_settled());
        self.settled -= u32::from(old.is_settled());
        if new == StepStatus::Failed && self.failed.is_none() {
            self.failed = Some(item);
        }
        if new == StepStatus::Pending {
            self.next = self.next.min(item as usize);
        }
        let begun = |state: &ActivityState| state.status != StepStatus::Pending;
        while self.states.get(self.next).is_some_and(begun) {
            self.next += 1;
        }
    }
}
