//! What an append brings along: consumed messages, children, messages to other runs.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::{Subject, World};
use crate::ids::{Digest, Epoch, RunId, TenantId};
use crate::records::{
    AppendThen, CreatedRun, CrossMessage, IdempotencyKey, MessageKey, NewRun, ParentLink, RunStatus, Sent,
};
use crate::time::Timestamp;

fn cross(to: RunId, key: &str) -> CrossMessage {
    CrossMessage {
        to,
        key: MessageKey(key.to_owned()),
        body: Arc::from(format!("body of {key}").as_bytes()),
        unheard: None,
    }
}

pub async fn a_run_consumes_its_own_messages_only(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let (mine, other) = (world.held(node).await, world.held(node).await);
    world.send(mine.run, "k").await;
    world.send(other.run, "k").await;
    let mut append = world.next(&mine, "took both").await;
    for lease in [&mine, &other] {
        let rows = world.store.unread(lease, 10).await.expect("held");
        append.consumed.extend(rows.iter().map(|row| row.id));
    }
    append.consumed.push(i64::MAX);
    world.append(append.clone()).await;
    assert!(world.inbox(&mine).await.is_empty());
    assert_eq!(world.inbox(&other).await, ["k"]);
    // Consuming a row again is nothing.
    let again = world.next(&mine, "again").await;
    world
        .append(crate::records::Append {
            consumed: append.consumed,
            ..again
        })
        .await;
    assert_eq!(world.inbox(&other).await, ["k"]);
}

pub async fn a_child_is_born_with_the_append_once(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let child = NewRun {
        parent: Some(ParentLink {
            run: lease.run,
            step: "call".to_owned(),
            item: None,
            generation: 1,
        }),
        ..world.new_run()
    };
    let mut append = world.next(&lease, "called").await;
    append.children.push(child.clone());
    world.append(append).await;
    let born = world.record(child.id).await;
    assert_eq!(
        (born.holder, born.epoch, born.due),
        (None, Epoch(0), Some(Timestamp::ZERO))
    );
    assert_eq!((&born.parent, &born.projection), (&child.parent, &child.projection));
    assert_eq!(world.journal(child.id).await, (1, "created".to_owned()));
    let changed = NewRun {
        segment: World::segment(1, 5, "something else"),
        projection: World::projection(RunStatus::Failed),
        ..child.clone()
    };
    let mut append = world.next(&lease, "called again").await;
    append.children.push(changed);
    world.append(append).await;
    assert_eq!(world.record(child.id).await, born);
    assert_eq!(world.journal(child.id).await, (1, "created".to_owned()));
    let claimed = world.claim(node, 10).await;
    assert_eq!(claimed.iter().map(|run| run.lease.run).collect::<Vec<_>>(), [child.id]);
}

pub async fn hold_and_idempotency_of_a_child_mean_nothing(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let child = NewRun {
        hold: Some(node),
        idempotency: Some(IdempotencyKey {
            key: Digest::of(b"key"),
            fingerprint: Digest::of(b"request"),
            expires_at: world.later(Duration::from_secs(60)),
        }),
        ..world.new_run()
    };
    let mut append = world.next(&lease, "called").await;
    append.children.push(child.clone());
    world.append(append).await;
    let born = world.record(child.id).await;
    assert_eq!((born.holder, born.epoch), (None, Epoch(0)));
    let answer = world
        .create(NewRun {
            id: RunId::generate(),
            hold: None,
            ..child
        })
        .await;
    assert!(matches!(answer, CreatedRun::New { .. }), "{answer:?}");
}

pub async fn a_message_to_another_run_arrives_once(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let (from, to) = (world.held(node).await, world.held(node).await);
    world.send(to.run, "known").await;
    for text in ["first", "second"] {
        let mut append = world.next(&from, text).await;
        append.messages = vec![cross(to.run, "done"), cross(to.run, "known"), cross(to.run, "done")];
        world.append(append).await;
    }
    assert_eq!(world.inbox(&to).await, ["known", "done"]);
    let rows = world.store.unread(&to, 10).await.expect("held");
    assert_eq!(*rows[1].body, *b"body of done");
    let sent = world.store.send(&world.tenant, to.run, World::message("done")).await;
    assert_eq!(sent.expect("allowed"), Sent::Duplicate);
}

