//! Messages from outside.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::world::assert_refused;
use crate::contract::{Subject, World};
use crate::error::StoreError;
use crate::ids::RunId;
use crate::records::{NewMessage, RunStatus, Sent, StatusSet};
use crate::time::Timestamp;

pub async fn a_message_key_counts_once_for_ever(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let other = world.held(node).await;
    let send = |run| world.store.send(&world.tenant, run, World::message("k"));
    assert_eq!(send(lease.run).await.expect("allowed"), Sent::Accepted);
    assert_eq!(send(lease.run).await.expect("allowed"), Sent::Duplicate);
    assert_eq!(world.inbox(&lease).await, ["k"]);
    let mut end = world.next(&lease, "took it").await;
    end.consumed = world
        .store
        .unread(&lease, 10)
        .await
        .expect("held")
        .iter()
        .map(|row| row.id)
        .collect();
    world.append(end).await;
    assert_eq!(send(lease.run).await.expect("allowed"), Sent::Duplicate);
    assert!(world.inbox(&lease).await.is_empty());
    let mut end = world.next(&lease, "ended").await;
    end.projection = World::projection(RunStatus::Succeeded);
    end.then = crate::records::AppendThen::End;
    world.append(end).await;
    assert_eq!(
        send(lease.run).await.expect("known before it is judged"),
        Sent::Duplicate
    );
    assert_eq!(world.record(lease.run).await.due, None, "a duplicate wakes nobody");
    let other_body = NewMessage {
        body: Arc::from(*b"something else"),
        ..World::message("k")
    };
    let differs = world.store.send(&world.tenant, lease.run, other_body).await;
    assert_eq!(differs.expect("known before it is judged"), Sent::Differs);
    assert_eq!(send(other.run).await.expect("another run's inbox"), Sent::Accepted);
}

pub async fn a_status_that_is_not_allowed_refuses_the_message(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let message = NewMessage {
        allowed: StatusSet::of(&[RunStatus::Failed, RunStatus::Cancelled]),
        ..World::message("retry")
    };
    let refused = world.store.send(&world.tenant, lease.run, message.clone()).await;
    assert_refused!(refused, StoreError::RunIs(RunStatus::Queued));
    assert!(world.inbox(&lease).await.is_empty());
    // A refused key is not used up.
    let allowed = NewMessage {
        allowed: StatusSet::of(&[RunStatus::Queued]),
        ..message
    };
    let sent = world
        .store
        .send(&world.tenant, lease.run, allowed)
        .await
        .expect("allowed");
    assert_eq!(sent, Sent::Accepted);
    let ended = world.ended(node, RunStatus::Cancelled).await;
    let refused = world
        .store
        .send(&world.tenant, ended.run, World::message("signal"))
        .await;
    assert_refused!(refused, StoreError::RunIs(RunStatus::Cancelled));
    assert_eq!(world.record(ended.run).await.due, None);
}

pub async fn a_message_makes_a_parked_run_due(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    for due in [None, Some(world.later(Duration::from_secs(3600)))] {
        let lease = world.held(node).await;
        assert!(world.park(&lease, due).await.parked);
        assert!(world.claim(node, 10).await.is_empty(), "nothing is due yet");
        world.send(lease.run, "k").await;
        assert_eq!(world.record(lease.run).await.due, Some(Timestamp::ZERO));
        let claimed = world.claim(node, 10).await;
        assert_eq!(claimed.len(), 1);
        assert_eq!(world.inbox(&claimed[0].lease).await, ["k"]);
    }
}

pub async fn a_message_leaves_what_is_due_at_once_as_it_is(subject: &Subject) {
    let world = World::of(subject).await;
    let run = world.unheld().await;
    let born = world.record(run).await;
    world.clock.advance(Duration::from_secs(1));
    world.send(run, "k").await;
    assert_eq!(world.record(run).await, born);
}

pub async fn a_message_leaves_a_held_run_held(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let before = world.record(lease.run).await;
    world.send(lease.run, "k").await;
    assert_eq!(world.record(lease.run).await, before);
    assert!(world.claim(node, 10).await.is_empty());
}

pub async fn unread_messages_come_oldest_first_up_to_the_limit(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    for key in ["z", "a", "m"] {
        world.send(lease.run, key).await;
    }
    let rows = world.store.unread(&lease, 10).await.expect("held");
    assert!(rows.is_sorted_by_key(|row| row.id), "{rows:?}");
    assert_eq!(
        rows.iter().map(|row| row.key.0.as_str()).collect::<Vec<_>>(),
        ["z", "a", "m"]
    );
    assert_eq!(*rows[1].body, *b"body of a");
    let two = world.store.unread(&lease, 2).await.expect("held");
    assert_eq!(two, rows[..2]);
    let mut append = world.next(&lease, "took the second").await;
    append.consumed = vec![rows[1].id];
    world.append(append).await;
    assert_eq!(world.inbox(&lease).await, ["z", "m"]);
}

pub async fn a_message_to_nobody_is_not_found(subject: &Subject) {
    let world = World::of(subject).await;
    let sent = world
        .store
        .send(&world.tenant, RunId::generate(), World::message("k"))
        .await;
    assert_refused!(sent, StoreError::NotFound);
}
