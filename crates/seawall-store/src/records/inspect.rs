use std::collections::BTreeMap;

use crate::ids::{RunId, RunKey, ScheduleId, Seq, TaskId, TenantId};
use crate::records::approval::ApprovalRecord;
use crate::records::flow::FlowStage;
use crate::records::run::{MessageKey, RunProjection, RunRecord, Segment};
use crate::records::schedule::ScheduleRecord;
use crate::records::task::TaskStatus;
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
    /// The keys of messages that wait, in the order in which they came.
    pub unread: Vec<MessageKey>,
    /// Messages that nobody reads before the run is admitted anew.
    pub withheld: u64,
    /// Where flow control has it, if it is under it.
    pub stage: Option<FlowStage>,
    /// Every task that it has offered.
    pub tasks: BTreeMap<TaskId, TaskStatus>,
    /// What cannot be read, one sentence each.
    pub troubles: Vec<String>,
}

/// A schedule's row as it is stored, whether it makes sense or not.
#[derive(Clone, Debug)]
pub struct InspectedSchedule {
    /// Its place in the order of creation.
    pub place: i64,
    /// None where it cannot be read.
    pub id: Option<ScheduleId>,
    /// Or what is wrong with it.
    pub row: Result<ScheduleRecord, String>,
}

/// What a store keeps beside its rows so that it need not count them, and that does not follow from them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Miscount {
    /// `queues`, …
    pub what: &'static str,
    /// How many are wrong.
    pub rows: u64,
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
    /// It has ended, and is due since it was asked to go on: that takes a slot anew.
    pub readmit: bool,
    /// It has nothing to do with a place in flow control, or with what is withheld until it has one: both go.
    pub leaves: bool,
    /// Written where they are missing, overwritten where they are there.
    pub approvals: Vec<ApprovalRecord>,
}
