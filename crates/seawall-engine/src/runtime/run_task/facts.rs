//! What an observer is to be told of, kept until it is durable.

use std::sync::Arc;

use seawall_store::{RunStatus, Timestamp};

use crate::core::{Decided, Event, Recorded, RunState, Slot, StepStatus};
use crate::names::ActivityRef;
use crate::observer::{Fact, ObservedRun, Observer, Span, StepEnd};

/// The facts of one append at most. Without an observer there are none, and nothing is allocated for them.
pub(super) struct Facts {
    observer: Option<Arc<dyn Observer>>,
    /// With the attempt of the run that each belongs to.
    kept: Vec<(u32, Kept)>,
}

#[derive(Clone, Copy)]
enum Kept {
    RunStarted,
    RunEnded {
        status: RunStatus,
        span: Span,
    },
    StepEnded {
        slot: Slot,
        status: StepStatus,
        generation: u32,
        attempts: u32,
        span: Span,
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
        if self.observer.is_none() {
            return;
        }
        let retry = |recorded: &Recorded| matches!(recorded.event, Event::RunRetried { .. });
        let retries = events.iter().filter(|recorded| retry(recorded)).count();
        let mut attempt = state.attempt.saturating_sub(u32::try_from(retries).unwrap_or(u32::MAX));
        for recorded in events {
            attempt += u32::from(retry(recorded));
            let fact = fact(state, recorded);
            self.kept.extend(fact.map(|fact| (attempt, fact)));
        }
    }

    /// Tells what was kept, once.
    pub(super) fn tell(&mut self, state: &RunState) {
        let Some(observer) = &self.observer else { return };
        for (attempt, kept) in self.kept.drain(..) {
            let run = ObservedRun {
                run: state.run,
                workflow: &state.workflow,
                trace: state.trace.as_deref(),
                parent: state.parent.as_ref(),
                attempt,
            };
            kept.tell(state, &run, &**observer);
        }
    }
}

impl Kept {
    fn tell(self, state: &RunState, run: &ObservedRun<'_>, observer: &dyn Observer) {
        let fact = match self {
            Self::RunStarted => Fact::RunStarted,
            Self::RunEnded { status, span } => Fact::RunEnded { status, span },
            Self::StepEnded {
                slot,
                status,
                generation,
                attempts,
                span,
            } => {
                let fact = Fact::StepEnded(StepEnd {
                    activity: &state.name(slot),
                    kind: state.doing(slot).kind.name(),
                    status,
                    generation,
                    attempts,
                    span,
                });
                return observer.observe(run, &fact);
            }
            Self::ApprovalRequested => Fact::ApprovalRequested,
            Self::ApprovalDecided(decided) => Fact::ApprovalDecided(decided),
        };
        observer.observe(run, &fact);
    }
}

fn fact(state: &RunState, recorded: &Recorded) -> Option<Kept> {
    let at = recorded.at;
    let run_ended = |status| Kept::RunEnded {
        status,
        span: Span {
            // One that ended and was retried at once began earlier, nobody knows when.
            began: state.attempt_since.min(at),
            ended: at,
        },
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
    let own = state.at(slot)?;
    Some(Kept::StepEnded {
        slot,
        status,
        generation: own.generation,
        attempts: own.attempts,
        span: Span {
            began: own.started_at?.min(at),
            ended: at,
        },
    })
}
