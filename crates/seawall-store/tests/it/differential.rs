use std::sync::Arc;

use proptest::prelude::{ProptestConfig, TestCaseError, any, proptest};
use seawall_store::contract::differential::{
    IdentityOp, Op, flow_ops, identity_ops, ops, run_differential, run_identity_differential,
};
use seawall_store::{Fault, FaultHook, ManualClock, MemoryOptions, MemoryStore, StoreOp, Turn};

fn store(clock: &ManualClock, exclusive: bool, faults: Option<FaultHook>) -> MemoryStore {
    MemoryStore::with_options(Arc::new(clock.clone()), MemoryOptions { exclusive, faults })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn the_store_agrees_with_itself(ops in ops(200), exclusive in any::<bool>()) {
        let clock = ManualClock::default();
        let (a, b) = (store(&clock, exclusive, None), store(&clock, exclusive, None));
        let result = runtime().block_on(run_differential(&ops, &a, &b, &clock));
        result.map_err(|divergence| TestCaseError::fail(divergence.to_string()))?;
    }

    #[test]
    fn the_store_agrees_with_itself_on_flow_control(ops in flow_ops(200)) {
        let clock = ManualClock::default();
        let (a, b) = (store(&clock, true, None), store(&clock, true, None));
        let result = runtime().block_on(run_differential(&ops, &a, &b, &clock));
        result.map_err(|divergence| TestCaseError::fail(divergence.to_string()))?;
    }

    #[test]
    fn the_store_agrees_with_itself_on_identity(ops in identity_ops(200)) {
        let clock = ManualClock::default();
        let (a, b) = (store(&clock, true, None), store(&clock, true, None));
        let result = runtime().block_on(run_identity_differential(&ops, &a, &b, &clock));
        result.map_err(|divergence| TestCaseError::fail(divergence.to_string()))?;
    }
}

#[test]
fn a_difference_of_identity_is_found() {
    let clock = ManualClock::default();
    let broken: FaultHook = Arc::new(|point| (point.op == StoreOp::Identity).then_some(Fault::AfterWriteLostAnswer));
    let (a, b) = (store(&clock, false, None), store(&clock, false, Some(broken)));
    let ops = [
        IdentityOp::Advance(1),
        IdentityOp::Audit {
            tenant: 0,
            actor: 0,
            action: 0,
        },
    ];
    let result = runtime().block_on(run_identity_differential(&ops, &a, &b, &clock));
    let divergence = result.expect_err("one of them loses its answer");
    assert_eq!(divergence.op.map(|(number, _)| number), Some(1));
}

#[test]
fn a_difference_is_found() {
    let clock = ManualClock::default();
    let broken: FaultHook = Arc::new(|point| (point.op == StoreOp::Send).then_some(Fault::AfterWriteLostAnswer));
    let (a, b) = (store(&clock, false, None), store(&clock, false, Some(broken)));
    let ops = [
        Op::CreateRun {
            tenant: 0,
            run: 0,
            hold: None,
            key: None,
            priority: 0,
            flow: None,
        },
        Op::Send {
            tenant: 0,
            run: 0,
            key: 0,
            terminal: false,
            turn: Turn::Keep,
        },
    ];
    let result = runtime().block_on(run_differential(&ops, &a, &b, &clock));
    let divergence = result.expect_err("one of them loses its answer");
    assert_eq!(divergence.op.map(|(number, _)| number), Some(1));
}

#[test]
fn different_contents_are_found() {
    let clock = ManualClock::default();
    let (a, b) = (store(&clock, false, None), store(&clock, true, None));
    let ops = [
        Op::Register { node: 0 },
        Op::CreateRun {
            tenant: 0,
            run: 0,
            hold: Some(0),
            key: None,
            priority: 0,
            flow: None,
        },
        Op::Register { node: 1 },
    ];
    let result = runtime().block_on(run_differential(&ops, &a, &b, &clock));
    let divergence = result.expect_err("one of them buries the first node");
    assert_eq!(divergence.op, None);
}
