//! Giving a run back: parked, ended, released.

use std::time::Duration;

use crate::contract::world::assert_refused;
use crate::contract::{READER, Subject, World};
use crate::error::StoreError;
use crate::ids::{Epoch, Seq};
use crate::records::{AppendThen, NewMessage, RunStatus, Sent, StatusSet};
use crate::time::Timestamp;

const HOUR: Duration = Duration::from_secs(3600);

pub async fn a_run_parks_only_when_nothing_is_unread(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    world.send(lease.run, "first").await;
    world.send(lease.run, "second").await;
    let rows = world.store.unread(&lease, 10).await.expect("held");
    let mut park = world.next(&lease, "parked?").await;
    park.then = AppendThen::Park { due: None };
    park.consumed = vec![rows[0].id];
    let appended = world.append(park).await;
    assert_eq!((appended.last, appended.parked), (Seq(2), false));
    let record = world.record(lease.run).await;
    assert_eq!((record.holder, record.due, record.last_seq), (Some(node), None, Seq(2)));
    assert_eq!(world.inbox(&lease).await, ["second"]);
    let mut park = world.next(&lease, "parked").await;
    park.then = AppendThen::Park { due: None };
    park.consumed = vec![rows[1].id];
    assert!(world.append(park).await.parked);
    let record = world.record(lease.run).await;
    assert_eq!((record.holder, record.epoch, record.due), (None, Epoch(1), None));
    let late = world.next(&lease, "late").await;
    assert_refused!(world.store.append(late).await, StoreError::StaleLease);
    assert!(world.store.held(node).await.expect("reading works").is_empty());
}

pub async fn a_run_parks_without_an_event(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let due = Some(world.later(HOUR));
    let mut park = world.next(&lease, "").await;
    park.segment = None;
    park.then = AppendThen::Park { due };
    let appended = world.append(park.clone()).await;
    assert_eq!((appended.last, appended.parked), (Seq(1), true));
    assert_eq!(world.record(lease.run).await.due, due);
    // Without a segment it has no place by which it could be known again.
    assert_refused!(world.store.append(park).await, StoreError::StaleLease);
}

pub async fn parked_runs_are_claimable_when_due_in_the_order_of_their_timers(subject: &Subject) {
    let world = World::of(subject).await;
    let mut runs = Vec::new();
    let node = world.node().await;
    for seconds in [3, 1, 2, 2] {
        let lease = world.held(node).await;
        let due = world.later(Duration::from_secs(seconds));
        assert!(world.park(&lease, Some(due)).await.parked);
        assert_eq!(world.record(lease.run).await.due, Some(due));
        runs.push(lease.run);
    }
    world.clock.advance(Duration::from_millis(999));
    assert!(world.claim(node, 10).await.is_empty());
    world.clock.advance(Duration::from_millis(1));
    let first = world.claim(node, 10).await;
    assert_eq!(first.iter().map(|run| run.lease.run).collect::<Vec<_>>(), [runs[1]]);
    world.clock.advance(Duration::from_secs(2));
    let rest = world.claim(node, 10).await;
    assert_eq!(
        rest.iter().map(|run| run.lease.run).collect::<Vec<_>>(),
        [runs[2], runs[3], runs[0]]
    );
    for run in rest {
        assert_eq!(
            world.record(run.lease.run).await.due,
            None,
            "a claimed run has no timer"
        );
    }
}

pub async fn a_run_parked_without_a_timer_waits_for_a_message(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    world.park(&lease, None).await;
    world.clock.advance(HOUR);
    let node = world.node().await;
    assert!(world.claim(node, 10).await.is_empty());
    assert_eq!(world.store.next_due(READER).await.expect("reading works"), None);
    world.send(lease.run, "k").await;
    assert_eq!(world.claim(node, 10).await.len(), 1);
}

