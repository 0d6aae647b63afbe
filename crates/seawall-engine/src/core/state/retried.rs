//! A retry of the run: what took it down, and what was stopped on the way down, is open again. What has succeeded stays, and
//! so does what failed while the run went on: its descendants have used that.

use seawall_store::Timestamp;

use crate::core::state::activity::StepStatus;
use crate::core::state::run::{Phase, RunState, Slot};
use crate::definition::OnError;
use crate::names::ActivityRef;

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

    pub(super) fn retried(&mut self, failed: &[ActivityRef], at: Timestamp) {
        self.phase = Phase::Active;
        self.gated = false;
        self.superseded = None;
        self.attempt += 1;
        self.error = None;
        self.finished_at = None;
        self.started_at.get_or_insert(at);
        self.deadline = self.definition.timeout.map(|timeout| at.saturating_add(timeout));
        for activity in failed {
            self.reset(activity);
        }
        for step in 0..self.steps.len() {
            if !self.is_met(step) {
                self.reset_stopped(step);
                self.reopen(step);
            }
        }
    }

    fn reset_stopped(&mut self, step: usize) {
        let stopped = |status: StepStatus| status == StepStatus::Cancelled;
        let of = &self.steps[step];
        let slots: Vec<Slot> = match &of.items {
            None => stopped(of.own.status).then_some(Slot::step(step)).into_iter().collect(),
            Some(items) => (0u32..)
                .zip(&items.states)
                .filter(|(_, state)| stopped(state.status))
                .map(|(item, _)| Slot { step, item: Some(item) })
                .collect(),
        };
        for slot in slots {
            self.reset(&self.name(slot));
        }
    }

    /// What is known to have failed gets a new key; what may be in effect keeps its own.
    fn reset(&mut self, activity: &ActivityRef) {
        let Some(state) = self.activity(activity) else { return };
        let renewed = state.status == StepStatus::Failed && !state.in_doubt;
        // A person settled it while its process may have been alive still. Whether that time is over is for the clock to
        // say, not for the time of this event.
        let due = state.deadline;
        let status = match due {
            Some(_) => StepStatus::Retrying,
            None => StepStatus::Pending,
        };
        self.change(activity, status, due, |state| {
            state.failures = 0;
            state.vanished = 0;
            state.finished_at = None;
            state.error = None;
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
        self.settled_steps -= u32::from(was.is_settled());
    }
}
