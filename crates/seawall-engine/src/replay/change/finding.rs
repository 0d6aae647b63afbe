//! What a change of the definition would have meant to a run.

use seawall_store::{RunStatus, Seq};

use crate::names::ActivityRef;

/// A run against a changed definition.
#[derive(Clone, PartialEq, Debug)]
pub struct Comparison {
    /// What would have gone otherwise, in the order of the record. Empty: the change makes no difference to this run.
    pub findings: Vec<Finding>,
    /// There are more than are listed.
    pub more: bool,
    pub recorded: RunStatus,
    /// Where the run stands once no answer is left.
    pub replayed: RunStatus,
}

/// One difference.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// The recorded event at which it showed.
    pub seq: Seq,
    /// None: it is about the whole run.
    pub activity: Option<ActivityRef>,
    pub kind: FindingKind,
    /// For the author of the workflow.
    pub message: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FindingKind {
    /// This program does not decide what the record says even with the run's own definition.
    Record,
    /// The run's input does not match the changed schema.
    InputRefused,
    /// A recorded answer was given to another request.
    RequestChanged,
    /// The record has no answer.
    NoAnswer,
    NeedsSignal,
    NeedsDecision,
    /// A person would be asked something else. The recorded decision is taken all the same.
    AsksOtherwise,
    /// It would wait for another time, or in another place of its queue.
    WaitsOtherwise,
    /// A step that ran does not, or one that did not runs.
    RunsOtherwise,
    /// A step would end otherwise.
    EndsOtherwise,
    OutputDiffers,
    /// The run would end otherwise.
    RunDiffers,
}

impl FindingKind {
    /// Stable, kebab-case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Record => "record-diverges",
            Self::InputRefused => "input-refused",
            Self::RequestChanged => "request-changed",
            Self::NoAnswer => "no-answer",
            Self::NeedsSignal => "needs-signal",
            Self::NeedsDecision => "needs-decision",
            Self::AsksOtherwise => "asks-otherwise",
            Self::WaitsOtherwise => "waits-otherwise",
            Self::RunsOtherwise => "runs-otherwise",
            Self::EndsOtherwise => "ends-otherwise",
            Self::OutputDiffers => "output-differs",
            Self::RunDiffers => "run-differs",
        }
    }
}

/// Findings in the making.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) list: Vec<Finding>,
    pub(super) more: bool,
}

impl Findings {
    /// More than these tell nobody more.
    const MOST: usize = 100;

    /// Adds one. Answers its place, if there was room.
    pub(super) fn add(&mut self, finding: Finding) -> Option<usize> {
        if self.list.len() >= Self::MOST {
            self.more = true;
            return None;
        }
        self.list.push(finding);
        Some(self.list.len() - 1)
    }
}
