//! What the engine tells of its work while it works, for metrics and traces.
//!
//! An [`Observer`] hears of facts once they are durable, in the process that made them so, and at most once each: a process that
//! dies, or loses a run, in between has told nobody. The journal is the truth; this is for looking on.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{ParentLink, RunId, RunStatus, Timestamp, WorkflowVersion};

use crate::core::{Decided, StepStatus};
use crate::names::ActivityRef;

/// The run that something happened to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ObservedRun<'a> {
    pub run: RunId,
    pub workflow: &'a WorkflowVersion,
    /// Where it was asked for, in words of whoever asked.
    pub trace: Option<&'a str>,
    pub parent: Option<&'a ParentLink>,
    /// 1, and one more for each retry.
    pub attempt: u32,
}

/// From when until when something went on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    pub began: Timestamp,
    pub ended: Timestamp,
}

impl Span {
    #[must_use]
    pub fn took(self) -> Duration {
        self.ended.since(self.began)
    }
}

/// Something that has become durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fact<'a> {
    RunStarted,
    /// `status` is final. It counts from the run's creation, or from its last retry.
    RunEnded {
        status: RunStatus,
        span: Span,
    },
    /// A step, an item of a map or a part of either is settled, or nobody knows how it ended. It counts from the beginning of
    /// its first attempt. What was never begun is not told of.
    StepEnded(StepEnd<'a>),
    ApprovalRequested,
    ApprovalDecided(Decided),
}

/// How an activity ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StepEnd<'a> {
    pub activity: &'a ActivityRef,
    pub kind: &'a str,
    pub status: StepStatus,
    /// As in [`ParentLink`], of the runs that it started.
    pub generation: u32,
    /// How often it was begun.
    pub attempts: u32,
    pub span: Span,
}

/// Who is told.
pub trait Observer: Send + Sync + 'static {
    /// Called on the way of every append: it neither blocks nor waits.
    fn observe(&self, run: &ObservedRun<'_>, fact: &Fact<'_>);

    /// The trace of a run that nobody asked for, such as a schedule's. The same run has the same one.
    fn trace_of(&self, _run: RunId) -> Option<Arc<str>> {
        None
    }
}

impl<A: Observer, B: Observer> Observer for (A, B) {
    fn observe(&self, run: &ObservedRun<'_>, fact: &Fact<'_>) {
        self.0.observe(run, fact);
        self.1.observe(run, fact);
    }

    fn trace_of(&self, run: RunId) -> Option<Arc<str>> {
        self.0.trace_of(run).or_else(|| self.1.trace_of(run))
    }
}
