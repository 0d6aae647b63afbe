//! Injected errors: at an append, at COMMIT, after COMMIT.

use futures_util::future::FutureExt as _;
use seawall_store::{
    AppendThen, CrossMessage, Fate, HealthStore as _, LeaseStore as _, MessageKey, RetentionStore as _, RunStatus,
    RunStore as _, Sent, StoreError, Timestamp,
};
use seawall_store_sqlite::FailAction;

use crate::kit::{Kit, append, message, new_run, projection, segment, start, start_append, until_queued};

#[tokio::test(flavor = "multi_thread")]
async fn an_error_in_mid_batch_fails_one_operation_and_no_other() {
    for action in [FailAction::Full, FailAction::Io] {
        let kit = Kit::new();
        let (store, node) = kit.open_with_node().await;
        let mut leases = Vec::new();
        for _ in 0..6 {
            leases.push(kit.held(&store, node).await);
        }
        kit.failures.shut("commit.before");
        let first = start_append(&store, append(&leases[0], 1, "a"));
        kit.failures.wait_until_standing();
        let mut others = Vec::new();
        for (index, lease) in leases[1..].iter().enumerate() {
            others.push(start_append(&store, append(lease, 1, "a")));
            until_queued(&store, index + 1).await;
        }
        let mut reached = 0;
        kit.failures.set(move |point, _| {
            reached += u64::from(point == "append.before");
            (point == "append.before" && reached == 3).then_some(action)
        });
        kit.failures.release();
        first.await.unwrap().unwrap();
        for (index, other) in others.into_iter().enumerate() {
            let answer = other.await.unwrap();
            let run = leases[index + 1].run;
            if index == 2 {
                assert!(matches!(answer, Err(StoreError::Unavailable { .. })), "{answer:?}");
                assert_eq!(kit.journal(&store, run).await, "0");
            } else {
                answer.unwrap();
                assert_eq!(kit.journal(&store, run).await, "0a");
            }
        }
    }
}

#[tokio::test]
async fn a_batch_that_keeps_breaking_is_answered() {
    let kit = Kit::new();
    let (store, node) = kit.open_with_node().await;
    let lease = kit.held(&store, node).await;
    kit.failures
        .set(|point, _| (point == "append.before").then_some(FailAction::Full));
    for _ in 0..3 {
        let answer = store.append(append(&lease, 1, "a")).await;
        assert!(matches!(answer, Err(StoreError::Unavailable { .. })), "{answer:?}");
    }
    kit.failures.stop();
    store.append(append(&lease, 1, "a")).await.unwrap();
}

#[tokio::test]
async fn an_error_at_commit_that_wrote_nothing_is_a_failure() {
    for action in [FailAction::Full, FailAction::Io] {
        let kit = Kit::new();
        let (store, node) = kit.open_with_node().await;
        let lease = kit.held(&store, node).await;
        kit.failures.once("commit.before", action);
        let answer = store.append(append(&lease, 1, "a")).await;
        assert!(matches!(answer, Err(StoreError::Unavailable { .. })), "{answer:?}");
        assert_eq!(kit.journal(&store, lease.run).await, "0");
        // Evidence of another kind: nothing goes into a journal here.
        kit.failures.once("commit.before", action);
        let answer = store.send(&kit.tenant, lease.run, message("m", 1)).await;
        assert!(matches!(answer, Err(StoreError::Unavailable { .. })), "{answer:?}");
        let sent = store.send(&kit.tenant, lease.run, message("m", 1)).await.unwrap();
        assert_eq!(sent, Sent::Accepted);
        store.append(append(&lease, 1, "b")).await.unwrap();
        drop(store);
        assert_eq!(kit.journal(&kit.open(), lease.run).await, "0b");
    }
}

#[tokio::test]
async fn an_error_at_commit_that_wrote_everything_is_success() {
    let kit = Kit::new();
    let (store, node) = kit.open_with_node().await;
    let lease = kit.held(&store, node).await;
    kit.failures.once("commit.after", FailAction::Io);
    store.append(append(&lease, 1, "a")).await.unwrap();
    kit.failures.once("commit.after", FailAction::Io);
    let sent = store.send(&kit.tenant, lease.run, message("m", 1)).await.unwrap();
    assert_eq!(sent, Sent::Accepted);
    kit.failures.once("commit.after", FailAction::Io);
    kit.held(&store, node).await;
    store.append(append(&lease, 2, "b")).await.unwrap();
    drop(store);
    assert_eq!(kit.journal(&kit.open(), lease.run).await, "0ab");
}

#[tokio::test]
async fn a_lost_answer_is_called_ambiguous_and_a_repeat_settles_it() {
    for point in ["commit.before", "commit.after"] {
        let kit = Kit::new();
        let (store, node) = kit.open_with_node().await;
        let lease = kit.held(&store, node).await;
        kit.failures.once(point, FailAction::LoseAnswer);
        let answer = store.append(append(&lease, 1, "a")).await;
        assert!(matches!(answer, Err(StoreError::Ambiguous { .. })), "{answer:?}");
        let appended = store.append(append(&lease, 1, "a")).await.unwrap();
        assert_eq!((appended.last.0, appended.parked), (2, false));
        assert_eq!(kit.journal(&store, lease.run).await, "0a");
    }
}

