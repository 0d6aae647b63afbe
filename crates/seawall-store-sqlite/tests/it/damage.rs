//! Rows that make no sense are errors, never panics.

use seawall_store::{LeaseStore as _, Page, RunFilter, RunStore as _, Seq, StoreError};

use crate::kit::{Kit, append};

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
