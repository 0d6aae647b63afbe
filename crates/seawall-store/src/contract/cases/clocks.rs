//! Wall clocks that are set, and the order of what is due.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::flow_world::{come, of_key, stages};
use crate::contract::world::assert_refused;
use crate::contract::{READER, Subject, TTL, World};
use crate::error::StoreError;
use crate::ids::{RunId, TenantId};
use crate::records::{ClaimedRun, CreatedRun, Debounce, FlowStage, NewRun, Rate};
use crate::time::Timestamp;

const HOUR: Duration = Duration::from_secs(3600);
const SECOND: Duration = Duration::from_secs(1);
const PER: Duration = Duration::from_secs(10);

fn set_back(world: &World<'_>) {
    let hour_ago = world.now().as_millis() - 3_600_000;
    world.clock.set(Timestamp::from_millis(hour_ago));
}

fn runs(claimed: &[ClaimedRun]) -> Vec<RunId> {
    claimed.iter().map(|run| run.lease.run).collect()
}

pub async fn what_is_due_at_once_is_so_after_the_clock_was_set_back(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let born = world.unheld().await;
    let retired = world.held(node).await.run;
    world.store.retire(node).await.expect("it is alive");
    let node = world.node().await;
    let told = world.held(node).await;
    world.park(&told, None).await;
    world.send(told.run, "k").await;
    let released = world.held(node).await;
    world.send(released.run, "k").await;
    let at = world.record(released.run).await.last_seq;
    world.store.release(&released, at, None).await.expect("held");
    let parent = world.held(node).await;
    let child = world.new_run();
    let mut append = world.next(&parent, "called").await;
    append.children.push(child.clone());
    world.append(append).await;
    set_back(&world);
    let (due, now) = world
        .store
        .next_due(READER)
        .await
        .expect("reading works")
        .expect("some are due");
    assert!(due <= now);
    let mut claimed = runs(&world.claim(node, 10).await);
    claimed.sort_unstable();
    let mut all = [born, retired, told.run, released.run, child.id];
    all.sort_unstable();
    assert_eq!(claimed, all);
}

/// Two runs that are due at once and two whose timers are past, the later one first.
async fn four(world: &World<'_>) -> [RunId; 4] {
    let node = world.node().await;
    let mut timers = Vec::new();
    for seconds in [2, 1] {
        let lease = world.held(node).await;
        world
            .park(&lease, Some(world.later(Duration::from_secs(seconds))))
            .await;
        timers.push(lease.run);
    }
    world.clock.advance(Duration::from_secs(3));
    [world.unheld().await, world.unheld().await, timers[0], timers[1]]
}

pub async fn what_is_due_at_once_and_past_timers_take_turns(subject: &Subject) {
    let world = World::of(subject).await;
    let [first, second, late, early] = four(&world).await;
    let node = world.node().await;
    assert_eq!(runs(&world.claim(node, 3).await), [first, early, second]);
    assert_eq!(runs(&world.claim(node, 3).await), [late]);
}

pub async fn who_begins_changes_from_claim_to_claim(subject: &Subject) {
    let world = World::of(subject).await;
    let [first, second, late, early] = four(&world).await;
    let node = world.node().await;
    for run in [first, early, second, late] {
        assert_eq!(runs(&world.claim(node, 1).await), [run], "neither keeps the other out");
    }
}

pub async fn a_clock_that_is_set_ahead_costs_an_exclusive_node_nothing(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    world.clock.advance(HOUR);
    let born = NewRun {
        hold: Some(node),
        ..world.new_run()
    };
    let created = world.store.create_run(&world.tenant, born).await;
    if subject.exclusive {
        assert!(matches!(created, Ok(CreatedRun::New { lease: Some(_) })), "{created:?}");
        assert!(world.claim(node, 10).await.is_empty());
        world.store.renew(node, TTL).await.expect("nobody has buried it");
    } else {
        assert_refused!(created, StoreError::NodeDead);
        assert_refused!(world.store.renew(node, TTL).await, StoreError::NodeDead);
    }
    let next = world.next(&lease, "held all the same").await;
    world.append(next).await;
}

pub async fn a_dead_node_is_found_out_one_life_after_the_clock_was_set_back(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    set_back(&world);
    assert_eq!(world.store.bury_expired().await.expect("burying works"), 0);
    world.clock.advance(TTL);
    let found = world.store.bury_expired().await.expect("burying works");
    // The next process with an exclusive store does not look at the clock.
    let _next = world.node().await;
    assert_eq!(found, u64::from(!subject.exclusive));
    assert_eq!(world.record(lease.run).await.holder, None);
}

/// Three runs, the first of which was let through just now, by a rate of one in this time.
async fn rated(world: &World<'_>, key: &str) -> Vec<RunId> {
    let mut runs = Vec::new();
    for _ in 0..3 {
        let mut entry = of_key(world, key);
        entry.numbers.slots = None;
        entry.numbers.rate = Some(Rate { limit: 1, per: PER });
        runs.push(come(world, entry).await);
    }
    runs
}

