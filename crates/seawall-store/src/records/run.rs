use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::ids::{Digest, Epoch, NodeId, RunId, RunKey, Seq};
use crate::records::append::Lease;
use crate::records::flow::FlowEntry;
use crate::records::workflow::WorkflowVersion;
use crate::time::Timestamp;

/// `Queued => Running => (Waiting | Paused | Blocked)* => (Succeeded | Failed | Cancelled)`; a retry leads from `Failed`
/// or `Cancelled` back to `Running`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RunStatus {
    Queued,
    Running,
    Waiting,
    Paused,
    Blocked,
    Succeeded,
    Failed,
    Cancelled,
}

impl RunStatus {
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Running,
        Self::Waiting,
        Self::Paused,
        Self::Blocked,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name on the wire and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Blocked => "blocked",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of statuses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StatusSet(u8);

impl StatusSet {
    #[must_use]
    pub fn of(statuses: &[RunStatus]) -> Self {
        Self(statuses.iter().fold(0, |bits, status| bits | Self::bit(*status)))
    }

    /// Every status of a run that has not ended.
    #[must_use]
    pub fn live() -> Self {
        Self(
            RunStatus::ALL
                .iter()
                .filter(|s| !s.is_terminal())
                .fold(0, |bits, s| bits | Self::bit(*s)),
        )
    }

    /// Every status of a run that may be retried.
    #[must_use]
    pub fn retriable() -> Self {
        Self::of(&[RunStatus::Failed, RunStatus::Cancelled])
    }

    #[must_use]
    pub const fn contains(self, status: RunStatus) -> bool {
        self.0 & Self::bit(status) != 0
    }

    const fn bit(status: RunStatus) -> u8 {
        1 << status as u8
    }
}

/// Whom a waiting run waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Awaits {
    /// Nobody, or only time, attempts and children.
    #[default]
    Nobody,
    /// A decision, a signal, or the resolution of an unknown outcome.
    Person,
}

/// What the row says of the run: recomputed from the journal at every append.
#[derive(Clone, PartialEq, Debug)]
pub struct RunProjection {
    pub status: RunStatus,
    pub awaits: Awaits,
    pub total_steps: u32,
    pub completed_steps: u32,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// `code` of the run's error, if it failed.
    pub error_code: Option<Arc<str>>,
    /// The step that made it fail, if one did. None beside a code: also in a row that was written before rows kept it.
    pub error_step: Option<Arc<str>>,
    /// The beginning of the error's message, at most [`RunProjection::MAX_MESSAGE`] bytes. None as with `error_step`.
    pub error_message: Option<Arc<str>>,
}

impl RunProjection {
    /// Of an error's message, in bytes: lists show it.
    pub const MAX_MESSAGE: usize = 1024;
}

/// Some consecutive events of one run in their stored form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segment {
    /// Place of the first event.
    pub first: Seq,
    /// How many events; at least one.
    pub count: u32,
    /// The engine's codec, opaque here.
    pub bytes: Arc<[u8]>,
}

impl Segment {
    /// Place of the last event.
    #[must_use]
    pub const fn last(&self) -> Seq {
        Seq(self.first.0 + self.count as u64 - 1)
    }
}

/// Which step of which run a child run answers to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParentLink {
    pub run: RunId,
    pub step: String,
    pub item: Option<u32>,
    pub generation: u32,
}

/// A client's key for a creation: the hash of key and scope, and the digest of the request it stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdempotencyKey {
    pub key: Digest,
    pub fingerprint: Digest,
    /// It does not expire before. See [`IdempotencyKey::OUTLIVES`].
    pub expires_at: Timestamp,
}

impl IdempotencyKey {
    /// A key counts as long as its run has not ended, and for so long after the end.
    pub const OUTLIVES: Duration = Duration::from_secs(24 * 60 * 60);
}

/// A run to be created, with its first events.
#[derive(Clone, Debug)]
pub struct NewRun {
    pub id: RunId,
    pub workflow: WorkflowVersion,
    pub created_by: Arc<str>,
    pub created_at: Timestamp,
    pub parent: Option<ParentLink>,
    pub segment: Segment,
    /// What reads the segment.
    pub reader: u32,
    pub projection: RunProjection,
    pub idempotency: Option<IdempotencyKey>,
    pub hold: Option<NodeId>,
    /// -100 to 100; for the order of those that wait.
    pub priority: i8,
    /// The run begins with its admission; `hold` means nothing then.
    pub flow: Option<FlowEntry>,
}

/// The answer to a creation.
#[derive(Clone, Debug)]
pub enum CreatedRun {
    /// Made now; with the lease if it was born held.
    New { lease: Option<Lease> },
    /// The idempotency key had made this one before.
    Replayed(Box<RunRecord>),
}

/// A run's row.
#[derive(Clone, PartialEq, Debug)]
pub struct RunRecord {
    pub key: RunKey,
    pub id: RunId,
    pub workflow: WorkflowVersion,
    pub created_by: Arc<str>,
    pub created_at: Timestamp,
    pub parent: Option<ParentLink>,
    pub priority: i8,
    pub projection: RunProjection,
    pub last_seq: Seq,
    pub epoch: Epoch,
    pub holder: Option<NodeId>,
    /// When an unheld run becomes claimable.
    pub due: Option<Timestamp>,
    /// Holders that died in a row without progress: see [`crate::Append::keeps_deaths`].
    pub deaths: u32,
    /// The reader that its journal needs: the highest of what was said with its segments. What is said of journals and readers
    /// is the engine's business; here they are numbers.
    pub reader: u32,
}

#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    /// None: whatever it is.
    pub statuses: Option<StatusSet>,
    /// By name, or by id.
    pub workflow: Option<crate::records::WorkflowRef>,
    /// Created at or after.
    pub since: Option<Timestamp>,
    /// Created before.
    pub until: Option<Timestamp>,
}

/// Part of a journal with the row it belongs to, both of one moment.
#[derive(Clone, Debug)]
pub struct JournalPage {
    pub record: RunRecord,
    pub segments: Vec<Segment>,
}

/// What a message is deduplicated by, within its run: at most 200 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MessageKey(pub String);

/// A message from outside to a run.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub key: MessageKey,
    pub allowed: StatusSet,
    /// The engine's codec, opaque here.
    pub body: Arc<[u8]>,
    pub turn: Turn,
}

/// What a message does to the turn of a run that has ended, and whose [`FlowEntry`] was released. Without flow control it
/// is read at once, whatever it says here.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Turn {
    /// Nothing.
    #[default]
    Keep,
    /// The run goes on only after a new admission: the message is withheld until then.
    Ask,
    /// The run is to wait for its new admission no longer.
    GiveUp,
}

/// The answer to a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sent {
    Accepted,
    /// A message of that key was accepted before.
    Duplicate,
    /// As `Duplicate`, and that one said something else.
    Differs,
}

/// What watchers are told after a commit.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RunProgress {
    pub seq: Seq,
    pub status: RunStatus,
    pub awaits: Awaits,
}

impl RunProgress {
    /// True once a client that waits for the run has something to do: it ended, is blocked, or waits for a person.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.status.is_terminal() || self.status == RunStatus::Blocked || self.awaits == Awaits::Person
    }
}
