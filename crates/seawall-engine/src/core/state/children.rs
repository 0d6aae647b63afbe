//! What the events of child runs do to the state.

use seawall_store::Timestamp;

use crate::core::event::Event;
use crate::core::state::activity::{Begun, StepStatus, Wait};
use crate::core::state::run::RunState;
use crate::names::ActivityRef;

impl RunState {
    pub(super) fn evolve_child(&mut self, event: &Event) {
        match event {
            Event::ChildStarted(started) => {
                // The deadline of the wait stands in StepStarted.
                let until = self.activity(&started.activity).and_then(|state| state.deadline);
                let begun = Begun {
                    run: started.child,
                    workflow: started.workflow.clone(),
                    again: false,
                };
                self.wait_for_child(&started.activity, begun, 0, until);
            }
            Event::ChildRetried { activity, child } => {
                let own = self.activity(activity);
                let until = own.and_then(|state| state.deadline);
                let round = own.map_or(0, |state| state.attempts);
                let begun = own
                    .and_then(|state| state.child.clone())
                    .filter(|own| own.run == *child);
                // Of a child that was never begun, a damaged journal says so.
                if let Some(begun) = begun {
                    self.wait_for_child(activity, Begun { again: false, ..begun }, round, until);
                }
            }
            Event::ChildCancelRequested { activity, .. } => {
                // Its end will come; its timeout means nothing any more.
                if let Some(status) = self.activity(activity).map(|state| state.status) {
                    self.change(activity, status, None, |state| state.child_told = true);
                }
            }
            _ => self.evolve_task(event),
        }
    }

    fn wait_for_child(&mut self, activity: &ActivityRef, begun: Begun, round: u32, until: Option<Timestamp>) {
        let wait = Wait::Child {
            run: begun.run,
            workflow: begun.workflow.clone(),
            round,
        };
        self.change(activity, StepStatus::Waiting, until, |state| {
            state.wait = Some(wait);
            state.child = Some(begun);
        });
    }
}
