//! Idempotency keys of run creation.

use std::time::Duration;

use crate::contract::world::assert_refused;
use crate::contract::{Subject, World};
use crate::error::StoreError;
use crate::ids::{Digest, RunId, TenantId};
use crate::records::{AppendThen, CreatedRun, IdempotencyKey, Lease, NewRun, RunStatus};

const LIFE: Duration = Duration::from_secs(60);

fn keyed(world: &World<'_>, request: &str) -> NewRun {
    NewRun {
        idempotency: Some(IdempotencyKey {
            key: Digest::of(b"key"),
            fingerprint: Digest::of(request.as_bytes()),
            expires_at: world.later(LIFE),
        }),
        ..world.new_run()
    }
}

pub async fn a_key_replays_its_run_as_it_is_now(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let first = NewRun {
        hold: Some(node),
        ..keyed(&world, "request")
    };
    let CreatedRun::New { lease: Some(lease) } = world.create(first).await else {
        unreachable!("the key is new")
    };
    world.park(&lease, None).await;
    // Neither the dead node nor the taken id of the second request is looked at.
    let again = NewRun {
        id: lease.run,
        hold: Some(crate::ids::NodeId::generate()),
        ..keyed(&world, "request")
    };
    let other_id = NewRun {
        id: keyed(&world, "").id,
        ..again.clone()
    };
    let other = other_id.id;
    for repeat in [again, other_id] {
        let answer = world.create(repeat).await;
        let CreatedRun::Replayed(record) = answer else {
            unreachable!("the key had made a run: {answer:?}")
        };
        assert_eq!(*record, world.record(lease.run).await);
        assert_eq!(record.projection.status, RunStatus::Waiting);
    }
    assert_eq!(
        world.store.run(&world.tenant, other).await.expect("reading works"),
        None
    );
}

pub async fn a_key_with_another_request_is_refused(subject: &Subject) {
    let world = World::of(subject).await;
    world.create(keyed(&world, "request")).await;
    let other = keyed(&world, "another request");
    let id = other.id;
    assert_refused!(
        world.store.create_run(&world.tenant, other).await,
        StoreError::IdempotencyKeyReused
    );
    assert_eq!(world.store.run(&world.tenant, id).await.expect("reading works"), None);
}

/// A run born with this key, as its holder has it.
async fn keyed_run(world: &World<'_>, request: &str) -> Lease {
    let new = NewRun {
        hold: Some(world.node().await),
        ..keyed(world, request)
    };
    match world.create(new).await {
        CreatedRun::New { lease: Some(lease) } => lease,
        other => unreachable!("the key is new: {other:?}"),
    }
}

async fn end(world: &World<'_>, lease: &Lease) {
    let mut end = world.next(lease, "ended").await;
    end.projection = World::projection(RunStatus::Failed);
    end.projection.finished_at = Some(world.now());
    end.then = AppendThen::End;
    world.append(end).await;
}

async fn replays(world: &World<'_>, run: RunId) {
    let answer = world.create(keyed(world, "request")).await;
    assert!(
        matches!(&answer, CreatedRun::Replayed(record) if record.id == run),
        "{answer:?}"
    );
}

const JUST: Duration = Duration::from_millis(1);

pub async fn a_key_counts_until_it_expires_and_outlives_its_run(subject: &Subject) {
    let world = World::of(subject).await;
    // What ended long before the key expires does not end it.
    let long = IdempotencyKey::OUTLIVES + 3 * LIFE;
    let lease = {
        let mut new = keyed(&world, "request");
        new.hold = Some(world.node().await);
        new.idempotency.as_mut().expect("it has a key").expires_at = world.later(long);
        let CreatedRun::New { lease: Some(lease) } = world.create(new).await else {
            unreachable!("the key is new")
        };
        lease
    };
    end(&world, &lease).await;
    world.clock.advance(long - JUST);
    replays(&world, lease.run).await;
    world.clock.advance(JUST);
    let lease = keyed_run(&world, "another request").await;
    // The key expires before the end here.
    world.clock.advance(LIFE + LIFE);
    assert_refused!(
        world.store.create_run(&world.tenant, keyed(&world, "request")).await,
        StoreError::IdempotencyKeyReused
    );
    end(&world, &lease).await;
    world.clock.advance(IdempotencyKey::OUTLIVES - JUST);
    assert_refused!(
        world.store.create_run(&world.tenant, keyed(&world, "request")).await,
        StoreError::IdempotencyKeyReused
    );
    world.clock.advance(JUST);
    let lease = keyed_run(&world, "request").await;
    replays(&world, lease.run).await;
}

pub async fn a_key_of_a_run_that_lives_for_days_is_not_swept(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = keyed_run(&world, "request").await;
    let others = async |round: u8| {
        for number in 0..4 {
            let mut other = keyed(&world, "other");
            other.idempotency.as_mut().expect("it has a key").key = Digest::of(&[round, number]);
            assert!(matches!(world.create(other).await, CreatedRun::New { .. }));
        }
    };
    for day in 1..4 {
        world.clock.advance(IdempotencyKey::OUTLIVES);
        others(day).await;
        replays(&world, lease.run).await;
    }
    end(&world, &lease).await;
    world.clock.advance(IdempotencyKey::OUTLIVES - JUST);
    others(4).await;
    replays(&world, lease.run).await;
    world.clock.advance(JUST);
    assert_ne!(keyed_run(&world, "request").await.run, lease.run);
}

pub async fn a_key_is_its_tenants_own(subject: &Subject) {
    let world = World::of(subject).await;
    let other = World::of_tenant(subject, TenantId::new("other").expect("a tenant")).await;
    world.create(keyed(&world, "request")).await;
    let answer = other.create(keyed(&other, "another request")).await;
    assert!(matches!(answer, CreatedRun::New { .. }), "{answer:?}");
}

pub async fn a_refused_creation_leaves_its_key_free(subject: &Subject) {
    let world = World::of(subject).await;
    let taken = NewRun {
        id: world.unheld().await,
        ..keyed(&world, "request")
    };
    assert_refused!(world.store.create_run(&world.tenant, taken).await, StoreError::Exists);
    let answer = world.create(keyed(&world, "another request")).await;
    assert!(matches!(answer, CreatedRun::New { .. }), "{answer:?}");
}
