//! Runs whose holders keep dying.

use std::time::Duration;

use crate::contract::{READER, Subject, TTL, World};
use crate::ids::{NodeId, RunId, Seq};
use crate::records::{AppendThen, ClaimLimits, HeldRun, Lease};
use crate::time::Timestamp;

/// Moves the clock to where `run` is due, if that is ahead.
async fn wait_until_due(world: &World<'_>, run: RunId) {
    if let Some(due) = world.record(run).await.due
        && due > world.now()
    {
        world.clock.set(due);
    }
}

/// Lets the holder of `run` die once more; gives a new node at the time when the run is due.
async fn die(world: &World<'_>, run: RunId) -> NodeId {
    world.clock.advance(TTL);
    world.store.bury_expired().await.expect("burying works");
    wait_until_due(world, run).await;
    world.node().await
}

/// Claims `run` with a new node as soon as it is due.
async fn reclaim(world: &World<'_>, run: RunId) -> Lease {
    wait_until_due(world, run).await;
    let node = world.node().await;
    let claimed = world.claim_with(node, 10, 1).await;
    let found = claimed.into_iter().find(|claimed| claimed.lease.run == run);
    found.expect("it is due").lease
}

/// A run with as many deaths, held again.
async fn suspect(world: &World<'_>, deaths: u32) -> Lease {
    let node = world.node().await;
    let mut lease = world.held(node).await;
    for _ in 0..deaths {
        world.clock.advance(TTL);
        world.store.bury_expired().await.expect("burying works");
        lease = reclaim(world, lease.run).await;
    }
    lease
}

pub async fn a_suspect_becomes_due_after_a_backoff(subject: &Subject) {
    let world = World::of(subject).await;
    let mut lease = suspect(&world, 0).await;
    let seconds = [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300];
    for (index, backoff) in seconds.into_iter().enumerate() {
        world.clock.advance(TTL);
        assert_eq!(world.store.bury_expired().await.expect("burying works"), 1);
        let record = world.record(lease.run).await;
        assert_eq!(record.deaths as usize, index + 1);
        let due = match backoff {
            0 => Timestamp::ZERO,
            _ => world.later(Duration::from_secs(backoff)),
        };
        assert_eq!(record.due, Some(due), "after {} deaths", index + 1);
        if backoff > 0 {
            let node = world.node().await;
            assert!(
                world.claim_with(node, 10, 1).await.is_empty(),
                "not before its backoff is over"
            );
            world.store.retire(node).await.expect("it is alive");
        }
        lease = reclaim(&world, lease.run).await;
    }
}

pub async fn a_suspect_is_claimed_only_where_suspects_are_asked_for(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = suspect(&world, 2).await;
    let node = die(&world, lease.run).await;
    let clean = world.unheld().await;
    let claimed = world.claim(node, 10).await;
    assert_eq!(claimed.iter().map(|run| run.lease.run).collect::<Vec<_>>(), [clean]);
    let claimed = world.claim_with(node, 10, 1).await;
    assert_eq!(
        claimed
            .iter()
            .map(|run| (run.lease.run, run.deaths))
            .collect::<Vec<_>>(),
        [(lease.run, 3)]
    );
}

/// As many runs, held by one node, that died with their holders so often; then a live node, when they are due.
async fn died_together(world: &World<'_>, count: usize, deaths: u32) -> (Vec<RunId>, NodeId) {
    let mut node = world.node().await;
    let mut runs = Vec::new();
    for _ in 0..count {
        runs.push(world.held(node).await.run);
    }
    for died in 1..=deaths {
        node = die(world, runs[0]).await;
        if died < deaths {
            let claimed = claimed_of(world, node, u32::MAX).await;
            // One after the other, once they are grave.
            for _ in claimed.len()..count {
                assert_eq!(claimed_of(world, node, u32::MAX).await.len(), 1);
            }
        }
    }
    (runs, node)
}

async fn claimed_of(world: &World<'_>, node: NodeId, suspects: u32) -> Vec<RunId> {
    let claimed = world.claim_with(node, 10, suspects).await;
    claimed.iter().map(|run| run.lease.run).collect()
}

pub async fn a_claim_takes_as_many_suspects_as_are_asked_for_before_others(subject: &Subject) {
    let world = World::of(subject).await;
    let (runs, node) = died_together(&world, 3, 3).await;
    let clean = world.unheld().await;
    assert_eq!(claimed_of(&world, node, 1).await, [runs[0], clean]);
    assert_eq!(claimed_of(&world, node, 0).await, []);
    assert_eq!(claimed_of(&world, node, 9).await, runs[1..]);
}

pub async fn suspects_take_half_of_a_claim(subject: &Subject) {
    let world = World::of(subject).await;
    let (runs, node) = died_together(&world, 4, 3).await;
    let clean = [world.unheld().await, world.unheld().await];
    for (max, expected) in [
        (3, vec![runs[0], runs[1], clean[0]]),
        (1, vec![runs[2]]),
        (9, vec![runs[3], clean[1]]),
    ] {
        let claimed = world.claim_with(node, max, 9).await;
        let claimed: Vec<_> = claimed.iter().map(|run| run.lease.run).collect();
        assert_eq!(claimed, expected, "of {max}");
    }
}

