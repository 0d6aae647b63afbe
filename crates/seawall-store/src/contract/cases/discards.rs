//! Runs that nobody can go on with leave.

use crate::contract::flow_world::{claimed, come, counts, end, entry, stage};
use crate::contract::tasks_world::withdrawn;
use crate::contract::world::assert_refused;
use crate::contract::{Subject, TTL, World};
use crate::error::StoreError;
use crate::ids::{ApprovalId, Epoch, RunId, TaskId, TenantId};
use crate::records::{
    AppendThen, ApprovalFilter, CreatedRun, Discard, Fate, FlowStage, KeptFor, NewRun, Page, ParentLink, QueueSettings,
    RunStatus,
};
use crate::time::Timestamp;

const fn parked(run: RunId) -> Discard {
    Discard {
        run,
        held: None,
        end: None,
    }
}

async fn discard(world: &World<'_>, discard: Discard) -> Fate {
    let fate = world.store.discard_run(&world.tenant, discard).await;
    fate.expect("the run exists")
}

fn child_of(world: &World<'_>, parent: RunId) -> NewRun {
    NewRun {
        parent: Some(ParentLink {
            run: parent,
            step: "call".to_owned(),
            item: None,
            generation: 0,
        }),
        ..world.new_run()
    }
}

pub async fn a_discarded_run_frees_all_that_it_has(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let one_per_key = QueueSettings {
        concurrency_per_key: Some(1),
        ..QueueSettings::default()
    };
    world.limit(one_per_key).await;
    let mut asks = world.next(&lease, "asks").await;
    asks.opened.push(world.opened(ApprovalId::generate()));
    world.append(asks).await;
    let tasks = ["claimed", "offered"].map(|activity| world.keyed(activity, "key"));
    world.offer(&lease, [&tasks[..], &[world.task("plain")]].concat()).await;
    let taken = world.take(3).await;
    assert_eq!(taken.len(), 2, "one of the key and the one without");
    let late = world.next(&lease, "late").await;
    world.park(&lease, Some(world.later(TTL))).await;
    assert_eq!(discard(&world, parked(lease.run)).await, Fate::Forgotten);
    let mail = world.mail().await;
    assert_eq!((mail.offered, mail.claimed, mail.offered_bytes), (0, 0, 0));
    assert_refused!(world.complete(&taken[0]).await, StoreError::NotFound);
    let approvals = world
        .store
        .list_approvals(&world.tenant, ApprovalFilter::default(), Page::first(10));
    assert!(approvals.await.expect("listing works").items.is_empty());
    assert_refused!(world.store.append(late).await, StoreError::StaleLease);
    assert!(
        world
            .store
            .run(&world.tenant, lease.run)
            .await
            .expect("reading works")
            .is_none()
    );
    // The key has its room again.
    let other = world.held(world.node().await).await;
    world.offer(&other, vec![world.keyed("next", "key")]).await;
    assert_eq!(world.take(3).await.len(), 1);
}

pub async fn a_discarded_run_makes_room_in_flow_control(subject: &Subject) {
    let world = World::of(subject).await;
    let first = come(&world, entry(&world)).await;
    let next = come(&world, entry(&world)).await;
    let lease = claimed(&world, world.node().await, first).await;
    let mut begun = world.next(&lease, "begun").await;
    let admitted = world.store.unread(&lease, 1).await.expect("held");
    begun.consumed = admitted.iter().map(|row| row.id).collect();
    begun.then = AppendThen::Park { due: None };
    world.append(begun).await;
    assert_eq!(
        (stage(&world, next).await, counts(&world).await),
        (FlowStage::Queued, (1, 1, 0))
    );
    assert_eq!(discard(&world, parked(first)).await, Fate::Forgotten);
    assert_eq!(
        (stage(&world, next).await, counts(&world).await),
        (FlowStage::Running, (1, 0, 0))
    );
    assert_eq!(world.record(next).await.due, Some(Timestamp::ZERO));
    // One that waits gives its place up.
    let queued = come(&world, entry(&world)).await;
    assert_eq!(discard(&world, parked(queued)).await, Fate::Forgotten);
    assert_eq!(counts(&world).await, (1, 0, 0));
}

pub async fn a_discarded_child_tells_its_parent_instead_of_its_end(subject: &Subject) {
    let world = World::of(subject).await;
    let parent = world.held(world.node().await).await;
    world.park(&parent, None).await;
    let child = child_of(&world, parent.run);
    let id = child.id;
    world.create(child).await;
    let message = withdrawn(parent.run, TaskId::generate(), TTL).message;
    let told = Discard {
        end: Some(message.clone()),
        ..parked(id)
    };
    assert_eq!(discard(&world, told).await, Fate::Forgotten);
    assert_eq!(world.record(parent.run).await.due, Some(Timestamp::ZERO));
    let parent = world.claim(world.node().await, 1).await.remove(0).lease;
    assert_eq!(world.inbox(&parent).await, [message.key.0]);
}

pub async fn a_run_that_is_held_otherwise_is_not_discarded(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let held = |held| Discard {
        held,
        ..parked(lease.run)
    };
    for other in [None, Some(Epoch(lease.epoch.0 + 1))] {
        assert_eq!(discard(&world, held(other)).await, Fate::Kept(KeptFor::Work));
    }
    assert_eq!(discard(&world, held(Some(lease.epoch))).await, Fate::Forgotten);
    let again = world.store.discard_run(&world.tenant, held(None)).await;
    assert_refused!(again, StoreError::NotFound);
    let unheld = world.unheld().await;
    let held = Discard {
        held: Some(Epoch(0)),
        ..parked(unheld)
    };
    assert_eq!(discard(&world, held).await, Fate::Kept(KeptFor::Work));
}

pub async fn a_run_with_a_live_child_is_not_discarded(subject: &Subject) {
    let world = World::of(subject).await;
    let parent = world.unheld().await;
    let foreign = TenantId::new("other").expect("a tenant");
    assert_refused!(
        world.store.discard_run(&foreign, parked(parent)).await,
        StoreError::NotFound
    );
    let node = world.node().await;
    let child = NewRun {
        hold: Some(node),
        ..child_of(&world, parent)
    };
    let CreatedRun::New { lease: Some(child) } = world.create(child).await else {
        unreachable!("a run with `hold` is born held")
    };
    assert_eq!(discard(&world, parked(parent)).await, Fate::Kept(KeptFor::Child));
    end(&world, &child, RunStatus::Succeeded).await;
    assert_eq!(discard(&world, parked(parent)).await, Fate::Forgotten);
    assert_eq!(
        discard(&world, parked(child.run)).await,
        Fate::Forgotten,
        "and one that has ended may go too"
    );
}
