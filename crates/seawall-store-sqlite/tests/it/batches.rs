//! Group commit: what shares a commit, and what does not share a fate.

use seawall_store::{HealthStore as _, LeaseStore as _, LoadedRun, RunStore as _, Sent, StoreError};
use seawall_store_sqlite::SqliteStore;
use std::sync::Arc;

use crate::kit::{Kit, append, message, new_run, start, start_append, until_queued};

#[tokio::test(flavor = "multi_thread")]
async fn what_queues_during_a_commit_shares_the_next_one() {
    let kit = Kit::new();
    let (store, node) = kit.open_with_node().await;
    let mut leases = Vec::new();
    for _ in 0..100 {
        leases.push(kit.held(&store, node).await);
    }
    let before = store.metrics();
    kit.failures.shut("commit.before");
    let first = start_append(&store, append(&leases[0], 1, "a"));
    kit.failures.wait_until_standing();
    let others: Vec<_> = leases[1..]
        .iter()
        .map(|lease| start_append(&store, append(lease, 1, "a")))
        .collect();
    until_queued(&store, 99).await;
    kit.failures.release();
    first.await.unwrap().unwrap();
    for other in others {
        other.await.unwrap().unwrap();
    }
    let after = store.metrics();
    assert_eq!(after.commits - before.commits, 2);
    assert_eq!(after.ops - before.ops, 100);
    let writes = store.writes();
    assert_eq!((writes.commits, writes.operations), (after.commits, after.ops));
    assert_eq!(
        (writes.batches.sum, writes.batches.count()),
        (after.ops, writes.flushes.count())
    );
    // The 99 went together.
    let (_, large) = writes.batches.buckets[7];
    assert_eq!((writes.batches.buckets[7].0, large), (128, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_answered_and_nothing_seen_before_it_is_durable() {
    let kit = Kit::new();
    let (store, node) = kit.open_with_node().await;
    let lease = kit.held(&store, node).await;
    let mut watch = store.watch(lease.run);

    kit.failures.shut("commit.before");
    let waiting = start_append(&store, append(&lease, 1, "a"));
    kit.failures.wait_until_standing();
    assert_eq!(kit.journal(&store, lease.run).await, "0");
    assert!(!waiting.is_finished());

    kit.failures.release_to("commit.after");
    kit.failures.wait_until_standing();
    assert_eq!(kit.journal(&store, lease.run).await, "0a");
    assert!(!waiting.is_finished());

    kit.failures.release();
    waiting.await.unwrap().unwrap();
    assert_eq!(watch.progressed().await.seq.0, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refused_operation_fails_alone() {
    let kit = Kit::new();
    let (store, node) = kit.open_with_node().await;
    let one = kit.held(&store, node).await;
    let two = kit.held(&store, node).await;
    let three = kit.held(&store, node).await;
    let before = store.metrics().commits;
    kit.failures.shut("commit.before");
    let first = start_append(&store, append(&one, 1, "a"));
    kit.failures.wait_until_standing();
    let good = start_append(&store, append(&two, 1, "b"));
    until_queued(&store, 1).await;
    let stale = start_append(&store, append(&three, 7, "c"));
    until_queued(&store, 2).await;
    // Follows its predecessor within the same batch.
    let next = start_append(&store, append(&two, 2, "d"));
    until_queued(&store, 3).await;
    kit.failures.release();
    first.await.unwrap().unwrap();
    good.await.unwrap().unwrap();
    next.await.unwrap().unwrap();
    assert!(matches!(stale.await.unwrap(), Err(StoreError::StaleLease)));
    assert_eq!(kit.journal(&store, two.run).await, "0bd");
    assert_eq!(kit.journal(&store, three.run).await, "0");
    assert_eq!(store.metrics().commits - before, 2);
}

#[tokio::test]
async fn what_changes_nothing_is_not_committed() {
    let kit = Kit::new();
    let (store, _) = kit.open_with_node().await;
    let before = store.metrics();
    let log = std::fs::metadata(kit.dir.path().join("seawall.db-wal")).unwrap();
    for _ in 0..10 {
        store.bury_expired().await.unwrap();
        let refused = store.send(&kit.tenant, seawall_store::RunId::generate(), message("k", 1));
        assert!(matches!(refused.await, Err(StoreError::NotFound)));
        seawall_store::HealthStore::check(&*store).await.unwrap();
    }
    assert_eq!(store.metrics().commits, before.commits);
    let now = std::fs::metadata(kit.dir.path().join("seawall.db-wal")).unwrap();
    assert_eq!(
        (now.len(), now.modified().unwrap()),
        (log.len(), log.modified().unwrap())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_clients_while_held_runs_get_in() {
    let kit = Kit::new();
    let mut options = kit.options();
    options.queue.client_bytes = 8 << 10;
    options.queue.held_bytes = 4 << 10;
    let store = Arc::new(SqliteStore::open(options).unwrap());
    let node = seawall_store::NodeId::generate();
    store.register(node, crate::kit::TTL).await.unwrap();
    let mut leases = Vec::new();
    for _ in 0..20 {
        leases.push(kit.held(&store, node).await);
    }
    let target = leases[0].run;

    kit.failures.shut("commit.before");
    let first = start_append(&store, append(&leases[0], 1, "a"));
    kit.failures.wait_until_standing();
    let mut accepted = Vec::new();
    let mut refused = 0;
    for index in 0..10 {
        let (sender, tenant) = (Arc::clone(&store), kit.tenant.clone());
        let sent = start(async move { sender.send(&tenant, target, message(&format!("m{index}"), 3000)).await });
        // Accepted ones wait in the queue, refused ones are answered.
        while store.metrics().queued == accepted.len() && !sent.is_finished() {
            tokio::task::yield_now().await;
        }
        if sent.is_finished() {
            assert!(matches!(sent.await.unwrap(), Err(StoreError::Busy)));
            refused += 1;
        } else {
            accepted.push(sent);
        }
    }
    assert_eq!((accepted.len(), refused), (2, 8));
    // More appends than there is room for: those beyond it wait for room, none is refused.
    let appends: Vec<_> = leases[1..]
        .iter()
        .map(|lease| start_append(&store, append(lease, 1, "b")))
        .collect();
    until_queued(&store, 4).await;
    // A heartbeat has room of its own.
    let beat = {
        let store = Arc::clone(&store);
        start(async move { store.renew(node, crate::kit::TTL).await })
    };
    kit.failures.release();
    first.await.unwrap().unwrap();
    beat.await.unwrap().unwrap();
    for sent in accepted {
        assert_eq!(sent.await.unwrap().unwrap(), Sent::Accepted);
    }
    for append in appends {
        append.await.unwrap().unwrap();
    }
    store.create_run(&kit.tenant, new_run(None)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_answers_what_was_accepted() {
    let kit = Kit::new();
    let (store, node) = kit.open_with_node().await;
    let one = kit.held(&store, node).await;
    let two = kit.held(&store, node).await;
    kit.failures.shut("commit.before");
    let first = start_append(&store, append(&one, 1, "a"));
    kit.failures.wait_until_standing();
    let second = start_append(&store, append(&two, 1, "b"));
    until_queued(&store, 1).await;
    let closing = {
        let store = Arc::clone(&store);
        start(async move { seawall_store::HealthStore::close(&*store).await })
    };
    kit.failures.release();
    closing.await.unwrap().unwrap();
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    drop(store);
    assert_eq!(kit.journal(&kit.open(), two.run).await, "0b");
}

#[tokio::test]
async fn the_log_does_not_grow_without_end() {
    let kit = Kit::new();
    let (store, node) = kit.open_with_node().await;
    let lease = kit.held(&store, node).await;
    let large = "x".repeat(1 << 20);
    for place in 1..=60 {
        store.append(append(&lease, place, &large)).await.unwrap();
    }
    let log = std::fs::metadata(kit.dir.path().join("seawall.db-wal")).unwrap();
    assert!(log.len() < 24 << 20, "{} bytes", log.len());
    drop(store);
    assert_eq!(kit.journal(&kit.open(), lease.run).await.len(), 1 + (60 << 20));
}

#[tokio::test]
async fn of_a_full_inbox_a_load_reads_the_oldest_messages() {
    let kit = Kit::new();
    let (store, node) = kit.open_with_node().await;
    let lease = kit.held(&store, node).await;
    let count = LoadedRun::MAX_INBOX + 10;
    for index in 0..count {
        let sent = message(&format!("m{index}"), 1);
        store.send(&kit.tenant, lease.run, sent).await.unwrap();
    }
    let loaded = store.load(&lease).await.unwrap();
    let keys: Vec<_> = loaded.inbox.iter().map(|row| row.key.0.as_str()).collect();
    let oldest: Vec<_> = (0..LoadedRun::MAX_INBOX).map(|index| format!("m{index}")).collect();
    assert_eq!(keys, oldest);
    assert_eq!(store.unread(&lease, usize::MAX).await.unwrap().len(), count);
}