pub async fn an_ended_run_is_given_back_and_a_retry_wakes_it(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let ended = world.ended(node, RunStatus::Failed).await;
    let record = world.record(ended.run).await;
    assert_eq!(
        (record.holder, record.due, record.projection.status),
        (None, None, RunStatus::Failed)
    );
    world.clock.advance(Duration::from_secs(1));
    assert!(world.claim(node, 10).await.is_empty());
    let late = world.next(&ended, "late").await;
    assert_refused!(world.store.append(late).await, StoreError::StaleLease);
    let retry = NewMessage {
        allowed: StatusSet::of(&[RunStatus::Failed, RunStatus::Cancelled]),
        ..World::message("retry")
    };
    let sent = world.store.send(&world.tenant, ended.run, retry).await;
    assert_eq!(sent.expect("the run has failed"), Sent::Accepted);
    let claimed = world.claim(node, 10).await;
    assert_eq!((claimed[0].lease.run, claimed[0].lease.epoch), (ended.run, Epoch(2)));
    assert_eq!(world.inbox(&claimed[0].lease).await, ["retry"]);
}

pub async fn an_end_ignores_what_is_unread(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    world.send(lease.run, "too late").await;
    let mut end = world.next(&lease, "ended").await;
    end.projection = World::projection(RunStatus::Succeeded);
    end.then = AppendThen::End;
    assert!(world.append(end).await.parked);
    assert_eq!(world.record(lease.run).await.due, None);
    assert!(world.claim(node, 10).await.is_empty());
}

pub async fn a_released_run_is_due_when_it_says(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let due = world.later(HOUR);
    for due in [Some(due), Some(world.now()), None] {
        let lease = world.held(node).await;
        world.store.release(&lease, Seq(1), due).await.expect("held");
        let record = world.record(lease.run).await;
        assert_eq!(
            (record.holder, record.epoch, record.due, record.deaths),
            (None, Epoch(1), due, 0)
        );
        assert_refused!(world.store.release(&lease, Seq(1), due).await, StoreError::StaleLease);
    }
    assert_eq!(world.claim(node, 10).await.len(), 1);
}

pub async fn a_run_released_with_an_unread_message_is_due_now(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    for due in [Some(world.later(HOUR)), None] {
        let lease = world.held(node).await;
        world.send(lease.run, "k").await;
        world.store.release(&lease, Seq(1), due).await.expect("held");
        assert_eq!(world.record(lease.run).await.due, Some(Timestamp::ZERO));
        assert_eq!(world.claim(node, 10).await.len(), 1);
    }
}

pub async fn a_release_at_another_place_is_refused(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let next = world.next(&lease, "more").await;
    world.append(next).await;
    let before = world.record(lease.run).await;
    for at in [Seq(1), Seq(3)] {
        assert_refused!(world.store.release(&lease, at, None).await, StoreError::StaleLease);
    }
    assert_eq!(world.record(lease.run).await, before);
}

pub async fn a_run_that_waits_for_a_time_is_woken_before_it(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let (timed, other, untimed, held) = (
        world.held(node).await,
        world.held(node).await,
        world.held(node).await,
        world.held(node).await,
    );
    let hour = Some(world.later(HOUR));
    world.park(&timed, hour).await;
    world.park(&other, hour).await;
    world.park(&untimed, None).await;
    let runs = vec![timed.run, untimed.run, held.run, crate::ids::RunId::generate()];
    let foreign = crate::ids::TenantId::new("foreign").expect("a tenant");
    assert_eq!(
        world.store.wake(&foreign, runs.clone()).await.expect("writing works"),
        0
    );
    assert_eq!(
        world
            .store
            .wake(&world.tenant, runs.clone())
            .await
            .expect("writing works"),
        1
    );
    assert_eq!(world.store.wake(&world.tenant, runs).await.expect("writing works"), 0);
    assert_eq!(world.record(timed.run).await.due, Some(Timestamp::ZERO));
    assert_eq!(world.record(other.run).await.due, hour);
    assert_eq!(world.record(untimed.run).await.due, None);
    let claimed = world.claim(node, 10).await;
    assert_eq!(claimed.iter().map(|run| run.lease.run).collect::<Vec<_>>(), [timed.run]);
    assert_eq!(world.inbox(&held).await.len(), 0, "it is still held");
}
