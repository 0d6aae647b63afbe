//! Idempotency keys of run creation.

use std::time::Duration;

use crate::contract::world::assert_refused;
use crate::contract::{Subject, World};
use crate::error::StoreError;
use crate::ids::{Digest, TenantId};
use crate::records::{CreatedRun, IdempotencyKey, NewRun, RunStatus};

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

pub async fn a_key_counts_until_it_expires(subject: &Subject) {
    let world = World::of(subject).await;
    let first = keyed(&world, "request");
    world.create(first.clone()).await;
    world.clock.advance(LIFE - Duration::from_millis(1));
    let answer = world.create(keyed(&world, "request")).await;
    assert!(
        matches!(&answer, CreatedRun::Replayed(record) if record.id == first.id),
        "{answer:?}"
    );
    world.clock.advance(Duration::from_millis(1));
    let second = keyed(&world, "another request");
    let answer = world.create(second.clone()).await;
    assert!(matches!(answer, CreatedRun::New { .. }), "{answer:?}");
    let answer = world.create(keyed(&world, "another request")).await;
    assert!(
        matches!(&answer, CreatedRun::Replayed(record) if record.id == second.id),
        "{answer:?}"
    );
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
