//! Flow control: conflicts, rates, debouncing, retries.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::flow_world::{
    SECOND, body, claimed, come, counts, end, entry, held_back, lines, retry, stage, stages,
};
use crate::contract::world::assert_refused;
use crate::contract::{READER, Subject, World};
use crate::error::StoreError;
use crate::ids::RunId;
use crate::records::{
    AppendThen, Debounce, FlowEntry, FlowStage, NewMessage, NewRun, OnConflict, Rate, RunStatus, Sent, StatusSet,
};
use crate::time::Timestamp;

pub async fn a_run_that_must_not_wait_is_refused(subject: &Subject) {
    let world = World::of(subject).await;
    let reject = || FlowEntry {
        on_conflict: OnConflict::Reject { message: body("no") },
        ..entry(&world)
    };
    come(&world, reject()).await;
    let new = held_back(&world, 0, reject());
    let (id, refused) = (new.id, world.store.create_run(&world.tenant, new).await);
    assert_refused!(refused, StoreError::FlowRejected { running: 1, slots: 1 });
    assert!(
        world
            .store
            .run(&world.tenant, id)
            .await
            .expect("reading works")
            .is_none()
    );
    assert_eq!(counts(&world).await, (1, 0, 0));
}

pub async fn a_child_that_must_not_wait_gets_a_message_and_no_slot(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    come(&world, entry(&world)).await;
    world.claim(node, 10).await;
    let parent = world.held(node).await;
    let child = held_back(
        &world,
        0,
        FlowEntry {
            on_conflict: OnConflict::Reject { message: body("no") },
            ..entry(&world)
        },
    );
    let id = child.id;
    let mut append = world.next(&parent, "child").await;
    append.children.push(child);
    world.append(append.clone()).await;
    world.append(append).await;
    assert_eq!(stage(&world, id).await, FlowStage::Released);
    let lease = claimed(&world, node, id).await;
    assert_eq!(world.inbox(&lease).await, ["rejected"]);
    end(&world, &lease, RunStatus::Failed).await;
    assert_eq!(counts(&world).await, (1, 0, 0));
}

pub async fn a_newer_run_makes_the_others_give_way(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let cancel = || FlowEntry {
        on_conflict: OnConflict::CancelRunning {
            message: body("make room"),
        },
        ..entry(&world)
    };
    let old = come(&world, cancel()).await;
    let lease = claimed(&world, node, old).await;
    let between = come(&world, cancel()).await;
    let new = come(&world, cancel()).await;
    // The running one keeps its slot and is told once; the waiting one has left at once.
    assert_eq!(
        world.inbox(&lease).await,
        ["admitted".to_owned(), format!("superseded:{between}:1")]
    );
    let stages = stages(&world, &[old, between, new]).await;
    assert_eq!(stages, [FlowStage::Running, FlowStage::Released, FlowStage::Queued]);
    assert_eq!(counts(&world).await, (1, 1, 0));
    let left = claimed(&world, node, between).await;
    assert_eq!(world.inbox(&left).await, [format!("superseded:{new}:1")]);
    end(&world, &left, RunStatus::Cancelled).await;
    assert_eq!(counts(&world).await, (1, 1, 0));
    end(&world, &lease, RunStatus::Cancelled).await;
    assert_eq!(stage(&world, new).await, FlowStage::Running);
}

pub async fn a_rate_admits_a_burst_and_then_evenly(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let rated = || {
        let mut entry = entry(&world);
        entry.numbers.slots = None;
        entry.numbers.rate = Some(Rate { limit: 3, per: SECOND });
        entry
    };
    for _ in 0..6 {
        come(&world, rated()).await;
    }
    assert_eq!(counts(&world).await, (3, 3, 0));
    // A third of a second, rounded up.
    let next = world.later(Duration::from_millis(334));
    assert_eq!(lines(&world).await[0].next_at, Some(next));
    world.claim(node, 10).await;
    assert_eq!(
        world.store.next_due(READER).await.expect("reading works"),
        Some((next, world.now()))
    );
    world.clock.advance(Duration::from_millis(333));
    assert!(world.claim(node, 10).await.is_empty());
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(world.claim(node, 10).await.len(), 1);
    assert_eq!(counts(&world).await, (4, 2, 0));
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(world.claim(node, 10).await.len(), 2);
    assert_eq!(lines(&world).await[0].next_at, None);
}

