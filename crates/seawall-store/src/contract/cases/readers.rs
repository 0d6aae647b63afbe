//! Runs that not every node can read.

use std::time::Duration;

use crate::contract::{READER, Subject, TTL, World};
use crate::ids::{NodeId, RunId};
use crate::records::{AppendThen, ClaimLimits, NewRun};
use crate::time::Timestamp;

impl World<'_> {
    /// What a node with this reader is given.
    async fn claim_as(&self, node: NodeId, reader: u32, max: u32) -> Vec<RunId> {
        let limits = ClaimLimits {
            max,
            suspects: u32::MAX,
            grave: true,
            reader,
            ttl: TTL,
        };
        let claimed = self.store.claim(node, limits).await.expect("the node is alive");
        claimed.into_iter().map(|run| run.lease.run).collect()
    }

    async fn due_for(&self, reader: u32) -> Option<Timestamp> {
        let due = self.store.next_due(reader).await.expect("reading works");
        due.map(|(due, _)| due)
    }

    async fn unheld_for(&self, reader: u32) -> RunId {
        let new = NewRun {
            reader,
            ..self.new_run()
        };
        let id = new.id;
        self.create(new).await;
        id
    }
}

pub async fn a_run_is_claimed_only_by_who_can_read_it(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let run = world.unheld_for(READER + 1).await;
    assert_eq!(world.record(run).await.reader, READER + 1);
    assert_eq!(world.due_for(READER).await, None);
    assert!(world.claim_as(node, READER, 10).await.is_empty());
    assert_eq!(world.due_for(READER + 1).await, Some(Timestamp::ZERO));
    assert_eq!(world.claim_as(node, READER + 1, 10).await, [run]);
}

pub async fn what_a_node_cannot_read_keeps_nothing_else_waiting(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    world.unheld_for(READER + 1).await;
    let at_once = world.unheld_for(READER).await;
    world.unheld_for(READER + 2).await;
    let parked = world.held(node).await;
    let at = world.later(Duration::from_secs(3));
    world.park(&parked, Some(at)).await;
    assert_eq!(world.claim_as(node, READER, 1).await, [at_once]);
    assert_eq!(world.due_for(READER).await, Some(at));
    world.clock.set(at);
    assert_eq!(world.claim_as(node, READER, 1).await, [parked.run]);
    assert_eq!(world.due_for(READER).await, None);
}

pub async fn a_run_keeps_the_latest_reader_that_an_append_named(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    for (reader, kept) in [
        (READER, READER),
        (READER + 2, READER + 2),
        (READER, READER + 2),
        (READER + 1, READER + 2),
    ] {
        let mut next = world.next(&lease, "more").await;
        next.reader = reader;
        world.append(next).await;
        assert_eq!(world.record(lease.run).await.reader, kept);
    }
    let mut park = world.next(&lease, "").await;
    (park.segment, park.reader) = (None, 0);
    park.then = AppendThen::Park { due: Some(world.now()) };
    world.append(park).await;
    assert!(world.claim_as(node, READER + 1, 10).await.is_empty());
    // Nor does a message make it anybody else's.
    world.send(lease.run, "wake").await;
    assert_eq!(world.due_for(READER + 1).await, None);
    assert_eq!(world.claim_as(node, READER + 2, 10).await, [lease.run]);
}

pub async fn an_append_that_is_refused_or_repeated_names_no_reader(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let next = world.next(&lease, "more").await;
    world.append(next.clone()).await;
    let mut again = next.clone();
    again.reader = READER + 1;
    world.append(again).await;
    let mut stale = world.next(&lease, "late").await;
    (stale.after, stale.reader) = (next.after, READER + 1);
    assert!(world.store.append(stale).await.is_err());
    assert_eq!(world.record(lease.run).await.reader, READER);
}

pub async fn a_child_is_born_with_the_reader_that_it_needs(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let mut next = world.next(&lease, "a child").await;
    let child = NewRun {
        reader: READER + 1,
        ..world.new_run()
    };
    let id = child.id;
    next.children.push(child);
    world.append(next).await;
    assert!(world.claim_as(node, READER, 10).await.is_empty());
    assert_eq!(world.claim_as(node, READER + 1, 10).await, [id]);
}
