//! What the events of tasks for workers outside do to the state.

use crate::core::event::Event;
use crate::core::state::activity::{ActivityState, StepStatus, Wait};
use crate::core::state::run::RunState;

impl RunState {
    pub(super) fn evolve_task(&mut self, event: &Event) {
        match event {
            Event::TaskOffered(offered) => {
                let task = Wait::Task {
                    id: offered.task,
                    queue: offered.queue.clone(),
                    told: false,
                };
                self.wait(&offered.activity, task, None);
            }
            // From here to the event that follows it is an attempt like any other that was begun.
            Event::TaskClaimed { activity, .. } => self.change(activity, StepStatus::Running, None, |_| ()),
            Event::TaskCancelRequested { activity, .. } => {
                if let Some(status) = self.activity(activity).map(|state| state.status) {
                    self.change(activity, status, None, |state| {
                        if let Some(Wait::Task { told, .. }) = &mut state.wait {
                            *told = true;
                        }
                    });
                }
            }
            _ => {}
        }
    }
}

impl ActivityState {
    /// Put off. With a task and in doubt: its worker has vanished. `begun`: it was no longer pending.
    pub(super) fn defer(&mut self, reason: String, in_doubt: bool, begun: bool) {
        let had_task = matches!(self.wait.take(), Some(Wait::Task { .. }));
        self.vanished += u32::from(had_task && in_doubt);
        self.in_doubt |= in_doubt;
        self.deferred = Some(reason);
        self.deadline = self.deadline.filter(|_| !begun);
    }
}
