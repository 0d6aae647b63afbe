//! The fence.

use std::sync::Arc;

use crate::contract::world::assert_refused;
use crate::contract::{Subject, TTL, World};
use crate::error::StoreError;
use crate::ids::{ApprovalId, Epoch, NodeId, Seq};
use crate::records::{Append, AppendThen, Awaits, CrossMessage, Lease, MessageKey, RunProjection, RunStatus};

pub async fn an_append_writes_events_and_projection(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let mut append = world.next(&lease, "two more").await;
    if let Some(segment) = &mut append.segment {
        segment.count = 2;
    }
    append.projection = RunProjection {
        status: RunStatus::Waiting,
        awaits: Awaits::Person,
        total_steps: 9,
        completed_steps: 4,
        started_at: Some(world.now()),
        finished_at: Some(world.later(TTL)),
        error_code: Some(Arc::from("run-timeout")),
        error_step: Some(Arc::from("a")),
        error_message: Some(Arc::from("it took too long")),
    };
    let appended = world.append(append.clone()).await;
    assert_eq!((appended.last, appended.parked), (Seq(3), false));
    let record = world.record(lease.run).await;
    assert_eq!((record.projection, record.last_seq), (append.projection, Seq(3)));
    assert_eq!((record.holder, record.epoch, record.due), (Some(node), Epoch(1), None));
    assert_eq!(world.journal(lease.run).await, (3, "createdtwo more".to_owned()));
}

pub async fn an_append_without_events_changes_only_the_rest(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    world.send(lease.run, "k").await;
    let mut append = world.next(&lease, "").await;
    append.segment = None;
    append.consumed = world
        .store
        .unread(&lease, 1)
        .await
        .expect("held")
        .iter()
        .map(|row| row.id)
        .collect();
    append.projection = World::projection(RunStatus::Paused);
    let appended = world.append(append).await;
    assert_eq!((appended.last, appended.parked), (Seq(1), false));
    let record = world.record(lease.run).await;
    assert_eq!((record.projection.status, record.last_seq), (RunStatus::Paused, Seq(1)));
    assert!(world.inbox(&lease).await.is_empty());
    assert_eq!(world.journal(lease.run).await, (1, "created".to_owned()));
}

/// An append that would change everything an append can change.
async fn everything(world: &World<'_>, lease: &Lease, pending: ApprovalId) -> Append {
    let inbox = world.store.unread(lease, 10).await.expect("held");
    let other = world.unheld().await;
    Append {
        consumed: inbox.iter().map(|row| row.id).collect(),
        opened: vec![world.opened(ApprovalId::generate())],
        settled: vec![crate::records::ApprovalSettled {
            id: pending,
            status: crate::records::ApprovalStatus::Approved,
            comment: None,
            decided_by: None,
            decided_at: world.now(),
        }],
        children: vec![world.new_run()],
        messages: vec![CrossMessage {
            to: other,
            key: MessageKey("stale".to_owned()),
            body: Arc::from(&b"x"[..]),
            unheard: None,
        }],
        projection: World::projection(RunStatus::Failed),
        then: AppendThen::End,
        ..world.next(lease, "stale").await
    }
}

pub async fn a_stale_append_changes_nothing(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let pending = ApprovalId::generate();
    let mut open = world.next(&lease, "asked").await;
    open.opened.push(world.opened(pending));
    world.append(open).await;
    world.send(lease.run, "unread").await;
    let good = everything(&world, &lease, pending).await;
    let to = good.messages[0].to;
    let before = world.picture(&lease).await;
    let mut stale = vec![good.clone(); 7];
    stale[0].lease.node = NodeId::generate();
    stale[1].lease.epoch = Epoch(2);
    stale[2].lease.epoch = Epoch(0);
    stale[3].after = Seq(1);
    stale[4].after = Seq(3);
    stale[5].segment = Some(World::segment(4, 1, "a hole"));
    // The whole append moved one place back, where other bytes stand.
    stale[6].after = Seq(1);
    stale[6].segment = Some(World::segment(2, 1, "stale"));
    for (number, append) in stale.into_iter().enumerate() {
        assert_refused!(world.store.append(append).await, StoreError::StaleLease);
        assert_eq!(world.picture(&lease).await, before, "after stale append {number}");
    }
    let parking = Append {
        segment: None,
        after: Seq(1),
        ..good.clone()
    };
    assert_refused!(world.store.append(parking).await, StoreError::StaleLease);
    assert_eq!(world.picture(&lease).await, before);
    // A refused message's key is free, and the same append with the right lease goes through.
    world.send(to, "stale").await;
    world.append(good).await;
}

pub async fn a_repeated_append_is_success_and_changes_nothing(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let append = world.next(&lease, "once").await;
    let first = world.append(append.clone()).await;
    let before = world.picture(&lease).await;
    let second = world.append(append).await;
    assert_eq!(second, first);
    assert_eq!(world.picture(&lease).await, before);
    assert_eq!(world.journal(lease.run).await, (2, "createdonce".to_owned()));
}

pub async fn other_bytes_at_a_written_place_are_refused(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let append = world.next(&lease, "once").await;
    world.append(append.clone()).await;
    let before = world.picture(&lease).await;
    let other = Append {
        segment: Some(World::segment(2, 1, "other")),
        ..append
    };
    assert_refused!(world.store.append(other).await, StoreError::StaleLease);
    assert_eq!(world.picture(&lease).await, before);
}

pub async fn a_repeat_after_the_lease_was_given_back_is_success(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let mut park = world.next(&lease, "parked").await;
    park.then = AppendThen::Park { due: Some(world.now()) };
    let first = world.append(park.clone()).await;
    assert!(first.parked);
    assert_eq!(world.append(park.clone()).await, first);
    let claimed = world.claim(node, 1).await;
    assert_eq!(world.append(park).await, first);
    let record = world.record(lease.run).await;
    assert_eq!(
        (record.holder, record.epoch),
        (Some(node), Epoch(2)),
        "the repeat took nothing away"
    );
    assert_eq!(claimed[0].lease.epoch, Epoch(2));
}

pub async fn a_claim_fences_the_old_holder(subject: &Subject) {
    let world = World::of(subject).await;
    let old = world.node().await;
    let stale = world.held(old).await;
    let late = world.next(&stale, "late").await;
    let new = world.take_over().await;
    assert_refused!(world.store.append(late.clone()).await, StoreError::StaleLease);
    let claimed = world.claim(new, 1).await;
    assert_eq!((claimed[0].lease.run, claimed[0].lease.epoch), (stale.run, Epoch(2)));
    let before = world.picture(&claimed[0].lease).await;
    assert_refused!(world.store.append(late).await, StoreError::StaleLease);
    assert_refused!(world.store.load(&stale).await, StoreError::StaleLease);
    assert_refused!(world.store.unread(&stale, 1).await, StoreError::StaleLease);
    assert_refused!(world.store.release(&stale, Seq(1), None).await, StoreError::StaleLease);
    assert_eq!(world.picture(&claimed[0].lease).await, before);
    let next = world.next(&claimed[0].lease, "goes on").await;
    world.append(next).await;
}
