//! One example of each event.

use super::run_examples::{
    again_examples, flow_examples, fork_examples, run_examples, schedule_examples, trace_examples,
};
use super::step_examples::{doubt_examples, part_examples, step_examples, task_examples, wait_examples};
use crate::core::Event;

/// One of each event and of each of its shapes. Their stored form stands in `golden.v1.json`, in this order.
pub(crate) fn examples() -> Vec<Event> {
    [
        run_examples(),
        step_examples(),
        doubt_examples(),
        wait_examples(),
        schedule_examples(),
        flow_examples(),
        task_examples(),
        part_examples(),
        fork_examples(),
        again_examples(),
        trace_examples(),
    ]
    .concat()
}

/// How many events there are. A new one gets the next place here, an example above and a strategy below.
pub(crate) const EVENTS: usize = 42;

pub(crate) const fn place(event: &Event) -> usize {
    match event {
        Event::RunCreated(_) => 0,
        Event::RunStarted => 1,
        Event::RunPaused { .. } => 2,
        Event::RunResumed { .. } => 3,
        Event::CancelRequested { .. } => 4,
        Event::RunRetried { .. } => 5,
        Event::RunBlocked { .. } => 6,
        Event::RunUnblocked { .. } => 7,
        Event::RunTimedOut => 8,
        Event::RunSucceeded { .. } => 9,
        Event::RunFailed { .. } => 10,
        Event::RunCancelled => 11,
        Event::StepStarted(_) => 12,
        Event::StepSucceeded { .. } => 13,
        Event::StepFailed { .. } => 14,
        Event::StepSkipped { .. } => 15,
        Event::StepCancelled { .. } => 16,
        Event::StepDeferred { .. } => 17,
        Event::StepOutcomeUnknown { .. } => 18,
        Event::StepOutcomeResolved { .. } => 19,
        Event::MapStarted { .. } => 20,
        Event::TimerSet { .. } => 21,
        Event::TimerFired { .. } => 22,
        Event::SignalAwaited { .. } => 23,
        Event::SignalReceived { .. } => 24,
        Event::ApprovalRequested(_) => 25,
        Event::ApprovalDecided { .. } => 26,
        Event::ChildStarted(_) => 27,
        Event::ChildCancelRequested { .. } => 28,
        Event::ChildFinished { .. } => 29,
        Event::RunAdmitted { .. } => 30,
        Event::RunSuperseded { .. } => 31,
        Event::RunRejected => 32,
        Event::TaskOffered(_) => 33,
        Event::TaskClaimed { .. } => 34,
        Event::TaskCancelRequested { .. } => 35,
        Event::RunForked { .. } => 36,
        Event::CompensationStarted { .. } => 37,
        Event::StepCopied(_) => 38,
        Event::ChildRetried { .. } => 39,
        Event::RunRetryRequested { .. } => 40,
        Event::RunRetryWithdrawn { .. } => 41,
    }
}