#[tokio::test]
async fn readiness_is_red_while_nothing_can_be_written_and_recovers_by_itself() {
    let kit = Kit::new();
    let (store, node) = kit.open_with_node().await;
    let lease = kit.held(&store, node).await;
    store.check().await.unwrap();
    kit.failures
        .set(|point, _| (point == "commit.before").then_some(FailAction::Io));
    assert!(store.append(append(&lease, 1, "a")).await.is_err());
    for _ in 0..3 {
        assert!(matches!(store.check().await, Err(StoreError::Unavailable { .. })));
    }
    // What is there can still be read.
    assert_eq!(kit.journal(&store, lease.run).await, "0");
    kit.failures.stop();
    let health = store.check().await.unwrap();
    assert_eq!((health.backend, health.queued), ("sqlite", 0));
    let commits = store.metrics().commits;
    store.check().await.unwrap();
    assert_eq!(store.metrics().commits, commits, "a healthy store is not written to");
    store.append(append(&lease, 1, "a")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_rolled_back_alone_is_no_evidence_against_its_batch() {
    let kit = Kit::new();
    let (store, node) = kit.open_with_node().await;
    let lease = kit.held(&store, node).await;
    let other = kit.held(&store, node).await;
    kit.failures.shut("commit.before");
    let first = start_append(&store, append(&lease, 1, "a"));
    kit.failures.wait_until_standing();
    // One batch: a message, and an append that is refused after it has written its event.
    let sending = {
        let (store, tenant) = (std::sync::Arc::clone(&store), kit.tenant.clone());
        start(async move { store.send(&tenant, other.run, message("m", 1)).await })
    };
    until_queued(&store, 1).await;
    let mut wrong = append(&lease, 2, "b");
    let mut child = new_run(None);
    child.segment = segment(2, "not the beginning");
    wrong.children.push(child);
    let refused = start_append(&store, wrong);
    until_queued(&store, 2).await;
    let mut commits = 0;
    kit.failures.set(move |point, _| {
        commits += u32::from(point == "commit.after");
        // The first one is that of "a".
        (point == "commit.after" && commits == 2).then_some(FailAction::Io)
    });
    kit.failures.release();
    first.await.unwrap().unwrap();
    assert!(refused.await.unwrap().is_err());
    assert_eq!(sending.await.unwrap().unwrap(), Sent::Accepted);
    drop(store);
    assert_eq!(kit.journal(&kit.open(), lease.run).await, "0a");
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_still_wakes_those_who_wait_for_it() {
    let kit = Kit::new();
    let (store, node) = kit.open_with_node().await;
    let (lease, other) = (kit.held(&store, node).await, kit.held(&store, node).await);
    let (mut watch, receiver) = (store.watch(lease.run), store.watch(other.run));
    let inbox = receiver.inbox();
    let mut lost = append(&lease, 1, "a");
    lost.messages.push(CrossMessage {
        to: other.run,
        key: MessageKey("m".to_owned()),
        body: b"x".as_slice().into(),
        unheard: None,
    });
    lost.then = AppendThen::Park {
        due: Some(Timestamp::from_millis(1)),
    };
    kit.failures.once("commit.after", FailAction::LoseAnswer);
    let answer = store.append(lost.clone()).await;
    assert!(matches!(answer, Err(StoreError::Ambiguous { .. })), "{answer:?}");
    // The repeat finds it written and has nothing to tell.
    assert!(store.append(lost).await.unwrap().parked);
    assert_eq!(watch.progressed().now_or_never().map(|at| at.seq.0), Some(2));
    assert!(inbox.notified().now_or_never().is_some(), "its message is there");
    let work = store.watchers().wait_for_work().now_or_never();
    assert!(work.is_some(), "its timer is set");
    kit.failures.once("commit.after", FailAction::LoseAnswer);
    let answer = store.send(&kit.tenant, other.run, message("n", 1)).await;
    assert!(matches!(answer, Err(StoreError::Ambiguous { .. })), "{answer:?}");
    assert!(inbox.notified().now_or_never().is_some(), "it is there");
}

/// A batch that forgets a run frees the numbers of its entries, and another append of it takes them again: an entry of that
/// number proves nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_forgets_and_fails_at_commit_is_not_taken_for_written() {
    let kit = Kit::new();
    let (store, node) = kit.open_with_node().await;
    let kept = kit.held(&store, node).await;
    let old = kit.held(&store, node).await;
    let mut end = append(&old, 1, "end");
    end.projection = projection(RunStatus::Failed);
    end.then = AppendThen::End;
    store.append(end).await.unwrap();
    // A batch of its own keeps the writer busy while the next one gathers. It adds no entry: the last are the old run's.
    kit.failures.shut("commit.before");
    let (sending, tenant, run) = (store.clone(), kit.tenant.clone(), kept.run);
    let first = start(async move { sending.send(&tenant, run, message("m", 1)).await });
    kit.failures.wait_until_standing();
    let (forgetting, tenant, run) = (store.clone(), kit.tenant.clone(), old.run);
    let forget = start(async move { forgetting.forget_run(&tenant, run).await });
    until_queued(&store, 1).await;
    let second = start_append(&store, append(&kept, 1, "b"));
    until_queued(&store, 2).await;
    let mut commits = 0;
    kit.failures.set(move |point, _| {
        commits += u64::from(point == "commit.before");
        (point == "commit.before" && commits == 2).then_some(FailAction::Io)
    });
    kit.failures.release();
    first.await.unwrap().unwrap();
    let answer = forget.await.unwrap();
    assert!(matches!(answer, Err(StoreError::Unavailable { .. })), "{answer:?}");
    let answer = second.await.unwrap();
    assert!(matches!(answer, Err(StoreError::Unavailable { .. })), "{answer:?}");
    assert_eq!(kit.journal(&store, kept.run).await, "0");
    kit.failures.stop();
    assert_eq!(store.forget_run(&kit.tenant, old.run).await.unwrap(), Fate::Forgotten);
}
