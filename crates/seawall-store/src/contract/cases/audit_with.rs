//! Audit records that are written with the change they are about, and only with it.

use crate::contract::world::assert_refused;
use crate::contract::{IdentityWorld, Subject};
use crate::error::StoreError;
use crate::ids::{KeyId, SessionId};
use crate::records::{NewAudit, NewKey, NewSession, NewUser, PutAdmin, UserChange};

#[expect(clippy::unnecessary_wraps, reason = "as the roles take it")]
fn audit(action: &str) -> Option<NewAudit> {
    Some(IdentityWorld::audit("ann", action))
}

pub async fn changes_of_keys_are_written_with_their_audit_records(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let (store, tenant) = (world.store, &world.tenant);
    let new = NewKey {
        most: 1,
        ..IdentityWorld::new_key("ci")
    };
    store
        .create_key(tenant, new.clone(), audit("created"))
        .await
        .expect("there is room");
    let refused = store.create_key(tenant, new.clone(), audit("refused")).await;
    assert_refused!(refused, StoreError::Exists);
    let one_more = NewKey {
        id: KeyId::generate(),
        ..new.clone()
    };
    store
        .create_key(tenant, one_more, audit("refused"))
        .await
        .expect("an outcome");
    for action in ["revoked", "refused"] {
        let by = IdentityWorld::principal("ann");
        store
            .revoke_key(tenant, new.id, by, audit(action))
            .await
            .expect("it is there");
    }
    let (first, second) = (IdentityWorld::new_key("first"), IdentityWorld::new_key("second"));
    for (key, when, action) in [
        (&first, PutAdmin::IfNone, "made"),
        (&second, PutAdmin::IfNone, "refused"),
        (&second, PutAdmin::IfOther, "replaced"),
    ] {
        let put = store.put_admin_key(tenant, key.clone(), when, audit(action)).await;
        put.expect("the id is new or the key's own");
    }
    assert_eq!(world.actions().await, ["created", "revoked", "made", "replaced"]);
}

pub async fn changes_of_users_are_written_with_their_audit_records(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let (store, tenant) = (world.store, &world.tenant);
    let new = IdentityWorld::new_user("ann");
    store
        .create_user(tenant, new.clone(), audit("created"))
        .await
        .expect("there is room");
    let taken = NewUser {
        email: new.email.clone(),
        ..IdentityWorld::new_user("bob")
    };
    store
        .create_user(tenant, taken, audit("refused"))
        .await
        .expect("an outcome");
    let change = UserChange::default();
    let updated = store
        .update_user(tenant, new.id, change.clone(), Some(1), audit("updated"))
        .await;
    updated.expect("it is version 1");
    let late = store
        .update_user(tenant, new.id, change, Some(1), audit("refused"))
        .await;
    assert_refused!(late, StoreError::PreconditionFailed);
    store
        .delete_user(tenant, new.id, None, audit("deleted"))
        .await
        .expect("it is there");
    let again = store.delete_user(tenant, new.id, None, audit("refused")).await;
    assert_refused!(again, StoreError::NotFound);
    assert_eq!(world.actions().await, ["created", "updated", "deleted"]);
}

pub async fn changes_of_sessions_are_written_with_their_audit_records(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let (store, tenant) = (world.store, &world.tenant);
    let user = world.create_user("ann").await;
    let new = IdentityWorld::new_session(&user, "first");
    store
        .begin_session(tenant, new, audit("begun"))
        .await
        .expect("an outcome");
    let stale = NewSession {
        id: SessionId::generate(),
        version: 7,
        token: IdentityWorld::token("second"),
        ..new
    };
    store
        .begin_session(tenant, stale, audit("refused"))
        .await
        .expect("an outcome");
    for action in ["revoked", "refused"] {
        store
            .revoke_session(tenant, new.id, audit(action))
            .await
            .expect("it is there");
    }
    world.begin(&user, "third").await;
    for (action, count) in [("all", 1), ("refused", 0)] {
        let ended = store.revoke_sessions_of(tenant, user.id, audit(action)).await;
        assert_eq!(ended.expect("the user is there"), count);
    }
    assert_eq!(world.actions().await, ["begun", "revoked", "all"]);
}
