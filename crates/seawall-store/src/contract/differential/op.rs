//! The calls. Small numbers stand for ids: `tenant` 0..2, `node` (a slot) 0..2, `run` 0..5, `name` and `text` 0..3.

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
    /// To which run, with which key.
    pub message: Option<(u8, u8)>,
    pub keeps_deaths: bool,
    pub then: Then,
}

/// One call, or one move of the clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Op {
    /// Moves the clock by so many milliseconds.
    Advance(u16),
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
    },
    Send {
        tenant: u8,
        run: u8,
        key: u8,
        terminal: bool,
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
        suspects: bool,
    },
    Held {
        node: u8,
    },
    NextDue,
    Load {
        run: u8,
    },
    Append(AppendOp),
    Release {
        run: u8,
        at_last: bool,
        due: Option<u16>,
    },
}
