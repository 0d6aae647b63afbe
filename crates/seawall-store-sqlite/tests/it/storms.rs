//! Random failures against a simple oracle: what was acknowledged is there, once, in order.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::test_runner::{Config, TestRunner};
use seawall_store::{Lease, LeaseStore as _, StoreError};
use seawall_store_sqlite::{FailAction, SqliteStore};

use crate::kit::{Kit, append};

const RUNS: usize = 6;
const EVENTS: u64 = 8;

fn action() -> impl Strategy<Value = Option<FailAction>> {
    prop_oneof![
        6 => Just(None),
        1 => Just(Some(FailAction::Full)),
        1 => Just(Some(FailAction::Io)),
        1 => Just(Some(FailAction::LoseAnswer)),
    ]
}

/// Appends its events in order, as a holder does: after an error it looks at what is durable and goes on from there.
async fn drive(store: &SqliteStore, lease: Lease, name: usize) -> String {
    let mut written = "0".to_owned();
    let mut last = 1;
    while last <= EVENTS {
        let text = format!("[{name}:{last}]");
        match store.append(append(&lease, last, &text)).await {
            Ok(appended) => {
                assert_eq!(appended.last.0, last + 1);
                assert!(!appended.parked);
            }
            Err(error @ (StoreError::Unavailable { .. } | StoreError::Ambiguous { .. })) => {
                let durable = store.load(&lease).await.unwrap().record.last_seq.0;
                assert!(durable == last || durable == last + 1);
                if matches!(error, StoreError::Unavailable { .. }) {
                    assert_eq!(durable, last, "called a failure, and is there");
                }
                if durable == last {
                    continue;
                }
            }
            Err(other) => panic!("{other:?}"),
        }
        written.push_str(&text);
        last += 1;
    }
    written
}

#[test]
fn whatever_fails_nothing_acknowledged_is_lost_or_doubled() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let config = Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let strategy = vec(action(), 1..60);
    let outcome = runner.run(&strategy, |actions| {
        runtime.block_on(async {
            let kit = Kit::new();
            let (store, node) = kit.open_with_node().await;
            let mut leases = Vec::new();
            for _ in 0..RUNS {
                leases.push(kit.held(&store, node).await);
            }
            let mut actions = actions.into_iter();
            kit.failures.set(move |_, _| actions.next().flatten());
            let driven = leases
                .iter()
                .enumerate()
                .map(|(name, lease)| drive(&store, lease.clone(), name));
            let written = futures_util::future::join_all(driven).await;
            kit.failures.stop();
            drop(store);
            let store = kit.open();
            for (lease, written) in leases.iter().zip(written) {
                assert_eq!(kit.journal(&store, lease.run).await, written);
            }
        });
        Ok(())
    });
    outcome.unwrap();
}
