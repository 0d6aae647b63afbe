use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop};
use proptest::prop_oneof;

use crate::contract::differential::op::{
    AppendOp, Expect, FireOp, FlowOp, Lie, OfferOp, Op, OwnTurnOp, TaskOp, Then, Wrong,
};
use crate::records::Turn;

const TENANTS: std::ops::Range<u8> = 0..2;
const NODES: std::ops::Range<u8> = 0..2;
const RUNS: std::ops::Range<u8> = 0..5;
const SMALL: std::ops::Range<u8> = 0..3;
/// Most of the time enough for everything.
const READERS: std::ops::Range<u8> = 0..9;
const STATUSES: std::ops::Range<u8> = 0..8;
const TASKS: std::ops::Range<u8> = 0..40;
const NTH: std::ops::Range<u8> = 0..6;
const QUEUES: std::ops::Range<u8> = 0..2;

/// Sequences of up to `max` operations, after two nodes were registered. The clock is set back only where no run has an
/// idempotency key: whether one that had expired counts again after that is each store's own.
pub fn ops(max: usize) -> impl Strategy<Value = Vec<Op>> {
    let nodes = NODES.map(|node| Op::Register { node }).collect::<Vec<_>>();
    (vec(op(), max / 2..=max), any::<bool>()).prop_map(move |(mut ops, keys)| {
        if keys {
            ops.retain(|op| !matches!(op, Op::SetBack(_)));
        } else {
            for op in &mut ops {
                if let Op::CreateRun { key, .. } = op {
                    *key = None;
                }
            }
        }
        [nodes.clone(), ops].concat()
    })
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => advance(),
        2 => workflow_op(),
        4 => create_run(),
        3 => client_op(),
        5 => node_op(),
        4 => schedule_op(),
        16 => append().prop_map(Op::Append),
        16 => task_op().prop_map(Op::Task),
        2 => retention_op(),
        1 => (RUNS, any::<bool>(), option::of(0u16..3000))
            .prop_map(|(run, at_last, due)| Op::Release { run, at_last, due }),
        1 => (TENANTS, vec(RUNS, 0..4)).prop_map(|(tenant, runs)| Op::Wake { tenant, runs }),
    ]
}

/// A little, or past the end of a node's life; sometimes back.
fn advance() -> impl Strategy<Value = Op> {
    prop_oneof![
        10 => (0u16..1500).prop_map(Op::Advance),
        1 => Just(Op::Advance(10_000)),
        1 => (0u16..20_000).prop_map(Op::SetBack),
    ]
}

fn expect() -> impl Strategy<Value = Expect> {
    prop_oneof![2 => Just(Expect::Nothing), 1 => SMALL.prop_map(Expect::Text)]
}

fn workflow_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        (TENANTS, SMALL, SMALL).prop_map(|(tenant, name, text)| Op::CreateWorkflow { tenant, name, text }),
        (TENANTS, SMALL).prop_map(|(tenant, text)| Op::KeepInline { tenant, text }),
        (TENANTS, SMALL, SMALL, expect()).prop_map(|(tenant, name, text, expect)| Op::UpdateWorkflow {
            tenant,
            name,
            text,
            expect
        }),
        (TENANTS, SMALL, expect()).prop_map(|(tenant, name, expect)| Op::DeleteWorkflow { tenant, name, expect }),
        (TENANTS, 1u8..4).prop_map(|(tenant, limit)| Op::ListWorkflows { tenant, limit }),
    ]
}

fn schedule_op() -> impl Strategy<Value = Op> {
    let due = || option::of(0u16..3000);
    let revision = || option::weighted(0.3, 1u8..4);
    prop_oneof![
        2 => (TENANTS, SMALL, due())
            .prop_map(|(tenant, schedule, due)| Op::CreateSchedule { tenant, schedule, due }),
        1 => (TENANTS, SMALL, due(), revision())
            .prop_map(|(tenant, schedule, due, revision)| Op::UpdateSchedule { tenant, schedule, due, revision }),
        1 => (TENANTS, SMALL, revision())
            .prop_map(|(tenant, schedule, revision)| Op::DeleteSchedule { tenant, schedule, revision }),
        6 => fire().prop_map(Op::Fire),
        2 => (1u8..4).prop_map(|limit| Op::DueSchedules { limit }),
    ]
}

fn fire() -> impl Strategy<Value = FireOp> {
    let flags = (
        proptest::bool::weighted(0.1),
        any::<bool>(),
        proptest::bool::weighted(0.1),
    );
    (TENANTS, SMALL, flags, SMALL, vec(RUNS, 0..3), option::of(0u16..3000)).prop_map(
        |(tenant, schedule, (stale, takes_waiting, fails), overlap, runs, due)| FireOp {
            tenant,
            schedule,
            stale,
            takes_waiting,
            overlap,
            runs,
            due,
            fails,
        },
    )
}

