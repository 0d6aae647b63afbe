//! What happens next. Picks are taken modulo what there is to pick from, so that any sequence means something.

use proptest::prelude::*;

use crate::core::event::Supersession;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    Succeeded,
    Failed,
    Permanent,
    NotBegun,
    /// It had its effect, or had not; the executor does not know.
    Unknown {
        acted: bool,
    },
    Deferred {
        millis: u16,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ChildEnd {
    Succeeded,
    Failed,
    Cancelled,
}

/// What a worker outside does with a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum WorkerEnd {
    Completed,
    Failed,
    Permanent,
    /// It dies, or never says another word; its effect took place or did not.
    Vanished {
        acted: bool,
        timed_out: bool,
    },
    /// There is none yet: a task that is not needed any more is taken back.
    None,
    /// Its queue does not have it any more.
    Lost,
}

/// What the search for a child's workflow ends with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Search {
    Found,
    /// It is there, and does not take this input.
    Refuses,
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    Out,
    Again,
    Wrong,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Settle {
        pick: u8,
        end: End,
    },
    Child {
        pick: u8,
        end: ChildEnd,
    },
    Lookup {
        pick: u8,
        search: Search,
    },
    Task {
        pick: u8,
        end: WorkerEnd,
    },
    /// The queue takes no task, or takes some again.
    Full {
        full: bool,
    },
    Signal {
        name: &'static str,
    },
    Decide {
        pick: u8,
        approve: bool,
    },
    Resolve {
        pick: u8,
        found: Found,
    },
    /// To what is due next, and a little further.
    Wait {
        beyond: u16,
    },
    /// The clock stands, or runs backwards.
    Tick {
        back: u16,
    },
    /// The clock is set, an hour ahead or back, and stays so.
    Jump {
        ahead: bool,
    },
    Crash {
        lost: u8,
        acted: u8,
        dead: bool,
    },
    Deadly,
    Pause,
    Resume,
    Cancel,
    Admit,
    Supersede {
        reason: Supersession,
    },
    Reject,
    Retry,
    Nonsense {
        kind: u8,
        pick: u8,
    },
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        6 => Just(End::Succeeded),
        3 => Just(End::Failed),
        1 => Just(End::Permanent),
        2 => Just(End::NotBegun),
        2 => any::<bool>().prop_map(|acted| End::Unknown { acted }),
        1 => (0u16..5000).prop_map(|millis| End::Deferred { millis }),
    ]
}

pub(super) fn op() -> impl Strategy<Value = Op> {
    let child_end = prop_oneof![
        3 => Just(ChildEnd::Succeeded),
        1 => Just(ChildEnd::Failed),
        1 => Just(ChildEnd::Cancelled)
    ];
    let worker_end = prop_oneof![
        4 => Just(WorkerEnd::Completed),
        2 => Just(WorkerEnd::Failed),
        1 => Just(WorkerEnd::Permanent),
        4 => any::<(bool, bool)>().prop_map(|(acted, timed_out)| WorkerEnd::Vanished { acted, timed_out }),
        2 => Just(WorkerEnd::None),
        1 => Just(WorkerEnd::Lost),
    ];
    let search = prop_oneof![8 => Just(Search::Found), 1 => Just(Search::Refuses), 1 => Just(Search::Nothing)];
    let found = prop_oneof![Just(Found::Out), Just(Found::Again), Just(Found::Wrong)];
    prop_oneof![
        24 => (any::<u8>(), end()).prop_map(|(pick, end)| Op::Settle { pick, end }),
        4 => (any::<u8>(), child_end).prop_map(|(pick, end)| Op::Child { pick, end }),
        5 => (any::<u8>(), search).prop_map(|(pick, search)| Op::Lookup { pick, search }),
        12 => (any::<u8>(), worker_end).prop_map(|(pick, end)| Op::Task { pick, end }),
        1 => any::<bool>().prop_map(|full| Op::Full { full }),
        3 => prop::sample::select(vec!["a", "b"]).prop_map(|name| Op::Signal { name }),
        3 => (any::<u8>(), any::<bool>()).prop_map(|(pick, approve)| Op::Decide { pick, approve }),
        5 => (any::<u8>(), found).prop_map(|(pick, found)| Op::Resolve { pick, found }),
        8 => (0u16..300).prop_map(|beyond| Op::Wait { beyond }),
        2 => any::<u16>().prop_map(|back| Op::Tick { back }),
        1 => any::<bool>().prop_map(|ahead| Op::Jump { ahead }),
        4 => (any::<u8>(), any::<u8>(), any::<bool>()).prop_map(|(lost, acted, dead)| Op::Crash { lost, acted, dead }),
        1 => Just(Op::Deadly),
        2 => Just(Op::Pause),
        3 => Just(Op::Resume),
        1 => Just(Op::Cancel),
        2 => Just(Op::Admit),
        1 => prop::sample::select(vec![Supersession::Debounce, Supersession::CancelRunning])
            .prop_map(|reason| Op::Supersede { reason }),
        1 => Just(Op::Reject),
        4 => Just(Op::Retry),
        3 => (any::<u8>(), any::<u8>()).prop_map(|(kind, pick)| Op::Nonsense { kind, pick }),
    ]
}
