use std::sync::Arc;
use std::time::Duration;

use crate::ids::{ApprovalId, Epoch, NodeId, RunId, RunKey, Seq, TenantId};
use crate::records::approval::ApprovalStatus;
use crate::records::run::{MessageKey, NewRun, RunProjection, RunRecord, Segment};
use crate::records::task::{TaskOffered, TaskWithdrawn};
use crate::time::Timestamp;

/// The right to append to a run: who holds it, at which epoch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lease {
    pub key: RunKey,
    pub run: RunId,
    pub tenant: TenantId,
    pub node: NodeId,
    pub epoch: Epoch,
}

/// How much one claim may take.
#[derive(Clone, Copy, Debug)]
pub struct ClaimLimits {
    pub max: u32,
    /// Also take so many runs with [`ClaimLimits::SUSPECT`] deaths or more, but no more than half of `max`, rounded up.
    pub suspects: u32,
    /// If no other suspect is due, one with [`ClaimLimits::GRAVE`] deaths or more may be taken; else none of these.
    pub grave: bool,
    /// Runs that need a later reader than this are left alone, for a node that has it.
    pub reader: u32,
    pub ttl: Duration,
}

impl ClaimLimits {
    /// From so many deaths on a run is a suspect: it may be what its holders die of.
    pub const SUSPECT: u32 = 3;
    /// From so many on a suspect is claimed by itself, so that nobody else is suspected for its deaths.
    pub const GRAVE: u32 = 6;
}

/// A run that was just claimed.
#[derive(Clone, Debug)]
pub struct ClaimedRun {
    pub lease: Lease,
    pub deaths: u32,
}

/// A run that a node holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldRun {
    pub lease: Lease,
    pub deaths: u32,
    pub last_seq: Seq,
}

/// A message that waits in a run's inbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InboxRow {
    /// Place in the inbox, ascending.
    pub id: i64,
    pub key: MessageKey,
    pub body: Arc<[u8]>,
}

/// Everything about a run that a holder needs to go on with it.
#[derive(Clone, Debug)]
pub struct LoadedRun {
    pub record: RunRecord,
    pub segments: Vec<Segment>,
    /// The oldest unread messages, at most [`LoadedRun::MAX_INBOX`].
    pub inbox: Vec<InboxRow>,
}

impl LoadedRun {
    /// Messages of up to 1 MiB may have gathered for as long as nobody held the run: they are not all read at once.
    pub const MAX_INBOX: usize = 64;
}

/// An approval that becomes visible with this append.
#[derive(Clone, PartialEq, Debug)]
pub struct ApprovalOpened {
    pub id: ApprovalId,
    pub step: String,
    pub item: Option<u32>,
    pub message: String,
    pub deciders: Vec<String>,
    pub requested_at: Timestamp,
    pub expires_at: Option<Timestamp>,
}

/// An approval that is settled with this append.
#[derive(Clone, PartialEq, Debug)]
pub struct ApprovalSettled {
    pub id: ApprovalId,
    pub status: ApprovalStatus,
    pub comment: Option<String>,
    pub decided_by: Option<String>,
    pub decided_at: Timestamp,
}

/// A message to another run of the same tenant, written with this append whatever that run's status is.
#[derive(Clone, PartialEq, Debug)]
pub struct CrossMessage {
    pub to: RunId,
    pub key: MessageKey,
    pub body: Arc<[u8]>,
    /// What the run that is appended to finds in its own inbox instead, if the tenant does not have the receiver.
    pub unheard: Option<(MessageKey, Arc<[u8]>)>,
}

/// What becomes of the lease with this append.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AppendThen {
    Hold,
    /// Give the run back; it becomes claimable at `due`, or when a message arrives.
    Park {
        due: Option<Timestamp>,
    },
    /// The run has ended: give it back for good (a retry message makes it claimable again). What is unread then stays so.
    End,
}

/// What an append does to the turn of its own run, which has ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum OwnTurn {
    #[default]
    Keep,
    /// Flow control, if it has released the run by then, is asked for a new admission, and this message is withheld until
    /// then; a run that waits already keeps its place, and nothing is written. Nobody can be told that the run is refused but
    /// the run itself.
    Ask { key: MessageKey, body: Arc<[u8]> },
    /// It waits for its new admission no longer.
    GiveUp,
}

/// One atomic change of a held run.
#[derive(Clone, Debug)]
pub struct Append {
    pub lease: Lease,
    /// `segment.first` is the place after the last durable event. None: only the rest changes (parking, consuming).
    pub segment: Option<Segment>,
    /// The last place before this append.
    pub after: Seq,
    pub projection: RunProjection,
    /// What reads this segment. 0: whoever could read the run can read it still.
    pub reader: u32,
    /// Inbox rows whose events stand in this segment.
    pub consumed: Vec<i64>,
    pub opened: Vec<ApprovalOpened>,
    pub settled: Vec<ApprovalSettled>,
    pub children: Vec<NewRun>,
    pub messages: Vec<CrossMessage>,
    pub tasks: Vec<TaskOffered>,
    pub withdrawn: Vec<TaskWithdrawn>,
    pub turn: OwnTurn,
    /// The events only say what a new holder found and began: no sign that the run is harmless. Its deaths still count.
    pub keeps_deaths: bool,
    pub then: AppendThen,
}

/// A durable append.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Appended {
    pub last: Seq,
    /// The lease is given back (always after `End`; after `Park` only if no message was unread).
    pub parked: bool,
}
