use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;

use crate::contract::differential::op::{AppendOp, Expect, Op, Then, Wrong};

const TENANTS: std::ops::Range<u8> = 0..2;
const NODES: std::ops::Range<u8> = 0..2;
const RUNS: std::ops::Range<u8> = 0..5;
const SMALL: std::ops::Range<u8> = 0..3;
const STATUSES: std::ops::Range<u8> = 0..8;

/// Sequences of `max / 2` to `max` operations, after two nodes were registered.
pub fn ops(max: usize) -> impl Strategy<Value = Vec<Op>> {
    let nodes = NODES.map(|node| Op::Register { node }).collect::<Vec<_>>();
    vec(op(), max / 2..=max).prop_map(move |ops| [nodes.clone(), ops].concat())
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => advance(),
        2 => workflow_op(),
        4 => create_run(),
        3 => client_op(),
        5 => node_op(),
        16 => append().prop_map(Op::Append),
        1 => (RUNS, any::<bool>(), option::of(0u16..3000))
            .prop_map(|(run, at_last, due)| Op::Release { run, at_last, due }),
    ]
}

/// A little, or past the end of a node's life.
fn advance() -> impl Strategy<Value = Op> {
    prop_oneof![10 => 0u16..1500, 1 => Just(10_000u16)].prop_map(Op::Advance)
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

fn create_run() -> impl Strategy<Value = Op> {
    (
        TENANTS,
        RUNS,
        option::weighted(0.7, NODES),
        option::weighted(0.3, (SMALL, 0u8..2)),
    )
        .prop_map(|(tenant, run, hold, key)| Op::CreateRun { tenant, run, hold, key })
}

fn client_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (TENANTS, RUNS, SMALL, any::<bool>())
            .prop_map(|(tenant, run, key, terminal)| Op::Send { tenant, run, key, terminal }),
        1 => (RUNS, 0u8..6).prop_map(|(run, after)| Op::Journal { run, after }),
        1 => (TENANTS, 1u8..4, option::of(STATUSES))
            .prop_map(|(tenant, limit, status)| Op::ListRuns { tenant, limit, status }),
        2 => (TENANTS, SMALL, SMALL).prop_map(|(tenant, approval, key)| Op::Decide { tenant, approval, key }),
    ]
}

fn node_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        1 => NODES.prop_map(|node| Op::Register { node }),
        3 => NODES.prop_map(|node| Op::Renew { node }),
        1 => NODES.prop_map(|node| Op::Retire { node }),
        1 => Just(Op::Bury),
        8 => (NODES, 0u8..6, any::<bool>()).prop_map(|(node, max, suspects)| Op::Claim { node, max, suspects }),
        2 => NODES.prop_map(|node| Op::Held { node }),
        2 => Just(Op::NextDue),
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

fn append() -> impl Strategy<Value = AppendOp> {
    let rest = (
        option::weighted(0.3, SMALL),
        option::weighted(0.4, (SMALL, 1u8..5)),
        option::weighted(0.2, RUNS),
        option::weighted(0.3, (RUNS, SMALL)),
        any::<bool>(),
        then(),
    );
    (RUNS, wrong(), SMALL, STATUSES, SMALL, rest).prop_map(
        |(run, wrong, events, status, consume, (open, settle, child, message, keeps_deaths, then))| AppendOp {
            run,
            wrong,
            events,
            status,
            consume,
            open,
            settle,
            child,
            message,
            keeps_deaths,
            then,
        },
    )
}
