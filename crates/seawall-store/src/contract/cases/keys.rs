//! API keys.

use std::time::Duration;

use crate::contract::world::assert_refused;
use crate::contract::{IdentityWorld, Subject};
use crate::error::StoreError;
use crate::ids::KeyId;
use crate::records::{KeyCreated, KeyEnd, KeyUse, KeyUses, NewKey, Page, RevokedKey, Scopes};

const DAY: Duration = Duration::from_secs(86_400);

async fn revoke(world: &IdentityWorld<'_>, id: KeyId, by: &str) -> crate::StoreResult<RevokedKey> {
    let by = IdentityWorld::principal(by);
    world.store.revoke_key(&world.tenant, id, by, None).await
}

pub async fn a_key_reads_back_as_it_was_created(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let new = NewKey {
        expires_at: Some(world.later(DAY)),
        ..IdentityWorld::new_key("ci")
    };
    let made = world.create_key(new.clone()).await;
    assert_eq!((made.id, &made.name, &made.scopes), (new.id, &new.name, &new.scopes));
    assert_eq!((&made.created_by, made.created_at), (&new.created_by, world.now()));
    assert_eq!((made.expires_at, made.last_used_at), (new.expires_at, None));
    assert_eq!((&made.revoked, made.admin), (&None, false));
    assert_eq!(world.key(new.id).await.as_ref(), Some(&made));
    let found = world.store.key_for_authentication(new.id).await.expect("reading works");
    let found = found.expect("the key exists");
    assert_eq!(
        (&found.record, found.hash, &found.tenant),
        (&made, new.hash, &world.tenant)
    );
    let scopeless = NewKey {
        scopes: Scopes::default(),
        ..IdentityWorld::new_key("useless")
    };
    let made = world.create_key(scopeless).await;
    assert_eq!(world.key(made.id).await.map(|key| key.scopes), Some(Scopes::default()));
}

pub async fn a_key_id_is_taken_once(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let other = IdentityWorld::of_tenant(subject, "other");
    let first = IdentityWorld::new_key("first");
    let made = world.create_key(first.clone()).await;
    let again = NewKey {
        id: first.id,
        ..IdentityWorld::new_key("second")
    };
    for of in [&world, &other] {
        let refused = of.store.create_key(&of.tenant, again.clone(), None).await;
        assert_refused!(refused, StoreError::Exists);
    }
    assert_eq!(world.key(first.id).await, Some(made));
}

pub async fn a_tenant_has_no_more_keys_than_it_may(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let other = IdentityWorld::of_tenant(subject, "other");
    let bounded = |name, expires_at| NewKey {
        most: 2,
        expires_at,
        ..IdentityWorld::new_key(name)
    };
    let first = world.create_key(bounded("first", None)).await;
    world.create_key(bounded("short", Some(world.later(DAY)))).await;
    let refused = bounded("third", None);
    let answer = world.store.create_key(&world.tenant, refused.clone(), None).await;
    assert_eq!(answer.expect("an outcome"), KeyCreated::TooMany { most: 2 });
    assert_eq!(world.key(refused.id).await, None);
    other.create_key(bounded("theirs", None)).await;
    // What is expired or revoked does not count.
    world.clock.advance(DAY);
    world.create_key(bounded("third", None)).await;
    revoke(&world, first.id, "ann").await.expect("it is there");
    world.create_key(bounded("fourth", None)).await;
    let full = world
        .store
        .create_key(&world.tenant, bounded("fifth", None), None)
        .await;
    assert_eq!(full.expect("an outcome"), KeyCreated::TooMany { most: 2 });
}

