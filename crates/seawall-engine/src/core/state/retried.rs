//! A retry of the run: what took it down, what was stopped on the way down, and what was undone then, is open again. What has
//! succeeded and is in effect stays, and so does what failed while the run went on: its descendants have used that.

use std::collections::BTreeSet;

use seawall_store::Timestamp;

use crate::core::state::activity::StepStatus;
use crate::core::state::run::{Phase, RunState, Slot};
use crate::datum::weight;
use crate::definition::OnError;
use crate::names::{ActivityRef, Part, StepId};

impl RunState {
    /// What needs this step may begin. Of a step that has settled: the run went on with it.
    pub(crate) fn is_met(&self, step: usize) -> bool {
        match self.steps[step].own.status {
            StepStatus::Succeeded | StepStatus::Skipped => true,
            // `on_error: {value}` makes it succeeded. Failed all the same, it had no value to give.
            StepStatus::Failed => matches!(self.definition.steps[step].on_error, OnError::Continue),
            _ => false,
        }
    }

    /// All that the step needs is met, however far off.
    pub(crate) fn needs_met(&self, step: usize) -> bool {
        let needs = &self.definition.steps[step].needs;
        // What is met began when all above it was. Only a retry opens something above it again.
        needs.iter().all(|need| self.is_met(*need)) && (self.attempt == 1 || self.all_above_met(step))
    }

    fn all_above_met(&self, step: usize) -> bool {
        let steps = &self.definition.steps;
        let mut looked = vec![false; steps.len()];
        let mut left = steps[step].needs.clone();
        while let Some(above) = left.pop() {
            if std::mem::replace(&mut looked[above], true) {
                continue;
            }
            if !self.is_met(above) {
                return false;
            }
            left.extend(&steps[above].needs);
        }
        true
    }

    /// `raised`: what is known to have failed, what was undone, and what looked at that.
    pub(super) fn retried(&mut self, raised: &[ActivityRef], anew: &[StepId], at: Timestamp) {
        self.phase = Phase::Active;
        self.gated = false;
        self.superseded = None;
        self.attempt += 1;
        self.attempt_since = at;
        self.retry_due = None;
        self.error = None;
        self.finished_at = None;
        self.started_at.get_or_insert(at);
        self.deadline = self.definition.timeout.map(|timeout| at.saturating_add(timeout));
        let mut undone = BTreeSet::new();
        for activity in raised {
            self.reset(activity);
            undone.extend(activity.item.and(self.slot(activity)).map(|slot| slot.step));
        }
        for step in anew {
            self.give_up_list(step);
        }
        for step in 0..self.steps.len() {
            if !self.is_met(step) {
                self.reset_stopped(step);
                self.reopen(step);
            } else if undone.contains(&step) {
                // A map that had succeeded, of which items were undone.
                self.reopen(step);
            }
        }
        self.reset_compensations();
    }

    /// What was undone can be undone again once it has been done again, under another key; so can what could not be undone.
    fn reset_compensations(&mut self) {
        self.undo = None;
        let compensations = self.activities().filter(|(slot, _)| slot.part == Part::Compensate);
        let settled = compensations.filter(|(_, state)| state.status.is_settled());
        let names: Vec<ActivityRef> = settled.map(|(slot, _)| self.name(slot)).collect();
        for name in names {
            self.reset(&name);
        }
    }

    /// The map renders its list again: nothing of the old one is in effect.
    fn give_up_list(&mut self, step: &StepId) {
        let Some((index, _)) = self.definition.step(step) else {
            return;
        };
        let Some(items) = self.steps[index].items.take() else {
            return;
        };
        let mut bytes = 0;
        let earlier = &mut self.steps[index].earlier;
        for (item, (value, state)) in items.values.iter().zip(&items.states).enumerate() {
            bytes += weight(value.json()) + state.output.as_ref().map_or(0, |output| weight(output.json()));
            self.counts[state.status as usize] -= 1;
            if let (Some(at), Ok(item)) = (state.wake, u32::try_from(item)) {
                self.timers.remove(&(at, Slot::item(index, item)));
            }
            match earlier.get_mut(item) {
                Some(place) => *place = (state.generation, state.attempts),
                None => earlier.push((state.generation, state.attempts)),
            }
        }
        self.bytes = self.bytes.saturating_sub(bytes);
        // From here on the map itself counts again.
        let own = &mut self.steps[index].own;
        let was = std::mem::replace(&mut own.status, StepStatus::Pending);
        own.finished_at = None;
        own.error = None;
        let output = own.output.take();
        self.counts[StepStatus::Pending as usize] += 1;
        self.settled_steps -= u32::from(was.is_settled());
        self.bytes = self
            .bytes
            .saturating_sub(output.map_or(0, |output| weight(output.json())));
    }

    fn reset_stopped(&mut self, step: usize) {
        let stopped = |status: StepStatus| status == StepStatus::Cancelled;
        let of = &self.steps[step];
        let slots: Vec<Slot> = match &of.items {
            None => stopped(of.own.status).then_some(Slot::step(step)).into_iter().collect(),
            Some(items) => (0u32..)
                .zip(&items.states)
                .filter(|(_, state)| stopped(state.status))
                .map(|(item, _)| Slot::item(step, item))
                .collect(),
        };
        for slot in slots {
            self.reset(&self.name(slot));
        }
    }

    /// What is known to have failed, or has succeeded and was undone, gets a new key; what may be in effect keeps its own.
    fn reset(&mut self, activity: &ActivityRef) {
        let Some(state) = self.activity(activity) else { return };
        let undone = state.status == StepStatus::Succeeded;
        let renewed = undone || (state.status == StepStatus::Failed && !state.in_doubt);
        // A person settled it while its process may have been alive still. Whether that time is over is for the clock to
        // say, not for the time of this event. What begins in its turn only minds that then: compensations, and the many
        // items of a map that was undone.
        let due = state.deadline.filter(|_| activity.part == Part::Main && !undone);
        let lost = state.output.as_ref().map_or(0, |output| weight(output.json()));
        self.bytes = self.bytes.saturating_sub(lost);
        let status = match due {
            Some(_) => StepStatus::Retrying,
            None => StepStatus::Pending,
        };
        self.change(activity, status, due, |state| {
            state.failures = 0;
            state.vanished = 0;
            state.finished_at = None;
            state.error = None;
            state.output = None;
            // A child that was undone is not the one that does it again.
            state.child = state.child.take().filter(|_| !undone);
            if let Some(child) = &mut state.child {
                child.again = true;
            }
            if renewed {
                state.renew();
            }
        });
    }

    /// A map that has begun goes on with what is left of its items.
    fn reopen(&mut self, step: usize) {
        let was = self.steps[step].own.status;
        let Some(items) = &mut self.steps[step].items else {
            return;
        };
        let failed = items.states.iter().position(|state| state.status == StepStatus::Failed);
        items.failed = failed.and_then(|item| u32::try_from(item).ok());
        let own = &mut self.steps[step].own;
        own.status = StepStatus::Running;
        own.finished_at = None;
        own.error = None;
        let output = own.output.take();
        self.settled_steps -= u32::from(was.is_settled());
        self.bytes = self
            .bytes
            .saturating_sub(output.map_or(0, |output| weight(output.json())));
    }
}
