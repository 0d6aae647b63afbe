//! Flow control: who is admitted, when, and what gives way.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::flow_world::{
    SECOND, claimed, come, come_with, counts, end, entry, held_back, lines, of_key, stage, stages, with_slots,
};
use crate::contract::{Subject, World};
use crate::ids::{NodeId, TenantId};
use crate::records::{AppendThen, FlowEntry, FlowStage, NewRun, Page, RunStatus};
use crate::time::Timestamp;

pub async fn a_run_is_admitted_while_a_slot_is_free_and_waits_else(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let (first, second) = (come(&world, entry(&world)).await, come(&world, entry(&world)).await);
    assert_eq!(
        stages(&world, &[first, second]).await,
        [FlowStage::Running, FlowStage::Queued]
    );
    assert_eq!(world.record(first).await.due, Some(Timestamp::ZERO));
    assert_eq!(world.record(second).await.due, None);
    assert_eq!(counts(&world).await, (1, 1, 0));
    let lease = claimed(&world, node, first).await;
    assert_eq!(world.inbox(&lease).await, ["admitted"]);
    assert!(world.claim(node, 10).await.is_empty());
    end(&world, &lease, RunStatus::Succeeded).await;
    assert_eq!(
        stages(&world, &[first, second]).await,
        [FlowStage::Released, FlowStage::Running]
    );
    assert_eq!(counts(&world).await, (1, 0, 0));
    let lease = claimed(&world, node, second).await;
    end(&world, &lease, RunStatus::Succeeded).await;
    assert!(lines(&world).await.is_empty());
}

pub async fn a_run_under_flow_control_is_never_born_held(subject: &Subject) {
    let world = World::of(subject).await;
    let new = NewRun {
        hold: Some(NodeId::generate()),
        ..held_back(&world, 0, entry(&world))
    };
    let id = new.id;
    world.create(new).await;
    assert_eq!(world.record(id).await.holder, None);
}

pub async fn a_waiting_run_is_due_at_its_deadline(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    come(&world, entry(&world)).await;
    world.claim(node, 10).await;
    let deadline = Some(world.later(SECOND));
    let waiting = come(
        &world,
        FlowEntry {
            deadline,
            ..entry(&world)
        },
    )
    .await;
    assert_eq!(world.record(waiting).await.due, deadline);
    world.clock.advance(SECOND);
    let lease = claimed(&world, node, waiting).await;
    assert!(world.inbox(&lease).await.is_empty());
    end(&world, &lease, RunStatus::Failed).await;
    assert_eq!(counts(&world).await, (1, 0, 0));
}

pub async fn every_end_frees_the_slot_once(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let mut runs = Vec::new();
    for _ in 0..6 {
        runs.push(come(&world, entry(&world)).await);
    }
    let ends = [RunStatus::Succeeded, RunStatus::Failed, RunStatus::Cancelled];
    for (place, status) in ends.into_iter().enumerate() {
        let lease = claimed(&world, node, runs[place]).await;
        let mut append = world.next(&lease, "end").await;
        append.projection = World::projection(status);
        // Also where the lease is kept.
        append.then = if status == RunStatus::Failed {
            AppendThen::Hold
        } else {
            AppendThen::End
        };
        for _ in 0..2 {
            world.append(append.clone()).await;
        }
        assert_eq!(counts(&world).await, (1, 4 - u32::try_from(place).expect("few"), 0));
    }
}

pub async fn the_queue_is_in_the_order_of_coming_and_priority(subject: &Subject) {
    let world = World::of(subject).await;
    let mut running = come(&world, entry(&world)).await;
    let old = come(&world, entry(&world)).await;
    world.clock.advance(Duration::from_millis(9_999));
    let ranked = come_with(&world, 1, entry(&world)).await;
    world.clock.advance(Duration::from_millis(1));
    // One point is as good as having waited for 10 s; of equals the one created first comes first.
    let equal = come_with(&world, 1, entry(&world)).await;
    let low = come_with(&world, -100, entry(&world)).await;
    let late = come(&world, entry(&world)).await;
    let node = world.node().await;
    for next in [ranked, old, equal, late, low] {
        let lease = claimed(&world, node, running).await;
        end(&world, &lease, RunStatus::Succeeded).await;
        assert_eq!(stage(&world, next).await, FlowStage::Running);
        running = next;
    }
}

