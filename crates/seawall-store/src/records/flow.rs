use std::sync::Arc;
use std::time::Duration;

use crate::ids::{RunId, WorkflowId};
use crate::records::rate::Rate;
use crate::records::run::RunStatus;
use crate::time::Timestamp;

/// What may hold a run back before it begins. All runs of one workflow and key share slots and rate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlowEntry {
    pub scope: WorkflowId,
    /// 1 to 256 bytes; None: the workflow's runs without a key, a group of their own.
    pub key: Option<Arc<str>>,
    pub numbers: FlowNumbers,
    pub on_conflict: OnConflict,
    pub debounce: Option<Debounce>,
    /// The message that begins the run: delivered with its admission, under the key `admitted`.
    pub admitted: Arc<[u8]>,
    /// The end of the run's own time: when it is due although nothing admits it.
    pub deadline: Option<Timestamp>,
}

impl FlowEntry {
    pub const MAX_KEY: usize = 256;
    /// How many waiting runs one creation supersedes at most.
    pub const MAX_SUPERSEDED: u32 = 100;
    /// How many runs one change admits at most; what is left over is admitted by the next claim.
    pub const MAX_ADMITTED: u32 = 100;
}

/// The numbers of one version of a workflow. Those of the highest version of which a run was created hold for the runs of
/// all its versions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FlowNumbers {
    pub version: u32,
    /// Runs at once of one key; None: any number.
    pub slots: Option<u32>,
    /// Starts over time of one key: a burst of `limit`, then evenly spaced.
    pub rate: Option<Rate>,
}

/// What a run does that finds no free slot. The bodies are the engine's codec, opaque here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OnConflict {
    /// It waits.
    Queue,
    /// It is refused. One that nobody can be told of any more (a child, a debounced one) gets the message and no slot.
    Reject { message: Arc<[u8]> },
    /// It waits, and those before it get the message: running ones keep their slots until they have ended.
    CancelRunning { message: Arc<[u8]> },
}

/// A run that waits for a quiet time and gives way to a newer one of its key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Debounce {
    pub key: Option<Arc<str>>,
    /// Counted from this run's creation …
    pub period: Duration,
    /// … but no longer than this from the creation of the burst's first.
    pub max_wait: Duration,
    /// For the run that gives way to this one.
    pub message: Arc<[u8]>,
}

/// Where a run with a [`FlowEntry`] stands. `(Debounced => Queued => Running) => Released`, each step may be left out; a
/// retry leads from `Released` back to `Queued`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FlowStage {
    Debounced,
    Queued,
    /// It has a slot.
    Running,
    /// It waits for nothing and has nothing: it has ended, or gave way.
    Released,
}

/// A run's place, for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlowPlace {
    pub run: RunId,
    pub scope: WorkflowId,
    pub key: Option<Arc<str>>,
    pub stage: FlowStage,
    /// Since when it has waited, or has had its slot.
    pub since: Timestamp,
    /// Of a debounced one: the end of its wait as it is now.
    pub not_before: Option<Timestamp>,
    /// Runs before it in the queue, counted up to [`FlowPlace::MAX_AHEAD`].
    pub ahead: u32,
    /// Of a queued one: runs that have a slot of the line and were not told to give way, the one created first before the
    /// others, at most [`FlowPlace::MAX_HOLDERS`].
    pub holders: Vec<(RunId, RunStatus)>,
    pub line: FlowLine,
}

impl FlowPlace {
    pub const MAX_AHEAD: u32 = 1000;
    pub const MAX_HOLDERS: u32 = 20;
}

/// One key: what runs and waits, counted by the changes themselves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlowLine {
    pub key: Option<Arc<str>>,
    pub slots: Option<u32>,
    pub rate: Option<Rate>,
    pub running: u32,
    /// In line for a slot, or for their turn at the rate.
    pub queued: u32,
    /// Debounced: still in their quiet time.
    pub waiting: u32,
    /// Since when the next one of the queue has waited.
    pub waiting_since: Option<Timestamp>,
    /// When the rate lets the next one of the queue begin. None: no rate holds it back.
    pub next_at: Option<Timestamp>,
}

/// How much earlier than `at` a run of this priority stands in its queue: one point is worth 10 s of waiting.
#[must_use]
pub fn flow_order(at: Timestamp, priority: i8) -> i64 {
    let head_start = i64::from(priority) * 10_000;
    at.as_millis().saturating_sub(head_start)
}
