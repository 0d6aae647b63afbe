//! A disk that is really full: SQLite itself refuses.

use seawall_store::{HealthStore as _, LeaseStore as _, RunStore as _, StoreError};

use crate::kit::{Kit, append, message, start_append, until_queued};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_work_keeps_what_was_acknowledged_and_recovers() {
    let kit = Kit::new();
    let (store, node) = kit.open_with_node().await;
    let lease = kit.held(&store, node).await;
    let small = kit.held(&store, node).await;
    store.limit_pages(1).await.unwrap();

    let large = "x".repeat(20_000);
    let mut acknowledged = 1;
    let refused = loop {
        match store.append(append(&lease, acknowledged, &large)).await {
            Ok(appended) => acknowledged = appended.last.0,
            Err(error) => break error,
        }
        assert!(acknowledged < 100, "the disk is never full");
    };
    assert!(
        matches!(
            refused,
            StoreError::Unavailable {
                reason: "the disk is full",
                ..
            }
        ),
        "{refused:?}"
    );
    assert!(matches!(store.check().await, Err(StoreError::Unavailable { .. })));
    let answer = store.send(&kit.tenant, lease.run, message("m", 50_000)).await;
    assert!(matches!(answer, Err(StoreError::Unavailable { .. })), "{answer:?}");

    // In one batch with what does not fit, what fits goes on.
    kit.failures.shut("append.before");
    let too_large = start_append(&store, append(&lease, acknowledged, &large));
    kit.failures.wait_until_standing();
    let fits = start_append(&store, append(&small, 1, "s"));
    until_queued(&store, 1).await;
    kit.failures.release();
    assert!(too_large.await.unwrap().is_err());
    fits.await.unwrap().unwrap();

    store.limit_pages(1_000_000).await.unwrap();
    store.check().await.unwrap();
    store.append(append(&lease, acknowledged, "end")).await.unwrap();
    let journal = kit.journal(&store, lease.run).await;
    assert_eq!(journal.len() as u64, 1 + 20_000 * (acknowledged - 1) + 3);
    drop(store);
    let store = kit.open();
    assert_eq!(kit.journal(&store, lease.run).await, journal);
    assert_eq!(kit.journal(&store, small.run).await, "0s");
}