pub async fn a_saturated_key_holds_nobody_else_back(subject: &Subject) {
    let world = World::of(subject).await;
    let (a, b) = (of_key(&world, "a"), of_key(&world, "b"));
    let mut runs = Vec::new();
    for flow in [a.clone(), a.clone(), a, b, entry(&world)] {
        runs.push(come(&world, flow).await);
    }
    let (running, queued) = (FlowStage::Running, FlowStage::Queued);
    assert_eq!(stages(&world, &runs).await, [running, queued, queued, running, running]);
    let found: Vec<_> = lines(&world)
        .await
        .into_iter()
        .map(|line| (line.key, line.queued))
        .collect();
    assert_eq!(found, [(None, 0), (Some(Arc::from("b")), 0), (Some(Arc::from("a")), 2)]);
    let place = world
        .store
        .flow_place(&world.tenant, runs[2])
        .await
        .expect("reading works");
    assert_eq!(place.expect("it waits").ahead, 1);
}

pub async fn lines_are_listed_in_pages(subject: &Subject) {
    let world = World::of(subject).await;
    for key in ["a", "b", "c"] {
        come(&world, of_key(&world, key)).await;
    }
    let page = world
        .store
        .list_flow(&world.tenant, world.flow.id, Page::first(2))
        .await;
    let page = page.expect("reading works");
    assert_eq!(page.items.len(), 2);
    let rest = Page {
        limit: 2,
        cursor: page.next,
    };
    let rest = world
        .store
        .list_flow(&world.tenant, world.flow.id, rest)
        .await
        .expect("reading works");
    assert_eq!(
        (rest.items[0].key.as_deref(), rest.items.len(), rest.next),
        (Some("a"), 1, None)
    );
}

pub async fn tenants_have_slots_of_their_own(subject: &Subject) {
    let world = World::of(subject).await;
    let other = World::of_tenant(subject, TenantId::new("other").expect("a tenant")).await;
    let ours = come(&world, entry(&world)).await;
    // The same scope in name only.
    let theirs = come(&other, entry(&world)).await;
    assert_eq!(
        (stage(&world, ours).await, stage(&other, theirs).await),
        (FlowStage::Running, FlowStage::Running)
    );
    assert!(
        other
            .store
            .flow_place(&other.tenant, ours)
            .await
            .expect("reading works")
            .is_none()
    );
    let listed = other
        .store
        .list_flow(&other.tenant, world.flow.id, Page::first(9))
        .await;
    assert_eq!(listed.expect("reading works").items.len(), 1);
}

pub async fn the_numbers_of_the_highest_version_hold(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let mut runs = Vec::new();
    for (version, slots) in [(2, 1), (1, 3), (1, 3)] {
        runs.push(come(&world, with_slots(&world, version, slots)).await);
    }
    assert_eq!(counts(&world).await, (1, 2, 0));
    // From the next creation on, for all that wait.
    runs.push(come(&world, with_slots(&world, 3, 3)).await);
    assert_eq!(counts(&world).await, (3, 1, 0));
    runs.push(come(&world, with_slots(&world, 4, 1)).await);
    assert_eq!(counts(&world).await, (3, 2, 0));
    let lease = claimed(&world, node, runs[0]).await;
    end(&world, &lease, RunStatus::Succeeded).await;
    assert_eq!(counts(&world).await, (2, 2, 0));
}

pub async fn a_waiting_run_sees_who_has_the_slots(subject: &Subject) {
    let world = World::of(subject).await;
    let first = come(&world, with_slots(&world, 1, 2)).await;
    let second = come(&world, with_slots(&world, 1, 2)).await;
    let waits = come(&world, with_slots(&world, 1, 2)).await;
    let other = come(&world, of_key(&world, "other")).await;
    let holders = async |run| {
        let place = world.store.flow_place(&world.tenant, run).await;
        place.expect("reading works").expect("it has flow control").holders
    };
    let queued = RunStatus::Queued;
    assert_eq!(holders(waits).await, [(first, queued), (second, queued)]);
    assert!(
        holders(first).await.is_empty() && holders(other).await.is_empty(),
        "they wait for nobody"
    );
    let lease = claimed(&world, world.node().await, first).await;
    end(&world, &lease, RunStatus::Failed).await;
    let later = come(&world, with_slots(&world, 1, 2)).await;
    assert_eq!(holders(later).await, [(second, queued), (waits, queued)]);
}
