//! Lives and deaths of nodes.

use std::time::Duration;

use crate::contract::world::assert_refused;
use crate::contract::{READER, Subject, TTL, World};
use crate::error::StoreError;
use crate::ids::{Epoch, NodeId};
use crate::records::ClaimLimits;
use crate::time::Timestamp;

const TICK: Duration = Duration::from_millis(1);

pub async fn an_identity_registers_once(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    assert_refused!(world.store.register(node, TTL).await, StoreError::Exists);
    world.clock.advance(TTL);
    assert_refused!(world.store.register(node, TTL).await, StoreError::Exists);
    world.store.bury_expired().await.expect("burying works");
    assert_refused!(world.store.register(node, TTL).await, StoreError::Exists);
}

pub async fn a_node_lives_as_long_as_it_is_renewed(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    for _ in 0..3 {
        world.clock.advance(TTL - TICK);
        world.store.renew(node, TTL).await.expect("it is alive");
    }
    world.clock.advance(TTL);
    let renewed = world.store.renew(node, TTL).await;
    if subject.exclusive {
        renewed.expect("nobody could have taken what it holds");
    } else {
        assert_refused!(renewed, StoreError::NodeDead);
    }
}

pub async fn a_dead_node_is_never_renewed(subject: &Subject) {
    let world = World::of(subject).await;
    assert_refused!(world.store.renew(NodeId::generate(), TTL).await, StoreError::NodeDead);
    let (expired, retired) = (world.node().await, NodeId::generate());
    world.clock.advance(TTL);
    world.store.bury_expired().await.expect("burying works");
    assert_refused!(world.store.renew(expired, TTL).await, StoreError::NodeDead);
    world.store.register(retired, TTL).await.expect("it is new");
    world.store.retire(retired).await.expect("it is alive");
    assert_refused!(world.store.renew(retired, TTL).await, StoreError::NodeDead);
    let limits = ClaimLimits {
        max: 1,
        suspects: 0,
        grave: false,
        reader: READER,
        ttl: TTL,
    };
    for node in [expired, retired, NodeId::generate()] {
        assert_refused!(world.store.claim(node, limits).await, StoreError::NodeDead);
    }
}

pub async fn a_claim_renews_the_node(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    for found in [true, false] {
        if found {
            world.unheld().await;
        }
        world.clock.advance(TTL - TICK);
        assert_eq!(world.claim(node, 1).await.len(), usize::from(found));
    }
    world.clock.advance(TTL - TICK);
    world.store.renew(node, TTL).await.expect("the claims kept it alive");
}

pub async fn burying_releases_the_runs_and_counts_a_death(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let leases = [world.held(node).await, world.held(node).await];
    assert_eq!(world.store.bury_expired().await.expect("burying works"), 0);
    world.clock.advance(TTL - TICK);
    assert_eq!(world.store.bury_expired().await.expect("burying works"), 0);
    assert_eq!(world.store.held(node).await.expect("reading works").len(), 2);
    world.clock.advance(TICK);
    assert_eq!(world.store.bury_expired().await.expect("burying works"), 2);
    for lease in &leases {
        let record = world.record(lease.run).await;
        assert_eq!((record.holder, record.epoch, record.deaths), (None, Epoch(1), 1));
        assert_eq!(record.due, Some(Timestamp::ZERO));
    }
    assert!(world.store.held(node).await.expect("reading works").is_empty());
    assert_eq!(world.store.bury_expired().await.expect("burying works"), 0);
    let next = world.node().await;
    let claimed = world.claim(next, 10).await;
    assert_eq!(claimed.iter().map(|run| run.deaths).collect::<Vec<_>>(), [1, 1]);
}

pub async fn an_expired_node_keeps_its_runs_until_it_is_buried(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    world.clock.advance(TTL);
    assert_eq!(world.leases(node).await, vec![lease.clone()]);
    let next = world.next(&lease, "slow but first").await;
    world.append(next).await;
    world.store.bury_expired().await.expect("burying works");
    let late = world.next(&lease, "too late").await;
    assert_refused!(world.store.append(late).await, StoreError::StaleLease);
}

pub async fn a_retired_node_gives_its_runs_back_without_a_death(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    world.store.retire(node).await.expect("it is alive");
    let record = world.record(lease.run).await;
    assert_eq!((record.holder, record.epoch, record.deaths), (None, Epoch(1), 0));
    assert_eq!(record.due, Some(Timestamp::ZERO));
    world.clock.advance(TTL);
    assert_eq!(world.store.bury_expired().await.expect("burying works"), 0);
    world
        .store
        .retire(node)
        .await
        .expect("a node that is not known is nothing to retire");
    world
        .store
        .retire(NodeId::generate())
        .await
        .expect("a node that is not known is nothing to retire");
}

pub async fn a_new_identity_buries_the_others_where_the_store_is_exclusive(subject: &Subject) {
    let world = World::of(subject).await;
    let old = world.node().await;
    let lease = world.held(old).await;
    let new = world.node().await;
    let record = world.record(lease.run).await;
    if subject.exclusive {
        assert_refused!(world.store.renew(old, TTL).await, StoreError::NodeDead);
        assert_eq!(
            (record.holder, record.deaths, record.due),
            (None, 1, Some(Timestamp::ZERO))
        );
        assert_eq!(world.claim(new, 10).await.len(), 1);
    } else {
        world.store.renew(old, TTL).await.expect("it is alive");
        assert_eq!((record.holder, record.deaths), (Some(old), 0));
        assert!(world.claim(new, 10).await.is_empty());
    }
    world.store.renew(new, TTL).await.expect("it is alive");
}
