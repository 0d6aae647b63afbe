//! The calls. Small numbers stand for ids: `tenant` 0..2, `node` (a slot) 0..2, `run` 0..5, `name` and `text` 0..3, `task`
//! 0..40, `queue` 0..2. `nth` counts back from the last one that was offered or claimed.

use crate::records::Turn;

/// What update and delete expect of the latest version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expect {
    Nothing,
    /// The digest of this text.
    Text(u8),
}

/// How an append departs from what its holder may write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrong {
    Nothing,
    Node,
    Epoch,
    After,
    Hole,
    /// The lease before the last one that was granted for the run.
    OldLease,
    /// The last append that was tried for the run, once more.
    Repeat,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Then {
    Hold,
    /// Due so many milliseconds from now.
    Park(Option<u16>),
    End,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OwnTurnOp {
    /// With this key.
    Ask(u8),
    GiveUp,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppendOp {
    pub run: u8,
    pub wrong: Wrong,
    /// How many events; none: no segment.
    pub events: u8,
    pub status: u8,
    /// How many of the oldest unread messages are consumed.
    pub consume: u8,
    pub open: Option<u8>,
    pub settle: Option<(u8, u8)>,
    pub child: Option<u8>,
    /// Of the child.
    pub flow: Option<FlowOp>,
    /// To which run, with which key.
    pub message: Option<(u8, u8)>,
    pub offer: Vec<OfferOp>,
    /// Which of the run's tasks (`nth`), with how many milliseconds of grace.
    pub withdraw: Option<(u8, u16)>,
    pub turn: Option<OwnTurnOp>,
    pub keeps_deaths: bool,
    pub reader: u8,
    pub then: Then,
}

/// What holds a run back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlowOp {
    /// 0: none.
    pub key: u8,
    pub version: u8,
    pub slots: Option<u8>,
    /// Two in so many hundreds of milliseconds.
    pub rate: Option<u8>,
    /// 0 queue, 1 reject, 2 cancel running.
    pub on_conflict: u8,
    /// Its key, and its period in hundreds of milliseconds.
    pub debounce: Option<(u8, u8)>,
    /// Milliseconds from now.
    pub deadline: Option<u16>,
}

/// A firing of a schedule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FireOp {
    pub tenant: u8,
    pub schedule: u8,
    /// Somebody else was first.
    pub stale: bool,
    pub takes_waiting: bool,
    /// 0 skip, 1 queue, 2 allow.
    pub overlap: u8,
    pub runs: Vec<u8>,
    pub due: Option<u16>,
    pub fails: bool,
}

/// A task that an append offers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OfferOp {
    pub task: u8,
    pub queue: u8,
    pub key: Option<u8>,
    pub priority: i8,
    pub bytes: u8,
    pub timeout: u16,
}

/// What is wrong with a worker's word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lie {
    Nothing,
    Lease,
    Tenant,
    Task,
}

/// What workers and operators do with tasks and queues.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TaskOp {
    Claim {
        tenant: u8,
        queue: u8,
        max: u8,
        max_bytes: u8,
        lease_for: u16,
    },
    Heartbeat {
        nth: u8,
        lie: Lie,
        progress: Option<u8>,
    },
    Settle {
        nth: u8,
        lie: Lie,
        lapse: bool,
        key: u8,
    },
    Lapsed {
        limit: u8,
    },
    Prolong {
        ahead: u16,
        grace: u16,
        limit: u8,
    },
    Set {
        tenant: u8,
        queue: u8,
        concurrency: Option<u8>,
        per_key: Option<u8>,
        rate: Option<u8>,
        paused: bool,
        /// Only where it was paused, or was not.
        expects: Option<bool>,
    },
    /// All that is to be read of queues and tasks.
    Look {
        tenant: u8,
        limit: u8,
    },
}

/// One call, or one move of the clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Op {
    /// Moves the clock by so many milliseconds.
    Advance(u16),
    /// Sets it back by so many milliseconds.
    SetBack(u16),
    CreateWorkflow {
        tenant: u8,
        name: u8,
        text: u8,
    },
    KeepInline {
        tenant: u8,
        text: u8,
    },
    UpdateWorkflow {
        tenant: u8,
        name: u8,
        text: u8,
        expect: Expect,
    },
    DeleteWorkflow {
        tenant: u8,
        name: u8,
        expect: Expect,
    },
    ListWorkflows {
        tenant: u8,
        limit: u8,
    },
    CreateRun {
        tenant: u8,
        run: u8,
        hold: Option<u8>,
        key: Option<(u8, u8)>,
        priority: i8,
        flow: Option<FlowOp>,
    },
    ListFlow {
        tenant: u8,
        limit: u8,
    },
    Send {
        tenant: u8,
        run: u8,
        key: u8,
        terminal: bool,
        turn: Turn,
    },
    Journal {
        run: u8,
        after: u8,
    },
    ListRuns {
        tenant: u8,
        limit: u8,
        status: Option<u8>,
    },
    Decide {
        tenant: u8,
        approval: u8,
        key: u8,
    },
    Register {
        node: u8,
    },
    Renew {
        node: u8,
    },
    Retire {
        node: u8,
    },
    Bury,
    Claim {
        node: u8,
        max: u8,
        suspects: u8,
        grave: bool,
        reader: u8,
    },
    Held {
        node: u8,
    },
    NextDue {
        reader: u8,
    },
    Load {
        run: u8,
    },
    Append(AppendOp),
    CreateSchedule {
        tenant: u8,
        schedule: u8,
        due: Option<u16>,
    },
    UpdateSchedule {
        tenant: u8,
        schedule: u8,
        due: Option<u16>,
        revision: Option<u8>,
    },
    DeleteSchedule {
        tenant: u8,
        schedule: u8,
        revision: Option<u8>,
    },
    Fire(FireOp),
    DueSchedules {
        limit: u8,
    },
    Task(TaskOp),
    /// What ended so many milliseconds ago, or earlier, in steps of so many runs.
    Forget {
        ago: u16,
        max_runs: u8,
        max_bytes: u16,
    },
    ForgetRun {
        tenant: u8,
        run: u8,
    },
    DiscardRun {
        tenant: u8,
        run: u8,
        held: Option<u8>,
        /// Whom it tells, and under which key.
        end: Option<(u8, u8)>,
    },
    ForgetWorkflows {
        unused_for: u16,
        limit: u8,
    },
    Wake {
        tenant: u8,
        runs: Vec<u8>,
    },
    Release {
        run: u8,
        at_last: bool,
        due: Option<u16>,
    },
}