/// How many of the runs were admitted, after a claim.
async fn admitted(world: &World<'_>, runs: &[RunId]) -> usize {
    let node = world.node().await;
    world.claim(node, 0).await;
    let stages = stages(world, runs).await;
    stages.iter().filter(|stage| **stage == FlowStage::Running).count()
}

/// When the next one is, with what was admitted claimed.
async fn next_start(world: &World<'_>) -> Option<Timestamp> {
    let node = world.node().await;
    world.claim(node, 10).await;
    let due = world.store.next_due(READER).await.expect("reading works");
    due.map(|(due, _)| due)
}

pub async fn a_rate_that_was_counted_from_a_later_clock_is_looked_at_again(subject: &Subject) {
    let world = World::of(subject).await;
    let (a, b) = (rated(&world, "a").await, rated(&world, "b").await);
    assert_eq!((admitted(&world, &a).await, admitted(&world, &b).await), (1, 1));
    assert_eq!(next_start(&world).await, Some(world.later(PER)));
    set_back(&world);
    let due = world.store.next_due(READER).await.expect("reading works");
    assert_eq!(
        due,
        Some((world.now(), world.now())),
        "it is not the old time that counts"
    );
    assert_eq!((admitted(&world, &a).await, admitted(&world, &b).await), (2, 2));
    // From here on they go by this clock.
    let next = world.later(PER);
    assert_eq!(next_start(&world).await, Some(next));
    assert_eq!((admitted(&world, &a).await, admitted(&world, &b).await), (2, 2));
    world.clock.set(next);
    assert_eq!((admitted(&world, &a).await, admitted(&world, &b).await), (3, 3));
    assert_eq!(next_start(&world).await, None);
}

pub async fn a_rate_is_not_outrun_when_the_clock_was_set_back_by_a_moment(subject: &Subject) {
    let world = World::of(subject).await;
    let runs = rated(&world, "a").await;
    let next = world.later(PER);
    world.clock.advance(Duration::from_secs(4));
    // One that comes has the line looked at by this clock.
    rated(&world, "a").await;
    world.clock.set(Timestamp::from_millis(world.now().as_millis() - 3000));
    assert_eq!(
        admitted(&world, &runs).await,
        1,
        "the debt is one that the rate can have made"
    );
    assert_eq!(next_start(&world).await, Some(next));
}

/// A run of a burst that is quiet after 2 s, or after 5 s in any case.
async fn debounced(world: &World<'_>) -> RunId {
    let mut entry = of_key(world, "k");
    entry.numbers.slots = None;
    entry.debounce = Some(Debounce {
        key: None,
        period: SECOND * 2,
        max_wait: SECOND * 5,
        message: Arc::from(&b"a newer one"[..]),
    });
    come(world, entry).await
}

async fn not_before(world: &World<'_>, run: RunId) -> Option<Timestamp> {
    let place = world.store.flow_place(&world.tenant, run).await.expect("reading works");
    place.expect("it is debounced").not_before
}

pub async fn the_wait_of_a_debounced_run_begins_anew_when_the_clock_was_set_back(subject: &Subject) {
    let world = World::of(subject).await;
    debounced(&world).await;
    world.clock.advance(SECOND);
    let run = debounced(&world).await;
    world.clock.advance(SECOND);
    assert_eq!(next_start(&world).await, Some(world.later(SECOND)));
    set_back(&world);
    let due = world.store.next_due(READER).await.expect("reading works");
    assert_eq!(
        due,
        Some((world.now(), world.now())),
        "it is not the old time that counts"
    );
    let end = world.later(SECOND * 2);
    assert_eq!(next_start(&world).await, Some(end));
    assert_eq!(not_before(&world, run).await, Some(end));
    world.clock.set(end);
    assert_eq!(admitted(&world, &[run]).await, 1);
    assert_eq!(next_start(&world).await, None);
}

pub async fn a_burst_lasts_no_longer_when_the_clock_was_set_back(subject: &Subject) {
    for (tenant, looked_at) in [("looked-at", true), ("met-by-another", false)] {
        let world = World::of_tenant(subject, TenantId::new(tenant).expect("a tenant")).await;
        debounced(&world).await;
        world.clock.advance(SECOND);
        debounced(&world).await;
        set_back(&world);
        // Whoever looks first finds that the clock stands behind: a claim, or the next of the burst.
        if looked_at {
            next_start(&world).await;
        } else {
            debounced(&world).await;
        }
        // One second of the burst is over, four are left.
        let end = world.later(SECOND * 4);
        for _ in 0..3 {
            world.clock.advance(SECOND);
            debounced(&world).await;
        }
        let last = debounced(&world).await;
        assert_eq!(not_before(&world, last).await, Some(end));
    }
}