pub async fn a_key_is_revoked_once_and_for_good(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let id = world.create_key(IdentityWorld::new_key("ci")).await.id;
    let at = world.now();
    let RevokedKey::Now(revoked) = revoke(&world, id, "ann").await.expect("it is there") else {
        unreachable!("nobody has revoked it")
    };
    let by = IdentityWorld::principal("ann");
    assert_eq!(revoked.revoked, Some(KeyEnd { at, by }));
    world.clock.advance(DAY);
    let again = revoke(&world, id, "bob").await.expect("it is there");
    assert_eq!(again, RevokedKey::Before(revoked.clone()));
    assert_eq!(world.key(id).await.as_ref(), Some(&revoked));
    // Whoever presents it is told that it was.
    let shown = world.store.key_for_authentication(id).await.expect("reading works");
    assert_eq!(shown.map(|key| key.record), Some(revoked));
    assert_refused!(revoke(&world, KeyId::generate(), "ann").await, StoreError::NotFound);
}

pub async fn keys_are_listed_newest_first_in_pages(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.insert(0, world.create_key(IdentityWorld::new_key(name)).await.id);
    }
    revoke(&world, ids[1], "ann").await.expect("it is there");
    let first = world
        .store
        .list_keys(&world.tenant, Page::first(2))
        .await
        .expect("listing works");
    let rest = Page {
        limit: 2,
        cursor: first.next,
    };
    world.create_key(IdentityWorld::new_key("late")).await;
    let second = world.store.list_keys(&world.tenant, rest).await.expect("listing works");
    let found: Vec<KeyId> = first.items.iter().chain(&second.items).map(|key| key.id).collect();
    assert_eq!((found, second.next), (ids, None));
}

pub async fn no_tenant_sees_or_revokes_anothers_keys(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let other = IdentityWorld::of_tenant(subject, "other");
    let made = world.create_key(IdentityWorld::new_key("ci")).await;
    assert_eq!(other.key(made.id).await, None);
    assert_refused!(revoke(&other, made.id, "eve").await, StoreError::NotFound);
    let listed = other.store.list_keys(&other.tenant, Page::first(10)).await;
    assert!(listed.expect("listing works").items.is_empty());
    assert_eq!(world.key(made.id).await, Some(made));
}

pub async fn the_last_use_of_a_key_is_noted_in_batches(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let one = world.create_key(IdentityWorld::new_key("one")).await.id;
    let two = world.create_key(IdentityWorld::new_key("two")).await.id;
    let (first, second) = (world.now(), world.later(DAY));
    let batch = |uses: &[(KeyId, crate::Timestamp)]| {
        let mut uses = uses.iter().map(|&(id, at)| KeyUse { id, at }).collect();
        KeyUses::take_from(&mut uses)
    };
    // In whichever order they come; one that is gone harms nobody.
    let uses = [(one, second), (KeyId::generate(), second), (two, first), (one, first)];
    world.store.record_key_uses(batch(&uses)).await.expect("there is room");
    let last = async |id| world.key(id).await.and_then(|key| key.last_used_at);
    assert_eq!((last(one).await, last(two).await), (Some(second), Some(first)));
    // Another node is late with its batch.
    world
        .store
        .record_key_uses(batch(&[(one, first)]))
        .await
        .expect("there is room");
    assert_eq!(last(one).await, Some(second));
}

pub async fn ended_keys_are_forgotten_after_a_time(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let live = world.create_key(IdentityWorld::new_key("live")).await.id;
    let revoked = world.create_key(IdentityWorld::new_key("revoked")).await.id;
    let short = NewKey {
        expires_at: Some(world.now()),
        ..IdentityWorld::new_key("short")
    };
    let short = world.create_key(short).await.id;
    revoke(&world, revoked, "ann").await.expect("it is there");
    let forget = async |limit| world.store.forget_keys(DAY, limit).await.expect("there is room");
    world.clock.advance(DAY);
    assert_eq!(forget(10).await, 0);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(forget(1).await, 1);
    assert_eq!(forget(10).await, 1);
    assert_eq!((world.key(revoked).await, world.key(short).await), (None, None));
    assert!(world.key(live).await.is_some());
}
