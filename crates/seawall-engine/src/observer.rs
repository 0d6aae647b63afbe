//! What the engine tells of its work while it works, for metrics.
//!
//! An [`Observer`] hears of facts once they are durable, in the process that made them so, and at most once each: a process that
//! dies, or loses a run, in between has told nobody. The journal is the truth; this is for counting.

use std::time::Duration;

use seawall_store::RunStatus;

use crate::core::{Decided, StepStatus};

/// Something that has become durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fact<'a> {
    RunStarted {
        workflow: &'a str,
    },
    /// `status` is final; `took` counts from the run's creation.
    RunEnded {
        workflow: &'a str,
        status: RunStatus,
        took: Duration,
    },
    /// A step, an item of a map or a part of either is settled, or nobody knows how it ended. `took` counts from the beginning of
    /// its first attempt. What was never begun is not told of.
    StepEnded {
        kind: &'a str,
        status: StepStatus,
        took: Duration,
    },
    ApprovalRequested,
    ApprovalDecided(Decided),
}

/// Who is told.
pub trait Observer: Send + Sync + 'static {
    /// Called on the way of every append: it neither blocks nor waits.
    fn observe(&self, fact: &Fact<'_>);
}
