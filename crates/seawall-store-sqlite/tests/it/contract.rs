//! The contract that every backend keeps, and random calls whose oracle is the in-memory store.

use std::sync::Arc;

use proptest::prelude::{ProptestConfig, TestCaseError, proptest};
use seawall_store::contract::Subject;
use seawall_store::contract::differential::{
    IdentityOp, Op, flow_ops, identity_ops, ops, run_differential, run_identity_differential,
};
use seawall_store::{ManualClock, MemoryOptions, MemoryStore};
use seawall_store_sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;

fn open(clock: &ManualClock) -> (SqliteStore, TempDir) {
    let dir = TempDir::new().unwrap();
    let options = SqliteOptions::new(dir.path().join("seawall.db"), Arc::new(clock.clone()));
    (SqliteStore::open(options).unwrap(), dir)
}

async fn subject() -> Subject {
    let clock = ManualClock::default();
    let (store, dir) = open(&clock);
    Subject::new(Arc::new(store), clock, true).keeping(dir)
}

seawall_store::contract_tests!(subject);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn it_answers_as_the_naive_model_does(ops in ops(200)) {
        hold_against_the_model(&ops)?;
    }

    /// The model counts rows where the store keeps counts.
    #[test]
    fn its_flow_control_is_that_of_the_naive_model(ops in flow_ops(200)) {
        hold_against_the_model(&ops)?;
    }

    #[test]
    fn its_identity_is_that_of_the_naive_model(ops in identity_ops(200)) {
        hold_identity_against_the_model(&ops)?;
    }
}

fn hold_identity_against_the_model(ops: &[IdentityOp]) -> Result<(), TestCaseError> {
    let clock = ManualClock::default();
    let model = MemoryStore::new(Arc::new(clock.clone()));
    let (store, _dir) = open(&clock);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let result = runtime.block_on(run_identity_differential(ops, &model, &store, &clock));
    result.map_err(|divergence| TestCaseError::fail(divergence.to_string()))
}

fn hold_against_the_model(ops: &[Op]) -> Result<(), TestCaseError> {
    let clock = ManualClock::default();
    let options = MemoryOptions {
        exclusive: true,
        faults: None,
    };
    let model = MemoryStore::with_options(Arc::new(clock.clone()), options);
    let (store, _dir) = open(&clock);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let result = runtime.block_on(run_differential(ops, &model, &store, &clock));
    result.map_err(|divergence| TestCaseError::fail(divergence.to_string()))
}
