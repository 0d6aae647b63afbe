//! What watchers are told, and when.

use std::future::Future;
use std::time::Duration;

use crate::contract::{Subject, World};
use crate::ids::{ApprovalId, Seq};
use crate::records::{AppendThen, CrossMessage, MessageKey, RunStatus};

/// A backend tells from its own thread, so the news may come a moment after the answer; never this late.
pub(in crate::contract) async fn soon<T>(what: &str, news: impl Future<Output = T>) -> T {
    let told = tokio::time::timeout(Duration::from_secs(10), news).await;
    assert!(told.is_ok(), "nobody told of {what}");
    told.expect("asserted")
}

pub async fn progress_is_told_once_it_is_durable(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let new = world.new_run();
    let mut watch = world.store.watch(new.id);
    let id = new.id;
    world.create(new).await;
    let told = soon("a creation", watch.progressed()).await;
    assert_eq!((told.seq, told.status), (Seq(1), RunStatus::Queued));
    assert_eq!(world.record(id).await.last_seq, Seq(1));
    let lease = world.claim(node, 1).await.remove(0).lease;
    let next = world.next(&lease, "more").await;
    world.append(next).await;
    let told = soon("an append", watch.progressed()).await;
    assert_eq!((told.seq, told.status), (Seq(2), RunStatus::Running));
    let mut end = world.next(&lease, "ended").await;
    end.projection = World::projection(RunStatus::Succeeded);
    end.then = AppendThen::End;
    world.append(end).await;
    let told = soon("an end", watch.progressed()).await;
    assert_eq!((told.seq, told.status), (Seq(3), RunStatus::Succeeded));
}

pub async fn a_message_wakes_the_holder(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let (lease, other) = (world.held(node).await, world.held(node).await);
    let inbox = world.store.watch(lease.run);
    let inbox = (inbox.inbox(), inbox);
    world.send(lease.run, "sent").await;
    soon("a message", inbox.0.notified()).await;
    let approval = ApprovalId::generate();
    let mut append = world.next(&lease, "asked").await;
    append.opened.push(world.opened(approval));
    world.append(append).await;
    let decided = world
        .store
        .decide_approval(&world.tenant, approval, World::message("decision"))
        .await;
    decided.expect("it is pending");
    soon("a decision", inbox.0.notified()).await;
    let mut append = world.next(&other, "sent").await;
    append.messages.push(CrossMessage {
        to: lease.run,
        key: MessageKey("cross".to_owned()),
        body: std::sync::Arc::from(&b"x"[..]),
        unheard: None,
    });
    world.append(append).await;
    soon("another run's message", inbox.0.notified()).await;
}

pub async fn a_child_is_told_of(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let child = world.new_run();
    let mut watch = world.store.watch(child.id);
    let mut append = world.next(&lease, "called").await;
    append.children.push(child);
    world.append(append).await;
    assert_eq!(soon("a child", watch.progressed()).await.seq, Seq(1));
}

pub async fn work_is_told_when_a_run_becomes_claimable_or_a_timer_is_set(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let watchers = world.store.watchers();
    let lease = world.held(node).await;
    world.unheld().await;
    soon("an unheld run", watchers.wait_for_work()).await;
    world.park(&lease, Some(world.later(Duration::from_secs(60)))).await;
    soon("a timer", watchers.wait_for_work()).await;
    world.send(lease.run, "k").await;
    soon("a message to a parked run", watchers.wait_for_work()).await;
    let claimed = world.claim(node, 10).await;
    assert_eq!(claimed.len(), 2);
    let last = world.record(lease.run).await.last_seq;
    for run in claimed {
        let at = if run.lease.run == lease.run { last } else { Seq(1) };
        world
            .store
            .release(&run.lease, at, Some(world.now()))
            .await
            .expect("held");
        soon("a released run", watchers.wait_for_work()).await;
    }
    world.claim(node, 10).await;
    world.store.retire(node).await.expect("it is alive");
    soon("a retired node's runs", watchers.wait_for_work()).await;
    let node = world.node().await;
    assert_eq!(world.claim(node, 10).await.len(), 2);
    world.take_over().await;
    soon("a buried node's runs", watchers.wait_for_work()).await;
}