pub async fn a_grave_suspect_is_the_only_one_of_its_claim(subject: &Subject) {
    let world = World::of(subject).await;
    let (runs, node) = died_together(&world, 2, 6).await;
    let lighter = died_together(&world, 2, 3).await.0;
    world
        .store
        .renew(node, TTL)
        .await
        .expect_err("it has died with the others");
    wait_until_due(&world, runs[1]).await;
    let node = world.node().await;
    let mut claims = Vec::new();
    for _ in 0..4 {
        claims.push(claimed_of(&world, node, 9).await);
    }
    assert_eq!(claims, [lighter, vec![runs[0]], vec![runs[1]], vec![]]);
}

pub async fn a_grave_suspect_waits_until_it_is_asked_for(subject: &Subject) {
    let world = World::of(subject).await;
    let (runs, node) = died_together(&world, 1, 6).await;
    let limits = |suspects, grave| ClaimLimits {
        max: 10,
        suspects,
        grave,
        reader: READER,
        ttl: TTL,
    };
    for (suspects, grave, expected) in [(9, false, 0), (0, true, 0), (1, true, 1)] {
        let claimed = world
            .store
            .claim(node, limits(suspects, grave))
            .await
            .expect("it is alive");
        assert_eq!(claimed.len(), expected);
    }
    let found = world.record(runs[0]).await;
    assert_eq!((found.holder, found.deaths), (Some(node), 6));
}

pub async fn a_suspect_counts_towards_the_limit(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = suspect(&world, 2).await;
    let node = die(&world, lease.run).await;
    let tick = Duration::from_millis(1);
    let clean = world.held(node).await;
    world.park(&clean, Some(world.later(tick))).await;
    world.clock.advance(tick);
    let claimed = world.claim_with(node, 1, 1).await;
    assert_eq!(claimed.iter().map(|run| run.lease.run).collect::<Vec<_>>(), [lease.run]);
}

pub async fn a_held_run_comes_with_its_deaths_and_its_last_place(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = suspect(&world, 3).await;
    let (store, node) = (world.store, lease.node);
    let held = async || {
        let mut held = store.held(node).await.expect("reading works");
        let HeldRun {
            lease: of,
            deaths,
            last_seq,
        } = held.pop().expect("it is held");
        assert_eq!((of, held.len()), (lease.clone(), 0));
        (deaths, last_seq)
    };
    assert_eq!(held().await, (3, Seq(1)));
    let mut found = world.next(&lease, "what a take-over found").await;
    found.keeps_deaths = true;
    world.append(found).await;
    assert_eq!(held().await, (3, Seq(2)));
    let next = world.next(&lease, "progress").await;
    world.append(next).await;
    assert_eq!(held().await, (0, Seq(3)));
}

pub async fn new_events_clear_a_suspect(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = suspect(&world, 3).await;
    assert_eq!(world.record(lease.run).await.deaths, 3);
    let mut empty = world.next(&lease, "").await;
    empty.segment = None;
    world.append(empty).await;
    assert_eq!(world.record(lease.run).await.deaths, 3, "nothing happened in the run");
    let next = world.next(&lease, "progress").await;
    world.append(next).await;
    assert_eq!(world.record(lease.run).await.deaths, 0);
}

pub async fn events_that_keep_the_deaths_do_not_clear_a_suspect(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = suspect(&world, 3).await;
    for then in [AppendThen::Hold, AppendThen::Park { due: Some(world.now()) }] {
        let mut found = world.next(&lease, "what a take-over found").await;
        (found.keeps_deaths, found.then) = (true, then);
        world.append(found).await;
        assert_eq!(world.record(lease.run).await.deaths, 3, "{then:?}");
    }
    let lease = reclaim(&world, lease.run).await;
    let mut repeated = world.next(&lease, "again").await;
    repeated.keeps_deaths = true;
    world.append(repeated.clone()).await;
    repeated.keeps_deaths = false;
    world.append(repeated).await;
    assert_eq!(world.record(lease.run).await.deaths, 3, "a repeat changes nothing");
    let next = world.next(&lease, "progress").await;
    world.append(next).await;
    assert_eq!(world.record(lease.run).await.deaths, 0);
}

pub async fn giving_a_suspect_back_does_not_clear_it(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = suspect(&world, 3).await;
    let at = world.record(lease.run).await.last_seq;
    world.store.release(&lease, at, Some(world.now())).await.expect("held");
    assert_eq!(world.record(lease.run).await.deaths, 3);
    assert!(world.claim(lease.node, 10).await.is_empty());
    assert_eq!(world.claim_with(lease.node, 10, 1).await.len(), 1);
    world.store.retire(lease.node).await.expect("it is alive");
    let record = world.record(lease.run).await;
    assert_eq!((record.deaths, record.due), (3, Some(Timestamp::ZERO)));
}

pub async fn a_new_message_ends_the_backoff(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = suspect(&world, 4).await;
    world.send(lease.run, "unread").await;
    world.clock.advance(TTL);
    world.store.bury_expired().await.expect("burying works");
    let backoff = world.later(Duration::from_secs(4));
    assert_eq!(
        world.record(lease.run).await.due,
        Some(backoff),
        "an unread message does not shorten it"
    );
    world.send(lease.run, "new").await;
    assert_eq!(world.record(lease.run).await.due, Some(Timestamp::ZERO));
}
