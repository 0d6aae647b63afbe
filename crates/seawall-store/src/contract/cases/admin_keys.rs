//! The key with which a store begins.

use std::time::Duration;

use crate::contract::world::assert_refused;
use crate::contract::{IdentityWorld, Subject};
use crate::error::StoreError;
use crate::records::{AuthKey, NewKey, Page, PutAdmin, PutAdminKey};

async fn put(world: &IdentityWorld<'_>, new: &NewKey, when: PutAdmin) -> PutAdminKey {
    let put = world.store.put_admin_key(&world.tenant, new.clone(), when, None).await;
    put.expect("the id is new or the key's own")
}

async fn counting(world: &IdentityWorld<'_>) -> Vec<AuthKey> {
    let listed = world.store.list_keys(&world.tenant, Page::first(10)).await;
    let mut counting = Vec::new();
    for key in listed.expect("listing works").items {
        if key.counts_at(world.now()) {
            let found = world.store.key_for_authentication(key.id).await;
            counting.extend(found.expect("reading works"));
        }
    }
    counting
}

pub async fn a_store_begins_with_one_admin_key(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let other = IdentityWorld::of_tenant(subject, "other");
    let (one, two) = (IdentityWorld::new_key("one"), IdentityWorld::new_key("two"));
    // Two nodes start at once.
    let both = (put(&world, &one, PutAdmin::IfNone), put(&world, &two, PutAdmin::IfNone));
    let (first, second) = tokio::join!(both.0, both.1);
    let PutAdminKey::Created { record, replaced: None } = first else {
        unreachable!("there was none: {first:?}")
    };
    assert!(record.admin);
    assert_eq!(second, PutAdminKey::Kept(record));
    assert_eq!(
        counting(&world).await.iter().map(|key| key.hash).collect::<Vec<_>>(),
        [one.hash]
    );
    let theirs = put(&other, &two, PutAdmin::IfNone).await;
    assert!(matches!(theirs, PutAdminKey::Created { .. }), "{theirs:?}");
}

pub async fn an_admin_key_that_was_revoked_is_not_made_again(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let first = IdentityWorld::new_key("first");
    put(&world, &first, PutAdmin::IfNone).await;
    let by = IdentityWorld::principal("ann");
    let revoked = world.store.revoke_key(&world.tenant, first.id, by, None).await;
    revoked.expect("it is there");
    world.clock.advance(Duration::from_secs(86_400));
    let forgotten = world.store.forget_keys(Duration::ZERO, 10).await;
    assert_eq!(forgotten.expect("there is room"), 0);
    for (new, when) in [
        (&IdentityWorld::new_key("second"), PutAdmin::IfNone),
        (&first, PutAdmin::IfOther),
    ] {
        let kept = put(&world, new, when).await;
        assert!(
            matches!(&kept, PutAdminKey::Kept(key) if key.id == first.id && key.revoked.is_some()),
            "{kept:?}"
        );
    }
    assert!(counting(&world).await.is_empty());
}

pub async fn another_admin_key_takes_the_place_of_the_one_before(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let (first, second) = (IdentityWorld::new_key("first"), IdentityWorld::new_key("second"));
    let bystander = world.create_key(IdentityWorld::new_key("bystander")).await;
    put(&world, &first, PutAdmin::IfOther).await;
    let again = put(&world, &first, PutAdmin::IfOther).await;
    assert!(
        matches!(&again, PutAdminKey::Kept(key) if key.id == first.id),
        "{again:?}"
    );
    let other = put(&world, &second, PutAdmin::IfOther).await;
    let PutAdminKey::Created {
        record,
        replaced: Some(replaced),
    } = other
    else {
        unreachable!("it is another one: {other:?}")
    };
    assert_eq!((record.id, replaced.id), (second.id, first.id));
    assert_eq!(replaced.revoked.map(|end| end.by), Some(second.created_by.clone()));
    let ids: Vec<_> = counting(&world).await.iter().map(|key| key.record.id).collect();
    assert_eq!(ids, [second.id, bystander.id]);
    let told: Vec<_> = world.revocations(0, 10).await.items;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].what, crate::records::Revoked::Key(first.id));
    // What was replaced does not come back.
    let back = world
        .store
        .put_admin_key(&world.tenant, first, PutAdmin::IfOther, None)
        .await;
    assert_refused!(back, StoreError::Exists);
    assert_eq!(counting(&world).await.len(), 2);
}

pub async fn another_secret_under_the_same_id_is_refused(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let first = IdentityWorld::new_key("first");
    put(&world, &first, PutAdmin::IfOther).await;
    let other = NewKey {
        hash: IdentityWorld::hash("another"),
        ..first.clone()
    };
    let refused = world
        .store
        .put_admin_key(&world.tenant, other, PutAdmin::IfOther, None)
        .await;
    assert_refused!(refused, StoreError::Exists);
    assert_eq!(
        counting(&world).await.iter().map(|key| key.hash).collect::<Vec<_>>(),
        [first.hash]
    );
}
