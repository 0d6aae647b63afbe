//! What an observer is to be told of, kept until it is durable.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{RunStatus, Timestamp};

use crate::core::{Decided, Event, Recorded, RunState, Slot, StepStatus};
use crate::names::ActivityRef;
use crate::observer::{Fact, Observer};

/// The facts of one append at most. Without an observer there are none.
pub(super) struct Facts {
    observer: Option<Arc<dyn Observer>>,
    kept: Vec<Kept>,
}

#[derive(Clone, Copy)]
enum Kept {
    RunStarted,
    RunEnded {
        status: RunStatus,
        took: Duration,
    },
    StepEnded {
        slot: Slot,
        status: StepStatus,
        took: Duration,
    },
    ApprovalRequested,
    ApprovalDecided(Decided),
}

impl Facts {
    pub(super) fn for_observer(observer: Option<Arc<dyn Observer>>) -> Self {
        Self {
            observer,
            kept: Vec::new(),
        }
    }

    /// Keeps what these events come to, instead of what was kept. `state` is the one after them.
    pub(super) fn keep(&mut self, state: &RunState, events: &[Recorded]) {
        self.kept.clear();
        if self.observer.is_some() {
            let facts = events.iter().filter_map(|recorded| fact(state, recorded));
            self.kept.extend(facts);
        }
    }

    /// Tells what was kept, once.
    pub(super) fn tell(&mut self, state: &RunState) {
        let Some(observer) = &self.observer else { return };
        for kept in self.kept.drain(..) {
            observer.observe(&kept.told(state));
        }
    }
}

impl Kept {
    fn told(self, state: &RunState) -> Fact<'_> {
        let workflow = &*state.workflow.name;
        match self {
            Self::RunStarted => Fact::RunStarted { workflow },
            Self::RunEnded { status, took } => Fact::RunEnded { workflow, status, took },
            Self::StepEnded { slot, status, took } => Fact::StepEnded {
                kind: state.doing(slot).kind.name(),
                status,
                took,
            },
            Self::ApprovalRequested => Fact::ApprovalRequested,
            Self::ApprovalDecided(decided) => Fact::ApprovalDecided(decided),
        }
    }
}

fn fact(state: &RunState, recorded: &Recorded) -> Option<Kept> {
    let at = recorded.at;
    let run_ended = |status| Kept::RunEnded {
        status,
        took: at.since(state.created_at),
    };
    match &recorded.event {
        Event::RunStarted => Some(Kept::RunStarted),
        Event::RunSucceeded { .. } => Some(run_ended(RunStatus::Succeeded)),
        Event::RunFailed { .. } => Some(run_ended(RunStatus::Failed)),
        Event::RunCancelled => Some(run_ended(RunStatus::Cancelled)),
        Event::StepSucceeded { activity, .. } => step_ended(state, activity, StepStatus::Succeeded, at),
        Event::StepFailed {
            activity,
            retry_at: None,
            ..
        } => step_ended(state, activity, StepStatus::Failed, at),
        Event::StepCancelled { activity } => step_ended(state, activity, StepStatus::Cancelled, at),
        Event::StepOutcomeUnknown { activity, .. } => step_ended(state, activity, StepStatus::Unknown, at),
        Event::ApprovalRequested(_) => Some(Kept::ApprovalRequested),
        Event::ApprovalDecided { decision, .. } => Some(Kept::ApprovalDecided(*decision)),
        _ => None,
    }
}

fn step_ended(state: &RunState, activity: &ActivityRef, status: StepStatus, at: Timestamp) -> Option<Kept> {
    let slot = state.slot(activity)?;
    let began = state.at(slot)?.started_at?;
    Some(Kept::StepEnded {
        slot,
        status,
        took: at.since(began),
    })
}