fn create_run() -> impl Strategy<Value = Op> {
    (
        TENANTS,
        RUNS,
        option::weighted(0.7, NODES),
        option::weighted(0.3, (SMALL, 0u8..2)),
        -2i8..=2,
        option::weighted(0.2, flow()),
    )
        .prop_map(|(tenant, run, hold, key, priority, flow)| Op::CreateRun {
            tenant,
            run,
            hold,
            key,
            priority,
            flow,
        })
}

fn flow() -> impl Strategy<Value = FlowOp> {
    (
        0u8..2,
        1u8..3,
        option::weighted(0.8, 1u8..3),
        option::weighted(0.4, 1u8..15),
        prop_oneof![4 => Just(0u8), 1 => Just(1), 2 => Just(2)],
        option::weighted(0.25, (0u8..2, 1u8..15)),
        option::weighted(0.2, 0u16..3000),
    )
        .prop_map(|(key, version, slots, rate, on_conflict, debounce, deadline)| FlowOp {
            key,
            version,
            slots,
            rate,
            on_conflict,
            debounce,
            deadline,
        })
}

/// Sequences in which most runs are under flow control and most appends end one.
pub fn flow_ops(max: usize) -> impl Strategy<Value = Vec<Op>> {
    let nodes = NODES.map(|node| Op::Register { node }).collect::<Vec<_>>();
    vec(flow_op(), max / 2..=max).prop_map(move |ops| [nodes.clone(), ops].concat())
}

fn flow_op() -> impl Strategy<Value = Op> {
    let come = (RUNS, -2i8..=2, flow()).prop_map(|(run, priority, flow)| Op::CreateRun {
        tenant: 0,
        run,
        hold: None,
        key: None,
        priority,
        flow: Some(flow),
    });
    let end = (RUNS, 5u8..8, 0u8..3, option::weighted(0.3, own_turn())).prop_map(|(run, status, consume, turn)| {
        Op::Append(AppendOp {
            run,
            wrong: Wrong::Nothing,
            events: 1,
            status,
            consume,
            open: None,
            settle: None,
            child: None,
            flow: None,
            message: None,
            offer: Vec::new(),
            withdraw: None,
            turn,
            keeps_deaths: false,
            reader: 0,
            then: Then::End,
        })
    });
    let retry = (RUNS, 3u8..40).prop_map(|(run, key)| Op::Send {
        tenant: 0,
        run,
        key,
        terminal: true,
        turn: Turn::Ask,
    });
    let give_up = (RUNS, 3u8..40).prop_map(|(run, key)| Op::Send {
        tenant: 0,
        run,
        key,
        terminal: true,
        turn: Turn::GiveUp,
    });
    prop_oneof![
        3 => (0u16..1500).prop_map(Op::Advance),
        3 => NODES.prop_map(|node| Op::Renew { node }),
        6 => come,
        8 => end,
        4 => retry,
        2 => give_up,
        6 => (NODES, 1u8..6).prop_map(|(node, max)| Op::Claim { node, max, suspects: 9, grave: true, reader: 9 }),
        3 => append().prop_map(Op::Append),
        3 => (TENANTS, 1u8..4).prop_map(|(tenant, limit)| Op::ListFlow { tenant, limit }),
        2 => READERS.prop_map(|reader| Op::NextDue { reader }),
        2 => RUNS.prop_map(|run| Op::Load { run }),
        1 => op(),
    ]
}

fn client_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (TENANTS, RUNS, SMALL, any::<bool>(), turn())
            .prop_map(|(tenant, run, key, terminal, turn)| Op::Send { tenant, run, key, terminal, turn }),
        1 => (TENANTS, 1u8..4).prop_map(|(tenant, limit)| Op::ListFlow { tenant, limit }),
        1 => (RUNS, 0u8..6).prop_map(|(run, after)| Op::Journal { run, after }),
        1 => (TENANTS, 1u8..4, option::of(STATUSES))
            .prop_map(|(tenant, limit, status)| Op::ListRuns { tenant, limit, status }),
        2 => (TENANTS, SMALL, SMALL).prop_map(|(tenant, approval, key)| Op::Decide { tenant, approval, key }),
    ]
}

fn retention_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => (0u16..2000, 0u8..4, 0u16..200)
            .prop_map(|(ago, max_runs, max_bytes)| Op::Forget { ago, max_runs, max_bytes }),
        2 => (TENANTS, RUNS).prop_map(|(tenant, run)| Op::ForgetRun { tenant, run }),
        1 => (TENANTS, RUNS, option::of(1u8..4), option::of((RUNS, SMALL)))
            .prop_map(|(tenant, run, held, end)| Op::DiscardRun { tenant, run, held, end }),
        1 => (0u16..2000, 0u8..3).prop_map(|(unused_for, limit)| Op::ForgetWorkflows { unused_for, limit }),
    ]
}

