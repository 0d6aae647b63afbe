//! Rows that make no sense are errors, never panics.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{
    AppendThen, ClaimLimits, ClaimedRun, FlowEntry, FlowNumbers, InspectStore as _, LeaseStore as _, NewRun,
    OnConflict, Page, RunFilter, RunStatus, RunStore as _, Seq, StoreError, WorkflowId,
};

use crate::kit::{Kit, append, new_run, projection};

#[tokio::test]
async fn odd_values_in_rows_are_corrupt() {
    let damages = [
        "UPDATE runs SET status = 99",
        "UPDATE runs SET awaits = -1",
        "UPDATE runs SET last_seq = -5",
        "UPDATE runs SET total_steps = 4294967296",
        "UPDATE runs SET holder = x'0102'",
        "UPDATE runs SET epoch = -1",
        "UPDATE run_workflows SET id = x''",
    ];
    for damage in damages {
        let kit = Kit::new();
        let (store, node) = kit.open_with_node().await;
        let lease = kit.held(&store, node).await;
        assert_eq!(kit.raw().execute(damage, []).unwrap(), 1);
        let read = store.run(&kit.tenant, lease.run).await;
        assert!(matches!(read, Err(StoreError::Corrupt { .. })), "{damage}: {read:?}");
        let list = store
            .list_runs(&kit.tenant, RunFilter::default(), Page::first(10))
            .await;
        assert!(matches!(list, Err(StoreError::Corrupt { .. })), "{damage}: {list:?}");
        // Others go on.
        let other = kit.held(&store, node).await;
        store.append(append(&other, 1, "a")).await.unwrap();
    }
}

#[tokio::test]
async fn a_hole_in_a_journal_is_corrupt() {
    for damage in [
        "DELETE FROM journal WHERE first_seq = 2",
        "DELETE FROM journal WHERE first_seq = 3",
        "UPDATE journal SET count = 0 WHERE first_seq = 2",
        "UPDATE journal SET first_seq = 0 WHERE first_seq = 1",
    ] {
        let kit = Kit::new();
        let (store, node) = kit.open_with_node().await;
        let lease = kit.held(&store, node).await;
        store.append(append(&lease, 1, "a")).await.unwrap();
        store.append(append(&lease, 2, "b")).await.unwrap();
        kit.raw().execute(damage, []).unwrap();
        let loaded = store.load(&lease).await;
        assert!(matches!(loaded, Err(StoreError::Corrupt { .. })), "{damage}");
        // Reading a part of it does not panic either.
        let _ = store.journal(&kit.tenant, lease.run, Seq(0), 1000).await;
    }
}

#[tokio::test]
async fn counts_of_flow_control_that_are_wrong_hold_back_no_end() {
    for damage in [
        "UPDATE flow_lines SET running = 0, queued = 0",
        "UPDATE flow_lines SET running = 1, queued = 0",
        "UPDATE flow_lines SET running = -3, queued = -1",
        "UPDATE flow_lines SET running = 9999999999",
        "DELETE FROM flow_lines",
    ] {
        let kit = Kit::new();
        let (store, node) = kit.open_with_node().await;
        let entry = FlowEntry {
            scope: WorkflowId::generate(),
            key: None,
            numbers: FlowNumbers {
                version: 1,
                slots: Some(2),
                rate: None,
            },
            on_conflict: OnConflict::Queue,
            debounce: None,
            admitted: Arc::from(&b"go"[..]),
            deadline: None,
        };
        for _ in 0..4 {
            let run = NewRun {
                projection: projection(RunStatus::Queued),
                flow: Some(entry.clone()),
                ..new_run(None)
            };
            store.create_run(&kit.tenant, run).await.unwrap();
        }
        let claim = async || {
            let limits = ClaimLimits {
                max: 10,
                suspects: 0,
                grave: false,
                reader: 1,
                ttl: Duration::from_secs(10),
            };
            store.claim(node, limits).await.unwrap()
        };
        let begun = claim().await;
        assert_eq!(begun.len(), 2);
        kit.raw().execute(damage, []).unwrap();
        assert!(!store.inspect_counts().await.unwrap().is_empty(), "{damage}");
        let mut ended = 0;
        let mut end_all = async |mut held: Vec<ClaimedRun>| {
            while let Some(claimed) = held.pop() {
                let mut end = append(&claimed.lease, 1, "end");
                end.projection = projection(RunStatus::Failed);
                end.then = AppendThen::End;
                let done = store.append(end).await;
                assert!(done.is_ok(), "{damage}: {done:?}");
                ended += 1;
                held.extend(claim().await);
            }
        };
        end_all(begun).await;
        store.recount().await.unwrap();
        assert!(store.inspect_counts().await.unwrap().is_empty(), "{damage}");
        // Who was left over begins now.
        end_all(claim().await).await;
        assert_eq!(ended, 4, "{damage}");
    }
}