pub async fn a_message_to_a_run_the_tenant_does_not_have_is_dropped(subject: &Subject) {
    let world = World::of(subject).await;
    let other = World::of_tenant(subject, TenantId::new("other").expect("a tenant")).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let foreign = other.held(node).await;
    let mut append = world.next(&lease, "sent").await;
    append.messages = vec![cross(foreign.run, "k"), cross(RunId::generate(), "k")];
    world.append(append).await;
    assert!(other.inbox(&foreign).await.is_empty());
    other.send(foreign.run, "k").await;
}

pub async fn who_writes_to_a_run_that_is_not_there_may_hear_so(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let (lease, other) = (world.held(node).await, world.held(node).await);
    let answered = |to, key: &str| CrossMessage {
        unheard: Some((cross(to, "nobody").key, cross(to, "nobody").body)),
        ..cross(to, key)
    };
    let mut append = world.next(&lease, "sent").await;
    append.messages = vec![answered(other.run, "heard")];
    world.append(append).await;
    assert_eq!(world.inbox(&other).await, ["heard"]);
    assert!(world.inbox(&lease).await.is_empty());
    let mut append = world.next(&lease, "sent again").await;
    append.messages = vec![answered(RunId::generate(), "k"), answered(RunId::generate(), "k")];
    append.then = AppendThen::Park { due: None };
    assert!(!world.append(append).await.parked, "there is a message");
    assert_eq!(world.inbox(&lease).await, ["nobody"]);
}

pub async fn a_message_from_a_run_wakes_a_parked_or_ended_one(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let from = world.held(node).await;
    let parked = world.held(node).await;
    world.park(&parked, None).await;
    let ended = world.ended(node, RunStatus::Failed).await;
    let mut append = world.next(&from, "sent").await;
    append.messages = vec![cross(parked.run, "k"), cross(ended.run, "k")];
    world.append(append).await;
    let claimed = world.claim(node, 10).await;
    assert_eq!(
        claimed.iter().map(|run| run.lease.run).collect::<Vec<_>>(),
        [parked.run, ended.run]
    );
    for run in claimed {
        assert_eq!(world.inbox(&run.lease).await, ["k"]);
    }
}

pub async fn a_child_gets_a_message_of_the_append_that_made_it(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let child = world.new_run();
    let mut append = world.next(&lease, "called").await;
    append.messages = vec![cross(child.id, "k")];
    append.children.push(child);
    world.append(append).await;
    let claimed = world.claim(node, 1).await;
    assert_eq!(world.inbox(&claimed[0].lease).await, ["k"]);
}

pub async fn a_message_to_a_run_that_consumed_its_key_is_dropped(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let (from, to) = (world.held(node).await, world.held(node).await);
    for text in ["first", "second"] {
        let mut append = world.next(&from, text).await;
        append.messages = vec![cross(to.run, "done")];
        world.append(append).await;
        let mut taken = world.next(&to, "took what was there").await;
        let rows = world.store.unread(&to, 10).await.expect("held");
        assert_eq!(rows.len(), usize::from(text == "first"));
        taken.consumed = rows.iter().map(|row| row.id).collect();
        world.append(taken).await;
    }
}

pub async fn a_child_whose_id_another_tenant_has_is_left_as_it_is(subject: &Subject) {
    let world = World::of(subject).await;
    let other = World::of_tenant(subject, TenantId::new("other").expect("a tenant")).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let foreign = other.unheld().await;
    let before = other.record(foreign).await;
    let mut append = world.next(&lease, "called").await;
    append.children.push(NewRun {
        id: foreign,
        ..world.new_run()
    });
    world.append(append).await;
    assert_eq!(other.record(foreign).await, before);
    assert_eq!(
        world.store.run(&world.tenant, foreign).await.expect("reading works"),
        None
    );
}