fn node_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        1 => NODES.prop_map(|node| Op::Register { node }),
        3 => NODES.prop_map(|node| Op::Renew { node }),
        1 => NODES.prop_map(|node| Op::Retire { node }),
        1 => Just(Op::Bury),
        8 => (NODES, 0u8..6, 0u8..4, any::<bool>(), READERS)
            .prop_map(|(node, max, suspects, grave, reader)| Op::Claim { node, max, suspects, grave, reader }),
        2 => NODES.prop_map(|node| Op::Held { node }),
        2 => READERS.prop_map(|reader| Op::NextDue { reader }),
        2 => RUNS.prop_map(|run| Op::Load { run }),
    ]
}

fn wrong() -> impl Strategy<Value = Wrong> {
    prop_oneof![
        30 => Just(Wrong::Nothing),
        1 => Just(Wrong::Node),
        1 => Just(Wrong::Epoch),
        1 => Just(Wrong::After),
        1 => Just(Wrong::Hole),
        1 => Just(Wrong::OldLease),
        3 => Just(Wrong::Repeat),
    ]
}

fn then() -> impl Strategy<Value = Then> {
    prop_oneof![
        8 => Just(Then::Hold),
        2 => option::of(0u16..3000).prop_map(Then::Park),
        1 => Just(Then::End),
    ]
}

fn task_op() -> impl Strategy<Value = TaskOp> {
    prop_oneof![
        8 => (TENANTS, QUEUES, 0u8..4, any::<u8>(), 0u16..2000).prop_map(|(tenant, queue, max, max_bytes, lease_for)| {
            TaskOp::Claim { tenant, queue, max, max_bytes, lease_for }
        }),
        4 => (NTH, lie(), option::of(any::<u8>()))
            .prop_map(|(nth, lie, progress)| TaskOp::Heartbeat { nth, lie, progress }),
        8 => (NTH, lie(), prop::bool::weighted(0.3), SMALL)
            .prop_map(|(nth, lie, lapse, key)| TaskOp::Settle { nth, lie, lapse, key }),
        2 => (0u8..3).prop_map(|limit| TaskOp::Lapsed { limit }),
        1 => (any::<u16>(), 0u16..2000, 0u8..3)
            .prop_map(|(ahead, grace, limit)| TaskOp::Prolong { ahead, grace, limit }),
        2 => settings(),
        3 => (TENANTS, 1u8..4).prop_map(|(tenant, limit)| TaskOp::Look { tenant, limit }),
    ]
}

fn lie() -> impl Strategy<Value = Lie> {
    prop_oneof![20 => Just(Lie::Nothing), 1 => Just(Lie::Lease), 1 => Just(Lie::Tenant), 1 => Just(Lie::Task)]
}

fn settings() -> impl Strategy<Value = TaskOp> {
    let limits = (
        option::of(1u8..4),
        option::of(1u8..3),
        option::weighted(0.3, 1u8..4),
        prop::bool::weighted(0.1),
        option::weighted(0.2, any::<bool>()),
    );
    (TENANTS, QUEUES, limits).prop_map(
        |(tenant, queue, (concurrency, per_key, rate, paused, expects))| TaskOp::Set {
            tenant,
            queue,
            concurrency,
            per_key,
            rate,
            paused,
            expects,
        },
    )
}

fn offer() -> impl Strategy<Value = OfferOp> {
    let priority = prop_oneof![4 => Just(0i8), 1 => Just(-100i8), 1 => Just(1i8), 1 => Just(100i8)];
    let key = option::weighted(0.6, SMALL);
    (TASKS, QUEUES, key, priority, any::<u8>(), 0u16..3000).prop_map(|(task, queue, key, priority, bytes, timeout)| {
        OfferOp {
            task,
            queue,
            key,
            priority,
            bytes,
            timeout,
        }
    })
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![Just(Turn::Keep), Just(Turn::Ask), Just(Turn::GiveUp)]
}

fn own_turn() -> impl Strategy<Value = OwnTurnOp> {
    prop_oneof![3 => (3u8..40).prop_map(OwnTurnOp::Ask), 1 => Just(OwnTurnOp::GiveUp)]
}

fn append() -> impl Strategy<Value = AppendOp> {
    let rest = (
        option::weighted(0.3, SMALL),
        option::weighted(0.4, (SMALL, 1u8..5)),
        (option::weighted(0.2, RUNS), option::weighted(0.3, flow())),
        option::weighted(0.3, (RUNS, SMALL)),
        (
            vec(offer(), 0..3),
            option::weighted(0.2, (NTH, 0u16..1000)),
            (any::<bool>(), option::weighted(0.4, own_turn())),
            SMALL,
            then(),
        ),
    );
    (RUNS, wrong(), SMALL, STATUSES, SMALL, rest).prop_map(|(run, wrong, events, status, consume, rest)| {
        let (open, settle, (child, flow), message, (offer, withdraw, own, reader, then)) = rest;
        let (keeps_deaths, turn) = own;
        AppendOp {
            run,
            wrong,
            events,
            status,
            consume,
            open,
            settle,
            child,
            flow,
            message,
            offer,
            withdraw,
            turn,
            keeps_deaths,
            reader,
            then,
        }
    })
}