pub async fn a_debounced_run_gives_way_until_the_burst_is_over(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let quiet = || {
        let mut entry = entry(&world);
        entry.numbers.slots = None;
        entry.debounce = Some(Debounce {
            key: Some(Arc::from("k")),
            period: SECOND * 2,
            max_wait: SECOND * 5,
            message: body("a newer one"),
        });
        entry
    };
    let begin = world.now();
    let mut runs = Vec::new();
    for _ in 0..4 {
        runs.push(come(&world, quiet()).await);
        world.clock.advance(Duration::from_millis(1500));
    }
    // 0, 1.5, 3, 4.5: the last one would wait until 6.5, but no burst waits for longer than 5.
    let place = world
        .store
        .flow_place(&world.tenant, runs[3])
        .await
        .expect("reading works");
    let not_before = place.expect("it is debounced").not_before;
    assert_eq!(not_before, Some(begin.saturating_add(SECOND * 5)));
    let debounced = FlowStage::Debounced;
    let released = FlowStage::Released;
    assert_eq!(stages(&world, &runs).await, [released, released, released, debounced]);
    assert_eq!(counts(&world).await, (0, 0, 1));
    // Now, at 6, its wait is over: it is not superseded any more, and another burst begins.
    let next = come(&world, quiet()).await;
    assert_eq!(stages(&world, &[runs[3], next]).await, [FlowStage::Running, debounced]);
    world.clock.advance(SECOND * 2);
    let claimed: Vec<RunId> = world.claim(node, 10).await.iter().map(|run| run.lease.run).collect();
    assert!(claimed.contains(&next) && claimed.contains(&runs[3]) && claimed.contains(&runs[0]));
}

pub async fn a_retry_waits_for_a_slot_again(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let first = come(&world, entry(&world)).await;
    let lease = claimed(&world, node, first).await;
    let row = world.store.unread(&lease, 1).await.expect("held")[0].id;
    let mut append = world.next(&lease, "end").await;
    append.projection = World::projection(RunStatus::Failed);
    append.consumed = vec![row];
    append.then = AppendThen::End;
    world.append(append).await;
    let second = come(&world, entry(&world)).await;
    let running = claimed(&world, node, second).await;
    let sent = world.store.send(&world.tenant, first, retry("again")).await;
    assert_eq!(sent.expect("it is allowed"), Sent::Accepted);
    let sent = world.store.send(&world.tenant, first, retry("again")).await;
    assert_eq!(sent.expect("it is known"), Sent::Duplicate);
    assert_eq!(stage(&world, first).await, FlowStage::Queued);
    assert_eq!(world.record(first).await.due, None);
    // Another message brings it into memory, and what is withheld stays so.
    let other = NewMessage {
        allowed: StatusSet::of(&[RunStatus::Failed]),
        ..World::message("other")
    };
    world
        .store
        .send(&world.tenant, first, other)
        .await
        .expect("it is allowed");
    let lease = claimed(&world, node, first).await;
    assert_eq!(world.inbox(&lease).await, ["other"]);
    end(&world, &running, RunStatus::Succeeded).await;
    assert_eq!(stage(&world, first).await, FlowStage::Running);
    assert_eq!(world.inbox(&lease).await, ["again", "other"]);
    end(&world, &lease, RunStatus::Succeeded).await;
    assert!(lines(&world).await.is_empty());
}

pub async fn a_run_without_flow_control_is_not_asked(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    come(&world, entry(&world)).await;
    let lease = world.ended(node, RunStatus::Failed).await;
    world
        .store
        .send(&world.tenant, lease.run, retry("again"))
        .await
        .expect("it is allowed");
    assert_eq!(world.record(lease.run).await.due, Some(Timestamp::ZERO));
    assert_eq!(
        world
            .store
            .flow_place(&world.tenant, lease.run)
            .await
            .expect("reading works"),
        None
    );
    let ranked = NewRun {
        priority: -7,
        ..world.new_run()
    };
    let id = ranked.id;
    world.create(ranked).await;
    assert_eq!(world.record(id).await.priority, -7);
}
