//! What other nodes are told.

use std::time::Duration;

use crate::contract::{IdentityWorld, Subject};
use crate::ids::KeyId;
use crate::records::{RevocationNo, Revoked};

const HOUR: Duration = Duration::from_secs(3600);

/// Revokes a new key.
async fn revoke(world: &IdentityWorld<'_>) -> KeyId {
    let id = world.create_key(IdentityWorld::new_key("brief")).await.id;
    let by = IdentityWorld::principal("ann");
    // The second time is none.
    for _ in 0..2 {
        let revoked = world.store.revoke_key(&world.tenant, id, by.clone(), None).await;
        revoked.expect("it is there");
    }
    id
}

async fn told(world: &IdentityWorld<'_>, after: u64, limit: u32) -> (Vec<Revoked>, u64, bool) {
    let found = world.revocations(after, limit).await;
    let what = found.items.iter().map(|item| item.what).collect();
    (what, found.next.0, found.missed)
}

pub async fn a_node_learns_what_was_revoked_since_it_looked(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let other = IdentityWorld::of_tenant(subject, "other");
    let last = async || world.store.last_revocation().await.expect("reading works");
    assert_eq!(last().await, RevocationNo(0));
    assert_eq!(told(&world, 0, 10).await, (vec![], 0, false));
    let one = Revoked::Key(revoke(&world).await);
    let two = Revoked::Key(revoke(&other).await);
    assert_eq!(last().await, RevocationNo(2));
    assert_eq!(told(&world, 0, 1).await, (vec![one], 1, false));
    assert_eq!(told(&world, 1, 10).await, (vec![two], 2, false));
    assert_eq!(told(&world, 2, 10).await, (vec![], 2, false));
    let item = world.revocations(1, 1).await.items[0];
    assert_eq!((item.no, item.at), (RevocationNo(2), world.now()));
}

pub async fn a_node_that_comes_too_late_is_told_so(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    revoke(&world).await;
    revoke(&world).await;
    world.clock.advance(HOUR);
    let young = Revoked::Key(revoke(&world).await);
    let forget = async |limit| {
        world
            .store
            .forget_revocations(HOUR, limit)
            .await
            .expect("there is room")
    };
    assert_eq!(forget(10).await, 0);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!((forget(1).await, forget(10).await, forget(10).await), (1, 1, 0));
    assert_eq!(told(&world, 0, 10).await, (vec![young], 3, true));
    assert_eq!(told(&world, 1, 10).await, (vec![young], 3, true));
    assert_eq!(told(&world, 2, 10).await, (vec![young], 3, false));
    // All are gone, and numbers go on.
    world.clock.advance(HOUR);
    assert_eq!(forget(10).await, 1);
    assert_eq!(told(&world, 0, 10).await, (vec![], 3, true));
    assert_eq!(told(&world, 3, 10).await, (vec![], 3, false));
    let next = Revoked::Key(revoke(&world).await);
    assert_eq!(told(&world, 3, 10).await, (vec![next], 4, false));
}

pub async fn a_node_that_saw_a_later_store_is_told_so(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    revoke(&world).await;
    assert_eq!(told(&world, 7, 10).await, (vec![], 1, true));
}
