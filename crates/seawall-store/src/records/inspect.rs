use crate::ids::{RunId, RunKey, Seq, TenantId};
use crate::records::approval::ApprovalRecord;
use crate::records::run::{RunProjection, RunRecord, Segment};
use crate::time::Timestamp;

/// A run's row as it is stored, whether it makes sense or not.
#[derive(Clone, Debug)]
pub struct InspectedRun {
    pub key: RunKey,
    /// None where it cannot be read.
    pub id: Option<RunId>,
    pub tenant: Option<TenantId>,
    /// Or what is wrong with it.
    pub row: Result<RunRecord, String>,
    /// Its holder is a node that nobody has declared dead; also true of a run that nobody holds.
    pub holder_lives: bool,
}

/// Everything else of a run.
#[derive(Clone, Default, Debug)]
pub struct RunParts {
    /// By their places, without a look at holes or overlaps.
    pub segments: Vec<Segment>,
    /// In the order in which they were opened.
    pub approvals: Vec<ApprovalRecord>,
    /// Messages that wait.
    pub unread: u64,
    /// What cannot be read, one sentence each.
    pub troubles: Vec<String>,
}

/// Rows that belong to a run that does not exist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Strays {
    /// `journal`, `inbox`, …
    pub what: &'static str,
    pub rows: u64,
}

/// What a run's row is to say, rebuilt from its journal.
#[derive(Clone, Debug)]
pub struct RunRepair {
    pub run: RunKey,
    pub id: RunId,
    pub projection: RunProjection,
    pub last_seq: Seq,
    /// Nobody holds the run after this; else its holder keeps it, and it has no timer.
    pub release: bool,
    pub due: Option<Timestamp>,
    /// Written where they are missing, overwritten where they are there.
    pub approvals: Vec<ApprovalRecord>,
}
