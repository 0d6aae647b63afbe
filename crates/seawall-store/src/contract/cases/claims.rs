//! Claiming, and what a holder then sees.

use std::time::Duration;

use crate::contract::{READER, Subject, TTL, World};
use crate::ids::{Epoch, RunId, Seq, TenantId};
use crate::records::ClaimedRun;

fn ids(claimed: &[ClaimedRun]) -> Vec<RunId> {
    claimed.iter().map(|run| run.lease.run).collect()
}

pub async fn a_claim_takes_the_run_and_raises_its_epoch(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let run = world.unheld().await;
    for epoch in 1..=3 {
        let claimed = world.claim(node, 10).await;
        assert_eq!(ids(&claimed), [run]);
        let lease = &claimed[0].lease;
        assert_eq!(
            (lease.node, lease.epoch, &lease.tenant),
            (node, Epoch(epoch), &world.tenant)
        );
        assert_eq!(claimed[0].deaths, 0);
        let record = world.record(run).await;
        assert_eq!((record.key, record.holder), (lease.key, Some(node)));
        assert_eq!((record.epoch, record.due), (Epoch(epoch), None));
        assert!(world.claim(node, 10).await.is_empty(), "it is held now");
        world
            .store
            .release(lease, Seq(1), Some(world.now()))
            .await
            .expect("held");
    }
}

pub async fn a_claim_takes_at_most_so_many_the_earliest_first(subject: &Subject) {
    let world = World::of(subject).await;
    let other = World::of_tenant(subject, TenantId::new("other").expect("a tenant")).await;
    let node = world.node().await;
    let mut made = Vec::new();
    for number in 0..5 {
        let there = if number % 2 == 0 { &world } else { &other };
        made.push(there.unheld().await);
        if number > 1 {
            world.clock.advance(Duration::from_millis(1));
        }
    }
    assert!(world.claim(node, 0).await.is_empty());
    assert_eq!(ids(&world.claim(node, 2).await), made[..2]);
    assert_eq!(ids(&world.claim(node, 2).await), made[2..4]);
    assert_eq!(ids(&world.claim(node, 2).await), made[4..]);
    assert!(world.claim(node, 2).await.is_empty());
}

pub async fn a_node_is_told_what_it_holds(subject: &Subject) {
    let world = World::of(subject).await;
    let other = World::of_tenant(subject, TenantId::new("other").expect("a tenant")).await;
    let node = world.node().await;
    assert!(world.store.held(node).await.expect("reading works").is_empty());
    world.unheld().await;
    let claimed = world.claim(node, 1).await.remove(0).lease;
    let born = other.held(node).await;
    let parked = world.held(node).await;
    world.park(&parked, None).await;
    let mut held = world.leases(node).await;
    held.sort_by_key(|lease| lease.run != claimed.run);
    assert_eq!(held, [claimed, born]);
}

pub async fn the_next_timer_is_the_earliest_of_an_unheld_run(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    assert_eq!(world.store.next_due(READER).await.expect("reading works"), None);
    let (late, early) = (world.later(Duration::from_secs(7)), world.later(Duration::from_secs(3)));
    for due in [late, early] {
        let lease = world.held(node).await;
        world.park(&lease, Some(due)).await;
    }
    assert_eq!(
        world.store.next_due(READER).await.expect("reading works"),
        Some((early, world.now()))
    );
    // A timer that is past is still the earliest one.
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(
        world.store.next_due(READER).await.expect("reading works"),
        Some((early, world.now()))
    );
    assert_eq!(world.claim(node, 10).await.len(), 1);
    assert_eq!(
        world.store.next_due(READER).await.expect("reading works"),
        Some((late, world.now()))
    );
}

pub async fn a_holder_loads_the_whole_run(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    for text in [" one", " two", " three"] {
        let next = world.next(&lease, text).await;
        world.append(next).await;
    }
    world.send(lease.run, "read").await;
    world.send(lease.run, "b").await;
    world.send(lease.run, "a").await;
    let mut append = world.next(&lease, " four").await;
    append.consumed = world
        .store
        .unread(&lease, 1)
        .await
        .expect("held")
        .iter()
        .map(|row| row.id)
        .collect();
    world.append(append).await;
    let node = world.take_over().await;
    let lease = world.claim(node, 1).await.remove(0).lease;
    let loaded = world.store.load(&lease).await.expect("held");
    assert_eq!(loaded.record, world.record(lease.run).await);
    assert_eq!((loaded.record.holder, loaded.record.epoch), (Some(node), Epoch(2)));
    let mut after = Seq(0);
    for segment in &loaded.segments {
        assert_eq!(segment.first, after.plus(1), "no hole and no repetition");
        after = segment.last();
    }
    assert_eq!(after, Seq(5));
    let bytes: Vec<u8> = loaded
        .segments
        .iter()
        .flat_map(|segment| segment.bytes.to_vec())
        .collect();
    assert_eq!(bytes, b"created one two three four");
    assert_eq!(
        loaded.inbox.iter().map(|row| row.key.0.as_str()).collect::<Vec<_>>(),
        ["b", "a"]
    );
    assert_eq!(loaded.inbox, world.store.unread(&lease, 10).await.expect("held"));
    world.clock.advance(TTL);
    world.store.load(&lease).await.expect("held until it is buried");
}
